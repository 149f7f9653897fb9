// SPDX-License-Identifier: MIT
// Waits for a condition with a deadline; what tests use where others sleep.
#pragma once

#include <chrono>
#include <thread>

namespace haingest::test {

template <class Condition>
[[nodiscard]] bool eventually(Condition condition,
                              std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace haingest::test
