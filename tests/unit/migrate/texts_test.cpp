// SPDX-License-Identifier: MIT
#include "core/migrate/texts.hpp"

#include "tests/support/catch.hpp"

using namespace haingest;
using migrate::number_lines;
using migrate::NumberLines;
using migrate::Texts;

namespace {

constexpr std::string_view k_lines =
    "m,id=1 v=1,s=\"two\nlines\",t=true 5\n"
    "m,s=x s=\"a \\\"b\\\", c\\\\\",e=\"\" 6\n"
    "m v=2i 7\n";

}  // namespace

TEST_CASE("texts: dropped, the numbers of their points stay") {
  const NumberLines numbers = number_lines(k_lines, Texts::drop);
  CHECK(numbers.lines == "m,id=1 v=1,t=true 5\nm v=2i 7\n");
  CHECK(numbers.count == 2);
  CHECK(numbers.dropped == 3);
}

TEST_CASE("texts: labels of a field that is 1") {
  const NumberLines numbers = number_lines(k_lines, Texts::label);
  CHECK(numbers.lines ==
        "m,id=1,s=two\\nlines s=1 5\n"
        "m,id=1 v=1,t=true 5\n"
        "m,s=x,s_=a\\ \"b\"\\,\\ c/ s=1 6\n"
        "m v=2i 7\n");
  CHECK(numbers.count == 4);
  CHECK(numbers.dropped == 1);
}
