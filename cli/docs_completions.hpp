// SPDX-License-Identifier: MIT
// The completions of bash, zsh and fish: commands, options, and the values that are known.
#pragma once

#include <string>

namespace haingest::cli {

[[nodiscard]] std::string bash_completion();
[[nodiscard]] std::string zsh_completion();
[[nodiscard]] std::string fish_completion();

}  // namespace haingest::cli
