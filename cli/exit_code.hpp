// SPDX-License-Identifier: MIT
// How a command ends, in the one place where that is decided.
#pragma once

#include <span>
#include <string_view>

#include "core/base/error.hpp"

namespace haingest::cli {

// Where several apply, the first of 2, 4, 5, 7, 6, 1, 3.
enum class ExitCode : int {
  fine = 0,
  failure = 1,
  usage = 2,
  differences = 3,
  credentials = 4,
  unreachable = 5,
  partial = 6,
  guard = 7,
};

[[nodiscard]] ExitCode exit_code_of(base::ErrorKind kind);

// For the man page.
struct ExitCodeText {
  ExitCode code;
  std::string_view meaning;
};
[[nodiscard]] std::span<const ExitCodeText> exit_codes();

}  // namespace haingest::cli
