// SPDX-License-Identifier: MIT
// What nobody listened to comes from Home Assistant's recorder: a watcher, the simulated Home
// Assistant with its recorder and a simulated InfluxDB in one process.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <thread>

#include "core/jobs/watch.hpp"
#include "tests/fakes/ha_server.hpp"
#include "tests/fakes/influx_server.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/process.hpp"
#include "tests/support/stderr_capture.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
using namespace std::chrono_literals;
using nlohmann::json;
using test::eventually;

namespace {

constexpr auto k_end = 60s;

base::Timestamp an_hour_ago() {
  return std::chrono::floor<std::chrono::seconds>(base::system_now()) - 1h;
}

class Desk {
 public:
  explicit Desk(std::size_t entities = 40, fakes::ServerOptions server = {})
      : house(fakes::make_house({.devices = 10, .entities = entities})),
        home(house, std::move(server)),
        influx(fakes::InfluxKind::influxdb1) {
    home.change([](fakes::House& now) { now.set_clock(an_hour_ago()); });
    options.live.connect.endpoints = {{home.url(), home.token()}};
    options.live.pauses.first = 10ms;
    options.live.pauses.longest = 50ms;
    options.live.pauses.starting = 20ms;
    options.database_path = folder.file("metadata.db");
    jobs::PointsOptions points;
    influx::Target target;
    target.name = "influx";
    target.url = influx.url();
    target.database = "ha";
    points.targets.push_back(target);
    points.backfill_pauses = {.again = 20ms, .give_up = 400ms, .settled = 300ms};
    options.points = points;
  }
  ~Desk() { stop(); }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  void start() {
    watcher = std::make_unique<jobs::Watcher>(options, jobs::OnReport{});
    thread = std::thread([this] { ended = watcher->run(); });
  }
  void stop() {
    if (!watcher) return;
    watcher->stop();
    thread.join();
    watcher.reset();
    CHECK(ended->has_value());
  }
  // Everything that there is now is in InfluxDB, and nobody listens any more.
  void begin() {
    start();
    REQUIRE(settled(states()));
    stop();
  }

  [[nodiscard]] std::size_t states() const {
    return json::parse(home.house().states_json()).size();
  }
  [[nodiscard]] json status() const {
    const std::string text = test::read_file(options.database_path + "-status");
    const json whole = json::parse(text, nullptr, false);
    return whole.is_object() && whole["points"].is_object() ? whole["points"] : json::object();
  }
  // So many rows are in InfluxDB, and there is nothing left to ask for.
  [[nodiscard]] bool settled(std::size_t rows) const {
    return eventually(
        [&] {
          const json now = status();
          return influx.rows().size() == rows && now.contains("backfill") &&
                 now["backfill"]["open"] == 0 && now["spooled"] > 0;
        },
        k_end);
  }
  [[nodiscard]] bool asked_for_history(std::size_t times) const {
    return eventually([&] { return home.counters().history_requests.size() >= times; }, k_end);
  }
  // "state<old_state" of the entity's rows, in time's order.
  [[nodiscard]] std::string story(const std::string& entity_id) const {
    std::map<std::string, std::string> by_time;
    for (const auto& [row, fields] : influx.rows()) {
      if (row.find("entity_id=" + entity_id + ",") == std::string::npos) continue;
      const auto old = fields.find("old_state");
      by_time[row.substr(row.rfind(' '))] =
          fields.at("state") + (old == fields.end() ? "" : "<" + old->second);
    }
    std::string text;
    for (const auto& [time, states] : by_time) text += states + " ";
    return text;
  }
  [[nodiscard]] std::size_t lines_written() const {
    std::size_t lines = 0;
    for (const fakes::InfluxRequest& write : influx.writes()) {
      lines += static_cast<std::size_t>(std::ranges::count(write.body, '\n'));
    }
    return lines;
  }
  void set_states(const std::string& entity_id, int from, int to) {
    home.change([&](fakes::House& now) {
      for (int i = from; i <= to; ++i) now.set_state(entity_id, std::to_string(i));
    });
  }

  test::TempDir folder;
  fakes::House house;
  fakes::HaServer home;
  fakes::InfluxServer influx;
  jobs::WatchOptions options;
  std::unique_ptr<jobs::Watcher> watcher;
  std::thread thread;
  std::optional<base::Result<void>> ended;
};

fakes::Faults fault(const std::string& text) {
  fakes::Faults faults;
  fakes::add_fault(faults, text);
  return faults;
}

}  // namespace

TEST_CASE("Every change of the time when nobody listened is a row, once, with its old state") {
  Desk desk;
  desk.begin();
  const std::string chatty = desk.house.entity_ids().at(2);
  const std::string quiet = desk.house.entity_ids().at(5);
  const std::string before = desk.story(chatty);
  desk.set_states(chatty, 1, 4);
  desk.set_states(quiet, 7, 7);
  desk.start();
  CHECK(desk.settled(desk.states() + 5));
  // Of the last one `get_states` says what it is, not what was before.
  const std::string first = before.substr(0, before.size() - 1);
  CHECK(desk.story(chatty) == before + "\"1\"<" + first + " \"2\"<\"1\" \"3\"<\"2\" \"4\" ");
  CHECK(desk.lines_written() == desk.states() + 5);
  const json now = desk.status();
  CHECK(now["backfill"]["points"] == 3);
  CHECK(now["backfill"]["unverified"] == 0);
  CHECK(now["backfill"]["since"].is_null());
  // Two entities have changed, and no other is asked for.
  const auto requests = desk.home.counters().history_requests;
  std::set<std::string> asked;
  for (const std::string& request : requests) {
    const json members = json::parse(request);
    for (const json& id : members["entity_ids"]) asked.insert(id);
  }
  CHECK(asked == std::set<std::string>{chatty, quiet});
}

TEST_CASE("A connection that is lost while watch runs leaves no hole") {
  Desk desk;
  desk.start();
  REQUIRE(desk.settled(desk.states()));
  const std::string entity = desk.house.entity_ids().at(2);
  desk.home.set_faults(fault("http=503"));
  desk.home.drop_connections();
  desk.set_states(entity, 1, 20);
  desk.home.set_faults({});
  CHECK(desk.settled(desk.states() + 20));
  desk.set_states(entity, 21, 25);
  CHECK(desk.settled(desk.states() + 25));
  CHECK(desk.lines_written() == desk.states() + 25);
}

TEST_CASE("A gap that could not be filled is filled by the next process") {
  Desk desk;
  desk.begin();
  const std::string entity = desk.house.entity_ids().at(2);
  desk.set_states(entity, 1, 4);
  desk.home.set_faults(fault("no_answer=history/history_during_period"));
  desk.start();
  REQUIRE(desk.asked_for_history(1));
  desk.stop();
  desk.set_states(entity, 5, 9);
  desk.home.set_faults({});
  desk.start();
  CHECK(desk.settled(desk.states() + 9));
  CHECK(desk.lines_written() == desk.states() + 9);
}

TEST_CASE("What the recorder has not committed yet is asked for again") {
  Desk desk;
  desk.options.points->backfill_pauses.give_up = 60s;
  desk.begin();
  const std::string entity = desk.house.entity_ids().at(2);
  desk.home.change([](fakes::House& now) { now.hold_recorder(); });
  desk.set_states(entity, 1, 5);
  desk.start();
  REQUIRE(desk.asked_for_history(3));
  CHECK(desk.influx.rows().size() == desk.states() + 1);  // the last one, of get_states
  desk.home.change([](fakes::House& now) { now.commit_recorder(); });
  CHECK(desk.settled(desk.states() + 5));
  CHECK(desk.status()["backfill"]["unverified"] == 0);
}

TEST_CASE("Rows of both names of an entity renamed in the gap are points of the present one") {
  const auto old_rows = GENERATE(fakes::OldRows::move, fakes::OldRows::stay);
  CAPTURE(old_rows == fakes::OldRows::move);
  Desk desk;
  const std::string old_id = desk.house.entity_ids().at(2);
  const std::string id = "sensor.renamed_meanwhile";
  desk.begin();
  desk.set_states(old_id, 1, 5);
  desk.home.change([&](fakes::House& now) { now.rename_entity(old_id, id, old_rows); });
  desk.set_states(id, 6, 9);
  desk.start();
  CHECK(eventually(
      [&] {
        const std::string story = desk.story(id);
        return desk.status()["backfill"]["open"] == 0 && story.find("\"1\"") != std::string::npos &&
               story.find("\"9\"") != std::string::npos;
      },
      k_end));
  const std::string story = desk.story(id);
  for (int i = 1; i <= 9; ++i) {
    CAPTURE(i, story);
    CHECK(story.find("\"" + std::to_string(i) + "\"") != std::string::npos);
  }
  const std::string device = json::parse(desk.house.entity_field(old_id, "device_id"));
  for (const auto& [row, fields] : desk.influx.rows()) {
    if (row.find("entity_id=" + id) == std::string::npos) continue;
    CAPTURE(row, fields.at("state"));
    CHECK(row.find("device_id=" + device) != std::string::npos);
  }
}

TEST_CASE("While Home Assistant starts nothing is asked for; when it runs, all of it") {
  Desk desk;
  desk.begin();
  const std::string entity = desk.house.entity_ids().at(2);
  desk.set_states(entity, 1, 6);
  desk.home.set_faults(fault("starting=1000"));
  desk.start();
  REQUIRE(eventually([&] { return desk.influx.rows().size() > desk.states(); }, k_end));
  desk.home.set_faults({});
  CHECK(desk.settled(desk.states() + 6));
  CHECK(desk.status()["backfill"]["unverified"] == 0);
}

TEST_CASE("An entity that the recorder leaves out has its last state, once, and is said") {
  Desk desk;
  const std::string entity = desk.house.entity_ids().at(2);
  desk.home.change([&](fakes::House& now) { now.exclude_from_recorder(entity); });
  desk.begin();
  desk.set_states(entity, 1, 3);
  desk.start();
  CHECK(desk.settled(desk.states() + 1));
  CHECK(desk.status()["backfill"]["unverified"] == 1);
  for (std::size_t connection = 3; connection <= 4; ++connection) {
    desk.home.drop_connections();
    REQUIRE(eventually([&] { return desk.home.counters().upgrades == connection; }, k_end));
    desk.set_states(desk.house.entity_ids().at(7), 1, static_cast<int>(connection));
  }
  CHECK(eventually([&] { return desk.story(entity).ends_with("\"3\" "); }, k_end));
  CHECK(desk.lines_written() == desk.influx.rows().size());
}

TEST_CASE("A Home Assistant without a recorder is said, and the live ones go on") {
  Desk desk;
  desk.begin();
  const std::string entity = desk.house.entity_ids().at(2);
  desk.set_states(entity, 1, 6);
  desk.options.points->backfill_pauses.give_up_unanswered = 400ms;
  desk.home.set_faults(fault("fail=history/history_during_period:unknown_command"));
  const test::StderrCapture log;
  desk.start();
  CHECK(eventually([&] { return desk.status().value("/backfill/error"_json_pointer, "") != ""; },
                   k_end));
  CHECK(desk.settled(desk.states() + 1));
  CHECK(desk.status()["backfill"]["unverified"] == 1);
  desk.set_states(entity, 7, 9);
  CHECK(desk.settled(desk.states() + 4));
  desk.stop();
  CHECK(log.text().find("what 1 entity did before ") != std::string::npos);
  CHECK(log.text().find("is not known but for the state they had then: Home Assistant's recorder "
                        "does not have it (" +
                        entity + ")") != std::string::npos);
}

TEST_CASE("A state stamped an hour ahead does not hide the gap that follows it") {
  Desk desk;
  desk.start();
  REQUIRE(desk.settled(desk.states()));
  const std::string entity = desk.house.entity_ids().at(2);
  desk.home.change(
      [&](fakes::House& now) { now.set_state_at(entity, "ahead", base::system_now() + 1h); });
  REQUIRE(desk.settled(desk.states() + 1));
  desk.stop();
  CHECK(desk.status()["future"] == 1);
  const base::Timestamp right = base::system_now() + 1s;
  desk.home.change([&](fakes::House& now) {
    for (int i = 0; i < 6; ++i) {
      now.set_state_at(entity, std::to_string(i), right + std::chrono::milliseconds(i));
    }
    now.set_clock(right + 1s);
  });
  desk.start();
  CHECK(desk.settled(desk.states() + 7));
}

TEST_CASE("Many entities are asked for fifty at a time, each stretch of time once") {
  Desk desk(160);
  desk.begin();
  std::vector<std::string> ids;
  for (const json& state : json::parse(desk.house.states_json())) ids.push_back(state["entity_id"]);
  REQUIRE(ids.size() >= 120);
  ids.resize(120);
  desk.home.change([&](fakes::House& now) {
    for (int round = 0; round < 3; ++round) {
      for (const std::string& id : ids) now.set_state(id, "round " + std::to_string(round));
    }
  });
  desk.start();
  CHECK(desk.settled(desk.states() + 360));
  std::map<std::string, std::string> asked_to;
  for (const std::string& text : desk.home.counters().history_requests) {
    const json request = json::parse(text);
    CHECK(request["entity_ids"].size() <= 50);
    CHECK(request["significant_changes_only"] == false);
    CHECK(request["minimal_response"] == false);
    CHECK(request["no_attributes"] == false);
    // Each a second wider on either side.
    const std::string start = request["start_time"], end = request["end_time"];
    for (const json& id : request["entity_ids"]) {
      const std::string before = std::exchange(asked_to[id], end);
      if (before.empty()) continue;
      CHECK(*base::parse_timestamp(start) == *base::parse_timestamp(before) - 2s);
    }
  }
  CHECK(asked_to.size() == 120);
}

TEST_CASE("On the first start as much of the past comes as was asked for") {
  Desk desk;
  desk.options.points->first_backfill = 30min;
  const std::string entity = desk.house.entity_ids().at(2);
  desk.set_states(entity, 1, 3);  // an hour ago
  const base::Timestamp lately = base::system_now() - 10min;
  desk.home.change([&](fakes::House& now) {
    now.set_clock(lately);
    for (int i = 4; i <= 6; ++i) now.set_state(entity, std::to_string(i));
  });
  desk.start();
  CHECK(desk.settled(desk.states() + 2));
  CHECK(desk.story(entity) == "\"4\"<\"3\" \"5\"<\"4\" \"6\" ");
}

TEST_CASE("Home Assistant's refusals cost only what they are about") {
  Desk desk;
  desk.begin();
  const std::string entity = desk.house.entity_ids().at(2);
  desk.set_states(entity, 1, 3);
  desk.home.set_faults(fault("fail=history/history_during_period:unknown_error"));
  desk.options.points->backfill_pauses.give_up = 60s;
  desk.start();
  REQUIRE(desk.asked_for_history(12));
  desk.home.set_faults({});
  desk.home.drop_connections();
  CHECK(desk.settled(desk.states() + 3));
  CHECK(desk.status()["backfill"]["unverified"] == 0);
}

TEST_CASE(
    "A burst that is too much for the queue ends the connection, and then comes all the same") {
  Desk desk;
  desk.options.queue_bytes = std::size_t{256} << 10U;
  desk.start();
  REQUIRE(desk.settled(desk.states()));
  const std::vector<std::string> ids = desk.house.entity_ids();
  const test::StderrCapture log;
  desk.home.change([&](fakes::House& now) {
    for (int i = 0; i < 10'000; ++i) now.set_state(ids[0], std::to_string(i));
  });
  CHECK(desk.settled(desk.states() + 10'000));
  CHECK(desk.home.counters().upgrades > 1);
  CHECK(desk.status()["backfill"]["unverified"] == 0);
  CHECK(desk.status()["backfill"]["points"] > 1'000);
  CHECK(log.text().find("events come faster than they can be taken; what was missed is asked for "
                        "again") != std::string::npos);
}
