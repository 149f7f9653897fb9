// SPDX-License-Identifier: MIT
// A moment until which something must be done, together with the span that was granted, so that
// the message of one that passed can say "within 30 s". A plain value.
#pragma once

#include <algorithm>
#include <chrono>

namespace haingest::net {

struct Deadline {
  std::chrono::steady_clock::time_point at = std::chrono::steady_clock::time_point::max();
  std::chrono::milliseconds limit = std::chrono::milliseconds::max();

  [[nodiscard]] static Deadline in(std::chrono::milliseconds limit) {
    // A span of years would overflow the clock's nanoseconds.
    const auto bounded = std::min<std::chrono::milliseconds>(limit, std::chrono::hours(24 * 365));
    return {std::chrono::steady_clock::now() + bounded, limit};
  }
  // A step of at most `step` inside this deadline.
  [[nodiscard]] Deadline step(std::chrono::milliseconds step) const {
    const Deadline own = in(step);
    return own.at <= at ? own : *this;
  }
  [[nodiscard]] bool passed() const { return std::chrono::steady_clock::now() >= at; }
  [[nodiscard]] std::chrono::milliseconds left() const {
    const auto span = at - std::chrono::steady_clock::now();
    return std::max(std::chrono::milliseconds{0},
                    std::chrono::duration_cast<std::chrono::milliseconds>(span));
  }
};

}  // namespace haingest::net
