// SPDX-License-Identifier: MIT
// When a buffer that is kept from one use to the next has grown too big for that.
#pragma once

#include <cstddef>

namespace haingest::base {

// Whether a buffer of so many bytes, of which so many are used now, is to be given back: something
// big was an exception, as a snapshot's answers are, which come once an hour among events of a
// kilobyte.
[[nodiscard]] constexpr bool is_spare(std::size_t capacity, std::size_t used) {
  constexpr std::size_t k_worth_giving_back = std::size_t{64} * 1024;
  constexpr std::size_t k_much_smaller = 8;
  return capacity > k_worth_giving_back && used < capacity / k_much_smaller;
}

}  // namespace haingest::base
