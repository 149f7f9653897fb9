// SPDX-License-Identifier: MIT
// `haingest migrate-from-influx` between real InfluxDBs, the store and the simulated Home
// Assistant.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>

#include "core/sqlite/writer_lock.hpp"
#include "tests/fakes/faulty_proxy.hpp"
#include "tests/fakes/influxdb3_front.hpp"
#include "tests/integration/influx_source.hpp"
#include "tests/integration/program.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/man_page.hpp"
#include "tests/support/sql.hpp"

using namespace haingest;
using namespace haingest::test;
using nlohmann::json;

namespace {

constexpr const char* k_command = "migrate-from-influx";
constexpr const char* k_seconds = "000000000";  // behind a second: nanoseconds

// As the replaced service's websocket-ingestion wrote them at its start.
std::string discovered(int devices, int entities) {
  std::string lines;
  const std::string at = std::string(" 1760428800") + k_seconds + "\n";  // 2025-10-14 08:00 UTC
  for (int i = 0; i < devices; ++i) {
    const std::string number = std::to_string(i);
    lines += "devices,area_id=unassigned,device_id=dev" + number +
             ",manufacturer=Acme,model=Unknown name=\"Device " + number +
             "\",sw_version=\"1.2\",entity_count=0i" + at;
  }
  for (int i = 0; i < entities; ++i) {
    const std::string number = std::to_string(i);
    lines += "entities,area_id=unassigned,device_id=dev" + std::to_string(i % devices) +
             ",domain=sensor,entity_id=sensor.s" + number + ",platform=acme unique_id=\"u" +
             number + "\",disabled=false" + at;
  }
  return lines;
}

// What a populate script of the replaced service left in SQLite.
constexpr const char* k_mock =
    "CREATE TABLE devices (device_id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR NOT NULL, "
    "manufacturer VARCHAR, model VARCHAR, sw_version VARCHAR, area_id VARCHAR, integration "
    "VARCHAR, last_seen DATETIME, created_at DATETIME);"
    "CREATE TABLE entities (entity_id VARCHAR NOT NULL PRIMARY KEY, device_id VARCHAR, domain "
    "VARCHAR NOT NULL, platform VARCHAR, unique_id VARCHAR, area_id VARCHAR, disabled BOOLEAN, "
    "created_at DATETIME);"
    "INSERT INTO devices(device_id, name) VALUES('m1', 'Mock 1'), ('m2', 'Mock 2'), ('m3', "
    "'Mock 3'), ('m4', 'Mock 4'), ('m5', 'Mock 5');";

struct Old {
  explicit Old(const std::string& part, const std::string& folder = "") : source(part, folder) {
    program.environment["INFLUXDB_URL"] = source.target.url;
    if (source.is_2()) {
      program.environment["INFLUXDB_TOKEN"] = std::string(source.target.token.reveal());
      program.environment["INFLUXDB_ORG"] = "haingest";
    } else {
      program.environment["INFLUXDB_USERNAME"] = source.target.username;
      program.environment["INFLUXDB_PASSWORD"] = std::string(source.target.password.reveal());
      source.make("home_assistant_events");
    }
  }

  [[nodiscard]] Outcome run(Words words = {}) const {
    words.insert(words.begin(), k_command);
    words.insert(words.end(), {"--db", database()});
    return program.run(words);
  }
  [[nodiscard]] std::string database() const { return program.file("metadata.db"); }
  [[nodiscard]] std::string sql(const std::string& query) const {
    return test::query(database(), query);
  }
  // "http://127.0.0.1:1234"
  [[nodiscard]] std::string name() const {
    return std::string("InfluxDB ") + (source.is_2() ? "2" : "1") + " at " + source.target.url;
  }

  InfluxSource source;
  Program program;
};

// The seed of all this: 94 devices in InfluxDB, 5 mock ones in SQLite.
void replaces_the_mock_rows(const std::string& part) {
  if (!have_part(part)) return;
  const Old old(part);
  old.source.write(discovered(94, 420), "home_assistant_events");
  test::execute(old.database(), k_mock);

  const Outcome dry = old.run({"--dry-run", "-o", "json"});
  CHECK(dry.exit_code == 0);
  CHECK(json::parse(dry.out)["store"]["summary"]["added"] == 514);
  CHECK(old.sql("SELECT count(*) FROM devices") == "5\n");

  const Outcome first = old.run({"-o", "json"});
  CHECK_THAT(first.err, Catch::Contains("metadata.db.bak-"));
  REQUIRE(first.exit_code == 0);
  const json told = json::parse(first.out);
  CHECK(told["source"] == old.name());
  CHECK(told["layout"] == "ha-ingestor");
  REQUIRE(told["found"].size() == 2);
  const std::string page = output_of("migrate-from-influx");
  CHECK(unnamed_fields(page, told) == Words{});
  CHECK(unnamed_fields(page, told["found"][0]) == Words{});
  const json devices = told["found"][0];
  CHECK(devices["kind"] == "device");
  CHECK(devices["database"] == "home_assistant_events");
  CHECK(devices["policy"] == "autogen");
  CHECK(devices["records"] == 94);
  CHECK(told["unknown"] == json{{"devices", 5}, {"entities", 0}});
  CHECK(told["dead"] == json{{"devices", 0}, {"entities", 0}});
  CHECK(told["sync"].is_null());
  CHECK(old.sql("SELECT count(*), min(first_seen), sum(confirmed), sum(model IS NULL) "
                "FROM devices") == "94|2025-10-14 08:00:00.000000|0|94\n");
  CHECK(old.sql("SELECT count(*), count(DISTINCT device_id) FROM entities") == "420|94\n");
  CHECK(old.sql("SELECT group_concat(name) FROM removed") ==
        "Mock 1,Mock 2,Mock 3,Mock 4,Mock 5\n");

  const Outcome second = old.run({"-o", "json"});
  CHECK(second.exit_code == 0);
  CHECK(json::parse(second.out)["store"]["changes"].empty());
  CHECK(old.sql("SELECT count(*) FROM sync_runs") == "1\n");
  CHECK(old.run({"-q"}).out.empty());
}

}  // namespace

TEST_CASE("migrate: 94 devices of an InfluxDB 1.6 take the place of 5 mock ones", "[parts]") {
  replaces_the_mock_rows("influxdb1");
}

TEST_CASE("migrate: 94 devices of an InfluxDB 2.7 take the place of 5 mock ones", "[parts]") {
  replaces_the_mock_rows("influxdb2");
}

TEST_CASE("migrate: devices and entities of an InfluxDB 3, piece by piece", "[parts]") {
  if (!have_part("influxdb18")) return;
  Old old("influxdb18");
  constexpr std::int64_t k_first = 1'760'428'800;  // what discovered() has
  old.source.write(discovered(3, 4), "home_assistant_events");
  std::string later;
  for (int day = 1; day <= 10; ++day) {
    later += "devices,area_id=hall,device_id=dev0,manufacturer=Acme,model=Unknown name=\"Renamed " +
             std::to_string(day) + "\",entity_count=0i " + std::to_string(k_first + day * 86'400) +
             k_seconds + "\n";
  }
  old.source.write(later, "home_assistant_events");
  const fakes::Influxdb3Front front(
      old.source.port(), old.source.authorization(),
      {k_first * 1'000'000'000, (k_first + 10 * 86'400) * 1'000'000'000});
  old.program.environment["INFLUXDB_URL"] = front.url();
  const Outcome without = old.run();
  CHECK(without.exit_code == 4);
  CHECK_THAT(without.err, Catch::Contains("the request was not authenticated"));
  old.program.environment.erase("INFLUXDB_USERNAME");
  old.program.environment.erase("INFLUXDB_PASSWORD");
  old.program.environment["INFLUXDB_TOKEN"] = front.k_token;

  const Outcome told = old.run({"-o", "json"});
  CHECK(told.exit_code == 0);
  CHECK(without_times(told.err) ==
        "warning an InfluxDB 3 Core that was started anew may show no more than its last month; "
        "start it with a longer --gen1-lookback-duration where older points are missing\n");
  CHECK(json::parse(told.out)["source"] == "InfluxDB 3 at " + front.url());
  CHECK(json::parse(told.out)["version"] == "3.10.0");
  CHECK(front.refused() > 0);
  CHECK(old.sql("SELECT device_id, name, area_id, first_seen, last_seen FROM devices ORDER BY 1") ==
        "dev0|Renamed 10|hall|2025-10-14 08:00:00.000000|2025-10-24 08:00:00.000000\n"
        "dev1|Device 1||2025-10-14 08:00:00.000000|2025-10-14 08:00:00.000000\n"
        "dev2|Device 2||2025-10-14 08:00:00.000000|2025-10-14 08:00:00.000000\n");
  CHECK(old.sql("SELECT count(*) FROM entities") == "4\n");
}

TEST_CASE("migrate: what a new user reads", "[parts]") {
  if (!have_part("influxdb1")) return;
  const Old old("influxdb1");
  old.source.write(discovered(1, 1), "home_assistant_events");
  test::execute(old.database(), k_mock);
  const Outcome told = old.run({"-o", "table"});
  CHECK(told.exit_code == 0);
  const std::string& out = told.out;
  CHECK(out.starts_with(old.name() +
                        ", layout ha-ingestor:\n"
                        "LAYOUT       KIND    DATABASE               POLICY   RECORDS  NEWEST\n"
                        "ha-ingestor  device  home_assistant_events  autogen  1        "
                        "2025-10-14 08:00\n"
                        "ha-ingestor  entity  home_assistant_events  autogen  1        "
                        "2025-10-14 08:00\n"
                        "\n"
                        "ACTION   KIND    ID"));
  CHECK_THAT(out, Catch::Contains("2 added, 5 removed; now 1 device, 1 entity,"));
  CHECK(out.ends_with("Neither Home Assistant nor InfluxDB knows 5 devices: removed.\n"));
}

TEST_CASE("migrate: a sync follows, and what Home Assistant has said stays", "[parts]") {
  if (!have_part("influxdb1")) return;
  Old old("influxdb1");
  old.source.write(discovered(3, 3), "home_assistant_events");
  const fakes::HaServer home(fakes::make_house({.devices = 10, .entities = 40}));
  old.program.talk_to(home);
  SECTION("into an empty database") {
    const Outcome first = old.run({"-o", "json"});
    CHECK(first.exit_code == 0);
    const json told = json::parse(first.out);
    CHECK(told["store"]["summary"]["added"] == 6);
    CHECK(told["sync"]["summary"]["removed"] == 6);
    CHECK(old.sql("SELECT count(*), sum(confirmed) FROM devices") == "10|10\n");
    CHECK(old.sql("SELECT kind, count(*) FROM removed GROUP BY kind") == "device|3\nentity|3\n");
  }
  SECTION("beside what it has said before") {
    CHECK(old.program.run({"sync", "-q", "--db", old.database()}).exit_code == 0);
    const Outcome first = old.run({"-o", "json", "--no-sync"});
    CHECK(first.exit_code == 0);
    const json told = json::parse(first.out);
    CHECK(told["store"]["changes"].empty());
    CHECK(told["sync"].is_null());
    CHECK(told["dead"] == json{{"devices", 3}, {"entities", 3}});
    CHECK(old.sql("SELECT count(*), sum(confirmed) FROM devices") == "10|10\n");
    CHECK(old.sql("SELECT count(*) FROM removed WHERE why = 'gone'") == "6\n");
  }
  SECTION("and fails alone") {
    old.program.environment["HA_TOKEN"] = "wrong";
    const Outcome first = old.run({"-o", "json"});
    CHECK(first.exit_code == 4);
    CHECK(json::parse(first.out)["store"]["summary"]["added"] == 6);
    CHECK_THAT(first.err, Catch::StartsWith("haingest: error: the devices and entities of InfluxDB "
                                            "are in the database, but the sync behind that "
                                            "failed: "));
    CHECK(old.sql("SELECT count(*) FROM devices") == "3\n");
  }
}

TEST_CASE("migrate: nothing to take is told apart, and nothing is made", "[parts]") {
  if (!have_part("influxdb1")) return;
  Old old("influxdb1");
  SECTION("a database without devices") {
    const Outcome told = old.run();
    CHECK(told.exit_code == 1);
    CHECK(told.err == error_line(old.name() + ": it holds no devices and entities (looked in "
                                              "home_assistant_events); nothing was changed"));
  }
  SECTION("no database") {
    old.source.statement("DROP DATABASE home_assistant_events");
    const Outcome told = old.run();
    CHECK(told.exit_code == 1);
    CHECK(told.err == error_line(old.name() + ": it is empty; nothing was changed"));
  }
  SECTION("a wrong password") {
    old.program.environment["INFLUXDB_PASSWORD"] = "wrong";
    const Outcome told = old.run();
    CHECK(told.exit_code == 4);
    CHECK_THAT(told.err, Catch::StartsWith("haingest: error: " + old.name() + ": "));
    CHECK_THAT(told.err, Catch::Contains("authorization failed"));
  }
  SECTION("a database that is not there") {
    const Outcome told = old.run({"--influx-database", "other"});
    CHECK(told.exit_code == 1);
    CHECK_THAT(told.err, Catch::Contains("home_assistant_events"));
  }
  SECTION("another layout") {
    old.source.write(discovered(1, 1), "home_assistant_events");
    const Outcome told = old.run({"--layout", "home-assistant"});
    CHECK(told.exit_code == 1);
    CHECK_THAT(told.err, Catch::Contains("no devices and entities of layout home-assistant"));
  }
  SECTION("nobody there") {
    old.source.server().stop();
    const Outcome told = old.run();
    CHECK(told.exit_code == 5);
    CHECK(told.err == error_line("InfluxDB at " + old.source.target.url + ": connection refused"));
  }
  CHECK_FALSE(std::filesystem::exists(old.database()));
}

TEST_CASE("migrate: a token that may read nothing looks like an empty server", "[parts]") {
  if (!have_part("influxdb2")) return;
  Old old("influxdb2");
  const json body{
      {"orgID", old.source.organisation()},
      {"permissions", json::array({{{"action", "read"}, {"resource", {{"type", "tasks"}}}}})}};
  const auto made = old.source.post("/api/v2/authorizations", body.dump());
  REQUIRE(made.status == 201);
  old.program.environment["INFLUXDB_TOKEN"] = json::parse(made.body)["token"];
  const Outcome told = old.run();
  CHECK(told.exit_code == 4);
  CHECK(told.err ==
        error_line(old.name() + ": it shows these credentials nothing: either they may not read, "
                                "or it is empty; give a token or a user that may read the old "
                                "data"));
  CHECK_FALSE(std::filesystem::exists(old.database()));
}

// --- The history ---

namespace {

// A point a second of ten entities, at least half of it strings.
std::string states(int points) {
  std::string lines;
  for (int i = 0; i < points; ++i) {
    const std::string number = std::to_string(i);
    lines += "home_assistant_events,entity_id=sensor.s" + std::to_string(i % 10) +
             ",event_type=state_changed state=\"" + number + "\",count=" + number + "i " +
             std::to_string(1'760'428'800 + i) + k_seconds + "\n";
  }
  return lines;
}

// How many values of `field` the server has.
std::int64_t count_of(const InfluxSource& source, const std::string& field) {
  influx::QueryClient client(source.options());
  std::int64_t count = 0;
  influx::AnswerHandlers handlers;
  handlers.row = [&](const std::vector<influx::Cell>& cells) {
    count = std::get<std::int64_t>(cells.at(1));
  };
  const auto asked = client.ask({"home_assistant_events", ""},
                                "SELECT count(" + field + ") FROM home_assistant_events", handlers);
  REQUIRE(asked.has_value());
  return count;
}

Words to_server(const InfluxSource& target, const std::string& url, Words more = {}) {
  more.insert(more.end(), {"--no-sync", "--history-to", url});
  if (target.is_2()) more.insert(more.end(), {"--history-org", "haingest"});
  return more;
}

}  // namespace

TEST_CASE("migrate: the whole history goes along", "[parts]") {
  if (!have_part("influxdb1") || !have_part("influxdb2")) return;
  Old old("influxdb1");
  old.source.write(discovered(2, 2) + states(1'000), "home_assistant_events");
  const InfluxSource target("influxdb2");
  const Words words = to_server(target, target.target.url, {"-o", "json"});
  SECTION("to a server") {
    old.program.environment["HAINGEST_HISTORY_TOKEN"] = std::string(target.target.token.reveal());
    Words dry = words;
    dry.emplace_back("--dry-run");
    const json plan = json::parse(old.run(dry).out)["history"];
    CHECK(plan["measurements"][2]["points"] == 1'000);
    CHECK(plan["measurements"][2]["series"] == 10);
    // "home_assistant_events,entity_id=sensor.s9,event_type=state_changed count=99i,state=\"99\" …"
    const std::size_t bytes = plan["measurements"][2]["bytes"];
    CHECK(bytes / 1'000 >= 106);
    CHECK(bytes / 1'000 <= 112);
    CHECK(plan["estimated_bytes"] > bytes);
    CHECK(plan["estimated_seconds"] == 1);
    dry.insert(dry.end(), {"--since", "2025-10-14T08:00:10Z", "--until", "2025-10-14T08:00:12Z"});
    const json part = json::parse(old.run(dry).out)["history"];
    REQUIRE(part["measurements"].size() == 1);
    CHECK(part["measurements"][0]["points"] == 2);
    CHECK(part["measurements"][0]["first"] == "2025-10-14T08:00:10.000000+00:00");
    CHECK(part["measurements"][0]["last"] == "2025-10-14T08:00:11.000000+00:00");
    CHECK(count_of(target, "state") == 0);

    const Outcome copied = old.run(words);
    CHECK(copied.err.empty());
    CHECK(copied.exit_code == 0);
    const json told = json::parse(copied.out)["history"];
    CHECK(told["complete"] == true);
    CHECK(told["measurements"][2] == json{{"database", "home_assistant_events"},
                                          {"policy", "autogen"},
                                          {"measurement", "home_assistant_events"},
                                          {"points", 1'000},
                                          {"values", 2'000},
                                          {"rejected", 0}});
    CHECK(told["differences"].empty());
    CHECK(count_of(target, "state") == 1'000);
    CHECK(count_of(target, "count") == 1'000);
    CHECK(old.sql("SELECT count(*) FROM devices") == "2\n");
    CHECK_FALSE(std::filesystem::exists(old.database() + "-copy"));
    CHECK_FALSE(std::filesystem::exists(old.database() + "-rejects"));

    // What comes later is missing there, and nothing is copied to say so.
    old.source.write("home_assistant_events,entity_id=sensor.s0 state=\"new\" 1760432400" +
                         std::string(k_seconds),
                     "home_assistant_events");
    Words verify = words;
    verify.emplace_back("--verify-only");
    const Outcome verified = old.run(verify);
    CHECK(verified.exit_code == 6);
    CHECK(without_times(verified.err) ==
          "error source and target do not count the same: 1 difference\n");
    // Counting needs no organisation.
    CHECK(old.run({"--no-sync", "-q", "--history-to", target.target.url, "--verify-only"})
              .exit_code == 6);
    CHECK(json::parse(verified.out)["source"] == old.name());
    CHECK(json::parse(verified.out)["store"].is_null());
    CHECK(json::parse(verified.out)["history"]["differences"] ==
          json::array({{{"database", "home_assistant_events"},
                        {"policy", "autogen"},
                        {"measurement", "home_assistant_events"},
                        {"field", "state"},
                        {"from", "2025-10-14T08:00:00.000000+00:00"},
                        {"to", "2025-10-20T00:00:00.000000+00:00"},
                        {"source", 1'001},
                        {"target", 1'000}}}));
    const std::string page = output_of("migrate-from-influx");
    for (const json& history : {plan, told, json::parse(verified.out)["history"]}) {
      CHECK(unnamed_fields(page, history) == Words{});
      CHECK(unnamed_fields(page, history["measurements"][0]) == Words{});
    }
    CHECK(unnamed_fields(page, json::parse(verified.out)["history"]["differences"][0]) == Words{});

    const auto shown_as = [&](const std::string& format, const std::string& flag) {
      return old.run(to_server(target, target.target.url, {"-o", format, flag})).out;
    };
    CHECK(shown_as("csv", "--verify-only") ==
          "database,policy,measurement,field,from,to,source,target\r\n"
          "home_assistant_events,autogen,home_assistant_events,state,"
          "2025-10-14T08:00:00.000000+00:00,2025-10-20T00:00:00.000000+00:00,1001,1000\r\n");
    CHECK_THAT(shown_as("table", "--verify-only"),
               Catch::EndsWith("counted on both sides: 1 difference.\n"
                               "home_assistant_events.autogen.home_assistant_events, state, from "
                               "2025-10-14T08:00:00.000000+00:00 to "
                               "2025-10-20T00:00:00.000000+00:00: 1001 in the source, 1000 in the "
                               "target\n"));
    const std::string lines = shown_as("ndjson", "--verify-only");
    CHECK_THAT(lines, Catch::EndsWith(R"("source":1001,"target":1000})"
                                      "\n"));
    CHECK(std::ranges::count(lines, '\n') == 4);  // of the three measurements, too
    CHECK_THAT(
        shown_as("csv", "--dry-run"),
        Catch::StartsWith("database,policy,measurement,series,points,values,bytes,first,last\r\n"
                          "home_assistant_events,autogen,devices,2,2,6,"));
    CHECK_THAT(shown_as("table", "--dry-run"),
               Catch::Contains("DATABASE               POLICY   MEASUREMENT            SERIES  "
                               "POINTS  SIZE    FIRST       LAST\n"
                               "home_assistant_events  autogen  devices                2       2   "
                               "    1 kB    2025-10-14  2025-10-14\n"));
    CHECK(count_of(target, "state") == 1'000);
  }
  SECTION("to the standard output, and nothing else does") {
    const Outcome copied =
        old.run({"--no-sync", "--history-to", "-", "--measurement", "home*", "--since",
                 "2025-10-14T08:00:10Z", "--until", "2025-10-14T08:00:12Z"});
    CHECK(copied.exit_code == 0);
    CHECK(copied.out ==
          "# DML\n"
          "# CONTEXT-DATABASE: home_assistant_events\n"
          "# CONTEXT-RETENTION-POLICY: autogen\n"
          "home_assistant_events,entity_id=sensor.s0,event_type=state_changed "
          "count=10i,state=\"10\" 1760428810000000000\n"
          "home_assistant_events,entity_id=sensor.s1,event_type=state_changed "
          "count=11i,state=\"11\" 1760428811000000000\n");
  }
  SECTION("where the token is refused nothing is written at all") {
    old.program.environment["HAINGEST_HISTORY_TOKEN"] = "wrong";
    const Outcome copied = old.run(words);
    CHECK(copied.exit_code == 4);
    CHECK_THAT(copied.err,
               Catch::EndsWith(": the credentials are refused; check token, user and password "
                               "(Unauthorized); the target's are --history-token-file, or "
                               "--history-username and --history-password-file\n"));
    CHECK_FALSE(std::filesystem::exists(old.database()));
  }
  SECTION("an InfluxDB 2 without an organisation") {
    old.program.environment["HAINGEST_HISTORY_TOKEN"] = std::string(target.target.token.reveal());
    const Outcome copied = old.run({"--no-sync", "--history-to", target.target.url});
    CHECK(copied.exit_code == 2);
    CHECK(copied.err == error_line("InfluxDB 2 at " + target.target.url +
                                   ": it needs an organisation; name it with --history-org"));
    CHECK_FALSE(std::filesystem::exists(old.database()));
  }
  SECTION("a dry run says that a sync would follow") {
    old.program.environment["HA_URL"] = "http://127.0.0.1:1";
    old.program.environment["HA_TOKEN"] = "none";
    CHECK_THAT(old.run({"--dry-run", "-o", "table"}).out,
               Catch::EndsWith("\nA sync with Home Assistant would follow.\n"));
    CHECK_THAT(old.run({"--dry-run", "--no-sync", "-o", "table"}).out,
               !Catch::Contains("would follow"));
  }
  SECTION("into a file, which must not be there") {
    const std::string file = old.program.file("history.lp");
    CHECK(old.run({"--no-sync", "-q", "--history-to", file}).exit_code == 0);
    const std::string text = read_file(file);
    CHECK(std::count(text.begin(), text.end(), '\n') == 1'007);
    const Outcome again = old.run({"--no-sync", "--history-to", file});
    CHECK(again.exit_code == 2);
    CHECK(again.err == error_line("--history-to: " + file +
                                  " is there already; name another file, or take it away"));
    CHECK(read_file(file) == text);
  }
  SECTION("what cannot be counted is not said to be whole") {
    const Outcome file = old.run({"--history-to", "x.lp", "--verify-only"});
    CHECK(file.exit_code == 2);
    CHECK(file.err == error_line("--verify-only counts what a server holds, and --history-to "
                                 "names none"));
    if (!have_part("victoria-metrics")) return;
    const VictoriaMetrics server;
    const Outcome counted =
        old.run({"--no-sync", "--history-to", server.url(), "--verify-only", "-o", "json"});
    CHECK(counted.exit_code == 2);
    CHECK(counted.err == error_line("--verify-only compares counts with those of an InfluxDB 1 or "
                                    "2, and not of VictoriaMetrics"));
  }
  SECTION("what is refused stays readable, also beside the next copy") {
    const InfluxSource other("influxdb1");
    other.statement("CREATE DATABASE home_assistant_events WITH DURATION 2d");
    old.program.environment["HAINGEST_HISTORY_PASSWORD"] =
        std::string(other.target.password.reveal());
    const auto copy = [&](const std::string& measurement) {
      return old.run({"--no-sync", "-q", "--history-to", other.target.url, "--history-username",
                      other.target.username, "--measurement", measurement});
    };
    const std::string rejects = old.database() + "-rejects";
    const Outcome first = copy("devices");
    CHECK(first.exit_code == 6);
    CHECK_THAT(first.err, Catch::Contains("error the target has refused 2 points; they are in " +
                                          rejects + ", each with the reason\n"));
    const std::string kept = read_file(rejects);
    CHECK_THAT(kept, Catch::Contains("devices,area_id=unassigned,device_id=dev1"));
    CHECK(copy("entities").exit_code == 6);
    CHECK(read_file(rejects + ".1") == kept);
    CHECK_THAT(read_file(rejects), Catch::Contains("entities,area_id=unassigned"));
  }
  SECTION("what is about the history alone needs one") {
    const Outcome copied = old.run({"--verify-only"});
    CHECK(copied.exit_code == 2);
    CHECK(copied.err == error_line("--verify-only is about the history, and without --history-to "
                                   "none is copied"));
  }
  SECTION("onto itself") {
    old.program.environment["HAINGEST_HISTORY_PASSWORD"] =
        std::string(old.source.target.password.reveal());
    const Words itself{"--no-sync", "--history-to", old.source.target.url + "/",
                       "--history-username", old.source.target.username};
    const Outcome copied = old.run(itself);
    CHECK(copied.exit_code == 2);
    CHECK_THAT(copied.err,
               Catch::EndsWith("error: --history-to is where home_assistant_events comes from; "
                               "name another server, or another database there with "
                               "--history-database or --history-bucket\n"));
    Words by_name = itself;
    by_name[2] = std::regex_replace(by_name[2], std::regex("127.0.0.1"), "localhost");
    CHECK(old.run(by_name).exit_code == 2);
    Words beside = itself;
    beside.insert(beside.end(), {"--history-database", "beside", "-q"});
    CHECK(old.run(beside).exit_code == 0);
  }
  SECTION("what is nearly a URL is no file") {
    const Outcome copied = old.run({"--no-sync", "--history-to", "influx.local:8086"});
    CHECK(copied.exit_code == 2);
    CHECK(copied.err == error_line("--history-to: influx.local:8086 is neither http:// nor "
                                   "https://; write ./influx.local:8086 if it is the name of a "
                                   "file"));
  }
  SECTION("a measurement that is not there") {
    const Outcome copied = old.run({"--no-sync", "--history-to", "-", "--measurement", "kwh"});
    CHECK(copied.exit_code == 1);
    CHECK_THAT(copied.err, Catch::EndsWith("no measurement is called as --measurement says; "
                                           "nothing was copied\n"));
  }
  SECTION("a first try elsewhere is in nobody's way") {
    const Outcome away = old.run({"--no-sync", "-q", "--history-to", "http://127.0.0.1:1"});
    CHECK(away.exit_code == 5);
    CHECK_THAT(
        away.err,
        Catch::EndsWith("error: the target, InfluxDB at http://127.0.0.1:1: connection refused; "
                        "nothing was changed\n"));
    const Outcome unknown = old.run(to_server(target, target.target.url, {"--dry-run"}));
    CHECK(unknown.exit_code == 4);
    CHECK_THAT(unknown.err, Catch::Contains("InfluxDB 2 at " + target.target.url + ": "));
    old.program.environment["HAINGEST_HISTORY_TOKEN"] = std::string(target.target.token.reveal());
    CHECK(old.run(words).exit_code == 0);
  }
  SECTION("one copy beside a database at a time") {
    std::filesystem::create_directories(std::filesystem::path(old.database()).parent_path());
    const sqlite::CopyLock other(old.database());
    const std::string file = old.program.file("second.lp");
    const Outcome second = old.run({"--no-sync", "-q", "--history-to", file});
    CHECK(second.exit_code == 1);
    CHECK_THAT(
        second.err,
        Catch::EndsWith("error: process " + std::to_string(::getpid()) +
                        " copies a history beside " + old.database() +
                        " already; let it end, stop it first or choose another database with "
                        "--db\n"));
    CHECK_FALSE(std::filesystem::exists(file));
    CHECK_FALSE(std::filesystem::exists(file + ".part"));
    // What keeps nothing beside it is in nobody's way.
    CHECK(old.run({"--no-sync", "--history-to", "-"}).exit_code == 0);
  }
  SECTION("one policy") {
    old.source.make("home_assistant_events", "long");
    old.source.write("kept v=1 1760428800" + std::string(k_seconds), "home_assistant_events",
                     "long");
    CHECK(old.run({"--no-sync", "--history-to", "-", "--influx-retention-policy", "long"}).out ==
          "# DML\n"
          "# CONTEXT-DATABASE: home_assistant_events\n"
          "# CONTEXT-RETENTION-POLICY: long\n"
          "kept v=1 1760428800000000000\n");
    const Outcome none =
        old.run({"--no-sync", "--history-to", "-", "--influx-retention-policy", "nosuch"});
    CHECK(none.exit_code == 1);
    CHECK(none.err ==
          error_line(old.name() + ": it holds no points in the retention policy nosuch; "
                                  "nothing was copied"));
  }
  SECTION("columns are for lists") {
    const Outcome told = old.run({"--columns", "kind"});
    CHECK(told.exit_code == 2);
    CHECK(told.err == error_line("--columns: 'kind' is for lists, and what this command prints is "
                                 "none"));
  }
  SECTION("a user who may only read is told the same") {
    old.source.statement("CREATE USER reader WITH PASSWORD 'reader'");
    old.source.statement("GRANT READ ON home_assistant_events TO reader");
    old.program.environment["INFLUXDB_USERNAME"] = "reader";
    old.program.environment["INFLUXDB_PASSWORD"] = "reader";
    const Outcome dry = old.run({"--no-sync", "--history-to", "-", "--dry-run", "-o", "json"});
    CHECK(dry.exit_code == 0);
    const json plan = json::parse(dry.out)["history"]["measurements"][2];
    CHECK(plan["series"] == 10);
    CHECK(plan["points"] == 1'000);
  }
  SECTION("an end before the beginning") {
    const Outcome copied =
        old.run({"--history-to", "-", "--since", "2025-10-14", "--until", "2025-10-13T23:00:00Z"});
    CHECK(copied.exit_code == 2);
    CHECK(copied.err == error_line("--until: '2025-10-13T23:00:00Z' is not behind --since; nothing "
                                   "would be copied"));
  }
  SECTION("what is no moment") {
    const Outcome copied = old.run({"--history-to", "-", "--since", "yesterday"});
    CHECK(copied.exit_code == 2);
    CHECK(copied.err == error_line("--since: 'yesterday' is no moment; write 2025-01-31 or "
                                   "2025-01-31T08:30:00Z"));
  }
}

// InfluxDB 1 answers as if such a shard were empty; it counts nothing there, either.
TEST_CASE("migrate: a shard that InfluxDB cannot open is missed", "[parts]") {
  for (const std::string part : {"influxdb1", "influxdb18"}) {
    if (!have_part(part)) continue;
    const TempDir folder;
    const Old old(part, folder.path().string());
    old.source.write(
        "m v=1 1767571200000000000\nm v=2 1768176000000000000\n"
        "m v=3 1768780800000000000",
        "home_assistant_events");
    const Words words{"--no-sync", "--history-to", "-"};
    CHECK(old.run(words).exit_code == 0);
    old.source.server().stop();
    const auto spoil = [&](const std::string& shard) {
      write_file(
          folder.file("data/home_assistant_events/autogen/" + shard + "/000000001-000000001.tsm"),
          "this is none");
    };
    spoil("2");
    old.source.server().restart();
    const Outcome copied = old.run(words);
    CHECK(copied.exit_code == 6);
    CHECK_THAT(copied.out, !Catch::Contains("m v=2"));
    CHECK_THAT(copied.out, Catch::Contains("m v=3"));
    CHECK(without_times(copied.err) ==
          "warning home_assistant_events.autogen: InfluxDB has not opened the shard of 2026-01-12 "
          "to 2026-01-19, and shows nothing of it; its log says why, behind \"Failed to open "
          "shard\"\n"
          "error the source shows nothing of 1 shard, see above: what they hold is missing\n");
    Words earlier = words;
    earlier.insert(earlier.end(), {"--until", "2026-01-12"});
    CHECK(old.run(earlier).err.empty());

    old.source.server().stop();
    spoil("3");
    old.source.server().restart();
    Words last = words;
    last.insert(last.end(), {"--since", "2026-01-19"});
    const Outcome empty = old.run(last);
    CHECK(empty.exit_code == 0);
    CHECK(without_times(empty.err) ==
          "warning home_assistant_events.autogen: InfluxDB has not opened the shard of 2026-01-19 "
          "to 2026-01-26; nobody has ever written into it, or it shows nothing of it: its log has "
          "\"Failed to open shard\" then\n");
  }
}

TEST_CASE("migrate: a source of which InfluxDB opens nothing says why it is empty", "[parts]") {
  if (!have_part("influxdb1")) return;
  const TempDir folder;
  const Old old("influxdb1", folder.path().string());
  old.source.write("m v=1 1767571200000000000", "home_assistant_events");
  old.source.server().stop();
  write_file(folder.file("data/home_assistant_events/autogen/1/000000001-000000001.tsm"),
             "this is none");
  old.source.server().restart();
  const std::string why =
      "warning home_assistant_events.autogen: InfluxDB has not opened the shard of 2026-01-05 to "
      "2026-01-12; nobody has ever written into it, or it shows nothing of it: its log has "
      "\"Failed to open shard\" then\n";
  const Outcome devices = old.run({"--no-sync"});
  CHECK(devices.exit_code == 1);
  CHECK_THAT(devices.err, Catch::Contains(why));
  CHECK_THAT(devices.err, Catch::Contains("it holds no devices and entities"));
  const Outcome points = old.run({"--no-sync", "--history-to", "-"});
  CHECK(points.exit_code == 1);
  CHECK_THAT(points.err, Catch::Contains(why));
  CHECK_THAT(points.err, Catch::Contains("it holds no points"));
}

TEST_CASE("migrate: killed in the middle, the same command goes on", "[parts]") {
  if (!have_part("influxdb1") || !have_part("influxdb18")) return;
  Old old("influxdb1");
  // Ten weeks, so that there are windows.
  std::string lines;
  for (int week = 0; week < 10; ++week) {
    for (int i = 0; i < 2'000; ++i) {
      lines += "home_assistant_events,entity_id=sensor.a,event_type=state_changed state=\"s" +
               std::to_string(i) + "\" " + std::to_string(1'760'428'800 + week * 604'800 + i) +
               k_seconds + "\n";
    }
  }
  old.source.write(lines, "home_assistant_events");
  const InfluxSource target("influxdb18");
  fakes::FaultyProxy proxy(target.target.url);
  // The fifth write never comes back.
  std::atomic<int> writes = 0;
  proxy.plan([&](const fakes::ProxiedRequest& request) -> fakes::ProxyPlan {
    if (!request.target.starts_with("/write") || ++writes < 5) return {};
    return {.fault = fakes::ProxyFault::hang_answered};
  });
  old.program.environment["HAINGEST_HISTORY_PASSWORD"] =
      std::string(target.target.password.reveal());
  const Words words{"migrate-from-influx",
                    "--db",
                    old.database(),
                    "--no-sync",
                    "-o",
                    "json",
                    "--history-username",
                    target.target.username,
                    "--history-to",
                    proxy.url()};
  Background killed(old.program.command(words));
  const std::string checkpoint = old.database() + "-copy";
  REQUIRE(eventually([&] {
    const std::string text = std::filesystem::exists(checkpoint) ? read_file(checkpoint) : "";
    return std::count(text.begin(), text.end(), '\n') > 2;
  }));
  killed.signal(SIGKILL);
  static_cast<void>(killed.wait());
  // Then the target no longer knows us.
  proxy.plan([&](const fakes::ProxiedRequest& request) -> fakes::ProxyPlan {
    if (!request.target.starts_with("/write")) return {};
    return {.fault = fakes::ProxyFault::answer, .status = 401};
  });
  proxy.release();
  const Outcome refused = old.program.run(words);
  CHECK(refused.exit_code == 4);
  CHECK_THAT(refused.err, Catch::Contains("the same command goes on where it was"));
  writes = 0;
  proxy.plan([&](const fakes::ProxiedRequest& request) -> fakes::ProxyPlan {
    if (request.target.starts_with("/write")) ++writes;
    return {};
  });
  proxy.release();

  const Outcome again = old.program.run(words);
  CHECK(std::regex_match(without_times(again.err),
                         std::regex("info going on behind the [0-9]+ points of the run before\n")));
  REQUIRE(again.exit_code == 0);
  CHECK(json::parse(again.out)["history"]["measurements"][0]["points"] == 20'000);
  CHECK(count_of(target, "state") == 20'000);
  CHECK(writes <= 8);  // one a window; two at least were not sent again
  CHECK_FALSE(std::filesystem::exists(checkpoint));
}

TEST_CASE("migrate: a source must be configured, and one alone") {
  Program program;
  const Outcome none = program.run({k_command, "--db", program.file("x.db")});
  CHECK(none.exit_code == 2);
  CHECK(none.err == error_line("no InfluxDB is configured; give --influx-url, or INFLUXDB_URL in "
                               "the environment"));
  write_file(program.file("several.toml"),
             "[[influx]]\nname = \"a\"\nurl = \"http://127.0.0.1:1\"\n"
             "[[influx]]\nname = \"b\"\nurl = \"http://127.0.0.1:2\"\n");
  const Words with_two{k_command, "--config", program.file("several.toml"), "--db",
                       program.file("x.db")};
  const Outcome two = program.run(with_two);
  CHECK(two.exit_code == 2);
  CHECK(two.err == error_line("the configuration file has 2 [[influx]] tables, and one InfluxDB is "
                              "read from; name it with --influx-url"));
  Words named = with_two;
  named.insert(named.end(), {"--influx-url", "http://127.0.0.1:3"});
  const Outcome one = program.run(named);
  CHECK(one.exit_code == 5);
  CHECK(one.err == error_line("InfluxDB at http://127.0.0.1:3: connection refused"));
  CHECK_FALSE(std::filesystem::exists(program.file("x.db")));
}

TEST_CASE("migrate: VictoriaMetrics is no source", "[parts]") {
  if (!have_part("victoria-metrics")) return;
  const VictoriaMetrics server;
  Program program({{"INFLUXDB_URL", server.url()}});
  const Outcome told = program.run({k_command, "--db", program.file("x.db")});
  CHECK(told.exit_code == 1);
  CHECK(told.err ==
        error_line("VictoriaMetrics at " + server.url() +
                   ": it keeps numbers only, and so no devices and entities; name the InfluxDB "
                   "that the old service wrote to"));
}
