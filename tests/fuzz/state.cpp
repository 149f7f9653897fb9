// SPDX-License-Identifier: MIT
// A state, alone as get_states has it and inside of an event: both ways say the same, and so does
// what is read of it, written out and read again.
#include "core/model/state_change.hpp"

#include <optional>
#include <string>

#include "core/base/text.hpp"
#include "core/model/well_formed.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/state_text.hpp"

using namespace haingest;

namespace {

std::string quoted(std::string_view text) {
  std::string json;
  base::append_json_string(json, text);
  return json;
}

// The state as Home Assistant would write it.
std::string json_of(const model::StateChange& change) {
  return R"({"entity_id":)" + quoted(change.entity_id) + R"(,"state":)" + quoted(change.state) +
         R"(,"attributes":)" + fuzz::attributes_json(change) + R"(,"last_changed":")" +
         base::to_iso_text(change.last_changed) + R"(","last_updated":")" +
         base::to_iso_text(change.last_updated) + R"(","context":{"id":)" +
         quoted(change.context_id) + R"(,"parent_id":)" + quoted(change.context_parent_id) +
         R"(,"user_id":)" + quoted(change.context_user_id) + "}}";
}

// Of an event that has only taken a state away there is but the name.
std::optional<std::string> said_of(const model::StateChange* change) {
  if (change == nullptr) return std::nullopt;
  if (change->removed) return "removed " + quoted(change->entity_id);
  fuzz::require(!change->entity_id.empty());
  fuzz::require_moments(*change);
  return json_of(*change);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static model::StateReader reader;
  const std::string json(fuzz::text_of(data, size));

  const auto event = said_of(reader.read_event(json));
  fuzz::require(said_of(model::StateReader().read_event(json)) == event);
  const auto state = said_of(reader.read_state(json));
  fuzz::require(said_of(model::StateReader().read_state(json)) == state);
  // What is no JSON may be read as far as it looks like some.
  if (!state || !model::is_well_formed(json)) return 0;
  fuzz::require(said_of(reader.read_state(*state)) == state);

  const std::string wrapped = R"({"data":{"entity_id":"a.b","old_state":)" + json +
                              R"(,"new_state":)" + json + R"(},"origin":"LOCAL"})";
  const model::StateChange* const change = reader.read_event(wrapped);
  fuzz::require(change != nullptr && said_of(change) == state);
  fuzz::require(!change->added && change->source == model::StateChange::Source::live);
  fuzz::require(change->old_state.value_or(std::string_view{}) == change->state);
  return 0;
}
