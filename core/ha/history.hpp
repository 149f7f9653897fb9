// SPDX-License-Identifier: MIT
// What Home Assistant's recorder is asked with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/timestamp.hpp"

namespace haingest::ha {

inline constexpr std::string_view k_history = "history/history_during_period";

// The members of a k_history that leaves out nothing of the states of `entities` (at least one)
// with start < last_updated < end. In front of each entity's rows comes, `with_start_state`, what
// it was at `start`, if anything: its state as it was, its moments made up.
[[nodiscard]] std::string history_members(const std::vector<std::string>& entities,
                                          base::Timestamp start, base::Timestamp end,
                                          bool with_start_state);

}  // namespace haingest::ha
