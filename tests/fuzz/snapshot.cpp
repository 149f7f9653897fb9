// SPDX-License-Identifier: MIT
// A saved snapshot (`sync --from`, POST /internal/snapshot) up to the changes it makes in an empty
// store; and that the same snapshot then changes nothing more.
#include "core/model/snapshot.hpp"
#include "core/mirror/reconcile.hpp"
#include "tests/fuzz/input.hpp"

using namespace haingest;

namespace {

// The store as it is after the plan; its rows are views into the plan's.
model::Stored stored_after(const mirror::Plan& plan) {
  model::Stored stored;
  for (const model::Table& table : plan.inserted) {
    for (std::size_t i = 0; i < table.size(); ++i) stored.of(table.kind()).adopt(table.row(i));
  }
  stored.aliases = plan.aliases;
  return stored;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = model::parse_document(fuzz::text_of(data, size), "the input");
  if (!document) return 0;
  const std::string written = model::to_json(*document);
  const auto again = model::parse_document(written, "the output");
  fuzz::require(again.has_value());
  fuzz::require(model::to_json(*again) == written);

  const model::Snapshot snapshot = model::to_snapshot(*document);
  const auto plan = mirror::reconcile(snapshot, model::Stored{}, {}, {}, {});
  if (!plan) return 0;
  const model::Stored stored = stored_after(*plan);
  const auto second = mirror::reconcile(snapshot, stored, {}, {}, {});
  fuzz::require(second.has_value());
  fuzz::require(second->changes.empty());
  return 0;
}
