// SPDX-License-Identifier: MIT
// `haingest sync` as cron and operators run it, against the simulated Home Assistant.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "tests/fakes/influx_server.hpp"
#include "tests/integration/program.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sql.hpp"

using namespace haingest;
using nlohmann::ordered_json;
using test::error_line;
using test::Outcome;
using test::Program;
using test::query;
using test::without_times;
using test::Words;

namespace {

fakes::House small_house() { return fakes::make_house({.devices = 10, .entities = 30}); }

// A simulator and a program that is told of it.
struct House {
  explicit House(fakes::House house = small_house(), const Words& faults = {})
      : server(std::move(house), test::with_faults(faults)) {
    program.talk_to(server);
  }

  [[nodiscard]] Outcome sync(Words more = {}) const {
    const Words fixed{"sync", "--db", db};
    more.insert(more.begin(), fixed.begin(), fixed.end());
    return program.run(more);
  }
  // "renamed entity light.b" a line: what the sync printed as JSON.
  [[nodiscard]] std::string told() const {
    const Outcome outcome = sync();
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.err.empty());
    std::string text;
    const auto report = ordered_json::parse(outcome.out);
    for (const auto& change : report.at("changes")) {
      text += change.at("action").get<std::string>() + " " + change.at("kind").get<std::string>() +
              " " + change.at("name").get<std::string>() + "\n";
    }
    return text;
  }
  [[nodiscard]] std::string sql(const std::string& statement) const { return query(db, statement); }

  fakes::HaServer server;
  Program program;
  std::string db = program.file("metadata.db");
};

constexpr const char* k_tables[] = {"devices",        "entities",       "areas",   "floors",
                                    "labels",         "config_entries", "removed", "changes",
                                    "device_aliases", "sync_runs"};

std::string dump(const std::string& path, const std::set<std::string>& without = {}) {
  std::string text;
  for (const char* const table : k_tables) {
    if (without.contains(table)) continue;
    text += std::string(table) + ":\n" +
            query(path, "SELECT * FROM " + std::string(table) + " ORDER BY 1, 2");
  }
  return text;
}

// The pages of a database file that differ between two of its contents.
std::set<std::size_t> pages_that_differ(const std::string& a, const std::string& b) {
  constexpr std::size_t page = 4096;
  std::set<std::size_t> pages;
  REQUIRE(a.size() == b.size());
  for (std::size_t at = 0; at < a.size(); at += page) {
    if (a.compare(at, page, b, at, page) != 0) pages.insert(at / page + 1);
  }
  return pages;
}

std::string keys_of(const ordered_json& object) {
  std::string keys;
  for (const auto& [key, value] : object.items()) keys += (keys.empty() ? "" : " ") + key;
  return keys;
}

// Removes devices until `count` are left, in one go.
void shrink(fakes::HaServer& server, std::size_t count) {
  server.change([&](fakes::House& house) {
    for (const std::string& id : house.device_ids()) {
      if (house.device_ids().size() <= count) return;
      house.remove_device(id);
    }
  });
}

}  // namespace

TEST_CASE("the first sync stores everything and tells it") {
  const House house{fakes::make_house()};
  const Outcome outcome = house.sync({"-o", "table"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  CHECK(outcome.out.find("\nadded   device ") != std::string::npos);
  const std::string last = outcome.out.substr(outcome.out.rfind('\n', outcome.out.size() - 2) + 1);
  CHECK(
      last.starts_with("542 added; now 94 devices, 427 entities, 8 areas, 2 floors, 5 labels, 13 "
                       "config_entries. Home Assistant 2026.11.0, "));
  CHECK(last.ends_with(" ms, run 1\n"));
  CHECK(house.sql("SELECT count(*) FROM devices") == "94\n");
  CHECK(house.sql("SELECT command, source, ha_version, outcome, times, added, devices, entities "
                  "FROM sync_runs") ==
        "sync|" + house.server.url() + "|2026.11.0|complete|1|542|94|427\n");
}

TEST_CASE("a repeated sync prints nothing with -q and writes the run's row alone") {
  const House house;
  REQUIRE(house.sync({"-q"}).exit_code == 0);
  const Outcome second = house.sync({"-q"});
  CHECK(second.exit_code == 0);
  CHECK(second.out.empty());
  CHECK(second.err.empty());
  CHECK(house.sql("SELECT run, times FROM sync_runs") == "1|1\n2|1\n");
  const std::string tables = dump(house.db, {"sync_runs"});
  const std::string bytes = test::read_file(house.db);
  const Outcome third = house.sync({"-q"});
  CHECK(third.exit_code == 0);
  CHECK(third.out + third.err == "");
  CHECK(house.sql("SELECT run, times FROM sync_runs") == "1|1\n2|2\n");
  CHECK(dump(house.db, {"sync_runs"}) == tables);
  std::set<std::size_t> expected;
  for (const auto& page : pages_that_differ(bytes, test::read_file(house.db))) {
    CHECK(house.sql("SELECT name FROM dbstat WHERE pageno = " + std::to_string(page)) ==
          "sync_runs\n");
    expected.insert(page);
  }
  CHECK(expected.size() == 1);
}

TEST_CASE("what happens in Home Assistant is told in its own words") {
  House house;
  REQUIRE(house.sync({"-q"}).exit_code == 0);
  const std::string device = house.server.house().device_ids().at(3);
  const std::string entity = house.server.house().entity_ids().at(5);
  const std::string registry_id = house.server.house().registry_id(entity);

  house.server.change([&](fakes::House& h) { h.rename_entity(entity, entity + "_new"); });
  CHECK(house.told() == "renamed entity " + entity + "_new\n");
  CHECK(house.sql("SELECT entity_id FROM entities WHERE registry_id = '" + registry_id + "'") ==
        entity + "_new\n");
  house.server.change([&](fakes::House& h) {
    h.set_device_field(device, "area_id", "\"kitchen\"");
    h.set_device_field(device, "labels", "[\"energy\"]");
    h.set_device_field(device, "name_by_user", "\"My name\"");
  });
  const std::string name = house.sql("SELECT name FROM devices WHERE device_id = '" + device + "'");
  CHECK(house.told() == "updated device " + name);
  CHECK(house.sql("SELECT area_id, labels, name_by_user FROM devices WHERE device_id = '" + device +
                  "'") == "kitchen|[\"energy\"]|My name\n");
  house.server.change([&](fakes::House& h) { h.remove_entity(entity + "_new"); });
  CHECK(house.told() == "removed entity " + entity + "_new\n");
  CHECK(house.sql("SELECT kind, id, why FROM removed") == "entity|" + registry_id + "|gone\n");
  house.server.change([&](fakes::House& h) { h.restore_entity(entity + "_new"); });
  CHECK(house.told() == "restored entity " + entity + "_new\n");
  CHECK(house.sql("SELECT count(*) FROM removed") == "0\n");
  house.server.change([&](fakes::House& h) { h.add_area("Attic"); });
  CHECK(house.told() == "added area Attic\n");
  house.server.change([&](fakes::House& h) { h.set_area_field("attic", "name", "\"Loft\""); });
  CHECK(house.told() == "updated area Loft\n");
  CHECK(house.told().empty());
}

TEST_CASE("the report's JSON has these keys in this order") {
  House house;
  const Outcome first = house.sync();
  REQUIRE(first.exit_code == 0);
  const auto report = ordered_json::parse(first.out);
  CHECK(keys_of(report) == "run changes summary");
  CHECK(keys_of(report["run"]) ==
        "run command source ha_version started_at finished_at duration_ms outcome detail");
  CHECK(keys_of(report["changes"][0]) == "seq kind id action name before after");
  CHECK(
      keys_of(report["summary"]) ==
      "added updated renamed removed restored superseded totals failed held notes refused partial");
  CHECK(keys_of(report["summary"]["totals"]) ==
        "devices entities areas floors labels config_entries");
  CHECK(report["run"]["run"] == 1);
  CHECK(report["run"]["command"] == "sync");
  CHECK(report["run"]["source"] == house.server.url());
  CHECK(report["run"]["outcome"] == "complete");
  CHECK(report["changes"][0]["seq"] == 1);
  CHECK(report["changes"][0]["before"].is_null());
  CHECK(report["summary"]["added"] == report["changes"].size());
  CHECK(report["summary"]["failed"].dump() == "{}");
  CHECK(report["summary"]["partial"] == false);
  const std::string entity = house.server.house().entity_ids().front();
  house.server.change([&](fakes::House& h) { h.rename_entity(entity, entity + "_new"); });
  const auto renamed = ordered_json::parse(house.sync().out)["changes"];
  REQUIRE(renamed.size() == 1);
  CHECK(keys_of(renamed[0]["before"]) == "entity_id modified_at");
  CHECK(keys_of(renamed[0]["after"]) == "entity_id modified_at");
  CHECK(renamed[0]["before"]["entity_id"] == entity);
  CHECK(renamed[0]["after"]["entity_id"] == entity + "_new");
}

TEST_CASE("--dry-run tells the same and writes nothing, not even the file") {
  House house;
  const Outcome dry = house.sync({"--dry-run"});
  CHECK(dry.exit_code == 0);
  CHECK(dry.err.empty());
  const auto report = ordered_json::parse(dry.out);
  CHECK(report["run"]["run"].is_null());
  CHECK(report["changes"][0]["seq"].is_null());
  CHECK(std::filesystem::is_empty(house.program.folder.path()));
  const auto wet = ordered_json::parse(house.sync().out);
  CHECK(wet["changes"].size() == report["changes"].size());
  CHECK(wet["summary"]["totals"] == report["summary"]["totals"]);
  const std::string bytes = test::read_file(house.db) + test::read_file(house.db + "-wal");
  house.server.change([](fakes::House& h) { h.remove_entity(h.entity_ids().front()); });
  const Outcome again = house.sync({"-n", "-o", "table"});
  CHECK(again.out.find("\nDry run, nothing written: 1 removed; now 10 devices, ") !=
        std::string::npos);
  CHECK(test::read_file(house.db) + test::read_file(house.db + "-wal") == bytes);
}

TEST_CASE("--exit-code ends with 3 when something changed, also in a dry run") {
  const House house;
  CHECK(house.sync({"--exit-code", "--dry-run", "-q"}).exit_code == 3);
  CHECK(house.sync({"--exit-code"}).exit_code == 3);
  CHECK(house.sync({"--exit-code"}).exit_code == 0);
  CHECK(house.sync({"--exit-code", "--dry-run"}).exit_code == 0);
}

TEST_CASE("a mass removal stops the sync until it is allowed") {
  House house{fakes::make_house()};
  REQUIRE(house.sync({"-q"}).exit_code == 0);
  shrink(house.server, 40);
  const std::string before = dump(house.db);
  const std::string entities = std::to_string(420 - house.server.house().entity_ids().size());
  const Outcome stopped = house.sync();
  CHECK(stopped.exit_code == 7);
  CHECK(stopped.out.empty());
  CHECK(stopped.err ==
        error_line("Home Assistant no longer lists 54 of 94 devices and " + entities +
                       " of 420 entities, more than the 18 and 84 that may go in one sync; nothing "
                       "was written; if they are really gone, allow it with --max-removals " +
                       entities,
                   "haingest sync --dry-run --max-removals " + entities + " --db " + house.db));
  CHECK(dump(house.db) == before);
  CHECK(house.sync({"--max-removals", "53"}).exit_code == 7);
  CHECK(house.sync({"--max-removals", "57%"}).exit_code == 7);
  CHECK(house.sync({"--max-removals", "0", "--dry-run"}).exit_code == 7);
  CHECK(house.sync({"--max-removals", "54"})
            .err.find(" of 420 entities, more than the 54 that may go in one sync; ") !=
        std::string::npos);
  CHECK(house.sync({"--max-removals", "100%", "--dry-run", "-q"}).exit_code == 0);
  const Outcome allowed = house.sync({"--max-removals", entities, "-q"});
  CHECK(allowed.exit_code == 0);
  CHECK(house.sql("SELECT count(*) FROM devices") == "40\n");
  CHECK(house.sql("SELECT count(*) FROM removed WHERE kind = 'device'") == "54\n");
}

TEST_CASE("five removals of a kind are always fine under a share, a number is exact") {
  House house;
  REQUIRE(house.sync({"-q"}).exit_code == 0);
  shrink(house.server, 9);
  CHECK(house.sync({"--max-removals", "0", "-n"}).exit_code == 7);
  // What the README and the packaged file show must mean what holds without them.
  CHECK(house.sync({"--max-removals", "20%", "-n", "-q"}).exit_code == 0);
  CHECK(house.sync({"--max-removals", "0%", "-n", "-q"}).exit_code == 0);
  house.server.change([](fakes::House& h) {
    for (int i = 0; i < 3; ++i) h.remove_entity(h.entity_ids().front());
  });
  CHECK(house.sync({"-n", "-q"}).exit_code == 0);
}

TEST_CASE("another house stops the sync until it is meant") {
  House house;
  REQUIRE(house.sync({"-q"}).exit_code == 0);
  house.server.set_house(fakes::make_house({.devices = 12, .entities = 20, .seed = 99}));
  const std::string before = dump(house.db);
  const Outcome stopped = house.sync();
  CHECK(stopped.exit_code == 7);
  CHECK(stopped.err ==
        error_line(house.server.url() +
                       " lists 12 devices and none of the 10 in the store: this looks like another "
                       "house, nothing was written; check --ha-url and --db, or say --new-house if "
                       "it is meant to replace what is stored",
                   "haingest sync --new-house --dry-run --db " + house.db));
  CHECK(dump(house.db) == before);
  CHECK(house.sync({"--max-removals", "100%"}).exit_code == 7);
  CHECK(house.sync({"--new-house", "-q"}).exit_code == 0);
  CHECK(house.sql("SELECT count(*) FROM devices") == "12\n");
}

TEST_CASE("a registry that fails leaves its rows alone and ends with 6") {
  House house;
  REQUIRE(house.sync({"-q"}).exit_code == 0);
  const std::string before = dump(house.db, {"sync_runs"});
  for (const auto& [command, part] : {std::pair{"config/device_registry/list", "devices"},
                                      {"config/entity_registry/list", "entities"},
                                      {"config/area_registry/list", "areas"}}) {
    INFO(part);
    house.server.set_faults(
        test::with_faults({"fail=" + std::string(command) + ":unknown_error"}).faults);
    const Outcome outcome = house.sync();
    CHECK(outcome.exit_code == 6);
    CHECK(without_times(outcome.err) ==
          "error Home Assistant answered for " + std::string(part) +
              " with an error (unknown_error): nothing of it was removed or blanked; try again "
              "later\n");
    const auto report = ordered_json::parse(outcome.out);
    CHECK(report["run"]["outcome"] == "partial");
    CHECK(report["changes"].empty());
    CHECK(report["summary"]["failed"].dump() ==
          "{\"" + std::string(part) + "\":\"unknown_error\"}");
    CHECK(report["summary"]["partial"] == true);
    CHECK(dump(house.db, {"sync_runs"}) == before);
    // cron must hear of it.
    const Outcome quiet = house.sync({"-q"});
    CHECK(quiet.out.empty());
    CHECK(without_times(quiet.err) == without_times(outcome.err));
  }
}

TEST_CASE("an answer that is no JSON and one that does not come are failed registries") {
  House house;
  REQUIRE(house.sync({"-q"}).exit_code == 0);
  house.server.set_faults(test::with_faults({"wrong_type=config/label_registry/list"}).faults);
  const Outcome wrong = house.sync();
  CHECK(wrong.exit_code == 6);
  CHECK(ordered_json::parse(wrong.out)["summary"]["failed"].dump() ==
        R"({"labels":"invalid_json"})");
  CHECK(without_times(wrong.err) ==
        "error Home Assistant's answer for labels is not what it should be (invalid_json): nothing "
        "of it was removed or blanked; try again later\n");
  house.server.set_faults(test::with_faults({"no_answer=config/label_registry/list"}).faults);
  const Outcome silent = house.sync({"--timeout", "2s"});
  CHECK(silent.exit_code == 6);
  CHECK(ordered_json::parse(silent.out)["summary"]["failed"].dump() == R"({"labels":"timeout"})");
  CHECK(without_times(silent.err) ==
        "error Home Assistant did not answer for labels within 2 s: nothing of it was removed or "
        "blanked; try again later, or give more time with --timeout\n");
  house.server.set_faults(
      test::with_faults({"fail=config/label_registry/list:unauthorized"}).faults);
  const Outcome forbidden = house.sync({"-q"});
  CHECK(forbidden.exit_code == 6);
  CHECK(without_times(forbidden.err) ==
        "error Home Assistant refuses labels to this token, which is no administrator's "
        "(unauthorized): nothing of it was removed or blanked; take a token of an administrator, "
        "later will not help\n");
  CHECK(house.sql("SELECT count(*) FROM labels") == "5\n");
}

TEST_CASE("a Home Assistant that is starting removes nothing, says so and ends with 6") {
  House house;
  REQUIRE(house.sync({"-q"}).exit_code == 0);
  const std::string before = dump(house.db, {"sync_runs"});
  house.server.set_faults(test::with_faults({"starting_connections=100"}).faults);
  const Outcome outcome = house.sync();
  CHECK(outcome.exit_code == 6);
  const std::string log = without_times(outcome.err);
  CHECK(log.find("error kept although not listed: 7 devices, because Home Assistant is "
                 "STARTING\n") != std::string::npos);
  CHECK(log.find("error Home Assistant answered for floors with an error (unknown_command): "
                 "nothing of it was removed or blanked; try again later\n") != std::string::npos);
  const auto report = ordered_json::parse(outcome.out);
  CHECK(report["run"]["outcome"] == "starting");
  CHECK(report["changes"].dump() == "[]");
  CHECK(dump(house.db, {"sync_runs"}) == before);
  house.server.set_faults({});
  CHECK(house.told().empty());
}

TEST_CASE("a refused token is tried once and ends with 4") {
  const House house{small_house(), {"auth_invalid"}};
  const Outcome outcome = house.sync();
  CHECK(outcome.exit_code == 4);
  CHECK(outcome.out.empty());
  CHECK(outcome.err ==
        error_line(house.server.url() +
                       ": Home Assistant refused the token (Invalid access token or password); it "
                       "is not tried again, because Home Assistant bans addresses after failed "
                       "logins. Make a new one in your Home Assistant profile, Security, "
                       "Long-lived access tokens",
                   "haingest discover --ha-url " + house.server.url() + " --ha-token-file FILE"));
  CHECK(house.server.counters().auth_attempts == 1);
  CHECK(house.server.counters().connections == 1);
  CHECK_FALSE(std::filesystem::exists(house.db));
}

TEST_CASE("an address that Home Assistant has banned ends with 4") {
  const House house{small_house(), {"http=403"}};
  const Outcome outcome =
      house.sync({"--ha-url", house.server.url(), "--ha-url", "http://[::1]:1"});
  CHECK(outcome.exit_code == 4);
  CHECK(outcome.out.empty());
  CHECK(outcome.err ==
        error_line(house.server.url() +
                   ": refused this machine's address (HTTP 403): Home Assistant bans one after "
                   "failed logins; take it out of ip_bans.yaml, restart Home Assistant and use a "
                   "valid token"));
  CHECK(house.server.counters().connections == 1);
}

TEST_CASE("nobody there ends with 5; of several addresses the next is tried") {
  House house;
  const std::string nobody = "http://127.0.0.1:1";
  Program alone;
  alone.environment["HA_URL"] = nobody;
  alone.environment["HA_TOKEN"] = "x";
  const Outcome outcome = alone.run({"sync", "--db", alone.file("m.db")});
  CHECK(outcome.exit_code == 5);
  CHECK(outcome.out.empty());
  CHECK(outcome.err == error_line("no snapshot from Home Assistant at " + nobody +
                                  ": connection refused; check that Home Assistant runs and that "
                                  "the port is right"));
  const Outcome both = house.sync({"--ha-url", nobody, "--ha-url", house.server.url(), "-q"});
  CHECK(both.exit_code == 0);
  CHECK(without_times(both.err).empty());
  CHECK(house.sql("SELECT source FROM sync_runs") == house.server.url() + "\n");
}

TEST_CASE("a Home Assistant that is cut off in the middle ends with 5, and nothing is written") {
  House house;
  REQUIRE(house.sync({"-q"}).exit_code == 0);
  const std::string before = dump(house.db);
  const std::string start = "no snapshot from Home Assistant at " + house.server.url() + ": ";
  const auto cut_off = [&](const std::string& fault, const std::string& words) {
    house.server.set_faults(test::with_faults({fault}).faults);
    const Outcome outcome = house.sync({"--timeout", "2s"});
    CHECK(outcome.exit_code == 5);
    CHECK(outcome.out.empty());
    CHECK(outcome.err == error_line(start + words));
    CHECK(dump(house.db) == before);
  };
  cut_off("close=2:1001",
          "closed the connection with 7 requests unanswered (1001: going away); Home Assistant may "
          "be restarting: try again in a minute");
  cut_off("silent=upgrade",
          "silent during the login for 2 s; it may be overloaded, or the network cut: try again "
          "later, or give more time with --timeout");
  cut_off("http=502",
          "HTTP 502: a proxy in front says that Home Assistant behind it is not up; try again "
          "later");
}

TEST_CASE("a wrong command line ends with 2 and touches nothing") {
  const Program program;
  const auto usage = [&](Words words, const std::string& message, const std::string& help) {
    words.insert(words.begin(), "sync");
    const Outcome outcome = program.run(words);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK(outcome.err == error_line(message, help));
  };
  const std::string help = "haingest sync --help";
  usage({"--max-removal", "5"},
        "haingest sync has no option --max-removal; did you mean --max-removals?", help);
  usage({"--max-removals", "many"},
        "--max-removals: 'many' is neither a number nor a share like 20%", "");
  usage({"--prune-after", "never"},
        "--prune-after: 'never' is no time; write 30 (seconds), 250ms, 30s, 5m, 2h or 90d", "");
  usage(
      {"--history"},
      "--history writes to InfluxDB, and none is configured; give --influx-url, or INFLUXDB_URL in "
      "the environment",
      "");
  usage({"--history", "--influx-url", "localhost:8086"},
        "--influx-url: \"localhost:8086\" is no URL that haingest can use: it lacks the scheme, as "
        "in http://host:port",
        "");
  usage({"--history", "--to", "http://127.0.0.1:1"},
        "--history writes what a local database holds, and --to has none; leave one of them out",
        "");
  usage({"--to", "http://127.0.0.1:1", "--db", "x"},
        "--to sends to a remote data API and --db names a local database; give one of them", "");
  usage({"--db", program.file("m.db")},
        "no Home Assistant is configured: give --ha-url, or HA_URL in the environment",
        "haingest discover --ha-url http://homeassistant.local:8123 --ha-token-file FILE");
  usage({"--db", program.file("m.db"), "--ha-url", "http://user:S3CRET@h"},
        "this URL cannot be used: it carries a user name or password; put the token into a file or "
        "the environment",
        "");
  CHECK(std::filesystem::is_empty(program.folder.path()));
}

TEST_CASE("--history writes a point of each device, and no more with --dry-run") {
  const House house;
  const fakes::InfluxServer influx(fakes::InfluxKind::influxdb2);
  const Words words{"--history", "--influx-url", influx.url(),  "--influx-org",
                    "haingest",  "--tag",        "house=north", "-q"};
  Words dry = words;
  dry.emplace_back("--dry-run");
  CHECK(house.sync(dry).exit_code == 0);
  CHECK(influx.writes().empty());
  const Outcome outcome = house.sync(words);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  REQUIRE(influx.writes().size() == 1);
  CHECK(influx.writes()[0].parameters.at("bucket") == "home_assistant_events");
  const auto or_else = [](const std::string& column, const std::string& other) {
    return "coalesce(nullif(" + column + ", ''), '" + other + "')";
  };
  const std::string expected = house.sql(
      "SELECT 'devices,area_id=' || " + or_else("coalesce(d.area_id, p.area_id)", "unassigned") +
      " || ',device_id=' || d.device_id || ',house=north,manufacturer=' || " +
      or_else("d.manufacturer", "Unknown") + " || ',model=' || " + or_else("d.model", "Unknown") +
      " || ' ' || d.name || ' ' || " + or_else("d.sw_version", "Unknown") +
      " || ' ' || (SELECT count(*) FROM entities AS e WHERE e.device_id = d.device_id) FROM "
      "devices "
      "AS d LEFT JOIN devices AS p ON p.device_id = d.parent_device_id ORDER BY 1");
  std::set<std::string> rows;
  for (const auto& [row, fields] : influx.rows()) {
    std::string series = row.substr(0, row.rfind(' '));
    for (auto at = series.find('\\'); at != std::string::npos; at = series.find('\\', at)) {
      series.erase(at, 1);
    }
    const auto plain = [&](const char* name) {
      const std::string& text = fields.at(name);
      return text.substr(1, text.size() - 2);
    };
    std::string count = fields.at("entity_count");
    count.pop_back();
    rows.insert(series + " " + plain("name") + " " + plain("sw_version") + " " + count + "\n");
  }
  CHECK(std::accumulate(rows.begin(), rows.end(), std::string()) == expected);
  // Each time anew, also when nothing has changed.
  CHECK(house.sync(words).exit_code == 0);
  CHECK(influx.rows().size() == 20);
}

TEST_CASE("--history that cannot be written ends with why, after the database is up to date") {
  const House house;
  fakes::InfluxServer influx(fakes::InfluxKind::influxdb2);
  const std::string start = "the database is up to date, but the device history was not written: ";
  const auto fails = [&](int exit_code, const std::string& why, const Words& more = {}) {
    Words words{"--history", "--influx-url", influx.url(), "--influx-org", "haingest", "-q"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = house.sync(words);
    CHECK(outcome.exit_code == exit_code);
    CHECK(outcome.err == error_line(start + why));
    CHECK(house.sql("SELECT count(*) FROM devices") == "10\n");
    CHECK(influx.rows().empty());
  };
  const auto answers = [&](int status, const std::string& body) {
    influx.script([=](const fakes::InfluxRequest&) -> std::optional<fakes::InfluxAnswer> {
      return fakes::InfluxAnswer{.status = status, .body = body};
    });
  };
  const std::string who = "InfluxDB 2 at " + influx.url() + ": ";
  influx.require("Token right");
  fails(4,
        who + "the credentials are refused; check token, user and password (unauthorized access)");
  influx.require("");
  answers(404, R"({"code":"not found","message":"bucket \"b\" not found"})");
  fails(1, who + R"(the bucket is not there; create it, or set another (bucket "b" not found))");
  answers(400, R"({"code":"invalid","message":"unable to parse 'x': this one is bad"})");
  fails(1, who + "it refuses points: unable to parse 'x': this one is bad");
  answers(503, "");
  fails(5, who + "it is overloaded or starting");
  influx.stop();
  fails(5, "InfluxDB at " + influx.url() + ": connection refused");
}

TEST_CASE("of several targets each gets what it can; the weightiest error decides") {
  House house;
  const fakes::InfluxServer well(fakes::InfluxKind::influxdb1);
  fakes::InfluxServer away(fakes::InfluxKind::influxdb1);
  fakes::InfluxServer refusing(fakes::InfluxKind::influxdb1);
  away.stop();
  refusing.require("Basic right");
  std::string toml;
  for (const auto& [name, url] :
       {std::pair{"away", away.url()}, {"refusing", refusing.url()}, {"well", well.url()}}) {
    toml += "[[influx]]\nname = \"" + std::string(name) + "\"\nurl = \"" + url + "\"\n";
  }
  const std::string path = house.program.file("h.toml");
  test::write_file(path, toml);
  const Outcome outcome = house.sync({"-q", "--history", "--config", path});
  CHECK(outcome.exit_code == 4);
  CHECK(well.rows().size() == 10);
  const std::string start = "the database is up to date, but the device history was not written: ";
  CHECK(without_times(outcome.err) ==
        "error " + start + "InfluxDB at " + away.url() + ": connection refused\n" +
            error_line(start + "InfluxDB 1 at " + refusing.url() +
                       ": the credentials are refused; check token, user and password "
                       "(unauthorized access)"));
}

TEST_CASE("a snapshot from a file or from standard input gives what Home Assistant gives") {
  const House house;
  Program files;
  const std::string document = house.server.house().snapshot_document(house.server.url());
  test::write_file(files.file("s.json"), document);
  REQUIRE(house.sync({"-q"}).exit_code == 0);
  const Outcome from_file =
      files.run({"sync", "--from", files.file("s.json"), "--db", files.file("a.db")});
  CHECK(from_file.exit_code == 0);
  CHECK(ordered_json::parse(from_file.out)["run"]["source"] == files.file("s.json"));
  CHECK(files.run({"sync", "--from", "-", "--db", files.file("b.db"), "-q"}, document).exit_code ==
        0);
  for (const char* const table : {"devices", "entities", "areas", "floors", "labels"}) {
    const auto rows = [&](const std::string& path) {
      const std::string key = std::string(table) == "entities" ? "entity_id" : "name";
      return query(path, "SELECT " + key + ", extra FROM " + std::string(table) + " ORDER BY 1, 2");
    };
    CHECK(rows(files.file("a.db")) == rows(house.db));
    CHECK(rows(files.file("b.db")) == rows(house.db));
  }
}

TEST_CASE("a malformed snapshot is refused whole") {
  const Program program;
  const auto refused = [&](const std::string& content, const std::string& why) {
    const std::string path = program.file("s.json");
    test::write_file(path, content);
    const Outcome outcome = program.run({"sync", "--from", path, "--db", program.file("m.db")});
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.out.empty());
    CHECK(outcome.err ==
          error_line(path + " is no snapshot: " + why, "haingest discover --save snapshot.json"));
    CHECK_FALSE(std::filesystem::exists(program.file("m.db")));
  };
  const std::string none =
      "it has none of devices, entities, areas, …; make one with 'discover "
      "--save FILE'";
  refused("{}", none);
  refused(R"({"unknown":[]})", none);
  const std::string rest = "; nothing was read from it; make one with 'discover --save FILE'";
  refused(R"({"devices":[)", "it is no JSON, or it was cut off" + rest);
  refused(R"({"ha":{},"devices":5})", "its devices are no registry" + rest);
  refused(R"({"ha":{},"devices":[1]})", "its devices are no registry" + rest);
  refused(R"({"ha":{},"devices":[],"states":{}})", "its states are no registry" + rest);
  refused(R"({"ha":{"state":5},"devices":[]})", "its ha.state is no text" + rest);
  refused(R"({"ha":{"when":"soon"},"devices":[]})", "its ha.when is no moment" + rest);
  // It does not go to a remote store, either: that would have been 5.
  const Outcome remote =
      program.run({"sync", "--from", program.file("s.json"), "--to", "http://127.0.0.1:1"});
  CHECK(remote.exit_code == 1);
  const Outcome missing =
      program.run({"sync", "--from", program.file("none"), "--db", program.file("m.db")});
  CHECK(missing.exit_code == 1);
  CHECK(missing.err ==
        error_line("cannot read " + program.file("none") +
                       ": No such file or directory; it should be a snapshot that 'discover --save "
                       "FILE' has made",
                   "haingest discover --save snapshot.json"));
  const Outcome input =
      program.run({"sync", "--from", "-", "--db", program.file("m.db")}, "not JSON");
  CHECK(input.exit_code == 1);
  CHECK(input.err.starts_with("haingest: error: standard input is no snapshot: "));
}

TEST_CASE("what discover --stored prints is no snapshot") {
  const House house;
  REQUIRE(house.sync({"-q"}).exit_code == 0);
  const std::string stored = house.program.run({"discover", "--stored", "--db", house.db}).out;
  const Outcome outcome = house.program.run({"sync", "--from", "-", "--db", house.db}, stored);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out.empty());
  CHECK(outcome.err ==
        error_line("standard input is no snapshot: it has no ha, which says what Home Assistant it "
                   "is of (what 'discover --stored' prints is of the database); make one with "
                   "'discover --save FILE'",
                   "haingest discover --save snapshot.json"));
}

TEST_CASE("a dry run lists what would go and ends with 7 where a guard would stop it") {
  House house;
  REQUIRE(house.sync({"-q"}).exit_code == 0);
  const std::string before = dump(house.db);
  shrink(house.server, 4);
  const std::string entities = std::to_string(30 - house.server.house().entity_ids().size());
  const std::string guard = "Home Assistant no longer lists 6 of 10 devices and " + entities +
                            " of 30 entities, more than the 5 and 6 that may go in one sync; "
                            "nothing was written; if they are really gone, allow it with "
                            "--max-removals " +
                            entities;
  const Outcome dry = house.sync({"--dry-run"});
  CHECK(dry.exit_code == 7);
  CHECK(dry.err == error_line(guard, "haingest sync --dry-run --max-removals " + entities +
                                         " --db " + house.db));
  const auto report = ordered_json::parse(dry.out);
  CHECK(report["run"]["outcome"] == "refused");
  CHECK(report["summary"]["removed"] >= 6);
  CHECK(report["summary"]["refused"] == guard);
  CHECK(report["changes"].size() == report["summary"]["removed"]);
  const Outcome table = house.sync({"-n", "-q", "-o", "table"});
  CHECK(table.exit_code == 7);
  CHECK(table.out.find("\nremoved  device ") != std::string::npos);
  house.server.set_house(fakes::make_house({.devices = 12, .entities = 20, .seed = 99}));
  const Outcome other = house.sync({"-n"});
  CHECK(other.exit_code == 7);
  CHECK(other.err.find("this looks like another house") != std::string::npos);
  CHECK(ordered_json::parse(other.out)["summary"]["refused"].get<std::string>().starts_with(
      house.server.url() + " lists 12 devices and none of the 10 in the store"));
  CHECK(dump(house.db) == before);
}

TEST_CASE("of a saved snapshot the sentences name the file") {
  const Program program;
  const std::string db = program.file("m.db");
  const auto save = [&](const std::string& members) {
    const std::string path = program.file("s.json");
    test::write_file(path, R"({"ha":{"version":"2026.11.0","state":"RUNNING",)"
                           R"("when":"2026-11-01T00:00:00Z"},"composite_splits":{},)" +
                               members + "}");
    return path;
  };
  const auto devices = [](int count) {
    std::string json;
    for (int i = 0; i < count; ++i) {
      json += (i > 0 ? R"(,{"id":"d)" : R"({"id":"d)") + std::to_string(i) + "\"}";
    }
    return "\"devices\":[" + json + "]";
  };
  std::string path = save(devices(10));
  REQUIRE(program.run({"sync", "-q", "--from", path, "--db", db}).exit_code != 7);
  path = save(devices(1));
  const Outcome guard = program.run({"sync", "--from", path, "--db", db});
  CHECK(guard.exit_code == 7);
  CHECK(
      guard.err ==
      error_line("the snapshot " + path +
                     " no longer lists 9 of 10 devices, more than the 5 that may go in one sync; "
                     "nothing was written; if they are really gone, allow it with --max-removals 9",
                 "haingest sync --dry-run --max-removals 9 --from " + path + " --db " + db));
  path = save(devices(10) + R"(,"missing":{"floors":"unknown_error"})");
  const Outcome partial = program.run({"sync", "--from", path, "--db", db});
  CHECK(partial.exit_code == 6);
  CHECK(without_times(partial.err)
            .find("error the snapshot " + path +
                  " has no answer for floors (unknown_error): nothing of it was removed or "
                  "blanked\n") != std::string::npos);
  CHECK(partial.err.find("Home Assistant did not answer") == std::string::npos);
}

TEST_CASE("a newer schema and another program's database are left as they are") {
  const House house;
  test::execute(house.db, "CREATE TABLE t (x); PRAGMA user_version = 99");
  const std::string bytes = test::read_file(house.db);
  const std::string newer =
      error_line(house.db +
                 " has layout 99, made by a newer haingest; this one knows up to 2 and "
                 "left it as it is, install the newer version");
  for (const Words& words : {Words{}, Words{"--dry-run"}}) {
    const Outcome outcome = house.sync(words);
    CHECK(outcome.exit_code == 7);
    CHECK(outcome.err == newer);
  }
  CHECK(test::read_file(house.db) == bytes);
  test::execute(house.db, "PRAGMA user_version = 0");
  const std::string other = test::read_file(house.db);
  const Outcome outcome = house.sync();
  CHECK(outcome.exit_code == 7);
  CHECK(outcome.err == error_line(house.db + " is a SQLite database of another program; it was "
                                             "left as it is, choose another file with --db"));
  CHECK(test::read_file(house.db) == other);
}

TEST_CASE("a file that is no database is left as it is") {
  const House house;
  const std::string text(8000, 'x');
  test::write_file(house.db, text);
  for (const Words& words : {Words{}, Words{"--dry-run"}}) {
    const Outcome outcome = house.sync(words);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.out.empty());
    CHECK(outcome.err == error_line(house.db + " is no SQLite database; it was left as it is, "
                                               "choose another file with --db"));
    CHECK(test::read_file(house.db) == text);
  }
  const Outcome folder = house.program.run({"sync", "--db", house.program.folder.path()});
  CHECK(folder.exit_code == 1);
  CHECK(folder.err == error_line(house.program.folder.path().string() +
                                 " is a folder, no database; name a file in it with --db"));
}

TEST_CASE("--columns chooses what is told of each change") {
  House house;
  REQUIRE(house.sync({"-q"}).exit_code == 0);
  const std::string entity = house.server.house().entity_ids().front();
  house.server.change([&](fakes::House& h) { h.rename_entity(entity, entity + "_new"); });
  const Outcome wrong = house.sync({"--columns", "knid"});
  CHECK(wrong.exit_code == 2);
  CHECK(wrong.err == error_line("there is no column 'knid' here; did you mean kind?"));
  CHECK(house.sync({"--columns", "kind,name", "-o", "csv"}).out ==
        "kind,name\r\nentity," + entity + "_new\r\n");
  CHECK(house.sync({"--columns", "kind", "-q", "-o", "csv"}).out.empty());
}
