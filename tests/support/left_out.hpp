// SPDX-License-Identifier: MIT
// What a test needs of the machine. Whatever is missing is named in a line "left out: WHAT: WHY",
// which `make test` collects; with HAINGEST_TEST_REQUIRE=all it is a failure.
#pragma once

#include <string>

namespace haingest::test {

void left_out(const std::string& what, const std::string& why);

// A pseudo terminal can be opened (a root without /dev/pts has none).
[[nodiscard]] bool have_pseudo_terminal();

// ::1 can be listened on.
[[nodiscard]] bool have_ipv6();

}  // namespace haingest::test
