// SPDX-License-Identifier: MIT
// The newest and the oldest rows of a measurement, group by group, whatever types its fields have
// in which shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/influx/query.hpp"
#include "core/migrate/source.hpp"

namespace haingest::migrate {

struct Question {
  std::string database;
  std::string policy;
  const Measurement* measurement = nullptr;
  std::vector<std::string> groups;   // tags: rows that have these in common are one group
  std::vector<std::string> wanted;   // tags and fields, as far as there are such
  std::vector<std::string> present;  // fields that need not be told: a row has one of them at least
};

// One for each measurement that is such a one, place by place: what is asked is the caller's to
// say.
[[nodiscard]] std::vector<Question> questions_of(const Source& source,
                                                 bool (*is_it)(const Measurement&));

// Valid until the next.
class GroupRow {
 public:
  // Of one of the groups' tags; "" where the row lacks it.
  [[nodiscard]] std::string_view group(std::string_view tag) const;
  // Of what was wanted: the tag, else the field as text or number; "" where there is none.
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] std::optional<bool> flag(std::string_view name) const;
  [[nodiscard]] std::int64_t time() const { return time_; }  // nanoseconds

 private:
  friend class GroupReader;

  const std::vector<std::pair<std::string, std::string>>* groups_ = nullptr;
  // A name that is wanted, and where a cell may have it.
  const std::vector<std::pair<std::string, std::size_t>>* columns_ = nullptr;
  const std::vector<influx::Cell>* cells_ = nullptr;
  std::int64_t time_ = 0;
};

using OnGroupRow = std::function<void(const GroupRow&)>;

// All rows of each group's newest moment: several series may have one. A row may come twice, and
// where the server has answered in pieces (ask_in_pieces) those of older moments, too.
[[nodiscard]] base::Result<void> newest_rows(influx::QueryClient& client, const Question& question,
                                             const OnGroupRow& on_row);
// One row of each group's oldest moment, and likewise of later ones.
[[nodiscard]] base::Result<void> oldest_rows(influx::QueryClient& client, const Question& question,
                                             const OnGroupRow& on_row);

}  // namespace haingest::migrate
