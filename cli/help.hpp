// SPDX-License-Identifier: MIT
// What --help prints, out of the tables of commands and settings.
#pragma once

#include <cstddef>
#include <string>

#include "cli/command.hpp"

namespace haingest::cli {

// `columns` is the terminal's width, 0 for what is no terminal. Lines end at column 80 at the
// latest, at least 48 are used; only commands to copy are never broken.
[[nodiscard]] std::string program_help(std::size_t columns);
[[nodiscard]] std::string command_help(const Command& command, std::size_t columns);

}  // namespace haingest::cli
