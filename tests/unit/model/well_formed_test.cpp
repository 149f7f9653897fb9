// SPDX-License-Identifier: MIT
#include "core/model/well_formed.hpp"

#include <string>

#include "tests/support/catch.hpp"

using haingest::model::is_well_formed;

namespace {

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + "1" + std::string(depth, ']');
}

}  // namespace

TEST_CASE("well formed: what JSON is", "[well_formed]") {
  for (const char* json :
       {"[]", "{}", " [ 1 , 2 ]\n", "[{\"a\":null,\"b\":[true,false]},\"x\"]", "\"text\"", "0",
        "-1.5e+10", "[1e400,123456789012345678901234567890]", R"(["\"\\\/\b\f\n\r\té\u0000"])",
        R"(["half a \ud83d smile"])", R"({"\u0041":"caf\u00e9"})", "[\"\xc3\xa9\"]"}) {
    CHECK((is_well_formed(json)));
  }
}

TEST_CASE("well formed: what it is not", "[well_formed]") {
  for (const char* json : {"",
                           " ",
                           "[",
                           "[1,]",
                           "[1 2]",
                           "{\"a\"}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{\"a\":1]",
                           "[1]]",
                           "[1] x",
                           "nul",
                           "[nulll]",
                           "[NaN]",
                           "[Infinity]",
                           "[01]",
                           "[-]",
                           "[1.]",
                           "[.5]",
                           "[1e]",
                           "[+1]",
                           "[0x10]",
                           R"(["\q"])",
                           R"(["\u12g4"])",
                           R"(["\u12"])",
                           R"([\n])",
                           R"(["a"\n])",
                           R"(["a""b"])",
                           R"(["a"b])",
                           R"(["a"1])",
                           R"({"a"b:1})",
                           R"(["a":1}])",
                           R"([["a":1]]])",
                           R"({"a":"b":1}})",
                           R"({"a":"b":"c"}})",
                           R"({"\q":1})",
                           "[\"open]",
                           "['a']",
                           "[\"tab\tinside\"]",
                           "[\"\xff\"]",
                           "[{\"id\":\"half a record\",}]"}) {
    INFO(json);
    CHECK_FALSE(is_well_formed(json));
  }
}

TEST_CASE("well formed: depth has an end", "[well_formed]") {
  CHECK(is_well_formed(nested(999)));
  CHECK_FALSE(is_well_formed(nested(1001)));
  CHECK_FALSE(is_well_formed(std::string(1'000'000, '[')));
}
