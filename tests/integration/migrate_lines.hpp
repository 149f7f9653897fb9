// SPDX-License-Identifier: MIT
// Lines that are hard to copy, and everything that a policy holds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "core/migrate/extent.hpp"
#include "core/migrate/reading.hpp"
#include "core/migrate/source.hpp"
#include "tests/integration/influx_source.hpp"

namespace haingest::test {

inline constexpr std::int64_t k_day = 86'400'000'000'000;
inline constexpr std::int64_t k_monday = 1'767'571'200'000'000'000;  // 2026-01-05

using Lines = std::vector<std::string>;

inline std::string at(std::int64_t nanoseconds) { return " " + std::to_string(nanoseconds) + "\n"; }

inline std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

inline Lines sorted(Lines lines) {
  std::ranges::sort(lines);
  return lines;
}

// Both sorted.
inline Lines without(const Lines& all, const Lines& known) {
  Lines rest;
  std::ranges::set_difference(all, known, std::back_inserter(rest));
  return rest;
}

// Everything in a policy, span by span; sorted.
struct Reading {
  Lines lines;
  migrate::Amount amount;
  std::uint64_t counted = 0;   // by the server, window by window
  std::uint64_t expected = 0;  // by the server, over all of it
};

inline Reading read(const InfluxSource& source, const std::string& database,
                    const std::string& policy,
                    migrate::Spelling spelling = migrate::Spelling::exact) {
  influx::QueryClient client(source.options());
  const auto found = migrate::look_at(client, {database});
  INFO((found ? std::string() : found.error().message));
  REQUIRE(found.has_value());
  const migrate::Policy* from = found->databases.at(0).find(policy);
  REQUIRE(from != nullptr);
  Reading reading;
  for (const migrate::Measurement& measurement : from->measurements) {
    const auto extent = migrate::extent_of(client, database, policy, measurement);
    INFO((extent ? std::string() : extent.error().message));
    REQUIRE(extent.has_value());
    REQUIRE(extent->has_value());
    reading.expected += (*extent)->values;
    for (std::optional<std::int64_t> next = (*extent)->first; next && *next <= (*extent)->last;) {
      const migrate::Span span = migrate::span_at(*from, measurement, *next).value();
      const migrate::Window window{database, policy, &measurement, span};
      const auto amount =
          migrate::read_window(client, window, spelling, [&](const migrate::PointLine& point) {
            CHECK(point.time >= span.begin);
            CHECK(point.time < span.end);
            reading.lines.emplace_back(point.line);
          });
      INFO((amount ? std::string() : amount.error().message));
      REQUIRE(amount.has_value());
      reading.amount.points += amount->points;
      reading.amount.values += amount->values;
      const auto counts = migrate::count_window(client, window);
      REQUIRE(counts.has_value());
      for (const migrate::FieldCount& count : *counts) reading.counted += count.values;
      next = span.end;
      if (amount->points > 0) continue;
      const auto later = migrate::next_point(client, database, policy, measurement, span.end);
      REQUIRE(later.has_value());
      next = *later;
    }
  }
  reading.lines = sorted(reading.lines);
  return reading;
}

// As haingest writes them: these come out as they go in.
inline const Lines& hostile_lines() {
  using std::string_literals::operator""s;
  static const Lines k_lines{
      // types at their ends
      "types f=1,i=1i,s=\"\",t=true" + at(k_monday),
      "types f=-0,i=-9223372036854775808i,s=\"1\",t=false" + at(k_monday + 1),
      "types f=1.7976931348623157e+308,i=9223372036854775807i,s=\"true\"" + at(k_monday + 2),
      "types f=5e-324,i=0i,s=\"1i\"" + at(k_monday + 3),
      "types f=0.1,i=127i" + at(k_monday + 4),
      "types f=123456789012345680,i=128i" + at(k_monday + 5),
      "types i=-129i" + at(k_monday + 6),
      "types t=true" + at(k_monday + 7 * k_day - 1),
      "types f=2" + at(k_monday + 7 * k_day),
      // bytes of a text
      "texts s=\"quote \\\" backslash \\\\ both \\\\\\\" end \\\\\"" + at(k_monday),
      "texts s=\"line\nfeed\r\n\ttab \\\\n\"" + at(k_monday + 1),
      "texts s=\"nul \0 and \xff\xfe no UTF-8\""s + at(k_monday + 2),
      "texts s=\"comma, equals = space  , \\\\, \\\\=\"" + at(k_monday + 3),
      "texts s=\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8f\xa0\"" + at(k_monday + 4),
      "texts s=\"" + std::string(70'000, 'x') + "\"" + at(k_monday + 5),
      // names
      "a\\,b\\ c=d\"e,k\\,e\\ y\\=\"1=v\\,a\\ l\\=\"1 f\\,i\\ e\\=l\"d=1" + at(k_monday),
      "back\\slash,t\\a=v\\a\\b f\\i=\"v\"" + at(k_monday),
      "before,t=a\\\\\\,b\\\\\\=c\\\\\\ d f\\\\\\,g=1" + at(k_monday),
      "odd g\\\\=4.0,state=\"a\",z=1" + at(k_monday),
      "odd a=1,g\\\\=\"x, y\",i\\ i=1" + at(k_monday + 1),
      "tab\there,t\ta=v\tl f\td=1" + at(k_monday),
      "line\\\nfeed,t\\\na=v\\\nl f\\\nd=1i" + at(k_monday),
      "\xc3\xbc,\xe2\x82\xac=\xf0\x9f\x8f\xa0 \xc2\xb0\x43=1" + at(k_monday),
      "bytes,t\xff=v\xff f=1" + at(k_monday),
      "nul\0name,t\0=v\0x f\0=1"s + at(k_monday),
      "\xef\xbf\xbd f=1" + at(k_monday),
      "\"quoted\" \"f\"=1" + at(k_monday),
      "'quoted' 'f'=1" + at(k_monday),
      "/re.*/ f=1" + at(k_monday),
      "select from=1,where=2" + at(k_monday),
      "time,Time=1 Time=1" + at(k_monday),
      "a.b\"..\"c f=1" + at(k_monday),
      // tags and fields of one name, and what InfluxQL would call them
      "same,x=tag x=1,x_1=\"one\"" + at(k_monday),
      "same,x=tag,x_1=tag x=2,x_1=\"two\"" + at(k_monday + 1),
      "same x=3" + at(k_monday + 2),
      "count count=1,count_count=2,mean=3" + at(k_monday),
      // moments
      "moments f=1" + at(0),
      "moments f=2" + at(-1),
      "moments f=3" + at(-7 * k_day),
      "moments f=4" + at(k_monday + 30'000 * k_day),
      "moments f=5" + at(9'223'372'036'854'775'806),
      "moments f=6" + at(-9'223'372'036'854'775'806),
      // types that change with the week, up to its last nanosecond
      "weeks v=1" + at(k_monday),
      "weeks v=2.5" + at(k_monday + 7 * k_day - 1),
      "weeks v=\"3\"" + at(k_monday + 7 * k_day),
      "weeks v=\"4\"" + at(k_monday + 14 * k_day - 1),
      "weeks v=5i" + at(k_monday + 14 * k_day),
      "weeks v=true" + at(k_monday + 21 * k_day),
      "weeks,v=tag v=true,w=1" + at(k_monday + 21 * k_day + 1),
      "weeks,v=tag v=6,w=\"1\"" + at(k_monday + 28 * k_day),
  };
  return k_lines;
}

inline const Lines& unsigned_lines() {
  static const Lines k_lines{
      "plus u=0u" + at(k_monday),
      "plus u=5u" + at(k_monday + 1),
      "plus u=18446744073709551615u" + at(k_monday + 2),
      // signed in the one week, not in the other, and small
      "both n=0u" + at(k_monday),
      "both n=5u" + at(k_monday + 1),
      "both n=0i" + at(k_monday + 7 * k_day),
      "both n=5i" + at(k_monday + 7 * k_day + 1),
  };
  return k_lines;
}

}  // namespace haingest::test
