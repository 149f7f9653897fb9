// SPDX-License-Identifier: MIT
// InfluxQL about names that anybody may have chosen.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/influx/query.hpp"

namespace haingest::migrate {

// Whether a name can be written in InfluxQL: its reader stops at NUL, and takes bytes that are no
// UTF-8 for U+FFFD.
[[nodiscard]] bool can_be_quoted(std::string_view name);

// `"policy"."measurement"`, or where that cannot be quoted, a regular expression, which may match a
// few others as well: who reads compares the names.
[[nodiscard]] std::string from_clause(std::string_view policy, std::string_view measurement);
// All of the policy's.
[[nodiscard]] std::string from_all(std::string_view policy);
// " WHERE time >= 5 AND time < 7", nanoseconds.
[[nodiscard]] std::string where_between(std::int64_t begin, std::int64_t end);

// The rows of a short answer.
struct Row {
  std::string series;
  std::vector<std::string> columns;
  std::vector<influx::Cell> cells;

  // "" or 0 where there is no such column, or it is none of that kind.
  [[nodiscard]] std::string text(std::string_view column) const;
  [[nodiscard]] std::int64_t number(std::string_view column) const;
  [[nodiscard]] bool flag(std::string_view column) const;
};
[[nodiscard]] base::Result<std::vector<Row>> rows_of(influx::QueryClient& client,
                                                     const influx::Scope& scope,
                                                     const std::string& statement);

}  // namespace haingest::migrate
