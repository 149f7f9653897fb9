// SPDX-License-Identifier: MIT
// The numbers are a contract with everybody's scripts.
#include "cli/exit_code.hpp"

#include "tests/support/catch.hpp"

using namespace haingest;
using base::ErrorKind;
using cli::exit_code_of;
using cli::ExitCode;

TEST_CASE("each kind of error has its exit code") {
  CHECK(static_cast<int>(exit_code_of(ErrorKind::failure)) == 1);
  CHECK(static_cast<int>(exit_code_of(ErrorKind::usage)) == 2);
  CHECK(static_cast<int>(exit_code_of(ErrorKind::credentials)) == 4);
  CHECK(static_cast<int>(exit_code_of(ErrorKind::unreachable)) == 5);
  CHECK(static_cast<int>(exit_code_of(ErrorKind::guard)) == 7);
}

TEST_CASE("the other exit codes") {
  CHECK(static_cast<int>(ExitCode::fine) == 0);
  CHECK(static_cast<int>(ExitCode::differences) == 3);
  CHECK(static_cast<int>(ExitCode::partial) == 6);
}

TEST_CASE("every exit code is told once, in order") {
  int next = 0;
  for (const cli::ExitCodeText& text : cli::exit_codes()) {
    CHECK(static_cast<int>(text.code) == next++);
    CHECK_FALSE(text.meaning.empty());
  }
  CHECK(next == 8);
}
