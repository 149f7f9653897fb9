// SPDX-License-Identifier: MIT
// The body of a bulk upsert, as a bare array or under a key, up to the changes it makes.
#include "core/api/body.hpp"
#include "core/mirror/reconcile.hpp"
#include "core/model/ha_json.hpp"
#include "tests/fuzz/input.hpp"

using namespace haingest;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body = fuzz::text_of(data, size);
  if (!api::is_within_depth(body, 64)) return 0;
  for (const model::Kind kind : {model::Kind::device, model::Kind::entity}) {
    const std::string_view array = api::find_array(body, model::plural_of(kind));
    const auto records = model::parse_records(kind, array, model::Missing::absent);
    if (!records) continue;
    const mirror::Plan plan = mirror::reconcile_upsert(records->table, model::Stored{}, {}, {});
    fuzz::require(plan.changes.size() <= records->table.size());
  }
  return 0;
}
