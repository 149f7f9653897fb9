// SPDX-License-Identifier: MIT
// What becomes of texts where a target stores numbers only. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace haingest::migrate {

enum class Texts {
  map,   // "on" and "off" and their like are 1 and 0, see influx::numbers_only; others are left out
  drop,  // all are left out
  label,  // a text is a label of its field, which is 1: m_state{state="heat"} 1
};

struct NumberLines {
  std::string lines;
  std::uint32_t count = 0;
  std::uint64_t dropped = 0;  // fields
};
// For `drop` and `label`. A label gets a `_` where the series has one of that name, and a text
// without a character has none.
[[nodiscard]] NumberLines number_lines(std::string_view lines, Texts texts);

}  // namespace haingest::migrate
