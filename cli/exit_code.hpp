// SPDX-License-Identifier: MIT
// How a command ends, in the one place where that is decided.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "core/base/error.hpp"

namespace haingest::cli {

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

// Where several apply, the one with the smallest number here: 2, 4, 5, 7, 6, 1, 3, 0.
[[nodiscard]] std::size_t rank_of(ExitCode code);

// For the man page.
struct ExitCodeText {
  ExitCode code;
  std::string_view meaning;
};
[[nodiscard]] std::span<const ExitCodeText> exit_codes();

}  // namespace haingest::cli
