// SPDX-License-Identifier: MIT
// What the streams are connected to, and how text is laid out on them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/settings.hpp"

namespace haingest::cli {

struct Terminal {
  bool out = false;  // stdout is a terminal
  bool err = false;
  bool colour = false;    // on stderr; NO_COLOR and TERM=dumb are honoured
  bool rewrites = false;  // stderr is a terminal that can erase a line
  std::size_t width = 0;  // columns of stdout; 0: unlimited
};
[[nodiscard]] Terminal look_at_terminal(const Environment& environment);

// How many columns a UTF-8 text takes on a terminal.
[[nodiscard]] std::size_t width_of(std::string_view text);
// The text, cut to `width` columns with an ellipsis where it is longer.
[[nodiscard]] std::string fitted(std::string_view text, std::size_t width);
// On one line, without control characters: a device's name must not steer a terminal.
[[nodiscard]] std::string on_one_line(std::string_view text);

}  // namespace haingest::cli
