// SPDX-License-Identifier: MIT
// What was written into a real InfluxDB comes out of it as the same line protocol: names, types and
// bytes.
#include "core/migrate/reading.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "tests/fakes/faulty_proxy.hpp"
#include "tests/integration/influx_source.hpp"
#include "tests/integration/migrate_lines.hpp"

using namespace haingest;
using namespace haingest::test;
using migrate::Measurement;
using migrate::PointLine;
using migrate::Policy;
using migrate::Spelling;
using migrate::Window;

namespace {

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

namespace {

// What becomes of an answer whose only series has a row with this number.
std::string objection_to(influx::Flavour flavour, const std::string& answer) {
  fakes::FaultyProxy server("http://127.0.0.1:1");
  server.plan([&](const fakes::ProxiedRequest&) {
    return fakes::ProxyPlan{fakes::ProxyFault::answer, 200, "", answer};
  });
  influx::QueryOptions options;
  options.source.url = server.url();
  options.flavour = flavour;
  influx::QueryClient client(options);
  const Measurement m{"m", {}, {{"v", {migrate::FieldType::floating}}}};
  const auto read = migrate::read_window(client, {"house", "autogen", &m, {0, 10}}, Spelling::exact,
                                         [](const PointLine&) {});
  return read ? "" : read.error().message;
}

}  // namespace

TEST_CASE("reading: what no InfluxDB sends is said, and ends nothing else") {
  const auto packed = [](const nlohmann::json& row, const std::string& first) {
    const nlohmann::json series{{"name", "m"}, {"columns", {first, "v"}}, {"values", {row}}};
    const nlohmann::json answer{
        {"results", {{{"statement_id", 0}, {"series", nlohmann::json::array({series})}}}}};
    const std::vector<std::uint8_t> bytes = nlohmann::json::to_msgpack(answer);
    return std::string(bytes.begin(), bytes.end());
  };
  constexpr auto k_one = influx::Flavour::influxdb1;
  CHECK(objection_to(k_one, packed({1, 2.5}, "time")).empty());
  const std::string objection = "the answer is not what InfluxDB sends";
  CHECK(objection_to(k_one, packed({1, std::nan("")}, "time")) == objection);
  CHECK(objection_to(k_one, packed({nullptr, 2.5}, "time")) == objection);
  CHECK(objection_to(k_one, packed({1, 2.5}, "when")) == objection);
  CHECK(objection_to(influx::Flavour::influxdb3,
                     R"({"results":[{"series":[{"name":"m","columns":["time","new"],)"
                     R"("values":[[1,2]]}]}]})") ==
        "the field new of m has come since the fields were asked for; the same command goes on "
        "with it");
}
