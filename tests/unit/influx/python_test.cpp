// SPDX-License-Identifier: MIT
// Every expectation was printed by Python 3.11.
#include "core/influx/python.hpp"

#include <cmath>

#include "tests/support/catch.hpp"

using namespace haingest::influx;

namespace {

std::string repr(std::string_view json) {
  std::string out;
  append_python_str(out, json);
  return out;
}

}  // namespace

TEST_CASE("python: float() takes more than a number") {
  const auto check = [](std::string_view text, double value) {
    CAPTURE(std::string(text));
    REQUIRE(python_float(text).has_value());
    CHECK(*python_float(text) == value);
  };
  check("5", 5);
  check(" 5 ", 5);
  check("\n\t5\v\f\r", 5);
  check("1_000", 1000);
  check("1_000.5_0", 1000.5);
  check("1e1_0", 1e10);
  check("+5", 5);
  check(".5", 0.5);
  check("5.", 5);
  check("-1.5E-3", -0.0015);
  check("\xD9\xA1\xD9\xA2", 12);            // Arabic-Indic
  check("\xEF\xBC\x91.\xEF\xBC\x92", 1.2);  // full width
  check("\xF0\x9D\x9F\x97", 9);             // mathematical bold
  check("\xE2\x80\x83 5\xC2\xA0", 5);       // em space, no-break space
  check("1e-400", 0);
  check("infinity", INFINITY);
  check("-INF", -INFINITY);
  check("1e400", INFINITY);
  check(std::string(400, '9'), INFINITY);
  check("0." + std::string(400, '0') + "1", 0);
  CHECK(std::isnan(python_float("+NaN").value()));
}

TEST_CASE("python: float() refuses what is none") {
  for (const std::string_view none : {std::string_view{""},
                                      std::string_view{" "},
                                      std::string_view{"."},
                                      std::string_view{"_1"},
                                      std::string_view{"1_"},
                                      std::string_view{"1__0"},
                                      std::string_view{"1_.0"},
                                      std::string_view{"1_e5"},
                                      std::string_view{"0x10"},
                                      std::string_view{"- 5"},
                                      std::string_view{"1 2"},
                                      std::string_view{"5\0", 2},
                                      std::string_view{"\x1c"
                                                       "5"},
                                      std::string_view{"\xC2\xB2"},
                                      std::string_view{"1e"},
                                      std::string_view{"e5"},
                                      std::string_view{"nanx"},
                                      std::string_view{"infi"},
                                      std::string_view{"--5"},
                                      std::string_view{"5\xC3\xBC"},
                                      std::string_view{"on"}}) {
    CAPTURE(std::string(none));
    CHECK_FALSE(python_float(none).has_value());
  }
}

TEST_CASE("python: str() of lists and dictionaries") {
  CHECK(repr("[]") == "[]");
  CHECK(repr(" [ 1 ,2.0,\n-0.5e1, true,false,null ] ") == "[1, 2.0, -5.0, True, False, None]");
  CHECK(repr(R"({"a":{"b":[1,"x"]},"c":[]})") == "{'a': {'b': [1, 'x']}, 'c': []}");
  CHECK(repr("[1e16,1e15,1e-4,1e-5,1.5e-7,0.0,-0.0,1e22,123456789012345680.0,1e400,-0]") ==
        "[1e+16, 1000000000000000.0, 0.0001, 1e-05, 1.5e-07, 0.0, -0.0, 1e+22, "
        "1.2345678901234568e+17, inf, 0]");
  CHECK(repr("[123456789012345678901234567890]") == "[123456789012345678901234567890]");
}

TEST_CASE("python: repr() of texts chooses its quotes and escapes") {
  CHECK(repr(R"(["it's"])") == R"(["it's"])");
  CHECK(repr(R"(["say \"hi\""])") == R"(['say "hi"'])");
  CHECK(repr(R"(["it's \"x\""])") == R"(['it\'s "x"'])");
  CHECK(repr(R"(["a\\b\n\r\t\u0000\u007f\u001b"])") == R"(['a\\b\n\r\t\x00\x7f\x1b'])");
  CHECK(repr(R"(["\b\f\/"])") == R"(['\x08\x0c/'])");
  CHECK(repr(R"(["\u00fc\u20ac\ud83c\udfe0"])") == "['ü€🏠']");
  CHECK(repr(R"(["\u00a0\u200b\ufeff\ue000"])") == R"(['\xa0\u200b\ufeff\ue000'])");
  CHECK(repr("[\"\xF3\xA0\x80\x81\"]") == R"(['\U000e0001'])");
  CHECK(repr(R"(["\ud800x"])") == "['\xEF\xBF\xBDx']");
}

TEST_CASE("python: a number is scraped out of a text that ends in digits") {
  CHECK(scraped_number("v1.25-b3") == 1.253);
  CHECK(scraped_number("2024") == 2024);
  CHECK(scraped_number("Channel 12b") == 12);
  CHECK(scraped_number("[0, 255, 7]") == 2557);
  CHECK(scraped_number("\xD9\xA1\xD9\xA2x") == 12);
  CHECK(scraped_number("1.5\n") == 1.5);
  for (const char* const none :
       {"", "Lamp", "b3", "1.2.3", "12.x", "x.12", "1 2", "12.3.", "3.ü5"}) {
    CAPTURE(none);
    CHECK_FALSE(scraped_number(none).has_value());
  }
  CHECK_FALSE(scraped_number(std::string(400, '9') + "x").has_value());
}
