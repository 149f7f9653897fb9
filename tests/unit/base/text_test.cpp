// SPDX-License-Identifier: MIT
#include "core/base/text.hpp"

#include "tests/support/catch.hpp"

using namespace haingest::base;

namespace {
std::string json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}
}  // namespace

TEST_CASE("text: JSON strings escape what JSON forbids and nothing else") {
  CHECK(json("Küche \"A\" \\ /") == "\"Küche \\\"A\\\" \\\\ /\"");
  CHECK(json(std::string_view{"a\0b\n\r\t\x1f\x7f", 8}) == "\"a\\u0000b\\n\\r\\t\\u001f\x7f\"");
  CHECK(json("") == "\"\"");
}

TEST_CASE("text: bytes that are no UTF-8 become U+FFFD, one for each byte") {
  CHECK(json("a\xff\xC3z") == "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"");
  CHECK(repair_utf8("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
  CHECK(repair_utf8("\xC0\xAF") == "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
  CHECK(repair_utf8("\xF0\x9F\x8F\xA0") == "\xF0\x9F\x8F\xA0");
}

TEST_CASE("text: globs match the whole text in either case") {
  CHECK(matches_glob("Living Room", "living*"));
  CHECK(matches_glob("light.a1", "light.?[0-9]"));
  CHECK_FALSE(matches_glob("light.a1x", "light.?[0-9]"));
  CHECK(contains_ignoring_case("Philips Hue", "HUE"));
  CHECK_FALSE(contains_ignoring_case("Philips", "hue"));
}

TEST_CASE("text: a glob whose [ has no ] is told from one that has it") {
  for (const char* const glob : {"", "a*", "[a-z]", "[]a]", "[!]a]", "\\[k", "a[b]c[d]", "]"}) {
    INFO(glob);
    CHECK(closes_brackets(glob));
  }
  for (const char* const glob : {"[", "[k", "[]", "[!]", "a[b]c[", "\\\\[k"}) {
    INFO(glob);
    CHECK_FALSE(closes_brackets(glob));
  }
}

TEST_CASE("text: a mistyped word finds its neighbour, a strange one none") {
  const std::vector<std::string> words{"sync", "serve", "discover"};
  CHECK(closest_to("snyc", words) == "sync");
  CHECK(closest_to("discovr", words) == "discover");
  CHECK(closest_to("migrate", words).empty());
}
