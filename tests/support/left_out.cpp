// SPDX-License-Identifier: MIT
#include "tests/support/left_out.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "tests/support/catch.hpp"

namespace haingest::test {

void left_out(const std::string& what, const std::string& why) {
  const std::string line = "left out: " + what + ": " + why;
  std::cout << line << std::endl;
  const char* const require = std::getenv("HAINGEST_TEST_REQUIRE");
  if (require != nullptr && std::string(require) == "all") FAIL(line);
}

bool have_pseudo_terminal() {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal >= 0) {
    ::close(terminal);
    return true;
  }
  left_out("what needs a terminal", "this machine has no /dev/pts");
  return false;
}

}  // namespace haingest::test
