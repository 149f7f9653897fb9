// SPDX-License-Identifier: MIT
#include "cli/command.hpp"

namespace haingest::cli {

std::span<const Command> commands() {
  static const std::vector<Command> all{discover_command(),     sync_command(),
                                        serve_command(),        watch_command(),
                                        dead_letters_command(), migrate_command()};
  return all;
}

std::string_view log_level_of(const Command* command) {
  return command == nullptr ? Command{}.log_level : command->log_level;
}

}  // namespace haingest::cli
