// SPDX-License-Identifier: MIT
// What was written into a real InfluxDB comes out of it as the same line protocol: names, types and
// bytes.
#include "core/migrate/reading.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "tests/fakes/faulty_proxy.hpp"
#include "tests/integration/influx_source.hpp"

using namespace haingest;
using namespace haingest::test;
using migrate::Amount;
using migrate::Database;
using migrate::Measurement;
using migrate::PointLine;
using migrate::Policy;
using migrate::Span;
using migrate::Spelling;
using migrate::Window;

namespace {

constexpr std::int64_t k_day = 86'400'000'000'000;
constexpr std::int64_t k_monday = 1'767'571'200'000'000'000;  // 2026-01-05

using Lines = std::vector<std::string>;

std::string at(std::int64_t nanoseconds) { return " " + std::to_string(nanoseconds) + "\n"; }

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

Lines sorted(Lines lines) {
  std::ranges::sort(lines);
  return lines;
}

// Both sorted.
Lines without(const Lines& all, const Lines& known) {
  Lines rest;
  std::ranges::set_difference(all, known, std::back_inserter(rest));
  return rest;
}

// Everything in a policy, span by span; sorted.
struct Reading {
  Lines lines;
  Amount amount;
  std::uint64_t counted = 0;   // by the server, window by window
  std::uint64_t expected = 0;  // by the server, over all of it
};

Reading read(const InfluxSource& source, const std::string& database, const std::string& policy,
             Spelling spelling = Spelling::exact) {
  influx::QueryClient client(source.options());
  const auto found = migrate::look_at(client, {database});
  INFO((found ? std::string() : found.error().message));
  REQUIRE(found.has_value());
  const Policy* from = found->databases.at(0).find(policy);
  REQUIRE(from != nullptr);
  Reading reading;
  for (const Measurement& measurement : from->measurements) {
    const auto extent = migrate::extent_of(client, database, policy, measurement);
    INFO((extent ? std::string() : extent.error().message));
    REQUIRE(extent.has_value());
    REQUIRE(extent->has_value());
    reading.expected += (*extent)->values;
    for (std::optional<std::int64_t> next = (*extent)->first; next && *next <= (*extent)->last;) {
      const Span span = migrate::span_at(*from, measurement, *next).value();
      const Window window{database, policy, &measurement, span};
      const auto amount =
          migrate::read_window(client, window, spelling, [&](const PointLine& point) {
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
const Lines& hostile_lines() {
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

const Lines& unsigned_lines() {
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

void round_trip(const std::string& part) {
  if (!have_part(part)) return;
  const InfluxSource source(part);
  Lines lines = hostile_lines();
  // 1.x of these releases has no unsigned integers.
  if (source.is_2()) lines.insert(lines.end(), unsigned_lines().begin(), unsigned_lines().end());
  // To Debian's 1.6 they are a reason for 500, though not each time.
  if (part != "influxdb1") lines.push_back("bytes\xff\xfe f\xff=1" + at(k_monday));
  lines = sorted(std::move(lines));
  source.make("house");
  source.make("house", "copy");
  for (const std::string& line : lines) {
    INFO(line);
    source.write(line, "house");
  }
  const Reading first = read(source, "house", "autogen");
  CHECK(without(lines, first.lines) == Lines{});
  CHECK(without(first.lines, lines) == Lines{});
  CHECK(first.lines.size() == lines.size());
  CHECK(first.amount.points == lines.size());
  CHECK(first.counted == first.amount.values);
  CHECK(first.expected == first.amount.values);
  // And what came out goes in again.
  source.write(joined(first.lines), "house", "copy");
  const Reading second = read(source, "house", "copy");
  CHECK(second.lines == first.lines);
}

// Of one measurement in a policy, without looking at the rest.
Measurement only(influx::QueryClient& client, Policy& policy, const std::string& database) {
  const auto found = migrate::look_at(client, {database});
  REQUIRE(found.has_value());
  policy = found->databases.at(0).policies.at(0);
  return policy.measurements.at(0);
}

// Two shards in one span: not all of it comes, and nobody says so. It shows in the numbers.
void misses(const std::string& part) {
  if (!have_part(part)) return;
  const InfluxSource source(part);
  source.make("house");
  source.write("weeks v=1" + at(k_monday) + "weeks v=\"2\"" + at(k_monday + 7 * k_day), "house");
  influx::QueryClient client(source.options());
  Policy policy;
  const Measurement weeks = only(client, policy, "house");
  Window window{"house", "autogen", &weeks, {k_monday, k_monday + 14 * k_day}};
  std::size_t points = 0;
  const auto count = [&](const PointLine& /*point*/) { ++points; };
  CHECK(migrate::read_window(client, window, Spelling::exact, count)->values == 1);
  CHECK(migrate::extent_of(client, "house", "autogen", weeks).value()->values == 2);
  window.span = migrate::span_at(policy, weeks, k_monday + 7 * k_day).value();
  CHECK(migrate::read_window(client, window, Spelling::exact, count)->values == 1);
  CHECK(points == 2);
}

// A field of the other type in the same shard: no server takes that, so none gives it.
void clash_in_shard(const std::string& part) {
  if (!have_part(part)) return;
  const InfluxSource source(part);
  source.make("house");
  source.write("m v=1,w=1" + at(k_monday), "house");
  const auto refused =
      source.post(source.is_2() ? "/api/v2/write?org=haingest&bucket=house" : "/write?db=house",
                  "m v=\"text\",w=2" + at(k_monday + 1));
  CHECK(refused.status == (source.is_2() ? 422 : 400));
  CHECK(read(source, "house", "autogen").lines == Lines{"m v=1,w=1" + at(k_monday)});
}

}  // namespace

TEST_CASE("reading: InfluxDB 1.6 gives what it was given", "[parts]") { round_trip("influxdb1"); }
TEST_CASE("reading: InfluxDB 1.8 gives what it was given", "[parts]") { round_trip("influxdb18"); }
TEST_CASE("reading: InfluxDB 2.7 gives what it was given", "[parts]") { round_trip("influxdb2"); }

TEST_CASE("reading: what a span over two shards misses is counted", "[parts]") {
  for (const char* part : {"influxdb1", "influxdb18", "influxdb2"}) misses(part);
}

TEST_CASE("reading: in one shard a field has one type", "[parts]") {
  for (const char* part : {"influxdb1", "influxdb18", "influxdb2"}) clash_in_shard(part);
}

TEST_CASE("reading: guessed shards of two days, of 2.x and of who is no administrator", "[parts]") {
  for (const char* part : {"influxdb1", "influxdb2"}) {
    if (!have_part(part)) continue;
    const InfluxSource source(part);
    source.make("house");
    source.make("house", "short", "48h");
    Lines lines;
    // In each group of two days another type, at its begin and at its end; that Monday is an even
    // day since the year 1.
    const Lines values{"1", "\"2\"", "true", "4i"};
    for (std::size_t i = 0; i < 40; ++i) {
      const std::int64_t group = k_monday + static_cast<std::int64_t>(i) * 2 * k_day;
      lines.push_back("m v=" + values[i % 4] + at(group));
      lines.push_back("m v=" + values[i % 4] + at(group + 2 * k_day - 1));
    }
    source.write(joined(lines), "house", "short");
    CHECK(read(source, "house", "short").lines == sorted(lines));
    if (source.is_2()) continue;
    source.statement("CREATE USER reader WITH PASSWORD 'r'");
    source.statement("GRANT READ ON house TO reader");
    InfluxSource reader = source;
    reader.target.username = "reader";
    reader.target.password = base::Secret("r");
    CHECK(read(reader, "house", "short").lines == sorted(lines));
  }
}

TEST_CASE("reading: names as every server takes them", "[parts]") {
  if (!have_part("influxdb2")) return;
  const InfluxSource source("influxdb2");
  source.make("house");
  source.write("a\\\nb,t\ta=1,x=tag t\ta=2,x=3,n\\\n=\"\n\"" + at(k_monday), "house");
  CHECK(read(source, "house", "autogen", Spelling::shared).lines ==
        Lines{"a/\\nb,t\\ta=1,x=tag n/\\n=\"\n\",t\\ta_=2,x_=3" + at(k_monday)});
}

TEST_CASE("reading: a window that does not come whole has an error", "[parts]") {
  if (!have_part("influxdb1")) return;
  const InfluxSource source("influxdb1");
  source.make("house");
  std::string lines;
  for (int i = 0; i < 25'000; ++i) lines += "m v=" + std::to_string(i) + at(k_monday + i);
  source.write(lines, "house");
  fakes::FaultyProxy proxy(source.target.url);
  influx::QueryClient client(source.options(proxy.url()));
  Policy policy;
  const Measurement m = only(client, policy, "house");
  const Window window{"house", "autogen", &m, {k_monday, k_monday + 7 * k_day}};
  std::size_t points = 0;
  const auto count = [&](const PointLine& /*point*/) { ++points; };
  CHECK(migrate::read_window(client, window, Spelling::exact, count)->points == 25'000);
  fakes::ProxyPlan plan;
  plan.fault = fakes::ProxyFault::truncate;
  proxy.plan([plan](const fakes::ProxiedRequest& /*request*/) { return plan; });
  points = 0;
  const auto cut = migrate::read_window(client, window, Spelling::exact, count);
  REQUIRE(cut.has_error());
  CHECK(cut.error().kind == base::ErrorKind::unreachable);
  CHECK(points > 0);
  CHECK(points < 25'000);
  // Gone in the middle.
  plan.fault = fakes::ProxyFault::none;
  proxy.plan([plan](const fakes::ProxiedRequest& /*request*/) { return plan; });
  source.server().kill();
  const auto gone = migrate::read_window(client, window, Spelling::exact, count);
  REQUIRE(gone.has_error());
  CHECK(gone.error().kind == base::ErrorKind::unreachable);
}
