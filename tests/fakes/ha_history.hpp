// SPDX-License-Identifier: MIT
// The command history/history_during_period. Private to the fakes.
#pragma once

#include <string>

#include "tests/fakes/ha_fields.hpp"
#include "tests/fakes/house.hpp"

namespace haingest::fakes {

inline constexpr std::string_view k_history_command = "history/history_during_period";

// The result as JSON; throws CommandError.
[[nodiscard]] std::string history_during_period(const House& house, const Json& message);

}  // namespace haingest::fakes
