// SPDX-License-Identifier: MIT
// The program: settings, the command, and how it ends.
#pragma once

namespace haingest::cli {

// Returns the exit code.
[[nodiscard]] int run(int argc, const char* const* argv);

}  // namespace haingest::cli
