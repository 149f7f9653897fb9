// SPDX-License-Identifier: MIT
// `haingest watch` from Home Assistant's state changes to the rows of an InfluxDB, both simulated:
// what arrives, and what is kept while it cannot.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "core/net/http_client.hpp"
#include "tests/fakes/influx_server.hpp"
#include "tests/integration/program.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/man_page.hpp"
#include "tests/support/sql.hpp"

using namespace haingest;
using namespace std::chrono_literals;
using nlohmann::json;
using test::eventually;
using test::Outcome;
using test::output_of;
using test::Program;
using test::unnamed_fields;
using test::Words;

namespace {

constexpr auto k_end = 60s;

class Desk {
 public:
  explicit Desk(fakes::InfluxKind kind = fakes::InfluxKind::influxdb1)
      : house(fakes::make_house({.devices = 10, .entities = 40})), home(house), influx(kind) {
    program.talk_to(home);
    program.environment["INFLUXDB_URL"] = influx.url();
  }

  void start(const Words& more = {}) {
    Words words{"watch", "--db", database};
    words.insert(words.end(), more.begin(), more.end());
    watch = std::make_unique<test::Background>(program.command(words));
  }
  Outcome stop(int signal = SIGTERM) const {
    watch->signal(signal);
    return watch->wait();
  }

  [[nodiscard]] std::size_t states() const { return json::parse(house.states_json()).size(); }
  [[nodiscard]] bool has_rows(std::size_t count) const {
    return eventually([&] { return influx.rows().size() == count; }, k_end);
  }
  // Of the running watch.
  [[nodiscard]] json points() const {
    if (!std::filesystem::exists(database + "-status")) return {};
    const json status = json::parse(test::read_file(database + "-status"), nullptr, false);
    return status.is_object() ? status["points"] : json();
  }
  [[nodiscard]] bool spooled(std::size_t count) const {
    return eventually(
        [&] {
          const json now = points();
          return now.is_object() && now["spooled"] == count;
        },
        k_end);
  }
  // One of the rows whose series has this in it.
  [[nodiscard]] std::string fields_of(const std::string& part, const std::string& field) const {
    std::string found;
    for (const auto& [row, fields] : influx.rows()) {
      const auto at = fields.find(field);
      if (row.find(part) != std::string::npos && at != fields.end()) found += at->second + ";";
    }
    return found;
  }
  [[nodiscard]] fakes::InfluxRows device_rows() const {
    fakes::InfluxRows devices = influx.rows();
    std::erase_if(devices, [](const auto& row) { return !row.first.starts_with("devices,"); });
    return devices;
  }
  // The first one; returns its id.
  std::string rename_device(const std::string& name) {
    const std::string id = house.device_ids().at(0);
    home.change([&](fakes::House& now) { now.set_device_field(id, "name", '"' + name + '"'); });
    return id;
  }
  void set_state(const std::string& entity_id, const std::string& state) {
    home.change([&](fakes::House& now) { now.set_state(entity_id, state); });
  }
  [[nodiscard]] std::size_t lines_written() const {
    std::size_t lines = 0;
    for (const fakes::InfluxRequest& write : influx.writes()) {
      lines += static_cast<std::size_t>(std::ranges::count(write.body, '\n'));
    }
    return lines;
  }

  Program program;
  std::string database = program.file("metadata.db");
  fakes::House house;
  fakes::HaServer home;
  fakes::InfluxServer influx;
  std::unique_ptr<test::Background> watch;
};

// A second target, "archive", beside that of the desk; both are named by the file.
class TwoTargets : public Desk {
 public:
  TwoTargets() {
    program.environment.erase("INFLUXDB_URL");
    write_config({{"influx", influx.url()}, {"archive", archive.url()}});
  }

  void write_config(const std::vector<std::pair<std::string, std::string>>& targets) const {
    std::string toml;
    for (const auto& [name, url] : targets) {
      toml += "[[influx]]\nname = \"" + name + "\"\nurl = \"" + url + "\"\norg = \"haingest\"\n";
    }
    const std::filesystem::path folder = program.file("home/.config/haingest");
    std::filesystem::create_directories(folder);
    test::write_file((folder / "haingest.toml").string(), toml);
  }
  // Both have so many rows, and the same ones.
  [[nodiscard]] bool both_have_rows(std::size_t count) const {
    return has_rows(count) && eventually([&] { return archive.rows().size() == count; }, k_end) &&
           influx.rows() == archive.rows();
  }
  // "influx: idle, 0 wait; archive: retrying, 40 wait"
  [[nodiscard]] static std::string told(const json& points) {
    std::string text;
    for (const json& target : points["targets"]) {
      text += (text.empty() ? "" : "; ") + target["name"].get<std::string>() + ": " +
              target["state"].get<std::string>() + ", " + target["waiting"].dump() + " wait";
    }
    return text;
  }
  [[nodiscard]] bool tells(const std::string& text) const {
    return eventually(
        [&] {
          const json now = points();
          return now.is_object() && told(now) == text;
        },
        k_end);
  }

  fakes::InfluxServer archive{fakes::InfluxKind::influxdb2};
};

// While `refusing`, whatever has a point of that entity in it is refused.
void refuse(fakes::InfluxServer& server, const std::string& entity_id,
            const std::atomic<bool>& refusing) {
  server.script([entity_id, &refusing](
                    const fakes::InfluxRequest& request) -> std::optional<fakes::InfluxAnswer> {
    const bool has_it = request.body.find("entity_id=" + entity_id + ",") != std::string::npos;
    if (!refusing || !has_it) return {};
    return fakes::InfluxAnswer{
        .status = 400,
        .body = R"({"code":"invalid","message":"unable to parse 'x': this one is bad"})"};
  });
}

}  // namespace

TEST_CASE("Every state and every change is one row, with what the registries know of the entity") {
  Desk desk;
  desk.start({"--tag", "house=north"});
  REQUIRE(desk.has_rows(desk.states()));
  const std::string entity = desk.house.entity_ids().at(3);
  for (int i = 0; i < 50; ++i) desk.set_state(entity, "value " + std::to_string(i));
  CHECK(desk.has_rows(desk.states() + 50));
  CHECK(desk.lines_written() == desk.states() + 50);
  CHECK(desk.fields_of("entity_id=" + entity + ",", "state").find("\"value 49\";") !=
        std::string::npos);

  const std::string device = json::parse(desk.house.entity_field(entity, "device_id"));
  const std::string platform = json::parse(desk.house.entity_field(entity, "platform"));
  for (const auto& [row, fields] : desk.influx.rows()) {
    CHECK(row.starts_with("home_assistant_events,"));
    CHECK(row.find(",house=north") != std::string::npos);
    CHECK(row.find(",event_type=state_changed") != std::string::npos);
    if (row.find("entity_id=" + entity + ",") == std::string::npos) continue;
    CHECK(row.find("device_id=" + device) != std::string::npos);
    CHECK(row.find("integration=" + platform) != std::string::npos);
  }
  CHECK(desk.stop().exit_code == 0);
}

TEST_CASE("A new connection repeats nothing, and brings what changed while nobody listened") {
  Desk desk;
  desk.start();
  REQUIRE(desk.has_rows(desk.states()));
  REQUIRE(desk.stop().exit_code == 0);
  const std::string entity = desk.house.entity_ids().at(2);
  desk.set_state(entity, "changed in the dark");
  desk.start();
  CHECK(desk.has_rows(desk.states() + 1));
  desk.home.drop_connections();
  CHECK(eventually([&] { return desk.home.counters().upgrades == 3; }, k_end));
  desk.set_state(entity, "and again");
  CHECK(desk.has_rows(desk.states() + 2));
  CHECK(desk.lines_written() == desk.states() + 2);
  CHECK(desk.stop().exit_code == 0);
}

TEST_CASE("Without --device-history no device is a point") {
  Desk desk;
  desk.start();
  REQUIRE(desk.has_rows(desk.states()));
  desk.rename_device("Another name");
  desk.watch->wait_for_err(" updated (run ");
  CHECK(desk.stop().exit_code == 0);
  CHECK(desk.device_rows().empty());
}

TEST_CASE("With it each device is a point once, and again when it has changed") {
  Desk desk;
  desk.start({"--device-history", "--tag", "house=north"});
  const std::size_t devices = desk.house.device_ids().size();
  REQUIRE(desk.has_rows(desk.states() + devices));
  std::set<std::string> named;
  for (const auto& [row, fields] : desk.device_rows()) {
    INFO(row);
    CHECK(row.find(",house=north") != std::string::npos);
    const auto id = row.find(",device_id=") + 11;
    named.insert(row.substr(id, row.find(',', id) - id) + " " + fields.at("name"));
    CHECK(fields.size() == 3);
  }
  std::set<std::string> expected;
  for (const std::string& id : desk.house.device_ids()) {
    expected.insert(id + " " + desk.house.device_field(id, "name"));
  }
  CHECK(named == expected);

  const std::string id = desk.rename_device("Another name");
  CHECK(desk.has_rows(desk.states() + devices + 1));
  CHECK(desk.fields_of(",device_id=" + id + ",", "name").find("\"Another name\";") !=
        std::string::npos);
  CHECK(desk.stop().exit_code == 0);

  // Nothing is repeated; what changed meanwhile, by whomsoever it was written, is not left out.
  desk.start({"--device-history"});
  desk.watch->wait_for_err("connected with");
  desk.rename_device("A third name");
  CHECK(desk.has_rows(desk.states() + devices + 2));
  CHECK(desk.lines_written() == desk.states() + devices + 2);
  CHECK(desk.stop(SIGKILL).exit_code == 128 + SIGKILL);
  desk.rename_device("A fourth name");
  REQUIRE(desk.program.run({"sync", "-q", "--db", desk.database}).exit_code == 0);
  desk.start({"--device-history"});
  CHECK(desk.has_rows(desk.states() + devices + 3));
  CHECK(desk.stop().exit_code == 0);
  CHECK(desk.fields_of(",device_id=" + id + ",", "name").find("\"A fourth name\";") !=
        std::string::npos);
}

TEST_CASE("The old services' names turn it on, and devices that are known already come then") {
  Desk desk;
  const std::size_t devices = desk.house.device_ids().size();
  desk.start();
  REQUIRE(desk.has_rows(desk.states()));
  REQUIRE(desk.stop().exit_code == 0);
  desk.program.environment["STORE_DEVICE_HISTORY_IN_INFLUXDB"] = "true";
  desk.start();
  CHECK(desk.has_rows(desk.states() + devices));
  CHECK(desk.device_rows().size() == devices);
  CHECK(desk.stop().exit_code == 0);
}

TEST_CASE("What was taken while InfluxDB was away survives kill -9 and arrives, once") {
  Desk desk;
  desk.influx.stop();
  desk.start();
  REQUIRE(desk.spooled(desk.states()));
  const std::string entity = desk.house.entity_ids().at(1);
  for (int i = 0; i < 200; ++i) desk.set_state(entity, std::to_string(i));
  REQUIRE(desk.spooled(desk.states() + 200));
  CHECK(desk.stop(SIGKILL).exit_code == 128 + SIGKILL);
  CHECK(desk.influx.rows().empty());
  desk.influx.start();
  desk.start();
  CHECK(desk.has_rows(desk.states() + 200));
  CHECK(eventually([&] { return desk.points()["targets"][0]["waiting"] == 0; }, k_end));
  CHECK(desk.stop().exit_code == 0);
}

TEST_CASE("A target that is away is said once, in the log and by the status") {
  Desk desk;
  desk.influx.stop();
  desk.start();
  REQUIRE(eventually(
      [&] {
        const json now = desk.points();
        return now.is_object() && now["targets"][0]["state"] == "retrying" &&
               now["targets"][0]["waiting"] == desk.states();
      },
      k_end));
  const json target = desk.points()["targets"][0];
  CHECK(target["last_error"].get<std::string>().find("refused") != std::string::npos);
  desk.influx.start();
  CHECK(desk.has_rows(desk.states()));
  CHECK(eventually([&] { return desk.points()["targets"][0]["state"] == "idle"; }, k_end));
  const Outcome outcome = desk.stop();
  CHECK(outcome.exit_code == 0);
  const std::string said = "events are kept in the spool";
  const auto first = outcome.err.find(said);
  REQUIRE(first != std::string::npos);
  CHECK(outcome.err.find(said, first + 1) == std::string::npos);
}

TEST_CASE("A refused token holds the points; no token is in the log or the status") {
  Desk desk(fakes::InfluxKind::influxdb2);
  desk.influx.require("Token right");
  desk.program.environment["INFLUXDB_TOKEN"] = "wrong-and-secret";
  desk.program.environment["INFLUXDB_ORG"] = "haingest";
  desk.start({"-vv"});
  REQUIRE(eventually(
      [&] {
        const json now = desk.points();
        return now.is_object() && now["targets"][0]["state"] == "held";
      },
      k_end));
  CHECK(test::read_file(desk.database + "-status").find("wrong-and-secret") == std::string::npos);
  const Outcome outcome = desk.stop();
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.find("wrong-and-secret") == std::string::npos);
  desk.program.environment["INFLUXDB_TOKEN"] = "right";
  desk.start();
  CHECK(desk.has_rows(desk.states()));
  CHECK(desk.stop().exit_code == 0);
}

TEST_CASE("Only what --include and --exclude leave is written, exclude wins") {
  Desk desk;
  std::set<std::string> wanted;
  for (const json& state : json::parse(desk.house.states_json())) {
    const std::string id = state["entity_id"];
    if (id.starts_with("sensor.") && !id.ends_with("_power")) wanted.insert(id);
  }
  REQUIRE_FALSE(wanted.empty());
  desk.start({"--include", "domain:sensor", "--exclude", "sensor.*_power"});
  CHECK(desk.has_rows(wanted.size()));
  CHECK(eventually([&] { return desk.points()["unwanted"] == desk.states() - wanted.size(); },
                   k_end));
  CHECK(desk.stop().exit_code == 0);

  const Outcome wrong = desk.program.run({"watch", "--db", desk.database, "--exclude", "label:"});
  CHECK(wrong.exit_code == 2);
  CHECK(wrong.err.find("--exclude: 'label:' ") != std::string::npos);
}

TEST_CASE("A refused point is a dead letter, the rest goes through, retry sends it again") {
  Desk desk(fakes::InfluxKind::influxdb2);
  desk.program.environment["INFLUXDB_ORG"] = "haingest";
  const std::string bad = desk.house.entity_ids().at(0);
  std::atomic<bool> refusing = true;
  refuse(desk.influx, bad, refusing);
  desk.start();
  CHECK(desk.has_rows(desk.states() - 1));
  CHECK(eventually([&] { return desk.points()["dead_letters"] == 1; }, k_end));
  const Outcome listed = desk.program.run({"dead-letters", "--db", desk.database, "-o", "json"});
  CHECK(listed.exit_code == 0);
  const json letters = json::parse(listed.out);
  REQUIRE(letters.size() == 1);
  CHECK(unnamed_fields(output_of("dead-letters"), letters[0]) == std::vector<std::string>{});
  CHECK(letters[0]["entity_id"] == bad);
  CHECK(letters[0]["target"] == "influx");
  CHECK(letters[0]["reason"].get<std::string>().find("this one is bad") != std::string::npos);
  const Outcome table = desk.program.run({"dead-letters", "--db", desk.database, "-o", "table"});
  const std::string header = table.out.substr(0, table.out.find('\n'));
  CHECK(header.find("  TARGET  ENTITY") != std::string::npos);
  CHECK(table.out.find(" influx  " + bad + "  ") != std::string::npos);
  refusing = false;
  const Outcome retried = desk.program.run({"dead-letters", "retry", "--db", desk.database});
  CHECK(retried.out == "1 letter marked; watch sends them again within seconds\n");
  CHECK(desk.has_rows(desk.states()));
  CHECK(eventually([&] { return desk.points()["dead_letters"] == 0; }, k_end));
  CHECK(desk.stop().exit_code == 0);
  CHECK(desk.program.run({"dead-letters", "--db", desk.database, "-o", "table"}).out ==
        "No dead letters.\n");
}

TEST_CASE("Of two targets each gets every row; one that is away catches up later") {
  TwoTargets desk;
  desk.archive.stop();
  desk.start();
  REQUIRE(desk.has_rows(desk.states()));
  const std::string entity = desk.house.entity_ids().at(3);
  for (int i = 0; i < 50; ++i) desk.set_state(entity, std::to_string(i));
  CHECK(desk.has_rows(desk.states() + 50));
  const std::string waiting = std::to_string(desk.states() + 50);
  CHECK(desk.tells("influx: idle, 0 wait; archive: retrying, " + waiting + " wait"));
  CHECK(desk.stop().exit_code == 0);
  CHECK(desk.archive.rows().empty());

  desk.archive.start();
  desk.start();
  CHECK(desk.both_have_rows(desk.states() + 50));
  desk.set_state(entity, "for both");
  CHECK(desk.both_have_rows(desk.states() + 51));
  CHECK(desk.tells("influx: idle, 0 wait; archive: idle, 0 wait"));
  CHECK(desk.lines_written() == desk.states() + 51);
  CHECK(desk.stop().exit_code == 0);
}

TEST_CASE("The health of a serve beside it tells of each target by its name") {
  TwoTargets desk;
  desk.archive.stop();
  desk.start();
  REQUIRE(desk.has_rows(desk.states()));
  const std::string waiting = std::to_string(desk.states());
  REQUIRE(desk.tells("influx: idle, 0 wait; archive: retrying, " + waiting + " wait"));
  const test::Serving serving(desk.program, desk.database);
  net::HttpClient client({"", true});
  net::HttpRequest request;
  request.url = serving.url() + "/health";
  const json health = json::parse(client.send(request).value().body);
  CHECK(health["status"] == "degraded");
  REQUIRE(health["problems"].size() == 1);
  const std::string problem = health["problems"][0];
  INFO(problem);
  CHECK(problem.starts_with("Target archive: "));
  CHECK(problem.ends_with("; " + waiting + " points wait"));
  CHECK(TwoTargets::told(health["watch"]["points"]) ==
        "influx: idle, 0 wait; archive: retrying, " + waiting + " wait");
  CHECK(health["watch"]["points"]["targets"][1]["url"] == desk.archive.url());
  // What ha-ingestor's clients read: all is well, or the first that is not.
  CHECK(health["dependencies"]["influxdb"]["status"] == "disconnected");
  CHECK(health["dependencies"]["influxdb"]["url"] == desk.archive.url());
  CHECK(desk.stop().exit_code == 0);
}

TEST_CASE("A point that one target refuses is sent again to that one alone") {
  TwoTargets desk;
  const std::string bad = desk.house.entity_ids().at(0);
  std::atomic<bool> refusing = true;
  refuse(desk.archive, bad, refusing);
  desk.start();
  CHECK(desk.has_rows(desk.states()));
  REQUIRE(eventually([&] { return desk.archive.rows().size() == desk.states() - 1; }, k_end));
  REQUIRE(eventually([&] { return desk.points()["dead_letters"] == 1; }, k_end));
  const json letters =
      json::parse(desk.program.run({"dead-letters", "--db", desk.database, "-o", "json"}).out);
  REQUIRE(letters.size() == 1);
  CHECK(letters[0]["entity_id"] == bad);
  CHECK(letters[0]["target"] == "archive");

  refusing = false;
  CHECK(desk.program.run({"dead-letters", "retry", "--db", desk.database}).out ==
        "1 letter marked; watch sends them again within seconds\n");
  CHECK(desk.both_have_rows(desk.states()));
  CHECK(eventually([&] { return desk.points()["dead_letters"] == 0; }, k_end));
  // What the first target is sent next is not that point.
  desk.set_state(bad, "after");
  CHECK(desk.both_have_rows(desk.states() + 1));
  CHECK(desk.lines_written() == desk.states() + 1);
  CHECK(desk.stop().exit_code == 0);
}

TEST_CASE("A target whose table goes is forgotten, with a line in the log") {
  TwoTargets desk;
  desk.archive.stop();
  desk.start();
  REQUIRE(desk.has_rows(desk.states()));
  REQUIRE(desk.stop().exit_code == 0);
  desk.write_config({{"influx", desk.influx.url()}});
  desk.start();
  REQUIRE(desk.tells("influx: idle, 0 wait"));
  const Outcome outcome = desk.stop();
  CHECK(outcome.exit_code == 0);
  const std::string lines = std::to_string(desk.states()) + " lines waited for it\n";
  INFO(outcome.err);
  const auto at =
      outcome.err.find("warning target \"archive\" is no longer configured and is forgotten; ");
  REQUIRE(at != std::string::npos);
  CHECK(outcome.err.substr(at, outcome.err.find('\n', at) + 1 - at).ends_with(" with " + lines));
}

TEST_CASE("Marked letters of a target that is gone hold up no others") {
  TwoTargets desk;
  const std::string bad = desk.house.entity_ids().at(0);
  std::atomic<bool> refusing = true;
  const auto refuse =
      [&](const fakes::InfluxRequest& request) -> std::optional<fakes::InfluxAnswer> {
    if (!refusing || request.body.find("entity_id=" + bad + ",") == std::string::npos) return {};
    return fakes::InfluxAnswer{
        .status = 400,
        .body = R"({"code":"invalid","message":"unable to parse 'x': this one is bad"})"};
  };
  desk.influx.script(refuse);
  desk.archive.script(refuse);
  desk.start();
  REQUIRE(eventually([&] { return desk.points()["dead_letters"] == 2; }, k_end));
  REQUIRE(desk.has_rows(desk.states() - 1));
  REQUIRE(desk.stop().exit_code == 0);
  refusing = false;
  desk.write_config({{"influx", desk.influx.url()}});
  CHECK(desk.program.run({"dead-letters", "retry", "--db", desk.database}).exit_code == 0);
  desk.start();
  CHECK(desk.has_rows(desk.states()));
  CHECK(eventually([&] { return desk.points()["dead_letters"] == 1; }, k_end));
  const Outcome outcome = desk.stop();
  CHECK(outcome.exit_code == 0);
  CHECK(
      outcome.err.find("warning dead letters of the target \"archive\" wait to be sent again, but "
                       "it is no longer configured; put its [[influx]] table back, or delete "
                       "them: haingest dead-letters drop\n") != std::string::npos);
}

TEST_CASE("--no-influx is for every target") {
  TwoTargets desk;
  desk.start({"--no-influx"});
  desk.watch->wait_for_err(" added (run ");
  CHECK(desk.stop().exit_code == 0);
  CHECK(desk.influx.writes().empty());
  CHECK(desk.archive.writes().empty());
  CHECK_FALSE(std::filesystem::exists(desk.database + "-spool"));
}

TEST_CASE("Without an InfluxDB, or with --no-influx, the registries are mirrored and no more") {
  Desk desk;
  desk.start({"--no-influx"});
  desk.watch->wait_for_err(" added (run ");
  Outcome outcome = desk.stop();
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.find("InfluxDB") == std::string::npos);
  CHECK(desk.influx.writes().empty());
  desk.program.environment.erase("INFLUXDB_URL");
  desk.start();
  desk.watch->wait_for_err("connected with");
  outcome = desk.stop();
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.find("info no InfluxDB is configured, so the registries are mirrored and state "
                         "changes go nowhere; give --influx-url, or --no-influx to leave it at "
                         "that") != std::string::npos);
}

TEST_CASE("The layout home-assistant writes what Home Assistant's integration does") {
  Desk desk;
  desk.start({"--layout", "home-assistant"});
  REQUIRE(eventually([&] { return !desk.influx.rows().empty(); }, k_end));
  for (const auto& [row, fields] : desk.influx.rows()) {
    CHECK(row.find("domain=") != std::string::npos);
    CHECK(row.find("event_type") == std::string::npos);
  }
  CHECK(desk.stop().exit_code == 0);
}
