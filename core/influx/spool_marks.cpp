// SPDX-License-Identifier: MIT
#include "core/influx/spool_marks.hpp"

namespace haingest::influx {

bool SpoolMarks::is_news(std::string_view entity_id, base::Timestamp last_updated) const {
  const auto found = table_.find(entity_id);
  return found == table_.end() || found->second.last_updated < last_updated;
}

void SpoolMarks::take(std::string_view entity_id, base::Timestamp last_updated, In where) {
  auto found = table_.find(entity_id);
  if (found == table_.end()) {
    found = table_.emplace(entity_id, Value{last_updated, false}).first;
  } else if (found->second.last_updated >= last_updated) {
    return;
  }
  found->second.last_updated = last_updated;
  if (where == In::table || found->second.unsaved) return;
  found->second.unsaved = true;
  unsaved_.push_back(&*found);
}

void SpoolMarks::saved() {
  for (Node* node : unsaved_) node->second.unsaved = false;
  unsaved_.clear();
}

std::map<std::string, base::Timestamp, std::less<>> SpoolMarks::all() const {
  std::map<std::string, base::Timestamp, std::less<>> all;
  for (const auto& [entity_id, value] : table_) all.emplace(entity_id, value.last_updated);
  return all;
}

}  // namespace haingest::influx
