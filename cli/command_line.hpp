// SPDX-License-Identifier: MIT
// argv to what was asked for. CLI11 lives here and nowhere else.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/settings.hpp"

namespace haingest::cli {

struct Invocation {
  const Command* command = nullptr;  // none: no command was named
  std::string argument;
  Layer flags;
  // --help and --version: what to print instead of doing anything.
  std::optional<std::string> text;
};

// Throws Failure `usage` with one line, a suggestion where a word was mistyped, and a command that
// helps.
[[nodiscard]] Invocation parse_command_line(int argc, const char* const* argv);

}  // namespace haingest::cli
