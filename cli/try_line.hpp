// SPDX-License-Identifier: MIT
// The command behind "Try:". Who proposes one does not know how haingest was called; here it gets
// what it needs to work when it is pasted.
#pragma once

#include <string>
#include <string_view>

#include "cli/settings.hpp"

namespace haingest::cli {

// `command` with those of the given options that say where things are and how to reach them, where
// that command has them and does not name them itself. Passwords in addresses are masked.
[[nodiscard]] std::string completed(std::string command, const Layer& flags);

// A word as a shell reads it: in quotes where it needs them.
[[nodiscard]] std::string shell_word(const std::string& text);

}  // namespace haingest::cli
