// SPDX-License-Identifier: MIT
#include "core/base/timestamp.hpp"

#include <cmath>

#include "tests/support/catch.hpp"

using namespace haingest::base;

TEST_CASE("timestamp: one moment in its three texts") {
  const Timestamp moment = parse_timestamp("2026-11-25 01:30:00.123456").value();
  CHECK(to_sqlite_text(moment) == "2026-11-25 01:30:00.123456");
  CHECK(to_iso_text(moment) == "2026-11-25T01:30:00.123456+00:00");
  CHECK(to_file_text(moment) == "20261125T013000Z");
}

TEST_CASE("timestamp: ISO forms with offset, Z, no seconds and more decimals than are kept") {
  const auto text = [](std::string_view in) { return to_sqlite_text(parse_timestamp(in).value()); };
  CHECK(text("2026-11-25T03:30:00+02:00") == "2026-11-25 01:30:00.000000");
  CHECK(text("2026-11-25T01:30:00.1Z") == "2026-11-25 01:30:00.100000");
  CHECK(text("2026-11-25T01:30") == "2026-11-25 01:30:00.000000");
  CHECK(text("1969-12-31T23:59:59.123456789-0000") == "1969-12-31 23:59:59.123456");
}

TEST_CASE("timestamp: the form that is read fastest says what the others say") {
  const std::string usual = "2024-02-29T23:59:58.012345+00:00";
  CHECK(parse_timestamp(usual) == parse_timestamp("2024-02-29T23:59:58.012345Z"));
  CHECK(parse_timestamp("1969-12-31T23:59:59.999999+00:00") ==
        Timestamp{std::chrono::microseconds{-1}});
  CHECK(parse_timestamp("2026-11-25T01:30:00.123456+02:00") ==
        parse_timestamp("2026-11-24T23:30:00.123456+00:00"));
  CHECK(parse_timestamp("2016-12-31T23:59:60.000000+00:00") ==
        parse_timestamp("2017-01-01T00:00:00.000000+00:00"));
  for (std::size_t i = 0; i < usual.size(); ++i) {
    std::string broken = usual;
    broken[i] = 'x';
    INFO(broken);
    CHECK_FALSE(parse_timestamp(broken).has_value());
  }
  for (const char* text :
       {"2026-02-29T00:00:00.000000+00:00", "2026-13-01T00:00:00.000000+00:00",
        "2026-11-25T24:00:00.000000+00:00", "2026-11-25T00:60:00.000000+00:00",
        "2026-11-25T00:00:61.000000+00:00", "0000-11-25T00:00:00.000000+00:00"}) {
    INFO(text);
    CHECK_FALSE(parse_timestamp(text).has_value());
  }
}

TEST_CASE("timestamp: what is no moment is refused") {
  for (const char* text : {"", "2026-13-01 00:00:00", "2026-02-30T00:00:00", "2026-11-25", "now",
                           "2026-11-25 25:00:00", "2026-11-25 01:30:00.", "2026-11-25 01:30:00 x",
                           "-026-11-25 01:30:00", "0000-12-31 23:59:59",
                           "0001-01-01 00:00:00+00:01", "9999-12-31 23:59:60"}) {
    INFO(text);
    CHECK_FALSE(parse_timestamp(text).has_value());
  }
}

TEST_CASE("timestamp: HA's float seconds are rounded to the microsecond, not cut") {
  CHECK(to_sqlite_text(*from_epoch_seconds(1732500000.123456)) == "2024-11-25 02:00:00.123456");
  // What time.time() gives, finer than a microsecond; its text ends with .000000.
  CHECK(to_sqlite_text(*from_epoch_seconds(1795642961.0000005)) == "2026-11-25 21:42:41.000000");
  CHECK(to_sqlite_text(*from_epoch_seconds(1795642961.9999998)) == "2026-11-25 21:42:42.000000");
  CHECK_FALSE(from_epoch_seconds(std::nan("")).has_value());
  CHECK_FALSE(from_epoch_seconds(1e18).has_value());
}
