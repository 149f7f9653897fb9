// SPDX-License-Identifier: MIT
#include "core/jobs/unheard.hpp"

#include <string>

#include "tests/support/catch.hpp"

namespace haingest::jobs {
namespace {

base::Timestamp at(const std::string& time) {
  return base::parse_timestamp("2026-11-25T" + time + "Z").value();
}
std::string time_of(base::Timestamp moment) { return base::to_iso_text(moment).substr(5, 14); }

const base::Timestamp k_now = at("12:00:00");

std::string text_of(const std::optional<influx::Gap>& gap) {
  if (!gap) return "none";
  std::string text = "to " + time_of(gap->to);
  for (const influx::GapEntity& each : gap->open) {
    text += "; " + each.entity_id + " " + time_of(each.from);
    text += each.next ? " next " + time_of(*each.next) : "";
  }
  return text;
}

}  // namespace

TEST_CASE("A gap is from an entity's last change that was taken to its first that is heard") {
  Unheard unheard({});
  unheard.begin({{"sensor.a", at("11:00:00")},
                 {"sensor.b", at("11:00:01")},
                 {"sensor.c", at("11:00:02")},
                 {"sensor.d", at("10:00:00")}},
                k_now);
  CHECK(unheard.open());
  unheard.heard("sensor.b", at("11:59:58"));
  unheard.heard("sensor.b", at("11:59:59"));
  unheard.is_now("sensor.a", at("11:40:00"));
  unheard.is_now("sensor.b", at("11:59:59"));
  unheard.is_now("sensor.c", at("11:00:02"));  // as it was: nothing can be missing
  unheard.is_now("sensor.new", at("11:50:00"));
  // d is gone; what it did before is asked for up to now
  CHECK(text_of(unheard.settle(k_now)) ==
        "to 11-25T12:00:00; sensor.a 11-25T11:00:00 next 11-25T11:40:00; "
        "sensor.b 11-25T11:00:01 next 11-25T11:59:58; "
        "sensor.new 11-25T10:50:02 next 11-25T11:50:00; sensor.d 11-25T10:00:00");
  CHECK_FALSE(unheard.open());
}

TEST_CASE("When nothing has changed there is no gap") {
  Unheard unheard({});
  unheard.begin({{"sensor.a", at("11:00:00")}}, k_now);
  unheard.is_now("sensor.a", at("11:00:00"));
  CHECK(text_of(unheard.settle(k_now)) == "none");
}

TEST_CASE("What is gone is asked for once, until it is heard of again, and not for ever") {
  Unheard unheard({});
  const Unheard::Marks marks{{"sensor.a", at("11:00:00")},
                             {"sensor.gone", at("10:00:00")},
                             {"sensor.older", at("10:00:00") - std::chrono::hours(24 * 31)}};
  unheard.begin(marks, k_now);
  unheard.is_now("sensor.a", at("11:00:00"));
  CHECK(text_of(unheard.settle(k_now)) == "to 11-25T12:00:00; sensor.gone 11-25T10:00:00");
  unheard.begin(marks, k_now);
  unheard.is_now("sensor.a", at("11:00:00"));
  CHECK(text_of(unheard.settle(k_now)) == "none");
  unheard.begin(marks, k_now);
  unheard.heard("sensor.gone", at("11:59:00"));
  unheard.is_now("sensor.a", at("11:00:00"));
  CHECK(text_of(unheard.settle(k_now)) ==
        "to 11-25T12:00:00; sensor.gone 11-25T10:00:00 next 11-25T11:59:00");
}

TEST_CASE("Without the snapshot everything has a gap, up to its first change that was heard") {
  Unheard unheard({});
  unheard.begin({{"sensor.a", at("11:00:00")}, {"sensor.b", at("11:00:01")}}, k_now);
  unheard.heard("sensor.b", at("11:59:58"));
  unheard.heard("sensor.new", at("11:59:59"));
  CHECK(text_of(unheard.settle_without_snapshot(k_now)) ==
        "to 11-25T12:00:00; sensor.b 11-25T11:00:01 next 11-25T11:59:58; "
        "sensor.new 11-25T10:50:01 next 11-25T11:59:59; sensor.a 11-25T11:00:00");
  CHECK_FALSE(unheard.open());
}

TEST_CASE("A snapshot that comes late tells of what nobody knew") {
  Unheard unheard(std::chrono::hours(24));
  std::string first = "none";
  SECTION("of entities that are new") {
    unheard.begin({{"sensor.a", at("11:00:00")}}, k_now);
    first = "10:50:00";
  }
  SECTION("on the first start of all of them") {
    unheard.begin({}, k_now);
    first = "11-24T12:00:00";
  }
  const bool new_only = first == "10:50:00";
  unheard.heard("sensor.b", at("11:59:58"));
  const std::string from = new_only ? "11-25T10:50:00" : first;
  CHECK(text_of(unheard.settle_without_snapshot(k_now)) ==
        "to 11-25T12:00:00; sensor.b " + from + " next 11-25T11:59:58" +
            (new_only ? "; sensor.a 11-25T11:00:00" : ""));
  CHECK_FALSE(unheard.open());
  unheard.heard("sensor.b", at("12:00:09"));
  unheard.heard("sensor.c", at("12:00:10"));
  unheard.is_now("sensor.b", at("12:00:09"));
  unheard.is_now("sensor.c", at("11:30:00"));
  unheard.is_now("sensor.d", at("11:40:00"));
  CHECK(text_of(unheard.settle(at("12:00:11"))) == "to 11-25T12:00:11; sensor.c " + from +
                                                       " next 11-25T11:30:00; sensor.d " + from +
                                                       " next 11-25T11:40:00");
  // It comes once.
  unheard.is_now("sensor.e", at("11:40:00"));
  CHECK(text_of(unheard.settle(at("12:00:12"))) == "none");
}

TEST_CASE("Where nothing was ever taken, as much of the past is a gap as was asked for") {
  Unheard none({});
  none.begin({}, k_now);
  none.is_now("sensor.a", at("11:00:00"));
  CHECK(text_of(none.settle(k_now)) == "none");
  Unheard day(std::chrono::hours(24));
  day.begin({}, k_now);
  day.is_now("sensor.a", at("11:00:00"));
  day.is_now("sensor.old", at("11:00:00") - std::chrono::hours(48));
  CHECK(text_of(day.settle(k_now)) ==
        "to 11-25T12:00:00; sensor.a 11-24T12:00:00 next 11-25T11:00:00");
  day.begin({{"sensor.a", at("11:00:00")}}, k_now);
  day.is_now("sensor.a", at("11:30:00"));
  CHECK(text_of(day.settle(k_now)) ==
        "to 11-25T12:00:00; sensor.a 11-25T11:00:00 next 11-25T11:30:00");
}

TEST_CASE("A state that is yet to come widens the gap, it does not hide it") {
  Unheard unheard({});
  unheard.begin({{"sensor.a", at("11:00:00")}}, k_now);
  unheard.is_now("sensor.a", at("13:00:00"));
  CHECK(text_of(unheard.settle(k_now)) ==
        "to 11-25T13:00:00; sensor.a 11-25T11:00:00 next 11-25T13:00:00");
}

}  // namespace haingest::jobs
