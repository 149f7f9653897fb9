// SPDX-License-Identifier: MIT
#include "core/influx/time_of_day.hpp"

#include "tests/unit/influx/points.hpp"

using haingest::influx::TimeOfDay;
using haingest::test::at;

TEST_CASE("time of day: four parts, by the clock") {
  TimeOfDay utc("UTC");
  CHECK(utc.of(at("2026-11-25T04:59:59.999999Z")) == "night");
  CHECK(utc.of(at("2026-11-25T05:00:00Z")) == "morning");
  CHECK(utc.of(at("2026-11-25T11:59:59.999999Z")) == "morning");
  CHECK(utc.of(at("2026-11-25T12:00:00Z")) == "afternoon");
  CHECK(utc.of(at("2026-11-25T17:00:00Z")) == "evening");
  CHECK(utc.of(at("2026-11-25T20:59:59.999999Z")) == "evening");
  CHECK(utc.of(at("2026-11-25T21:00:00Z")) == "night");
  CHECK(utc.of(at("1969-12-31T12:30:00Z")) == "afternoon");
}

TEST_CASE("time of day: in the zone's own time, on both sides of a change") {
  TimeOfDay berlin("Europe/Berlin");
  CHECK(berlin.of(at("2026-07-01T02:59:00Z")) == "night");
  CHECK(berlin.of(at("2026-07-01T03:00:00Z")) == "morning");
  CHECK(berlin.of(at("2026-12-01T03:59:00Z")) == "night");
  CHECK(berlin.of(at("2026-12-01T04:00:00Z")) == "morning");
  CHECK(berlin.of(at("2026-07-01T03:00:00Z")) == "morning");
  TimeOfDay kathmandu("Asia/Kathmandu");
  CHECK(kathmandu.of(at("2026-07-01T06:14:00Z")) == "morning");
  CHECK(kathmandu.of(at("2026-07-01T06:15:00Z")) == "afternoon");
}

TEST_CASE("time of day: an unknown zone counts as UTC") {
  for (const char* const name : {"", "Mars/Olympus", "../../etc/passwd"}) {
    TimeOfDay unknown(name);
    CHECK(unknown.of(at("2026-07-01T11:59:00Z")) == "morning");
  }
}
