// SPDX-License-Identifier: MIT
// The newest row of each id, out of rows in any order and from any place. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text_map.hpp"
#include "core/migrate/past.hpp"
#include "core/model/table.hpp"

namespace haingest::migrate {

class Records {
 public:
  // `columns` are those of the table that rows tell, see model/kind.hpp.
  Records(Layout layout, model::Kind kind, std::vector<std::size_t> columns);

  // Rows from here on are of this place, which is one for as long as no other is entered.
  void enter(const std::string& database, const std::string& policy);

  // A row: its cells in the order of `columns`, "" for what it does not tell. Of rows of one moment
  // the one that tells the most counts, of those the greatest. Ids that a store cannot hold are
  // passed over, bytes that it cannot hold replaced.
  void see(std::string_view id, std::int64_t nanoseconds, std::vector<std::string> cells);
  // Another trace of an id: its time is all that matters, and of an id that no row has told
  // nothing.
  void see_at(std::string_view id, std::int64_t nanoseconds);

  [[nodiscard]] bool empty() const { return by_id_.empty(); }
  // Places without records left out.
  [[nodiscard]] std::vector<Found> found() const;
  void append_to(model::Table& table) const;

 private:
  struct Record {
    std::int64_t newest = 0;  // nanoseconds, of the row that counts
    std::int64_t first = 0;   // of all traces
    std::int64_t last = 0;
    std::vector<std::string> cells;
    std::size_t counted_in = 0;  // the number of the place that has counted it last
  };

  Layout layout_;
  model::Kind kind_;
  std::vector<std::size_t> columns_;
  base::TextMap<Record> by_id_;
  std::vector<Found> places_;
};

}  // namespace haingest::migrate
