// SPDX-License-Identifier: MIT
// `dead-letters`: the points that a target has refused, for whoever mends the cause.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/influx/dead_letters.hpp"

namespace haingest::jobs {

// Of the database's `watch`; `ids` empty: all. Throw Failure.
[[nodiscard]] std::vector<influx::DeadLetter> list_letters(const std::string& database_path,
                                                           const std::vector<std::int64_t>& ids);
// A running `watch` sends them again within seconds, the next one that is started else. How many.
std::int64_t retry_letters(const std::string& database_path, const std::vector<std::int64_t>& ids);
std::int64_t drop_letters(const std::string& database_path, const std::vector<std::int64_t>& ids);

}  // namespace haingest::jobs
