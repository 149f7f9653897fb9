// SPDX-License-Identifier: MIT
// The simulated Home Assistant itself: what a release of it says, what its house holds, each fault,
// and the program. (Whether that is what real ones say is contract_test's matter.)
#include <signal.h>
#include <sys/stat.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <map>
#include <set>

#include "tests/contract/ha_client.hpp"
#include "tests/fakes/ha_server.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
using namespace haingest::test;

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string token_of(const fakes::HaServer& server) { return std::string(server.token().reveal()); }

fakes::HouseOptions release(const std::string& version) {
  fakes::HouseOptions options;
  options.ha_version = version;
  return options;
}

// A server with these faults, "http=403" and so on.
struct Faulty {
  explicit Faulty(const std::vector<std::string>& faults, fakes::ServerOptions options = {})
      : server(fakes::make_house(), with(std::move(options), faults)) {}

  static fakes::ServerOptions with(fakes::ServerOptions options,
                                   const std::vector<std::string>& faults) {
    for (const std::string& fault : faults) fakes::add_fault(options.faults, fault);
    return options;
  }
  [[nodiscard]] std::unique_ptr<HaClient> connect() const {
    return std::make_unique<HaClient>(server.url());
  }
  [[nodiscard]] std::unique_ptr<HaClient> log_in() const {
    auto client = connect();
    client->log_in(token_of(server));
    return client;
  }

  fakes::HaServer server;
};

std::set<std::string> fields_of(const Json& record) {
  std::set<std::string> names;
  for (const auto& [key, value] : record.items()) names.insert(key);
  return names;
}

// The first frames of a WebSocket as they are on the wire: `count` bytes behind the answer to the
// upgrade.
std::string wire_bytes(const fakes::HaServer& server, std::size_t count) {
  namespace asio = boost::asio;
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect({asio::ip::make_address("127.0.0.1"), server.port()});
  asio::write(socket, asio::buffer(std::string(
                          "GET /api/websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                          "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")));
  asio::streambuf buffer;
  asio::read_until(socket, buffer, "\r\n\r\n");
  std::string text(asio::buffers_begin(buffer.data()), asio::buffers_end(buffer.data()));
  text.erase(0, text.find("\r\n\r\n") + 4);
  if (text.size() < count) {
    std::string rest(count - text.size(), '\0');
    asio::read(socket, asio::buffer(rest));
    text += rest;
  }
  return text.substr(0, count);
}

}  // namespace

// --- the house
// ------------------------------------------------------------------------------------------------------

TEST_CASE("the house has 94 devices and 420 entities in every release") {
  for (const char* version : {"2022.8.0", "2024.3.3", "2026.7.2", "2026.8.0", "2026.11.0"}) {
    INFO(version);
    const fakes::House house = fakes::make_house(release(version));
    const Json devices = Json::parse(house.devices_json());
    std::set<std::string> ids;
    for (const Json& device : devices) ids.insert(device.at("id").get<std::string>());
    CHECK(devices.size() == 94);
    CHECK(ids.size() == 94);
    CHECK(Json::parse(house.entities_json()).size() == 420);
    CHECK(house.ha_version() == version);
  }
}

TEST_CASE("what a record refers to is there, but for one orphan") {
  const fakes::House house = fakes::make_house();
  std::set<std::string> devices, areas, entries;
  for (const std::string& id : house.device_ids()) devices.insert(id);
  for (const std::string& id : house.area_ids()) areas.insert(id);
  for (const std::string& id : house.config_entry_ids()) entries.insert(id);
  for (const Json& device : Json::parse(house.devices_json())) {
    CHECK(entries.contains(device.at("config_entry_id").get<std::string>()));
    if (!device.at("area_id").is_null())
      CHECK(areas.contains(device.at("area_id").get<std::string>()));
  }
  std::size_t orphans = 0;
  for (const Json& entity : Json::parse(house.entities_json())) {
    if (!entity.at("device_id").is_null())
      orphans += 1 - devices.count(entity.at("device_id").get<std::string>());
  }
  CHECK(orphans == 1);
}

TEST_CASE("the same options give the same bytes, another seed gives other ids") {
  CHECK(fakes::make_house().snapshot_document("http://x") ==
        fakes::make_house().snapshot_document("http://x"));
  fakes::HouseOptions options;
  options.seed = 2;
  CHECK(fakes::make_house(options).device_ids() != fakes::make_house().device_ids());
}

TEST_CASE("the house can be of any size") {
  fakes::HouseOptions options;
  options.devices = 1000;
  options.entities = 10'000;
  const fakes::House house = fakes::make_house(options);
  CHECK(house.device_ids().size() == 1000);
  CHECK(house.entity_ids().size() == 10'000);
  options.devices = 0;
  options.entities = 0;
  CHECK(fakes::make_house(options).devices_json() == "[]");
  CHECK(fakes::make_house(options).entities_json() == "[]");
}

TEST_CASE("a release has the fields of its time") {
  struct Expected {
    const char* version;
    std::set<std::string> device, entity, area;
  };
  const std::set<std::string> device_2022{
      "area_id",      "configuration_url", "config_entries", "connections",
      "disabled_by",  "entry_type",        "hw_version",     "id",
      "identifiers",  "manufacturer",      "model",          "name",
      "name_by_user", "sw_version",        "via_device_id"};
  const std::set<std::string> entity_2022{
      "area_id", "config_entry_id", "device_id",     "disabled_by",
      "name",    "entity_category", "entity_id",     "has_entity_name",
      "icon",    "hidden_by",       "original_name", "platform"};
  const auto plus = [](std::set<std::string> names, const std::set<std::string>& more) {
    names.insert(more.begin(), more.end());
    return names;
  };
  const auto less = [](std::set<std::string> names, const std::set<std::string>& fewer) {
    for (const std::string& name : fewer) names.erase(name);
    return names;
  };
  const auto entity_2023 = plus(entity_2022, {"id", "unique_id", "translation_key", "options"});
  const auto device_2024 = plus(device_2022, {"serial_number", "labels"});
  const auto entity_2024 = plus(entity_2023, {"labels", "categories"});
  const std::set<std::string> dates{"created_at", "modified_at"};
  const auto device_2025 = plus(plus(device_2024, dates),
                                {"model_id", "primary_config_entry", "config_entries_subentries"});
  const auto entity_2025 = plus(plus(entity_2024, dates), {"config_subentry_id"});
  const std::set<std::string> area_2022{"area_id", "name", "picture"};
  const auto area_2024 = plus(area_2022, {"aliases", "icon", "floor_id", "labels"});
  const auto area_2025 =
      plus(plus(area_2024, dates), {"temperature_entity_id", "humidity_entity_id"});
  const std::vector<Expected> all{
      {"2022.8.0", device_2022, entity_2022, area_2022},
      {"2023.4.6", device_2022, entity_2023, plus(area_2022, {"aliases"})},
      {"2024.4.1", device_2024, entity_2024, area_2024},
      {"2025.6.0", device_2025, entity_2025, area_2025},
      {"2026.8.0", plus(device_2025, {"config_entry_id", "config_subentry_id"}), entity_2025,
       area_2025},
      {"2026.11.0",
       plus(device_2025,
            {"config_entry_id", "config_subentry_id", "parent_device_id", "next_name_part"}),
       less(plus(entity_2025, {"next_name_part"}), {"has_entity_name"}), area_2025},
  };
  for (const Expected& expected : all) {
    INFO(expected.version);
    const fakes::House house = fakes::make_house(release(expected.version));
    CHECK(fields_of(Json::parse(house.devices_json()).at(0)) == expected.device);
    CHECK(fields_of(Json::parse(house.entities_json()).at(0)) == expected.entity);
    CHECK(fields_of(Json::parse(house.areas_json()).at(0)) == expected.area);
  }
}

TEST_CASE("a release has the commands of its time") {
  const std::map<std::string, std::string> first_release{
      {"config/floor_registry/list", "2024.3.0"},
      {"config/label_registry/list", "2024.3.0"},
      {"config/device_registry/list_composite_splits", "2026.8.0"},
      {"config_entries/get", "2022.8.0"},
      {"config_entries/subscribe", "2022.11.0"},
  };
  for (const char* version :
       {"2022.6.0", "2022.8.0", "2023.4.0", "2024.3.0", "2026.7.0", "2026.8.0b1"}) {
    const fakes::HaServer server(fakes::make_house(release(version)));
    HaClient client(server.url());
    client.log_in(token_of(server));
    for (const auto& [command, first] : first_release) {
      INFO(version << " " << command);
      const bool known = fakes::parse_ha_version(version) >= fakes::parse_ha_version(first);
      const Json answer = client.ask(command);
      CHECK(answer.at("success") == known);
      if (!known) CHECK(answer.at("error").at("code") == "unknown_command");
    }
  }
}

TEST_CASE(
    "an upgrade to 2026.8 splits shared devices, without an event, and remembers the old ids") {
  fakes::House house = fakes::make_house(release("2026.7.0"));
  std::set<std::string> shared;
  for (const Json& device : Json::parse(house.devices_json())) {
    if (device.at("config_entries").size() == 2) shared.insert(device.at("id").get<std::string>());
  }
  REQUIRE(!shared.empty());
  const std::size_t before = house.device_ids().size();
  static_cast<void>(house.take_events());
  house.upgrade_to("2026.8.0");
  CHECK(house.take_events().empty());
  CHECK(house.device_ids().size() == before + shared.size());
  const Json splits = Json::parse(house.composite_splits_json());
  CHECK(fields_of(splits) == shared);
  for (const auto& [old_id, split] : splits.items()) {
    CHECK(!house.has_device(old_id));
    CHECK(split.at("split_ids").size() == 2);
    CHECK(split.at("primary_id") == split.at("split_ids").at(0));
    for (const Json& id : split.at("split_ids")) CHECK(house.has_device(id.get<std::string>()));
  }
}

TEST_CASE("children come with 2026.9, after their parents") {
  const auto children = [](const std::string& version) {
    std::set<std::string> seen;
    std::size_t count = 0;
    for (const Json& device : Json::parse(fakes::make_house(release(version)).devices_json())) {
      if (device.contains("parent_device_id") && device["parent_device_id"].is_string()) {
        ++count;
        CHECK(seen.contains(device["parent_device_id"].get<std::string>()));
        CHECK(!device.contains("manufacturer"));
      }
      seen.insert(device.at("id").get<std::string>());
    }
    return count;
  };
  CHECK(children("2026.8.0") == 0);
  CHECK(children("2026.9.0") > 0);
  CHECK(children("2026.11.0") > 0);
}

TEST_CASE("the weird house is what nobody would send, and JSON but for half a surrogate pair") {
  fakes::HouseOptions options;
  options.weird = true;
  const fakes::House house = fakes::make_house(options);
  const Json devices = Json::parse(house.devices_json());
  CHECK(devices.size() > 94);
  std::set<std::string> ids;
  for (const Json& device : devices) ids.insert(device.at("id").get<std::string>());
  CHECK(ids.size() < devices.size());
  CHECK_THAT(house.devices_json(), ContainsSubstring("\\u0000"));
  std::string entities = house.entities_json();
  const std::size_t half = entities.find("\\ud83d");
  REQUIRE(half != std::string::npos);
  CHECK(!Json::accept(entities));
  CHECK(Json::parse(entities.erase(half, 6)).size() > 420);
  CHECK(Json::accept(house.states_json()));
}

// --- the recorder
// ---------------------------------------------------------------------------------------------------

namespace {

constexpr const char* k_meter = "sensor.meter";

// A house whose history is asked for.
struct Remembering {
  explicit Remembering(const std::vector<std::string>& faults = {})
      : house(faults), client(house.log_in()) {}

  void change(const std::function<void(fakes::House&)>& edit) { house.server.change(edit); }
  [[nodiscard]] Json ask(const std::vector<std::string>& ids, const std::string& start) const {
    return client->ask("history/history_during_period", Json{{"start_time", start},
                                                             {"entity_ids", ids},
                                                             {"include_start_time_state", false},
                                                             {"significant_changes_only", false}});
  }
  // The states that an entity has had, "gone" for its removal.
  [[nodiscard]] std::string states(const std::string& id,
                                   const std::string& start = "2020-01-01T00:00:00+00:00") const {
    std::string all;
    for (const Json& row : ask({id}, start).at("result").value(id, Json::array())) {
      if (!all.empty()) all += ' ';
      all += row["s"].is_null() ? "gone" : row["s"].get<std::string>();
    }
    return all;
  }

  Faulty house;
  std::unique_ptr<HaClient> client;
};

base::Timestamp at(const std::string& time) {
  return *base::parse_timestamp("2026-11-25T" + time + "+00:00");
}

}  // namespace

TEST_CASE("the history begins with the states of the first day and takes what comes") {
  Remembering house;
  const Json states = house.client->result("get_states");
  std::vector<std::string> ids;
  for (const Json& state : states) ids.push_back(state.at("entity_id"));
  const Json first = house.ask(ids, "2020-01-01T00:00:00+00:00").at("result");
  CHECK(first.size() == states.size());
  for (const Json& state : states) {
    const Json& rows = first.at(state.at("entity_id").get<std::string>());
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].at("s") == state.at("state"));
    CHECK(rows[0].at("a") == state.at("attributes"));
  }
  const std::string device = house.house.server.house().device_ids().front();
  std::string added;
  house.change([&](fakes::House& h) {
    added = h.add_device(device, "New", 1);
    for (int i = 0; i < 20; ++i) h.set_state(k_meter, std::to_string(i));
    h.remove_state(k_meter);
    h.set_state(k_meter, "20");
    h.remove_device(added);
    h.restore_device(added);
  });
  CHECK(house.states(k_meter) == "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 gone 20");
  CHECK(house.states("sensor.new_value_1") == "1 gone 1");
}

TEST_CASE("two states in one microsecond are both in the history, in their order") {
  Remembering house;
  house.change([](fakes::House& h) {
    h.set_state_at(k_meter, "20.1", at("10:00:00.123456"), R"({"unit":"x"})");
    h.set_state_at(k_meter, "20.3", at("10:00:00.123456"));
  });
  const Json answer = house.ask({k_meter}, "2026-11-25T10:00:00+00:00");
  const Json& rows = answer.at("result").at(k_meter);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("s") == "20.1");
  CHECK(rows[1].at("s") == "20.3");
  CHECK(rows[0].at("lu") == rows[1].at("lu"));
  CHECK(rows[1].at("a") == Json{{"unit", "x"}});
}

TEST_CASE("a clock that was an hour ahead has left a row there, and its history is the future") {
  Remembering house;
  house.change([](fakes::House& h) {
    h.set_clock(at("10:00:00"));
    h.set_state(k_meter, "now");
    h.set_clock(at("11:00:00"));
    h.set_state(k_meter, "ahead");
    h.set_clock(at("10:00:05"));
    h.set_state(k_meter, "later");
    CHECK(h.now() == at("10:00:06"));
  });
  CHECK(house.states(k_meter) == "now later ahead");
  CHECK(house.states(k_meter, "2026-11-25T10:00:01+00:00") == "later ahead");
  CHECK(house.states(k_meter, "2026-11-25T10:00:06+00:00").empty());
  CHECK(house.states(k_meter, "2026-11-25T10:00:07+00:00").empty());
  house.change([](fakes::House& h) { h.set_clock(at("10:30:00")); });
  house.change([](fakes::House& h) { h.remove_state(k_meter); });
  CHECK(house.states(k_meter, "2026-11-25T10:00:07+00:00") == "gone ahead");
}

TEST_CASE("rows wait for the recorder's commit, purged ones and excluded entities are not there") {
  Remembering house;
  house.change([](fakes::House& h) {
    h.set_state_at(k_meter, "1", at("10:00:00"));
    h.hold_recorder();
    h.set_state_at(k_meter, "2", at("10:00:01"));
    h.set_state_at(k_meter, "3", at("10:00:02"));
  });
  CHECK(house.states(k_meter) == "1");
  house.change([](fakes::House& h) { h.commit_recorder(); });
  CHECK(house.states(k_meter) == "1 2 3");
  house.change([](fakes::House& h) { h.set_state_at(k_meter, "4", at("10:00:03")); });
  CHECK(house.states(k_meter) == "1 2 3 4");
  house.change([](fakes::House& h) { h.forget_history(at("10:00:02")); });
  CHECK(house.states(k_meter) == "3 4");
  CHECK(house.states("sun.sun").empty());
  house.change([](fakes::House& h) {
    h.exclude_from_recorder(k_meter);
    h.set_state(k_meter, "5");
    h.set_state("sun.sun", "above_horizon");
  });
  CHECK(house.states(k_meter).empty());
  CHECK(house.states("sun.sun") == "above_horizon");
}

TEST_CASE("a rename takes the history along, or is told to leave it") {
  Remembering house;
  const std::string id = house.house.server.house().entity_ids().at(0);
  house.change([&](fakes::House& h) {
    h.forget_history(h.now() + std::chrono::seconds(1));
    h.set_state(id, "1");
    h.rename_entity(id, "light.moved");
  });
  CHECK(house.states(id).empty());
  CHECK(house.states("light.moved") == "1 1");
  house.change([&](fakes::House& h) {
    h.rename_entity("light.moved", "light.left", fakes::OldRows::stay);
    h.set_state("light.left", "2");
  });
  CHECK(house.states("light.moved") == "1 1 gone");
  CHECK(house.states("light.left") == "1 2");
}

TEST_CASE("requests for history are kept, and a recorder can be missing") {
  Remembering house({"fail=history/history_during_period:unknown_command"});
  CHECK(house.ask({k_meter}, "2026-11-25T10:00:00+00:00").at("error").at("code") ==
        "unknown_command");
  CHECK(house.client->result("get_config").at("state") == "RUNNING");
  const auto requests = house.house.server.counters().history_requests;
  REQUIRE(requests.size() == 1);
  CHECK(Json::parse(requests[0]) == Json{{"id", 1},
                                         {"type", "history/history_during_period"},
                                         {"start_time", "2026-11-25T10:00:00+00:00"},
                                         {"entity_ids", {k_meter}},
                                         {"include_start_time_state", false},
                                         {"significant_changes_only", false}});
}

// --- the server
// -----------------------------------------------------------------------------------------------------

TEST_CASE("what is changed in the house goes to who subscribed and into the next answers") {
  fakes::HaServer server(fakes::make_house());
  HaClient client(server.url());
  client.log_in(token_of(server));
  CHECK(
      client.result("subscribe_events", Json{{"event_type", "device_registry_updated"}}).is_null());
  const int subscription = client.last_id();
  const std::string device = server.house().device_ids().front();
  server.change(
      [&](fakes::House& house) { house.set_device_field(device, "name_by_user", "\"Mine\""); });
  const Json event = client.receive();
  CHECK(event.at("id") == subscription);
  CHECK(event.at("event").at("data").at("device_id") == device);
  CHECK(client.result("config/device_registry/list").at(0).at("name_by_user") == "Mine");

  CHECK(client.result("unsubscribe_events", Json{{"subscription", subscription}}).is_null());
  server.change([&](fakes::House& house) { house.remove_device(device); });
  CHECK(client.ask("ping").at("type") == "pong");
  CHECK(client.result("config/device_registry/list").size() == 93);
  server.change([&](fakes::House& house) { house.restore_device(device); });
  CHECK(client.result("config/device_registry/list").size() == 94);
  CHECK_THROWS_AS(server.change([](fakes::House& house) { house.remove_device("no such"); }),
                  std::out_of_range);
}

TEST_CASE("dropped connections end, and the server still listens") {
  fakes::HaServer server(fakes::make_house());
  HaClient client(server.url());
  client.log_in(token_of(server));
  server.drop_connections();
  CHECK(client.wait_for_end() == 1006);
  HaClient again(server.url());
  CHECK_NOTHROW(again.log_in(token_of(server)));
}

TEST_CASE("the token can be changed, and it counts what happens") {
  fakes::HaServer server(fakes::make_house());
  server.set_token(base::Secret("another"));
  {
    HaClient client(server.url());
    CHECK_THROWS_WITH(client.log_in(std::string(fakes::demo_token().reveal())),
                      ContainsSubstring("auth_invalid"));
    HaClient other(server.url());
    other.log_in("another");
    CHECK(other.ask("no/such").at("success") == false);
    CHECK(other.ask("get_states").at("success") == true);
    CHECK(server.counters().open == 1);  // the refused one is gone
  }
  CHECK(http_get(server.url(), "/api/", "another").status == 200);
  CHECK(eventually([&] { return server.counters().open == 0; }));
  const fakes::Counters counters = server.counters();
  CHECK(counters.connections == 3);
  CHECK(counters.upgrades == 2);
  CHECK(counters.http_requests == 1);
  CHECK(counters.auth_attempts == 2);
  CHECK(counters.auth_failures == 1);
  CHECK(counters.commands.at("no/such") == 1);
  CHECK(counters.commands.at("get_states") == 1);
}

TEST_CASE("who does not log in in time is shown the door") {
  fakes::ServerOptions options;
  options.auth_timeout = milliseconds(100);
  const fakes::HaServer server(fakes::make_house(), options);
  HaClient client(server.url());
  CHECK_NOTHROW(client.wait_for_end());
}

TEST_CASE("binary frames end the connection") {
  const fakes::HaServer server(fakes::make_house());
  HaClient client(server.url());
  client.log_in(token_of(server));
  client.send_binary("x");
  CHECK_NOTHROW(client.wait_for_end());
}

TEST_CASE("an ordinary user is refused what is the administrator's") {
  fakes::ServerOptions options;
  options.user_is_admin = false;
  const fakes::HaServer server(fakes::make_house(), options);
  HaClient client(server.url());
  client.log_in(token_of(server));
  CHECK(client.result("auth/current_user").at("is_admin") == false);
  CHECK(client.ask("subscribe_events").at("error").at("code") == "unauthorized");
  CHECK(client.ask("config_entries/get_single", Json{{"entry_id", "x"}}).at("error").at("code") ==
        "unauthorized");
  CHECK(client.ask("subscribe_events", Json{{"event_type", "state_changed"}}).at("success") ==
        true);
  CHECK(client.result("config/device_registry/list").size() == 94);
}

TEST_CASE("it can stand behind a reverse proxy's prefix") {
  fakes::ServerOptions options;
  options.prefix = "/ha";
  const fakes::HaServer server(fakes::make_house(), options);
  CHECK(server.url() == "http://127.0.0.1:" + std::to_string(server.port()) + "/ha");
  HaClient client(server.url());
  CHECK_NOTHROW(client.log_in(token_of(server)));
  CHECK_THROWS_AS(HaClient("http://127.0.0.1:" + std::to_string(server.port())), Declined);
}

TEST_CASE("it can be the Supervisor's proxy") {
  fakes::ServerOptions options;
  options.supervisor = true;
  const fakes::HaServer server(fakes::make_house(), options);
  CHECK(server.websocket_url() ==
        "ws://127.0.0.1:" + std::to_string(server.port()) + "/core/websocket");
  HaClient client(server.url());
  CHECK_NOTHROW(client.log_in(token_of(server)));
  HaClient refused(server.url());
  CHECK_THROWS_WITH(refused.log_in("wrong"), ContainsSubstring("Invalid access\""));
}

TEST_CASE("it listens on IPv6") {
  fakes::ServerOptions options;
  options.address = "::1";
  const fakes::HaServer server(fakes::make_house(), options);
  CHECK(server.url() == "http://[::1]:" + std::to_string(server.port()));
  HaClient client(server.url());
  CHECK_NOTHROW(client.log_in(token_of(server)));
}

TEST_CASE("it speaks TLS with a certificate of its own") {
  fakes::ServerOptions options;
  options.tls.enabled = true;
  SECTION("that its CA vouches for") {
    const fakes::HaServer server(fakes::make_house(), options);
    CHECK(server.url().starts_with("https://"));
    HaClient client(server.url(), server.ca_pem());
    CHECK_NOTHROW(client.log_in(token_of(server)));
    const fakes::HaServer other(fakes::make_house(), options);
    CHECK_THROWS_WITH(HaClient(server.url(), other.ca_pem()),
                      ContainsSubstring("certificate verify failed"));
  }
  SECTION("that has ended") {
    options.tls.expired = true;
    const fakes::HaServer server(fakes::make_house(), options);
    CHECK_THROWS_WITH(HaClient(server.url(), server.ca_pem()),
                      ContainsSubstring("certificate verify failed"));
  }
  SECTION("that is somebody else's") {
    options.tls.host_names = {"elsewhere.invalid"};
    const fakes::HaServer server(fakes::make_house(), options);
    CHECK_THROWS_WITH(HaClient(server.url(), server.ca_pem()),
                      ContainsSubstring("certificate verify failed"));
  }
}

TEST_CASE("an address that is taken is an error") {
  const fakes::HaServer server(fakes::make_house());
  fakes::ServerOptions options;
  options.port = server.port();
  CHECK_THROWS_WITH(fakes::HaServer(fakes::make_house(), options),
                    ContainsSubstring("cannot listen"));
}

// --- faults
// ---------------------------------------------------------------------------------------------------------

TEST_CASE("fault refuse: the first connections are reset") {
  const Faulty faulty({"refuse=1"});
  CHECK_THROWS_AS(faulty.connect(), std::runtime_error);
  CHECK_NOTHROW(faulty.log_in());
}

TEST_CASE("fault silent: nothing more is said after that stage") {
  CHECK_THROWS_AS(HaClient(Faulty({"silent=accept"}).server.url(), "", milliseconds(200)),
                  TimedOut);
  const Faulty upgraded({"silent=upgrade"});
  CHECK(upgraded.connect()->silent_for(200));
  const Faulty authenticated({"silent=auth"});
  const auto client = authenticated.log_in();
  client->send(Json{{"id", 1}, {"type", "ping"}});
  CHECK(client->silent_for(200));
}

TEST_CASE("fault http and redirect: the answer to the upgrade") {
  for (const unsigned status : {403U, 404U, 500U, 502U}) {
    const Faulty faulty({"http=" + std::to_string(status)});
    try {
      static_cast<void>(faulty.connect());
      FAIL("connected");
    } catch (const Declined& declined) {
      CHECK(declined.status == status);
    }
  }
  const Faulty faulty({"redirect=https://ha.example/api/websocket"});
  try {
    static_cast<void>(faulty.connect());
    FAIL("connected");
  } catch (const Declined& declined) {
    CHECK(declined.status == 302);
    CHECK(declined.location == "https://ha.example/api/websocket");
  }
}

TEST_CASE("fault ban: after one bad token everybody gets 403") {
  const Faulty faulty({"ban"});
  CHECK_NOTHROW(faulty.log_in());
  CHECK_THROWS_WITH(faulty.connect()->log_in("wrong"), ContainsSubstring("auth_invalid"));
  CHECK_THROWS_WITH(faulty.log_in(), "HTTP 403");
  CHECK(http_get(faulty.server.url(), "/api/", token_of(faulty.server)).status == 403);
}

TEST_CASE("fault auth_invalid: every token is refused, in these words") {
  const Faulty faulty({"auth_invalid=User is not active"});
  const auto client = faulty.connect();
  CHECK_THROWS_WITH(client->log_in(token_of(faulty.server)),
                    ContainsSubstring("User is not active"));
  CHECK_NOTHROW(client->wait_for_end());
}

TEST_CASE("fault close_after_auth: auth_ok, then the end") {
  const Faulty faulty({"close_after_auth"});
  CHECK(faulty.log_in()->wait_for_end() == 1000);
}

TEST_CASE("fault close: so many answers, then a close with that code") {
  const Faulty faulty({"close=2:1001:going away"});
  const auto client = faulty.log_in();
  CHECK(client->ask("ping").at("type") == "pong");
  CHECK(client->ask("ping").at("type") == "pong");
  client->send(Json{{"id", 3}, {"type", "ping"}});
  CHECK(client->wait_for_end() == 1001);
}

TEST_CASE("fault cut: so many answers, then TCP ends in the middle of a frame") {
  const Faulty faulty({"cut=1"});
  const auto client = faulty.log_in();
  CHECK(client->ask("ping").at("type") == "pong");
  client->send(Json{{"id", 2}, {"type", "get_states"}});
  CHECK(client->wait_for_end() == 1006);
}

TEST_CASE("fault fail, no_answer, malformed, wrong_type, huge: the answer to one command") {
  const Faulty faulty({"fail=get_states:home_assistant_error:Out of order",
                       "no_answer=config_entries/get", "malformed=config/area_registry/list",
                       "wrong_type=config/label_registry/list",
                       "huge=2:config/floor_registry/list"});
  const auto client = faulty.log_in();
  const Json failed = client->ask("get_states");
  CHECK(failed.at("error") == Json{{"code", "home_assistant_error"}, {"message", "Out of order"}});
  client->send(Json{{"id", 2}, {"type", "config_entries/get"}});
  CHECK(client->silent_for(100));
  client->send(Json{{"id", 3}, {"type", "config/area_registry/list"}});
  const std::string frame = client->receive_frame();
  CHECK(!Json::accept(frame));
  CHECK(frame.starts_with(R"({"id":3,"type":"result","success":true,"result":)"));
  client->send(Json{{"id", 4}, {"type", "config/label_registry/list"}});
  CHECK(client->receive().at("result").is_string());
  client->send(Json{{"id", 5}, {"type", "config/floor_registry/list"}});
  const std::string big = client->receive_frame();
  CHECK(big.size() > 2U << 20U);
  CHECK(Json::parse(big).at("result").size() == 2);
}

TEST_CASE("fault reversed: answers in the opposite order") {
  const Faulty faulty({"reversed"});
  const auto client = faulty.log_in();
  client->send_text(R"([{"id":1,"type":"ping"},{"id":2,"type":"ping"},{"id":3,"type":"ping"}])");
  for (const int id : {3, 2, 1}) CHECK(client->receive().at("id") == id);
}

TEST_CASE("fault chatter: frames that nobody asked for between the answers") {
  const Faulty faulty({"chatter"});
  const auto client = faulty.log_in();
  client->send(Json{{"id", 1}, {"type", "ping"}});
  CHECK(client->receive().at("id") == 987654);
  CHECK(client->receive() == Json{{"id", 1}, {"type", "pong"}});
  client->send(
      Json{{"id", 2}, {"type", "supported_features"}, {"features", {{"coalesce_messages", 1}}}});
  std::set<int> ids;
  while (!ids.contains(2)) ids.insert(client->receive().at("id").get<int>());
  CHECK(ids == std::set<int>{2, 987654, 987655});
}

TEST_CASE("fault arrays: every message in an array") {
  const Faulty faulty({"arrays"});
  const auto client = faulty.log_in();
  client->send(Json{{"id", 1}, {"type", "ping"}});
  CHECK(Json::parse(client->receive_frame()) == Json::array({Json{{"id", 1}, {"type", "pong"}}}));
}

TEST_CASE("fault slow: so many bytes a second") {
  const Faulty faulty({"slow=20000"});
  const auto client = faulty.log_in();
  const auto begin = steady_clock::now();
  const std::size_t bytes = client->result("config/device_registry/list").dump().size();
  REQUIRE(bytes > 60'000);  // three slices; the second comes at once
  CHECK(steady_clock::now() - begin >= milliseconds(1000));
}

TEST_CASE("fault fragments: frames in pieces of that size") {
  const Faulty faulty({"fragments=20"});
  CHECK(wire_bytes(faulty.server, 2) ==
        std::string("\x01\x14"));  // text, not the last piece, 20 bytes
  CHECK(faulty.log_in()->result("config/device_registry/list").size() == 94);
  CHECK(wire_bytes(Faulty({}).server, 1) == std::string("\x81"));
}

TEST_CASE("fault starting_connections: 3 devices, and commands that are not there yet") {
  const Faulty faulty({"starting_connections=1"});
  const auto starting = faulty.log_in();
  CHECK(starting->result("get_config").at("state") == "STARTING");
  CHECK(starting->result("config/device_registry/list").size() == 3);
  CHECK(starting->result("config/entity_registry/list").size() < 60);
  for (const char* command :
       {"config/floor_registry/list", "config/label_registry/list",
        "config/device_registry/list_composite_splits", "history/history_during_period"}) {
    CHECK(starting->ask(command).at("error").at("code") == "unknown_command");
  }
  const auto running = faulty.log_in();
  CHECK(running->result("get_config").at("state") == "RUNNING");
  CHECK(running->result("config/device_registry/list").size() == 94);
}

TEST_CASE("fault starting: the same for so many seconds") {
  const Faulty faulty({"starting=1"});
  CHECK(faulty.log_in()->result("get_config").at("state") == "STARTING");
  CHECK(eventually([&] { return faulty.log_in()->result("get_config").at("state") == "RUNNING"; }));
}

TEST_CASE("fault first: the others hold for so many connections") {
  const Faulty faulty({"auth_invalid", "first=1"});
  CHECK_THROWS_WITH(faulty.log_in(), ContainsSubstring("auth_invalid"));
  CHECK_NOTHROW(faulty.log_in());
}

TEST_CASE("faults can be changed while it runs, for the connections that come") {
  Faulty faulty({"http=502"});
  CHECK_THROWS_AS(faulty.connect(), Declined);
  faulty.server.set_faults({});
  CHECK_NOTHROW(faulty.log_in());
}

TEST_CASE("a fault that there is not, or with a bad argument, says what there is") {
  fakes::Faults faults;
  CHECK_THROWS_WITH(fakes::add_fault(faults, "moody"),
                    ContainsSubstring("no fault moody") && ContainsSubstring("refuse=N"));
  CHECK_THROWS_WITH(fakes::add_fault(faults, "http=often"),
                    ContainsSubstring("no number: \"often\""));
  CHECK_THROWS_WITH(fakes::add_fault(faults, "silent=never"), ContainsSubstring("silent=accept"));
  CHECK_THROWS_WITH(fakes::add_fault(faults, "fail=get_states"),
                    ContainsSubstring("fail=COMMAND:CODE"));
}

// --- the program
// ----------------------------------------------------------------------------------------------------

namespace {

Command simulator(const std::vector<std::string>& arguments) {
  Command command;
  command.argv = {HAINGEST_SIMULATOR};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

TEST_CASE("ha-simulator says where it listens, takes the token and ends on a signal") {
  for (const int signal : {SIGTERM, SIGINT}) {
    const TempDir folder;
    Background program(
        simulator({"--url-file", folder.file("url"), "--write-token-file", folder.file("token")}));
    program.wait_for_out("\n");
    const std::string out = program.out();
    REQUIRE_THAT(out, Catch::Matchers::StartsWith("listening on http://127.0.0.1:"));
    const std::string url = out.substr(13, out.size() - 14);
    CHECK(read_file(folder.file("url")) == url + "\n");
    CHECK(read_file(folder.file("token")) == std::string(fakes::demo_token().reveal()) + "\n");
    struct stat status {};
    REQUIRE(::stat(folder.file("token").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    {
      HaClient client(url);
      client.log_in(std::string(fakes::demo_token().reveal()));
      CHECK(client.result("config/device_registry/list").size() == 94);
      program.signal(signal);  // while a client is connected
      CHECK(program.wait(std::chrono::seconds(10)).exit_code == 0);
      CHECK_NOTHROW(client.wait_for_end());
    }
    CHECK(program.wait().err.empty());
  }
}

TEST_CASE("ha-simulator takes house, token and TLS from its options") {
  const TempDir folder;
  write_file(folder.file("token"), "a token of mine\n");
  Background program(
      simulator({"--devices", "12", "--entities", "30", "--ha-version", "2024.3.3", "--token-file",
                 folder.file("token"), "--tls", "--tls-ca-file", folder.file("ca.pem"), "--prefix",
                 "/ha", "--url-file", folder.file("url")}));
  program.wait_for_out("\n");
  std::string url = read_file(folder.file("url"));
  url.pop_back();
  CHECK_THAT(url,
             Catch::Matchers::StartsWith("https://127.0.0.1:") && Catch::Matchers::EndsWith("/ha"));
  HaClient client(url, read_file(folder.file("ca.pem")));
  CHECK(client.log_in("a token of mine").at("ha_version") == "2024.3.3");
  CHECK(client.result("config/device_registry/list").size() == 12);
  CHECK(client.result("config/entity_registry/list").size() == 30);
}

TEST_CASE("ha-simulator changes its house by itself") {
  Background program(simulator({"--change-every", "0.02"}));
  program.wait_for_err("renamed ");
  program.wait_for_err("set state of ");
  program.signal(SIGTERM);
  CHECK(program.wait().exit_code == 0);
}

TEST_CASE("ha-simulator writes its house as a snapshot") {
  const TempDir folder;
  const Outcome outcome = run(simulator({"--dump", folder.file("house.json")}));
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.empty());
  const Json document = Json::parse(read_file(folder.file("house.json")));
  CHECK(fields_of(document) == std::set<std::string>{"ha", "devices", "entities", "areas", "floors",
                                                     "labels", "config_entries", "composite_splits",
                                                     "states", "missing"});
  CHECK(document.at("devices").size() == 94);
}

TEST_CASE("ha-simulator misbehaves as told") {
  Background program(simulator({"--fault", "http=503", "--fault", "first=1"}));
  program.wait_for_out("\n");
  const std::string url = program.out().substr(13, program.out().size() - 14);
  CHECK_THROWS_WITH(HaClient(url), "HTTP 503");
  CHECK_NOTHROW(HaClient(url));
}

TEST_CASE("ha-simulator explains itself and refuses what it does not know") {
  const Outcome help = run(simulator({"--help"}));
  CHECK(help.exit_code == 0);
  for (const char* word :
       {"--listen", "--fault", "--token-file", "refuse=N", "starting_connections=N"}) {
    CHECK_THAT(help.out, ContainsSubstring(word));
  }
  CHECK(run(simulator({"--no-such-option"})).exit_code == 2);
  const Outcome fault = run(simulator({"--fault", "moody"}));
  CHECK(fault.exit_code == 1);
  CHECK_THAT(fault.err, ContainsSubstring("no fault moody"));
  const Outcome version = run(simulator({"--ha-version", "newest"}));
  CHECK(version.exit_code == 1);
  CHECK(version.err == "ha-simulator: no Home Assistant version: newest\n");
  const fakes::HaServer server(fakes::make_house());
  const Outcome taken = run(simulator({"--listen", "127.0.0.1:" + std::to_string(server.port())}));
  CHECK(taken.exit_code == 1);
  CHECK_THAT(taken.err, ContainsSubstring("cannot listen"));
}
