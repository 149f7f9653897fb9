// SPDX-License-Identifier: MIT
#include "cli/values.hpp"

#include "tests/support/catch.hpp"

using namespace haingest;
using namespace std::chrono_literals;
using cli::parse_duration;
using cli::parse_removal_limit;
using cli::parse_switch;
using cli::split_list;

TEST_CASE("a switch is on or off in either case, and nothing else") {
  for (const char* const yes : {"true", "yes", "on", "1", "TRUE", "Yes", "oN"}) {
    CHECK(parse_switch(yes) == true);
  }
  for (const char* const no : {"false", "no", "off", "0", "False", "NO", "OFF"}) {
    CHECK(parse_switch(no) == false);
  }
  for (const char* const neither : {"", " true", "t", "2", "enabled", "01", "on "}) {
    CHECK(parse_switch(neither) == std::nullopt);
  }
}

TEST_CASE("a time is a whole number and a unit, seconds when there is none") {
  CHECK(parse_duration("30") == 30s);
  CHECK(parse_duration("30s") == 30s);
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("2h") == 2h);
  CHECK(parse_duration("90d") == 24h * 90);
  CHECK(parse_duration("007") == 7s);
}

TEST_CASE("a time is more than nothing and at most ten years") {
  CHECK(parse_duration("3660d") == 24h * 3660);
  CHECK(parse_duration("1ms") == 1ms);
  for (const char* const none :
       {"", "0", "0s", "-1", "+1", "1.5s", " 1", "1 s", "s", "1w", "1S", "3661d", "316224001",
        "99999999999999999999", "9223372036854775807d", "1ss"}) {
    CHECK(parse_duration(none) == std::nullopt);
  }
}

TEST_CASE("a log level is one of ours, or a word that other programs have for it") {
  using base::log::Level;
  for (const char* const ours : {"warning", "WARN", "Warning"}) {
    CHECK(cli::parse_log_level(ours) == Level::warning);
  }
  CHECK(cli::parse_log_level("critical") == Level::error);
  for (const char* const foreign : {"trace", "notice", "20", "fatal", "", "2", "loud"}) {
    CHECK(cli::parse_log_level(foreign) == std::nullopt);
  }
  CHECK(cli::parse_foreign_log_level("TRACE") == Level::debug);
  CHECK(cli::parse_foreign_log_level("10") == Level::debug);
  CHECK(cli::parse_foreign_log_level("notice") == Level::info);
  CHECK(cli::parse_foreign_log_level("20") == Level::info);
  CHECK(cli::parse_foreign_log_level("30") == Level::warning);
  CHECK(cli::parse_foreign_log_level("fatal") == Level::error);
  CHECK(cli::parse_foreign_log_level("50") == Level::error);
  CHECK(cli::parse_foreign_log_level("loud") == std::nullopt);
}

TEST_CASE("a limit of removals is a number of records or a share") {
  const auto records = parse_removal_limit("50");
  REQUIRE(records);
  CHECK(records->unit == mirror::RemovalLimit::Unit::records);
  CHECK(records->amount == 50);
  CHECK(records->allowed(10) == 50);
  const auto share = parse_removal_limit("20%");
  REQUIRE(share);
  CHECK(share->unit == mirror::RemovalLimit::Unit::percent);
  CHECK(share->allowed(94) == 18);
  CHECK(parse_removal_limit("0")->allowed(1000) == 0);
  CHECK(parse_removal_limit("100%")->allowed(7) == 7);
  // A number is exact; under a share, the default or one that was given, five may always go.
  CHECK(parse_removal_limit("4")->allowed(1000) == 4);
  CHECK(parse_removal_limit("0%")->allowed(1000) == 5);
  CHECK(parse_removal_limit("20%")->allowed(10) == 5);
  CHECK(parse_removal_limit("20%")->allowed(10) == mirror::RemovalLimit{}.allowed(10));
}

TEST_CASE("what is no limit of removals is none") {
  for (const char* const none :
       {"", "%", "101%", "-1", "1.5%", "20 %", "all", "5000000000", "20%%", "% 20", "0x10"}) {
    CHECK(parse_removal_limit(none) == std::nullopt);
  }
}

TEST_CASE("a list loses its blanks and its empty parts") {
  using Texts = std::vector<std::string>;
  CHECK(split_list("a,b,,c") == Texts{"a", "b", "c"});
  CHECK(split_list(" a ,\tb b\n,") == Texts{"a", "b b"});
  CHECK(split_list("one") == Texts{"one"});
  CHECK(split_list("").empty());
  CHECK(split_list(" , ,").empty());
}
