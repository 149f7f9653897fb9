// SPDX-License-Identifier: MIT
// What Home Assistant's recorder keeps of the states of a house: one row a state and one a removal,
// filed under an entity_id. Private to the fakes.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/timestamp.hpp"
#include "tests/fakes/ha_fields.hpp"
#include "tests/fakes/house.hpp"

namespace haingest::fakes {

struct HistoryRow {
  std::uint64_t file = 0;            // of the entity_id that it is kept under
  std::optional<std::string> state;  // none: the state was removed
  std::string attributes;            // JSON
  base::Timestamp last_updated;
  base::Timestamp last_changed;
};

class Recorder {
 public:
  void record(const Json& state);
  // Leaves no row where the entity_id has none yet, as Home Assistant does after a rename.
  void record_removal(std::string_view entity_id, base::Timestamp at);
  // Rows that have one of these ids go to the new one; they stay where that has rows of its own.
  void rename(std::string_view entity_id, std::string_view new_entity_id, OldRows old_rows);
  void exclude(std::string_view entity_id);
  void hold() { holding_ = true; }
  void commit();
  void forget(base::Timestamp before);

  // The committed ones by their moment; equal moments as they were recorded.
  [[nodiscard]] std::vector<const HistoryRow*> rows_of(std::string_view entity_id) const;
  // The latest moment that was ever recorded.
  [[nodiscard]] base::Timestamp newest() const { return newest_; }

 private:
  void add(std::string_view entity_id, HistoryRow row);
  [[nodiscard]] bool knows(std::string_view entity_id) const { return files_.contains(entity_id); }
  template <class Gone>
  void erase_rows(Gone gone);

  std::deque<HistoryRow> rows_;  // in the order of their recording
  std::vector<HistoryRow> uncommitted_;
  std::map<std::string, std::uint64_t, std::less<>> files_;  // by entity_id
  std::set<std::string, std::less<>> excluded_;
  base::Timestamp newest_{};
  std::uint64_t next_file_ = 1;
  bool holding_ = false;
};

}  // namespace haingest::fakes
