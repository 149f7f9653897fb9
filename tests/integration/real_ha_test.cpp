// SPDX-License-Identifier: MIT
// The real binary against real Home Assistants: what people do to a house is done to it, and after
// each sync the store is held against what Home Assistant says, field by field.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <thread>

#include "tests/contract/choke.hpp"
#include "tests/contract/ha_client.hpp"
#include "tests/contract/stored.hpp"
#include "tests/parts/part.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sql.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest::test;

namespace {

using Lines = std::vector<std::string>;

constexpr const char* k_boiler =
    R"({"identifiers":["haingest_boiler"],"name":"Boiler","manufacturer":"Example",)"
    R"("model":"B1","sw_version":"1.0","serial_number":"4711"})";

// A house with a broker, where a device of two sensors, the boiler, is announced over MQTT.
class House {
 public:
  explicit House(const std::string& release) : home(release, broker.port()) {
    log_in();
    announce_boiler();
  }

  void log_in() {
    client = std::make_unique<HaClient>(home.url());
    client->log_in(home.token());
  }

  void announce_boiler() {
    for (const char* sensor : {"flow", "return"}) {
      const std::string name(sensor);
      broker.publish("homeassistant/sensor/haingest_" + name + "/config",
                     R"({"unique_id":"haingest_)" + name + R"(","name":")" + name +
                         R"(","state_topic":"boiler/)" + name +
                         R"(","device_class":"temperature","unit_of_measurement":"°C","device":)" +
                         k_boiler + "}");
    }
    // Both have a state by then, so that no unit comes after a sync.
    wait_for("the boiler's states", [&] {
      const auto sensors = boiler_sensors();
      return sensors.size() == 2 && std::ranges::all_of(sensors, [&](const auto& sensor) {
               return has_state(sensor.second.at("entity_id"));
             });
    });
  }

  void withdraw_boiler() {
    for (const char* sensor : {"flow", "return"}) {
      broker.publish("homeassistant/sensor/haingest_" + std::string(sensor) + "/config", "");
    }
    wait_for("no boiler", [&] { return boiler_sensors().empty() && !boiler(); });
  }

  template <class Condition>
  void wait_for(const std::string& what, Condition condition) const {
    if (!eventually(condition, std::chrono::seconds(30)))
      throw std::runtime_error("Home Assistant does not say: " + what);
  }

  // Registry ids by the last part of the unique id.
  [[nodiscard]] std::map<std::string, Json> boiler_sensors() const {
    std::map<std::string, Json> found;
    for (const Json& entity : client->result("config/entity_registry/list")) {
      const std::string unique_id = entity.at("unique_id");
      if (unique_id.starts_with("haingest_")) found[unique_id.substr(9)] = entity;
    }
    return found;
  }
  [[nodiscard]] std::optional<Json> boiler() const {
    for (const Json& device : client->result("config/device_registry/list")) {
      if (device.contains("manufacturer") && device.at("manufacturer") == "Example") return device;
    }
    return std::nullopt;
  }

  void tell(const std::string& command, const Json& members) {
    static_cast<void>(client->result(command, members));
  }
  void update_entity(const std::string& entity_id, const Json& members) {
    Json all{{"entity_id", entity_id}};
    all.update(members);
    tell("config/entity_registry/update", all);
  }
  void update_device(const std::string& device_id, const Json& members) {
    Json all{{"device_id", device_id}};
    all.update(members);
    tell("config/device_registry/update", all);
  }
  // Whether the entity has one that its integration gives (and is not kept from before a restart).
  [[nodiscard]] bool has_state(const std::string& entity_id) const {
    const Json states = client->result("get_states");
    return std::ranges::any_of(states, [&](const Json& state) {
      return state.at("entity_id") == entity_id && !state.at("attributes").contains("restored");
    });
  }

  Mosquitto broker;
  HomeAssistant home;
  std::unique_ptr<HaClient> client;
};

class Store {
 public:
  explicit Store(const HomeAssistant& home) : home_(home) {}

  [[nodiscard]] std::string path() const { return folder_.file("metadata.db"); }
  [[nodiscard]] Command command(const std::string& url, const Lines& more = {}) const {
    Command sync;
    sync.argv = {HAINGEST_BINARY,    "sync", "--ha-url", url, "--ha-token-file",
                 home_.token_file(), "--db", path(),     "-q"};
    sync.argv.insert(sync.argv.end(), more.begin(), more.end());
    sync.environment["HOME"] = folder_.path().string();
    return sync;
  }
  [[nodiscard]] Outcome sync(const Lines& more = {}) const {
    return run(command(home_.url(), more));
  }
  [[nodiscard]] std::string ask(const std::string& sql) const { return query(path(), sql); }
  // The last run's changes as "action kind", sorted; those of `kind` only.
  [[nodiscard]] std::string last_actions(const std::string& kind) const {
    return ask(
        "SELECT action, count(*) FROM changes WHERE run = (SELECT max(run) FROM sync_runs) AND "
        "kind = '" +
        kind + "' GROUP BY 1 ORDER BY 1");
  }
  // Everything that is stored, but for the log of the runs.
  [[nodiscard]] std::string world() const {
    std::string all;
    for (const char* table : {"devices", "entities", "areas", "floors", "labels", "config_entries",
                              "device_aliases", "removed", "changes"}) {
      all += ask("SELECT * FROM " + std::string(table) + " ORDER BY 1, 2");
    }
    return all;
  }

 private:
  const HomeAssistant& home_;
  TempDir folder_;
};

void expect_mirrored(const House& house, const Store& store) {
  CHECK(differences(*house.client, store.path()) == Lines{});
}

void expect_fine(const Outcome& outcome) {
  INFO(outcome.out << outcome.err);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
}

void mirror_first(House& house, const Store& store) {
  expect_fine(store.sync());
  expect_mirrored(house, store);
  CHECK(store.ask("SELECT count(*) FROM devices WHERE manufacturer = 'Example' AND serial_number = "
                  "'4711'") == "1\n");
  CHECK(store.ask("SELECT unit, device_class FROM entities WHERE unique_id = 'haingest_flow'") ==
        "°C|temperature\n");

  const Outcome again = store.sync({"--exit-code"});
  expect_fine(again);
  CHECK(again.out.empty());
}

void refuse_token(const House& house) {
  const TempDir folder;
  write_file(folder.file("token"), "eyJhbGciOi-not-a-token\n");
  Command sync;
  sync.argv = {HAINGEST_BINARY,
               "sync",
               "--ha-url",
               house.home.url(),
               "--ha-token-file",
               folder.file("token"),
               "--db",
               folder.file("metadata.db")};
  const Outcome outcome = run(sync);
  CHECK(outcome.exit_code == 4);
  CHECK(outcome.out.empty());
  CHECK_THAT(outcome.err, ContainsSubstring("Invalid access token or password"));
  CHECK(outcome.err.find("eyJhbGciOi") == std::string::npos);
}

void rename_and_furnish(House& house, const Store& store) {
  const Json flow = house.boiler_sensors().at("flow");
  const std::string device = house.boiler()->at("id");
  // Since 2024.4 floors have areas, and labels can be put on something.
  const bool modern = flow.contains("categories");
  house.update_entity(flow.at("entity_id"),
                      Json{{"new_entity_id", "sensor.supply_line"}, {"name", "Supply"}});
  house.tell("config/area_registry/create", Json{{"name", "Plant Room"}});
  house.tell("config/floor_registry/create", Json{{"name", "Basement"}, {"level", -1}});
  house.tell("config/label_registry/create", Json{{"name", "Heating"}, {"color", "#ff8800"}});
  house.update_device(device, Json{{"area_id", "plant_room"}, {"name_by_user", "Old faithful"}});
  house.update_entity("sensor.supply_line", Json{{"icon", "mdi:pipe"}});
  if (modern) {
    house.update_device(device, Json{{"labels", {"heating"}}});
    house.update_entity("sensor.supply_line", Json{{"labels", {"heating"}}});
    house.tell("config/area_registry/update",
               Json{{"area_id", "plant_room"}, {"floor_id", "basement"}});
  }
  house.wait_for("the new entity_id", [&] { return house.has_state("sensor.supply_line"); });

  CHECK(store.sync({"--exit-code"}).exit_code == 3);
  expect_mirrored(house, store);
  CHECK(store.last_actions("entity") == "renamed|1\n");
  CHECK(store.last_actions("device") == "updated|1\n");
  CHECK(store.last_actions("area") == "added|1\n");
  CHECK(store.last_actions("floor") == "added|1\n");
  CHECK(store.last_actions("label") == "added|1\n");
  CHECK(store.ask("SELECT entity_id, name FROM entities WHERE registry_id = '" +
                  flow.at("id").get<std::string>() + "'") == "sensor.supply_line|Supply\n");
  CHECK(store.ask("SELECT area_id, name, name_by_user FROM devices WHERE device_id = '" + device +
                  "'") == "plant_room|Boiler|Old faithful\n");
}

void swap_entity_ids(House& house, const Store& store) {
  const auto before = house.boiler_sensors();
  const std::string flow = before.at("flow").at("entity_id");
  const std::string back = before.at("return").at("entity_id");
  house.update_entity(flow, Json{{"new_entity_id", "sensor.between"}});
  house.update_entity(back, Json{{"new_entity_id", flow}});
  house.update_entity("sensor.between", Json{{"new_entity_id", back}});
  house.wait_for("the swapped entity_ids", [&] {
    return house.has_state(flow) && house.has_state(back) && !house.has_state("sensor.between");
  });

  expect_fine(store.sync());
  expect_mirrored(house, store);
  CHECK(store.last_actions("entity") == "renamed|2\n");
}

void disable(House& house, const Store& store) {
  const std::string back = house.boiler_sensors().at("return").at("entity_id");
  house.update_entity(back, Json{{"disabled_by", "user"}});
  house.wait_for("no state", [&] { return !house.has_state(back); });
  expect_fine(store.sync());
  expect_mirrored(house, store);
  CHECK(store.last_actions("entity") == "updated|1\n");
  CHECK(store.ask("SELECT disabled, disabled_by, unit FROM entities WHERE entity_id = '" + back +
                  "'") == "1|user|°C\n");  // its state is gone, what it said of the unit stays
  house.update_entity(back, Json{{"disabled_by", nullptr}});
  // It comes back with a reload, which Home Assistant does by itself 30 s later.
  house.tell("call_service", Json{{"domain", "homeassistant"},
                                  {"service", "reload_config_entry"},
                                  {"target", {{"entity_id", back}}}});
  house.wait_for("a state again", [&] { return house.has_state(back); });
}

void remove_and_restore(House& house, const Store& store) {
  expect_fine(store.sync());
  const std::string device = house.boiler()->at("id");
  const auto sensors = house.boiler_sensors();

  house.withdraw_boiler();
  expect_fine(store.sync());
  expect_mirrored(house, store);
  CHECK(store.last_actions("device") == "removed|1\n");
  CHECK(store.last_actions("entity") == "removed|2\n");
  CHECK(store.ask("SELECT kind, name FROM removed WHERE id = '" + device + "'") ==
        "device|Boiler\n");

  house.announce_boiler();
  REQUIRE(house.boiler()->at("id") == device);  // Home Assistant gives the old ids again
  expect_fine(store.sync());
  expect_mirrored(house, store);
  CHECK(store.last_actions("device") == "restored|1\n");
  CHECK(store.last_actions("entity") == "restored|2\n");
  CHECK(store.ask("SELECT count(*) FROM removed WHERE kind IN ('device', 'entity')") == "0\n");
  for (const auto& [name, sensor] : sensors) {
    INFO(name);
    CHECK(house.boiler_sensors().at(name).at("id") == sensor.at("id"));
  }
}

void clear_away(House& house, const Store& store) {
  house.tell("config/area_registry/delete", Json{{"area_id", "plant_room"}});
  house.tell("config/floor_registry/delete", Json{{"floor_id", "basement"}});
  house.tell("config/label_registry/delete", Json{{"label_id", "heating"}});
  expect_fine(store.sync());
  expect_mirrored(house, store);
  for (const char* kind : {"area", "floor", "label"})
    CHECK(store.last_actions(kind) == "removed|1\n");
  CHECK(
      store.ask(
          "SELECT count(*) FROM devices WHERE area_id = 'plant_room' OR labels LIKE '%heating%'") ==
      "0\n");
}

// Home Assistant is killed while three syncs are in the middle of it: in the greeting, in the small
// answers, in the big ones. Each ends as "cut off" and has written nothing.
void kill_in_the_middle(House& house, const Store& store) {
  // A Home Assistant writes its registries down up to 3 minutes after its first start, or when it
  // ends.
  house.home.restart();
  house.log_in();
  house.announce_boiler();
  expect_fine(store.sync());
  expect_mirrored(house, store);
  const std::string before = store.world();
  std::vector<std::unique_ptr<Choke>> chokes;
  std::vector<std::unique_ptr<Background>> syncs;
  for (const std::size_t bytes : {300U, 3000U, 40'000U}) {
    chokes.push_back(std::make_unique<Choke>(house.home.url(), bytes));
    syncs.push_back(std::make_unique<Background>(store.command(chokes.back()->url())));
  }
  for (const auto& choke : chokes) REQUIRE(eventually([&] { return choke->is_holding(); }));
  house.home.kill();
  for (const auto& sync : syncs) {
    const Outcome outcome = sync->wait();
    INFO(outcome.err);
    CHECK(outcome.exit_code == 5);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, ContainsSubstring("http://127.0.0.1:"));
  }
  const Outcome away = store.sync();
  CHECK(away.exit_code == 5);
  CHECK(store.world() == before);
}

// While it starts it knows only part of its house: what a sync finds then removes nothing.
void sync_while_it_starts(House& house, const Store& store) {
  const std::string devices = store.ask("SELECT count(*) FROM devices");
  std::thread starting([&] { house.home.restart(); });
  std::set<int> exit_codes;
  const bool came_back = eventually(
      [&] {
        const int code = store.sync().exit_code;
        exit_codes.insert(code);
        CHECK(store.ask("SELECT count(*) FROM devices") == devices);
        return code == 0;
      },
      std::chrono::seconds(120));
  starting.join();
  CHECK(came_back);
  INFO(Json(exit_codes).dump());
  for (const int code : exit_codes) CHECK((code == 0 || code == 5 || code == 6));
  house.log_in();
  house.announce_boiler();
  expect_fine(store.sync());
  expect_mirrored(house, store);
  CHECK(store.ask("SELECT count(*) FROM removed WHERE kind = 'device'") == "0\n");
}

void live_through_everything(const std::string& release) {
  if (!have_part("homeassistant " + release) || !have_part("mosquitto")) return;
  House house(release);
  const Store store(house.home);
  mirror_first(house, store);
  refuse_token(house);
  rename_and_furnish(house, store);
  swap_entity_ids(house, store);
  disable(house, store);
  remove_and_restore(house, store);
  clear_away(house, store);
  kill_in_the_middle(house, store);
  sync_while_it_starts(house, store);
}

}  // namespace

TEST_CASE("a Home Assistant 2024 is mirrored through everything that is done to it") {
  live_through_everything("2024");
}

TEST_CASE("a Home Assistant 2026 is mirrored through everything that is done to it") {
  live_through_everything("2026");
}

namespace {

// Makes the boiler a device of two integrations, as a network tracker does; only releases before
// 2026.8 have such.
void share_boiler(const House& house) {
  const std::string path = house.home.storage("core.device_registry");
  Json registry = Json::parse(read_file(path));
  Json& devices = registry.at("data").at("devices");
  const auto of = [&](const char* key, const char* value) {
    return std::ranges::find_if(devices,
                                [&](const Json& device) { return device.at(key) == value; });
  };
  const auto boiler = of("manufacturer", "Example");
  const auto other = std::ranges::find_if(devices, [&](const Json& device) {
    return device.at("config_entries") != boiler->at("config_entries");
  });
  REQUIRE((boiler != devices.end() && other != devices.end()));
  boiler->at("config_entries").push_back(other->at("config_entries").at(0));
  write_file(path, registry.dump());
}

}  // namespace

TEST_CASE(
    "a house that moves from 2024 to 2026 keeps its devices, and a shared one has successors") {
  if (!have_part("homeassistant 2024") || !have_part("homeassistant 2026") ||
      !have_part("mosquitto"))
    return;
  House house("2024");
  const std::string boiler = house.boiler()->at("id");
  house.home.stop();
  share_boiler(house);
  house.home.restart();
  house.log_in();
  house.announce_boiler();
  const Store store(house.home);
  expect_fine(store.sync());
  expect_mirrored(house, store);
  const std::string others =
      "SELECT device_id, first_seen FROM devices WHERE device_id <> '" + boiler + "' ORDER BY 1";
  const std::string before = store.ask(others);

  house.home.upgrade("2026");
  house.log_in();
  house.announce_boiler();
  CHECK(house.client->result("get_config").at("version") == "2026.11.0");
  expect_fine(store.sync());
  expect_mirrored(house, store);
  std::istringstream lines(before);
  const std::string after = store.ask(others);
  for (std::string line; std::getline(lines, line);) CHECK_THAT(after, ContainsSubstring(line));

  const Json splits = house.client->result("config/device_registry/list_composite_splits");
  REQUIRE(splits.contains(boiler));
  CHECK(store.ask("SELECT action, id FROM changes WHERE kind = 'device' AND action IN "
                  "('superseded', 'removed')") == "superseded|" + boiler + "\n");
  std::set<std::string> successors;
  for (const Json& id : splits.at(boiler).at("split_ids")) successors.insert(id.get<std::string>());
  CHECK(successors.size() == 2);
  std::string expected;
  for (const std::string& id : successors) expected += id + "\n";
  CHECK(store.ask("SELECT new_id FROM device_aliases WHERE old_id = '" + boiler + "' ORDER BY 1") ==
        expected);
  // A house this old knows no primary entry; then the half that has the entities goes for the old
  // device.
  CHECK(splits.at(boiler).at("primary_id").is_null());
  CHECK(store.ask("SELECT new_id FROM device_aliases WHERE is_primary") ==
        house.boiler_sensors().at("flow").at("device_id").get<std::string>() + "\n");
}

TEST_CASE("another house is not mistaken for the one that is mirrored") {
  if (!have_part("homeassistant 2024") || !have_part("homeassistant 2026")) return;
  const HomeAssistant one("2024");
  const HomeAssistant other("2026");
  const Store store(one);
  expect_fine(store.sync());
  const std::string before = store.world();
  Command sync = store.command(other.url());
  std::ranges::replace(sync.argv, one.token_file(), other.token_file());
  const Outcome outcome = run(sync);
  CHECK(outcome.exit_code == 7);
  CHECK_THAT(outcome.err, ContainsSubstring("--new-house"));
  CHECK(store.world() == before);
  sync.argv.emplace_back("--new-house");
  CHECK(run(sync).exit_code == 0);
  HaClient client(other.url());
  client.log_in(other.token());
  CHECK(differences(client, store.path()) == Lines{});
}
