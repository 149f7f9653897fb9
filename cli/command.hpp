// SPDX-License-Identifier: MIT
// The commands, as one table: parsing, dispatch, help, the man pages and the completions read it. A
// new command is one new file and one new row.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_code.hpp"
#include "cli/setting.hpp"

namespace haingest::cli {

class Context;

struct Example {
  std::string_view command;
  std::string_view says;
};

struct Command {
  std::string_view name;
  CommandSet bit{};
  std::string_view summary;        // one line, without a full stop
  std::string_view text;           // paragraphs, separated by an empty line
  std::string_view argument = {};  // "KIND": an optional positional; empty: none
  std::string_view argument_help = {};
  std::vector<std::string_view> argument_words = {};
  std::vector<Example> examples;
  std::string_view log_level = "warning";  // where nobody sets one
  ExitCode (*run)(Context& context) = nullptr;
};

[[nodiscard]] std::span<const Command> commands();

// Of no command that of most.
[[nodiscard]] std::string_view log_level_of(const Command* command);

// One a file.
[[nodiscard]] Command discover_command();
[[nodiscard]] Command sync_command();
[[nodiscard]] Command serve_command();
[[nodiscard]] Command watch_command();
[[nodiscard]] Command dead_letters_command();
[[nodiscard]] Command migrate_command();

}  // namespace haingest::cli
