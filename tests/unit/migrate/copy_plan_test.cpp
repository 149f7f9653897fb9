// SPDX-License-Identifier: MIT
#include "core/migrate/copy_plan.hpp"

#include "core/migrate/proof.hpp"
#include "core/migrate/sink.hpp"
#include "tests/support/catch.hpp"

namespace haingest::migrate {
namespace {

using influx::Flavour;
using std::chrono_literals::operator""h;

constexpr std::int64_t k_second = 1'000'000'000;
constexpr std::int64_t k_day = 86'400 * k_second;
constexpr std::int64_t k_monday = 1'767'571'200 * k_second;  // 2026-01-05

Measurement named(const std::string& name) { return {name, {}, {{"v", {FieldType::floating}}}}; }

Policy policy(const std::string& name, bool is_default, std::vector<Measurement> measurements) {
  Policy policy;
  policy.name = name;
  policy.is_default = is_default;
  policy.shard_duration = 24h;
  policy.measurements = std::move(measurements);
  return policy;
}

Source house() {
  Source source;
  source.databases.push_back(
      {"house", "house", {policy("autogen", true, {named("%"), named("power")})}});
  source.databases.push_back({"shed", "shed", {policy("autogen", true, {named("Power use")})}});
  return source;
}

std::vector<std::string> names_of(const std::vector<Part>& parts) {
  std::vector<std::string> names;
  for (const Part& part : parts) {
    names.push_back(part.database->name + "." + part.policy->name + "." + part.measurement->name);
  }
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("copy plan: parts are measurements, chosen by globs") {
  const Source source = house();
  CHECK(names_of(parts_of(source, {}).value()) ==
        Names{"house.autogen.%", "house.autogen.power", "shed.autogen.Power use"});
  CopyFilter filter;
  filter.measurements = {"power*"};
  CHECK(names_of(parts_of(source, filter).value()) ==
        Names{"house.autogen.power", "shed.autogen.Power use"});
  filter.measurements = {"nothing"};
  CHECK(parts_of(source, filter).value().empty());
  CHECK(parts_of(source, {}).value().at(0).place == Place{"house", "autogen", true, 24h});
}

TEST_CASE("copy plan: a target's name is for one database and one policy") {
  Source source = house();
  influx::Target into;
  into.bucket = "new";
  const auto two = parts_of(source, {}, into);
  REQUIRE(two.has_error());
  CHECK(two.error().kind == base::ErrorKind::usage);
  CHECK(two.error().message ==
        "more than one database is to be copied, and the target names one; leave its name out or "
        "choose one to copy");
  source.databases.pop_back();
  CHECK(parts_of(source, {}, into).value().at(0).place.database == "new");
  source.databases.at(0).policies.push_back(policy("long", false, {named("%")}));
  CHECK(parts_of(source, {}, into).value().back().place == Place{"new", "long", false, 24h});
  into.retention_policy = "all";
  CHECK(parts_of(source, {}, into).error().message ==
        "more than one retention policy is to be copied, and the target names one; leave its name "
        "out");
}

TEST_CASE("copy plan: warnings name what may not arrive") {
  Source source;
  Measurement odd{"odd", {"_field", "room"}, {}};
  odd.fields = {{"time", {FieldType::text}},
                {"v", {FieldType::floating, FieldType::text}},
                {"w", {FieldType::unsigned_integer}}};
  source.databases.push_back({"house", "house", {policy("month", false, {odd})}});
  source.databases[0].policies[0].duration = 720h;
  std::vector<PartPlan> plans{{parts_of(source, {}).value().at(0)}};
  plans[0].extent = Extent{k_monday, k_monday + k_day, 4, 2};
  const base::Timestamp monday{std::chrono::microseconds(k_monday / 1'000)};
  const Names always{
      "house.month.odd: no server takes a field that is called time",
      "house.month.odd: v is float and string at different times, and is copied so; points that a "
      "target refuses for it are kept as rejects",
      "house.month.odd: w is unsigned, which InfluxDB 1 does not take",
      "house.month.odd: InfluxDB 2 takes no tag that is called _field",
  };
  CHECK(warnings_of(plans, monday + 24h * 26) == always);
  Names late = always;
  late.emplace_back(
      "house.month.odd: the source keeps points for 30 days, and is about to delete the oldest");
  CHECK(warnings_of(plans, monday + 24h * 27) == late);
  // Once a policy.
  Measurement plain{"plain", {}, {{"v", {FieldType::floating}}}};
  source.databases[0].policies[0].measurements.push_back(plain);
  const auto parts = parts_of(source, {}).value();
  plans = {PartPlan{parts.at(0), plans[0].extent}, PartPlan{parts.at(1), plans[0].extent}};
  late.back() =
      "house.month: the source keeps points for 30 days, and is about to delete the oldest of 2 "
      "measurements";
  CHECK(warnings_of(plans, monday + 24h * 27) == late);
}

TEST_CASE("proof: what is unsettled is cut out") {
  using Spans = std::vector<Span>;
  CHECK(without({0, 10}, {}) == Spans{{0, 10}});
  CHECK(without({0, 10}, Span{10, 12}) == Spans{{0, 10}});
  CHECK(without({10, 20}, Span{5, 10}) == Spans{{10, 20}});
  CHECK(without({0, 10}, Span{4, 6}) == Spans{{0, 4}, {6, 10}});
  CHECK(without({0, 10}, Span{4, 12}) == Spans{{0, 4}});
  CHECK(without({0, 10}, Span{0, 4}) == Spans{{4, 10}});
  CHECK(without({0, 10}, Span{0, 10}).empty());
}

TEST_CASE("copy plan: names on a server") {
  const Place standard{"house", "two_years", true};
  const Place other{"house", "long", false};
  influx::Target target;
  target.url = "http://h:1";
  CHECK(target_for(target, Flavour::influxdb1, standard).database == "house");
  CHECK(target_for(target, Flavour::influxdb1, standard).retention_policy == "two_years");
  CHECK(target_for(target, Flavour::influxdb2, standard).bucket == "house");
  CHECK(target_for(target, Flavour::influxdb2, other).bucket == "house/long");
  CHECK(target_for(target, Flavour::influxdb3, other).database == "house/long");
  CHECK(target_for(target, Flavour::influxdb3, other).retention_policy.empty());
  const Measurement m = named("m");
  const Window window{"old", "x", &m, {0, 1}};
  CHECK(window_in_target(window, standard, Flavour::influxdb2).policy == "autogen");
  CHECK(window_in_target(window, other, Flavour::influxdb2).policy == "long");
  CHECK(window_in_target(window, standard, Flavour::influxdb1).policy == "two_years");
  CHECK(window_in_target(window, standard, Flavour::influxdb1).database == "house");
}

TEST_CASE("proof: windows are cut at days where types change") {
  const Measurement steady = named("m");
  const Measurement clashing{"m", {}, {{"v", {FieldType::floating, FieldType::text}}}};
  const Span span{k_monday - 1, k_monday + 2 * k_day};
  CHECK(pieces_of({"", "", &steady, span}) == std::vector<Span>{span});
  CHECK(pieces_of({"", "", &clashing, span}) ==
        std::vector<Span>{{k_monday - 1, k_monday},
                          {k_monday, k_monday + k_day},
                          {k_monday + k_day, k_monday + 2 * k_day}});
  CHECK(pieces_of({"", "", &clashing, {-k_day - 1, 5}}) ==
        std::vector<Span>{{-k_day - 1, -k_day}, {-k_day, 0}, {0, 5}});
}

TEST_CASE("proof: differences are those of either side") {
  const Span span{1, 2};
  CHECK(differences_of(span, {{"a", 1}, {"b", 2}}, {{"a", 1}, {"b", 2}}).empty());
  CHECK(differences_of(span, {{"a", 1}, {"b", 2}}, {{"b", 3}, {"c", 4}}) ==
        std::vector<Difference>{{span, "a", 1, 0}, {span, "b", 2, 3}, {span, "c", 0, 4}});
}

}  // namespace haingest::migrate
