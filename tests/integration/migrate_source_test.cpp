// SPDX-License-Identifier: MIT
// What haingest finds in real InfluxDBs: all of it with its types and shards, and why nothing.
#include "core/migrate/extent.hpp"
#include "core/migrate/source.hpp"

#include "tests/fakes/faulty_proxy.hpp"
#include "tests/integration/influx_source.hpp"

using namespace haingest;
using namespace haingest::test;
using migrate::Database;
using migrate::Measurement;
using migrate::Policy;
using migrate::Span;

namespace {

constexpr std::int64_t k_day = 86'400'000'000'000;
constexpr std::int64_t k_monday = 1'767'571'200'000'000'000;  // 2026-01-05

std::string at(std::int64_t nanoseconds) { return " " + std::to_string(nanoseconds) + "\n"; }

std::string words_of(const Measurement& measurement) {
  std::string words = measurement.name + ":";
  for (const std::string& tag : measurement.tags) words += " #" + tag;
  for (const migrate::Field& field : measurement.fields) {
    words += " " + field.name + "=";
    for (const migrate::FieldType type : field.types) {
      words += "fiutb"[static_cast<std::size_t>(type)];
    }
  }
  return words;
}

std::string words_of(const std::vector<Measurement>& measurements) {
  std::string words;
  for (const Measurement& one : measurements) words += words_of(one) + "\n";
  return words;
}

// "first+last, values, points, series", in days since that Monday.
std::string extent(influx::QueryClient& client, const std::string& database,
                   const std::string& policy, const Measurement& measurement) {
  const auto extent = migrate::extent_of(client, database, policy, measurement,
                                         migrate::k_all_times, migrate::CountSeries::yes);
  if (!extent) return extent.error().message;
  if (!*extent) return "nothing";
  const auto day = [](std::int64_t moment) {
    const std::int64_t days = (moment - k_monday) / k_day;
    const std::int64_t rest = moment - k_monday - days * k_day;
    return std::to_string(days) + (rest == 0 ? "" : "+" + std::to_string(rest));
  };
  return day((*extent)->first) + ".." + day((*extent)->last) + " " +
         std::to_string((*extent)->values) + " " + std::to_string((*extent)->points) + " " +
         std::to_string((*extent)->series.value());
}

// Two weeks in which fields change their types, before and after one policy of other shards.
void fill(const InfluxSource& source) {
  source.make("house");
  source.make("house", "long", "48h");
  source.make("other");
  source.write("power,entity_id=boiler,x=tag value=1,n=1i,x=2" + at(k_monday) +
                   "power,entity_id=boiler value=\"on\",n=2" + at(k_monday + 7 * k_day) +
                   "power,entity_id=pump value=true,n=3i" + at(k_monday + 14 * k_day + 1) +
                   "steady f=1,s=\"a\"" + at(k_monday) + "steady f=2" + at(k_monday + 20 * k_day) +
                   "clash v=\"first\"" + at(k_monday - 7 * k_day) + "clash v=1" + at(k_monday) +
                   "clash v=true" + at(k_monday + 700 * k_day),
               "house");
  source.write("steady f=1" + at(k_monday + 3 * k_day) + "old f=1i" + at(-k_day), "house", "long");
}

void look_at_real(const std::string& part) {
  if (!have_part(part)) return;
  const InfluxSource source(part);
  influx::QueryClient client(source.options());
  // Of 2.x there is the bucket that it was set up with.
  auto nothing = migrate::look_at(client);
  REQUIRE(nothing.has_value());
  CHECK(nothing->may_read);
  CHECK(nothing->databases.size() == (source.is_2() ? 1U : 0U));
  for (const Database& one : nothing->databases) {
    REQUIRE(one.policies.size() == 1);
    CHECK(one.policies[0].measurements.empty());
  }

  fill(source);
  const auto found = migrate::look_at(client, {"house", "other"});
  REQUIRE(found.has_value());
  REQUIRE(found->databases.size() == 2);
  const Database& house = found->databases[0];
  CHECK(house.name == "house");
  CHECK(found->databases[1].name == "other");
  const Policy* kept = house.find("autogen");
  const Policy* lengthy = house.find("long");
  REQUIRE(kept != nullptr);
  REQUIRE(lengthy != nullptr);
  CHECK(kept->is_default);
  CHECK_FALSE(lengthy->is_default);
  CHECK(kept->duration == std::chrono::seconds(0));
  CHECK(kept->shard_duration == std::chrono::hours(168));
  CHECK(lengthy->shard_duration == std::chrono::hours(48));
  CHECK(lengthy->bucket == (source.is_2() ? "house/long" : ""));
  CHECK(words_of(kept->measurements) ==
        "clash: v=ftb\n"
        "power: #entity_id #x n=fi value=ftb x=f\n"
        "steady: f=f s=t\n");
  CHECK(words_of(lengthy->measurements) == "old: f=i\nsteady: f=f\n");
  const Measurement& clash = kept->measurements[0];
  const Measurement& power = kept->measurements[1];
  const Measurement& steady = kept->measurements[2];
  CHECK(clash.has_clash());
  CHECK_FALSE(steady.has_clash());

  // Whatever the types are.
  CHECK(extent(client, "house", "autogen", clash) == "-7..700 3 1 1");
  CHECK(extent(client, "house", "autogen", power) == "0..14+1 7 3 3");
  CHECK(extent(client, "house", "autogen", steady) == "0..20 3 2 1");
  CHECK(extent(client, "house", "long", steady) == "3..3 1 1 1");
  CHECK(extent(client, "house", "long", lengthy->measurements[0]) ==
        std::to_string(-k_monday / k_day - 1) + ".." + std::to_string(-k_monday / k_day - 1) +
            " 1 1 1");
  CHECK(extent(client, "other", "autogen", steady) == "nothing");

  // Spans: the shards that 1.x tells of; of 2.x those that its bucket would have.
  const std::vector<Span> spans = migrate::spans_of(*kept, steady, k_monday, k_monday + 20 * k_day);
  const std::vector<Span> weeks{{k_monday, k_monday + 7 * k_day},
                                {k_monday + 7 * k_day, k_monday + 14 * k_day},
                                {k_monday + 14 * k_day, k_monday + 21 * k_day}};
  CHECK(spans == weeks);
  const std::vector<Span> lengthy_spans =
      migrate::spans_of(*lengthy, steady, k_monday + 3 * k_day, k_monday + 3 * k_day);
  REQUIRE(lengthy_spans.size() == 1);
  CHECK(lengthy_spans[0].end - lengthy_spans[0].begin == 2 * k_day);
  CHECK(lengthy_spans[0].begin <= k_monday + 3 * k_day);
  CHECK(lengthy_spans[0].end > k_monday + 3 * k_day);
  CHECK(kept->shards.has_value() != source.is_2());
  if (kept->shards) {
    CHECK(kept->shards->size() == 5);
    CHECK((*lengthy->shards)[1] == lengthy_spans[0]);  // as 2.x would guess, too
    Policy unknown = *lengthy;
    unknown.shards.reset();
    CHECK(migrate::spans_of(unknown, steady, k_monday + 3 * k_day, k_monday + 3 * k_day) ==
          lengthy_spans);
  }

  // One that is not there.
  const auto absent = migrate::look_at(client, {"hose"});
  REQUIRE(absent.has_error());
  CHECK(absent.error().kind == base::ErrorKind::failure);
  CHECK(absent.error().message ==
        std::string("there is no database hose; these credentials may see: ") +
            (source.is_2() ? "home_assistant_events, " : "") + "house, other");
}

// Wrong credentials, none that may read, and a server that is not there.
void refuse(const std::string& part) {
  if (!have_part(part)) return;
  const InfluxSource source(part);
  source.make("house");
  source.write("power value=1" + at(k_monday), "house");
  influx::QueryOptions options = source.options();
  options.source.password = base::Secret("wrong");
  options.source.token = base::Secret("wrong");
  {
    influx::QueryClient client(options);
    const auto found = migrate::look_at(client);
    REQUIRE(found.has_error());
    CHECK(found.error().kind == base::ErrorKind::credentials);
  }
  // Let in, and shown nothing.
  if (source.is_2()) {
    const nlohmann::json permission{
        {"action", "write"}, {"resource", {{"type", "buckets"}, {"orgID", source.organisation()}}}};
    const nlohmann::json wanted{{"orgID", source.organisation()},
                                {"permissions", nlohmann::json::array({permission})}};
    const auto made = source.post("/api/v2/authorizations", wanted.dump());
    REQUIRE(made.status == 201);
    options.source.token =
        base::Secret(nlohmann::json::parse(made.body).at("token").get<std::string>());
  } else {
    source.statement("CREATE USER reader WITH PASSWORD 'r'");
    options.source.username = "reader";
    options.source.password = base::Secret("r");
  }
  {
    influx::QueryClient client(options);
    const auto found = migrate::look_at(client);
    REQUIRE(found.has_value());
    CHECK_FALSE(found->may_read);
    CHECK(found->databases.empty());
    const auto named = migrate::look_at(client, {"house"});
    REQUIRE(named.has_error());
    CHECK(named.error().message ==
          "there is no database house, nor any other that these credentials may see");
  }
  // May read the one, but is no administrator: shards are guessed.
  if (!source.is_2()) {
    source.statement("GRANT READ ON house TO reader");
    influx::QueryClient client(options);
    const auto found = migrate::look_at(client);
    REQUIRE(found.has_value());
    CHECK(found->may_read);
    REQUIRE(found->databases.size() == 1);
    const Policy& policy = found->databases[0].policies.at(0);
    CHECK_FALSE(policy.shards.has_value());
    CHECK(migrate::spans_of(policy, policy.measurements.at(0), k_monday, k_monday) ==
          std::vector<Span>{{k_monday, k_monday + 7 * k_day}});
  }
  fakes::FaultyProxy proxy(source.target.url);
  options = source.options(proxy.url());
  proxy.refuse();
  influx::QueryClient client(options);
  const auto found = migrate::look_at(client);
  REQUIRE(found.has_error());
  CHECK(found.error().kind == base::ErrorKind::unreachable);
}

}  // namespace

TEST_CASE("source: InfluxDB 1.6", "[parts]") { look_at_real("influxdb1"); }
TEST_CASE("source: InfluxDB 1.8", "[parts]") { look_at_real("influxdb18"); }
TEST_CASE("source: InfluxDB 2.7", "[parts]") { look_at_real("influxdb2"); }

TEST_CASE("source: InfluxDB 1.6 that shows nothing", "[parts]") { refuse("influxdb1"); }
TEST_CASE("source: InfluxDB 1.8 that shows nothing", "[parts]") { refuse("influxdb18"); }
TEST_CASE("source: InfluxDB 2.7 that shows nothing", "[parts]") { refuse("influxdb2"); }
