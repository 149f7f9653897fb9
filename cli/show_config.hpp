// SPDX-License-Identifier: MIT
// `--show-config`: every setting, its value and where that came from.
#pragma once

#include "cli/command.hpp"
#include "cli/context.hpp"

namespace haingest::cli {

// Those of the command, or all of them without one. A secret shows as "********".
// `files` as read_config_files has looked for them.
void show_config(const Context& context, const Command* command,
                 const std::vector<FileLayer>& files);

}  // namespace haingest::cli
