// SPDX-License-Identifier: MIT
// The newest last_updated of each entity, in memory, and which of them the table `marks` does not
// have yet. No I/O; the caller locks.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text_map.hpp"
#include "core/base/timestamp.hpp"

namespace haingest::influx {

class SpoolMarks {
 public:
  enum class In { table, block };  // where it is stored

  // Whether it would be the entity's newest.
  [[nodiscard]] bool is_news(std::string_view entity_id, base::Timestamp last_updated) const;
  // Older ones change nothing.
  void take(std::string_view entity_id, base::Timestamp last_updated, In where);

  // Those that only blocks have.
  template <class Visit>
  void visit_unsaved(Visit visit) const {
    for (const Node* node : unsaved_) visit(node->first, node->second.last_updated);
  }
  void saved();

  [[nodiscard]] std::map<std::string, base::Timestamp, std::less<>> all() const;

 private:
  struct Value {
    base::Timestamp last_updated{};
    bool unsaved = false;
  };
  using Table = base::TextMap<Value>;
  using Node = Table::value_type;

  Table table_;
  std::vector<Node*> unsaved_;
};

}  // namespace haingest::influx
