// SPDX-License-Identifier: MIT
// "1 block", "2 blocks".
#pragma once

#include <cstdint>
#include <string>

namespace haingest::base {

[[nodiscard]] inline std::string counted(std::uint64_t number, const std::string& word) {
  return std::to_string(number) + " " + word + (number == 1 ? "" : "s");
}

}  // namespace haingest::base
