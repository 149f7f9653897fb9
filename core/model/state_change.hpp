// SPDX-License-Identifier: MIT
// One state of one entity, as Home Assistant tells it: live (the event `state_changed`), in a
// snapshot (an element of get_states) or out of the recorder (a row of history_during_period). The
// three give the same moment for the same state, to the microsecond.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/timestamp.hpp"

namespace haingest::model {

struct Attribute {
  enum class Type {
    text,     // `value` is decoded
    number,   // `value` is the number as it stands in the JSON
    boolean,  // "true" or "false"
    null,
    json,  // an array or object as it stands there
  };
  std::string_view name;
  Type type = Type::null;
  std::string_view value;
};

// All views are good until the reader's next call, or as long as the JSON they were read from.
struct StateChange {
  enum class Source { live, snapshot, history };

  Source source = Source::live;
  std::string_view entity_id;
  bool removed = false;  // the state is gone (new_state null): only entity_id and `old_state` count
  bool added = false;    // live: there was none before (old_state null)
  std::string_view state;
  base::Timestamp last_changed{};
  base::Timestamp last_updated{};
  std::vector<Attribute> attributes;
  // "" when HA did not say: history has none.
  std::string_view context_id, context_parent_id, context_user_id;
  // The state before this one, when it is known: of a live change from HA itself, of a row of
  // history from the row before. None for a snapshot's.
  std::optional<std::string_view> old_state;
  std::optional<base::Timestamp> old_last_changed;

  // The attribute of that name, or null.
  [[nodiscard]] const Attribute* find(std::string_view name) const;
  // Its text; "" unless it is a text.
  [[nodiscard]] std::string_view text_of(std::string_view name) const;
};

// Keeps its memory from one to the next; one thread. Nothing throws: what is no state is null.
// `readable_behind`: bytes behind the JSON that may be read; with fewer than 64 it is copied.
class StateReader {
 public:
  StateReader();
  ~StateReader();
  StateReader(StateReader&&) noexcept;
  StateReader& operator=(StateReader&&) noexcept;

  // The `event` of a message of a subscription to state_changed:
  // {"event_type","data":{"entity_id","old_state","new_state"},…}. Of the old state only `state`
  // and `last_changed` are read.
  [[nodiscard]] const StateChange* read_event(std::string_view event,
                                              std::size_t readable_behind = 0);
  // One element of get_states.
  [[nodiscard]] const StateChange* read_state(std::string_view state,
                                              std::size_t readable_behind = 0);
  // One row {"s","a","lu"[,"lc"]} (float seconds) of an entity in the answer of
  // history_during_period. `s` null: the state was removed. `lc` absent means that it equals `lu`;
  // where it is there, it is in whole seconds (seen with 2024.3 and 2026.11).
  [[nodiscard]] const StateChange* read_history(std::string_view entity_id, std::string_view row,
                                                std::size_t readable_behind = 0);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "light" of "light.kitchen"; the whole where there is no dot.
[[nodiscard]] std::string_view domain_of(std::string_view entity_id);
// "kitchen".
[[nodiscard]] std::string_view object_id_of(std::string_view entity_id);

}  // namespace haingest::model
