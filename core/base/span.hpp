// SPDX-License-Identifier: MIT
// Spans of time, for people.
#pragma once

#include <chrono>
#include <string>

namespace haingest::base {

// "30 s", "250 ms", "1.5 s".
[[nodiscard]] std::string to_text(std::chrono::milliseconds span);

// As people say it: "40 s", "3 min", "5 h", "2 days".
[[nodiscard]] std::string roughly(std::chrono::microseconds span);

// How long something took that began then: "350 us", "12 ms", "1.5 s".
[[nodiscard]] std::string time_since(std::chrono::steady_clock::time_point start);

}  // namespace haingest::base
