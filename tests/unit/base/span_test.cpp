// SPDX-License-Identifier: MIT
#include "core/base/span.hpp"

#include "tests/support/catch.hpp"

using namespace std::chrono_literals;
using haingest::base::to_text;

TEST_CASE("span: as people read them") {
  CHECK(to_text(30s) == "30 s");
  CHECK(to_text(250ms) == "250 ms");
  CHECK(to_text(1500ms) == "1.5 s");
  CHECK(to_text(1005ms) == "1.005 s");
  CHECK(to_text(0ms) == "0 ms");
}
