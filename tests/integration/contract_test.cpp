// SPDX-License-Identifier: MIT
// What haingest relies on in Home Assistant's answers, asked of the simulator and of real ones
// alike; and that a simulated record has the fields that a real one of the same release has.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/base/timestamp.hpp"
#include "tests/contract/ha_client.hpp"
#include "tests/contract/house.hpp"
#include "tests/parts/part.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

using namespace haingest::test;

namespace {

using Houses = std::vector<std::shared_ptr<ContractHouse>>;

// Started once for all cases.
const Houses& houses() {
  static const Houses all = contract_houses();
  return all;
}

Json auth(const std::string& token) { return Json{{"type", "auth"}, {"access_token", token}}; }

// Waits for an event of that type which `wanted` takes, whatever else happens in the house
// meanwhile.
template <class Wanted>
Json event_data(HaClient& client, const std::string& type, Wanted wanted) {
  for (;;) {
    const Json message = client.receive();
    if (message.value("type", "") != "event" || !message.at("event").is_object()) continue;
    const Json& event = message.at("event");
    if (event.value("event_type", "") == type && wanted(event.at("data"))) return event;
  }
}

std::string type_name(const Json& value) { return value.type_name(); }

// To the microsecond as Python reads and writes float seconds: from half to even, and without the
// error that multiplying all of it by a million has.
std::int64_t micros_of(double seconds) {
  const double whole = std::floor(seconds);
  return static_cast<std::int64_t>(whole) * 1'000'000 + std::llrint((seconds - whole) * 1e6);
}

std::int64_t micros_of(const std::string& iso) {
  return haingest::base::parse_timestamp(iso).value().time_since_epoch().count();
}

double seconds_of(const std::string& iso) { return static_cast<double>(micros_of(iso)) / 1e6; }

std::string iso_of(std::int64_t micros) {
  return haingest::base::to_iso_text(haingest::base::Timestamp(std::chrono::microseconds(micros)));
}

constexpr const char* k_history = "history/history_during_period";

// The request that loses nothing, with `more` instead of its own where both have it.
Json history_request(const std::string& start, const Json& entity_ids,
                     const Json& more = Json::object()) {
  Json request{{"start_time", start},
               {"entity_ids", entity_ids},
               {"include_start_time_state", false},
               {"significant_changes_only", false}};
  request.update(more);
  return request;
}

// What happened to one sensor, once all of it is in the history. (A real one writes it down every
// five seconds.)
struct Past {
  explicit Past(ContractHouse& house, const std::string& id) : entity_id(id), client(house.url()) {
    client.log_in(house.token());
    stamps.push_back(house.set_state(id, "1", R"({"unit":"x"})"));
    stamps.push_back(house.set_state(id, "1", R"({"unit":"y"})"));
    stamps.push_back(house.set_state(id, "2", R"({"unit":"y"})"));
    house.remove_state(id);
    stamps.push_back(house.set_state(id, "3", R"({"unit":"y"})"));
    start = iso_of(micros_of(stamps[0]) - 1);
    REQUIRE(eventually([&] {
      rows = ask(start);
      return rows.size() == 5;
    }));
  }

  // The sensor's rows, an empty list when it has none.
  [[nodiscard]] Json ask(const std::string& from, const Json& more = Json::object()) {
    const Json history = client.result(k_history, history_request(from, {entity_id}, more));
    CHECK(history.size() <= 1);
    return history.value(entity_id, Json::array());
  }

  std::string entity_id;
  HaClient client;
  std::vector<std::string> stamps;  // last_updated of the states
  std::string start;                // a microsecond before the first
  Json rows = Json::array();
};

Json column(const Json& rows, const std::string& key) {
  Json values = Json::array();
  for (const Json& row : rows) values.push_back(row.at(key));
  return values;
}

std::vector<std::string> keys_of(const Json& record) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : record.items()) keys.push_back(key);
  return keys;
}

struct Shape {
  std::set<std::string> fields;                        // each record's, as one text
  std::map<std::string, std::set<std::string>> types;  // of the values that are not null
};

Shape shape_of(const Json& records) {
  Shape shape;
  for (const Json& record : records) {
    std::set<std::string> names;
    for (const auto& [key, value] : record.items()) {
      names.insert(key);
      if (!value.is_null()) shape.types[key].insert(type_name(value));
    }
    std::string line;
    for (const std::string& name : names) line += name + " ";
    shape.fields.insert(line);
  }
  return shape;
}

}  // namespace

TEST_CASE("a login begins with auth_required and ends with auth_ok") {
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    CHECK(client.receive() == Json{{"type", "auth_required"}, {"ha_version", house->version()}});
    client.send(auth(house->token()));
    CHECK(client.receive() == Json{{"type", "auth_ok"}, {"ha_version", house->version()}});
    CHECK(client.ask("ping") == Json{{"id", 1}, {"type", "pong"}});
  }
}

TEST_CASE("the auth frame may come before auth_required has been read") {
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    client.send(auth(house->token()));
    CHECK(client.receive().at("type") == "auth_required");
    CHECK(client.receive().at("type") == "auth_ok");
  }
}

TEST_CASE("a wrong token gets auth_invalid and an end") {
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    CHECK(client.receive().at("type") == "auth_required");
    client.send(auth("not-the-token"));
    CHECK(client.receive() ==
          Json{{"type", "auth_invalid"}, {"message", "Invalid access token or password"}});
    CHECK_NOTHROW(client.wait_for_end());
  }
}

TEST_CASE("an auth frame with an id is refused, one without any type too") {
  for (const auto& house : houses()) {
    INFO(house->name());
    for (Json frame : {auth(house->token()), Json{{"type", "hello"}}}) {
      frame["id"] = 1;
      HaClient client(house->url());
      static_cast<void>(client.receive());
      client.send(frame);
      const Json answer = client.receive();
      CHECK(answer.at("type") == "auth_invalid");
      CHECK(answer.at("message").get<std::string>().starts_with(
          "Auth message incorrectly formatted: "));
      CHECK_NOTHROW(client.wait_for_end());
    }
  }
}

TEST_CASE("a frame that is no JSON ends the connection without a word") {
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    client.log_in(house->token());
    client.send_text("{nope");
    CHECK_NOTHROW(client.wait_for_end());
  }
}

TEST_CASE("refused commands say why by a code, and the connection stays") {
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    client.log_in(house->token());
    const auto code_of = [&](const Json& command) {
      client.send(command);
      const Json answer = client.receive();
      CHECK(answer.at("type") == "result");
      CHECK(answer.at("success") == false);
      CHECK(answer.at("error").at("message").is_string());
      CHECK(answer.at("id") == (command.contains("id") ? command["id"] : Json(nullptr)));
      return answer.at("error").at("code").get<std::string>();
    };
    CHECK(code_of(Json{{"id", 0}, {"type", "ping"}}) == "invalid_format");
    CHECK(code_of(Json{{"type", "ping"}}) == "invalid_format");
    CHECK(code_of(Json{{"id", 1}, {"type", 5}}) == "invalid_format");
    // Up to here, and with an unknown command, the id is not used up; with every other refusal it
    // is.
    CHECK(code_of(Json{{"id", 1}, {"type", "no/such"}}) == "unknown_command");
    CHECK(code_of(Json{{"id", 1}, {"type", "config_entries/list"}}) == "unknown_command");
    CHECK(code_of(Json{{"id", 1}, {"type", "get_states"}, {"shoe_size", 43}}) == "invalid_format");
    CHECK(code_of(Json{{"id", 1}, {"type", "get_states"}}) == "id_reuse");
    CHECK(code_of(Json{{"id", 2}, {"type", "config/entity_registry/get"}}) == "invalid_format");
    CHECK(code_of(Json{{"id", 3}, {"type", "unsubscribe_events"}, {"subscription", 77}}) ==
          "not_found");
    CHECK(code_of(Json{
              {"id", 4}, {"type", "config/entity_registry/get"}, {"entity_id", "light.no_such"}}) ==
          "not_found");
    CHECK(
        code_of(Json{{"id", 5}, {"type", "config_entries/get_single"}, {"entry_id", "no such"}}) ==
        "not_found");
    CHECK(code_of(Json{{"id", 5}, {"type", "ping"}}) == "id_reuse");
    client.send(Json{{"id", 9}, {"type", "ping"}});
    CHECK(client.receive() == Json{{"id", 9}, {"type", "pong"}});
    CHECK(code_of(Json{{"id", 9}, {"type", "ping"}}) == "id_reuse");
    CHECK(code_of(Json{{"id", 3}, {"type", "ping"}}) == "id_reuse");
  }
}

TEST_CASE("commands of newer releases are unknown to older ones") {
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    client.log_in(house->token());
    const auto outcome = [&](const std::string& type, const Json& members = Json::object()) {
      const Json answer = client.ask(type, members);
      return answer.at("success") == true ? "" : answer.at("error").at("code").get<std::string>();
    };
    CHECK(outcome("config/floor_registry/list").empty());
    CHECK(outcome("config/label_registry/list").empty());
    CHECK(outcome("config/category_registry/list", Json{{"scope", "automation"}}) ==
          (house->since(2024, 4) ? "" : "unknown_command"));
    CHECK(outcome("config/device_registry/list_composite_splits") ==
          (house->since(2026, 8) ? "" : "unknown_command"));
    CHECK(outcome("config/device_registry/list_linked_devices", Json{{"device_id", "no such"}}) ==
          (house->since(2026, 8) ? "not_found" : "unknown_command"));
  }
}

TEST_CASE("several messages come as an array only to a client that asked for it") {
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    client.log_in(house->token());
    client.send_text(R"([{"id":1,"type":"ping"},{"id":2,"type":"ping"},{"id":3,"type":"ping"}])");
    for (int id = 1; id <= 3; ++id) {
      CHECK(Json::parse(client.receive_frame()) == Json{{"id", id}, {"type", "pong"}});
    }
    client.send_text(R"({"id":4,"type":"supported_features","features":{"coalesce_messages":1}})");
    CHECK(client.receive() ==
          Json{{"id", 4}, {"type", "result"}, {"success", true}, {"result", nullptr}});
    client.send_text(R"([{"id":5,"type":"ping"},{"id":6,"type":"ping"},{"id":7,"type":"ping"}])");
    const Json frame = Json::parse(client.receive_frame());
    REQUIRE(frame.is_array());
    CHECK(frame ==
          Json::array({Json{{"id", 5}, {"type", "pong"}}, Json{{"id", 6}, {"type", "pong"}},
                       Json{{"id", 7}, {"type", "pong"}}}));
    client.send_text(R"({"id":8,"type":"ping"})");
    CHECK(Json::parse(client.receive_frame()) == Json{{"id", 8}, {"type", "pong"}});
  }
}

TEST_CASE("get_config says which Home Assistant this is and whether it runs") {
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    client.log_in(house->token());
    const Json config = client.result("get_config");
    CHECK(config.at("version") == house->version());
    CHECK(config.at("state") == "RUNNING");
    CHECK(config.at("location_name").is_string());
    CHECK(config.at("time_zone").is_string());
    CHECK(config.at("components").is_array());
    CHECK(config.at("unit_system").is_object());
    const Json user = client.result("auth/current_user");
    CHECK(user.at("is_admin") == true);
    CHECK(user.at("id").is_string());
  }
}

TEST_CASE("every registry is a list, and every record has its key") {
  const std::map<std::string, std::string> keys{{"config/device_registry/list", "id"},
                                                {"config/entity_registry/list", "id"},
                                                {"config/area_registry/list", "area_id"},
                                                {"config/floor_registry/list", "floor_id"},
                                                {"config/label_registry/list", "label_id"},
                                                {"config_entries/get", "entry_id"},
                                                {"get_states", "entity_id"}};
  for (const auto& house : houses()) {
    HaClient client(house->url());
    client.log_in(house->token());
    for (const auto& [command, key] : keys) {
      INFO(house->name() << " " << command);
      const Json records = client.result(command);
      REQUIRE(records.is_array());
      CHECK(!records.empty());
      std::set<std::string> seen;
      for (const Json& record : records) seen.insert(record.at(key).get<std::string>());
      CHECK(seen.size() == records.size());
    }
    if (house->since(2026, 8))
      CHECK(client.result("config/device_registry/list_composite_splits").is_object());
  }
}

TEST_CASE("a state has text, attributes and moments in UTC to the microsecond") {
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    client.log_in(house->token());
    for (const Json& state : client.result("get_states")) {
      INFO(state.dump());
      CHECK(state.at("state").is_string());
      CHECK(state.at("attributes").is_object());
      CHECK(state.at("context").at("id").get<std::string>().size() == 26);
      for (const char* moment : {"last_changed", "last_updated"}) {
        const auto text = state.at(moment).get<std::string>();
        CHECK(text.ends_with("+00:00"));
        CHECK(text.size() >= std::string("2026-11-25T08:18:54+00:00").size());
      }
    }
  }
}

TEST_CASE("entities in full are to be had one by one and many at once") {
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    client.log_in(house->token());
    const Json listed = client.result("config/entity_registry/list").at(0);
    const Json full =
        client.result("config/entity_registry/get", Json{{"entity_id", listed.at("entity_id")}});
    for (const auto& [key, value] : listed.items()) CHECK(full.at(key) == value);
    for (const char* more :
         {"aliases", "capabilities", "device_class", "original_device_class", "original_icon"}) {
      CHECK(full.contains(more));
    }
    const Json both =
        client.result("config/entity_registry/get_entries",
                      Json{{"entity_ids", {listed.at("entity_id"), "light.no_such"}}});
    CHECK(both.at(listed.at("entity_id").get<std::string>()) == full);
    CHECK(both.at("light.no_such").is_null());
  }
}

TEST_CASE("config_entries/subscribe begins with every entry, of type null") {
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    client.log_in(house->token());
    const Json entries = client.result("config_entries/get");
    CHECK(client.result("config_entries/subscribe").is_null());
    const Json event = client.receive();
    CHECK(event.at("type") == "event");
    CHECK(event.at("id") == client.last_id());
    REQUIRE(event.at("event").size() == entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      CHECK(event.at("event").at(i).at("type").is_null());
      CHECK(event.at("event").at(i).at("entry").at("entry_id") == entries.at(i).at("entry_id"));
    }
  }
}

TEST_CASE("a rename is one registry event with both ids, and the state moves") {
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    client.log_in(house->token());
    const Json entities = client.result("config/entity_registry/list");
    const Json states = client.result("get_states");
    const auto has_state = [&](const Json& entity) {
      return entity.at("entity_id").get<std::string>().starts_with("sensor.") &&
             std::ranges::any_of(states, [&](const Json& state) {
               return state["entity_id"] == entity["entity_id"];
             });
    };
    const auto found = std::ranges::find_if(entities, has_state);
    REQUIRE(found != entities.end());
    const std::string from = found->at("entity_id");
    const std::string to = "sensor.haingest_contract_renamed";
    CHECK(client.result("subscribe_events", Json{{"event_type", "entity_registry_updated"}})
              .is_null());
    CHECK(client.result("subscribe_events", Json{{"event_type", "state_changed"}}).is_null());

    house->rename_entity(from, to);
    const Json event =
        event_data(client, "entity_registry_updated", [](const Json&) { return true; });
    CHECK(event.at("data") == Json{{"action", "update"},
                                   {"entity_id", to},
                                   {"changes", {{"entity_id", from}}},
                                   {"old_entity_id", from}});
    CHECK(event.at("origin") == "LOCAL");
    CHECK(event.at("time_fired").get<std::string>().ends_with("+00:00"));
    const Json gone = event_data(client, "state_changed",
                                 [&](const Json& data) { return data["entity_id"] == from; });
    CHECK(gone.at("data").at("new_state").is_null());
    CHECK(gone.at("data").at("old_state").at("entity_id") == from);
    const Json come = event_data(client, "state_changed",
                                 [&](const Json& data) { return data["entity_id"] == to; });
    CHECK(come.at("data").at("old_state").is_null());
    CHECK(come.at("data").at("new_state").at("entity_id") == to);

    Json renamed = *found;
    for (const Json& entity : client.result("config/entity_registry/list")) {
      if (entity.at("id") == renamed.at("id")) renamed = entity;
    }
    CHECK(renamed.at("entity_id") == to);
    house->rename_entity(to, from);
  }
}

TEST_CASE("a removed area is taken from its devices, each with an event that has the old value") {
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    client.log_in(house->token());
    for (const char* kind : {"area", "device"}) {
      const std::string type = std::string(kind) + "_registry_updated";
      CHECK(client.result("subscribe_events", Json{{"event_type", type}}).is_null());
    }
    const auto devices = client.result("config/device_registry/list");
    const std::string device = devices.at(0).at("id");
    const Json old_area = devices.at(0).at("area_id");
    const auto any = [](const Json&) { return true; };

    const std::string area = house->add_area("Contract room");
    CHECK(area == "contract_room");
    CHECK(event_data(client, "area_registry_updated", any).at("data") ==
          Json{{"action", "create"}, {"area_id", area}});
    house->move_device(device, area);
    CHECK(event_data(client, "device_registry_updated", any).at("data") ==
          Json{{"action", "update"}, {"device_id", device}, {"changes", {{"area_id", old_area}}}});
    house->remove_area(area);
    bool area_gone = false;
    bool device_freed = false;
    while (!area_gone || !device_freed) {  // their order differs between releases
      const Json message = client.receive();
      if (message.at("type") != "event") continue;
      const Json& data = message.at("event").at("data");
      area_gone = area_gone || data == Json{{"action", "remove"}, {"area_id", area}};
      device_freed = device_freed || data == Json{{"action", "update"},
                                                  {"device_id", device},
                                                  {"changes", {{"area_id", area}}}};
    }
    CHECK(client.result("config/device_registry/list").at(0).at("area_id").is_null());
  }
}

TEST_CASE("history has every state and removal, dated to the microsecond") {
  const std::vector<std::string> three{"s", "a", "lu"};
  const std::vector<std::string> four{"s", "a", "lu", "lc"};
  for (const auto& house : houses()) {
    INFO(house->name());
    Past past(*house, "sensor.haingest_history");
    const Json& rows = past.rows;
    INFO(rows.dump());
    CHECK(column(rows, "s") == Json::array({"1", "1", "2", nullptr, "3"}));
    CHECK(rows[0].at("a") == Json{{"unit", "x"}});
    CHECK(rows[1].at("a") == Json{{"unit", "y"}});
    CHECK(rows[3].at("a") == Json::object());
    // Only the second has changed its attributes alone.
    for (std::size_t i = 0; i < rows.size(); ++i)
      CHECK(keys_of(rows[i]) == (i == 1 ? four : three));
    CHECK(rows[1].at("lc") == seconds_of(past.stamps[0]));  // it has no fractions
    for (const auto& [row, stamp] : {std::pair{0, 0}, {1, 1}, {2, 2}, {4, 3}}) {
      CHECK(micros_of(rows[row].at("lu").get<double>()) == micros_of(past.stamps[stamp]));
    }
    CHECK(std::ranges::is_sorted(column(rows, "lu")));
  }
}

TEST_CASE("history keeps fractions of a microsecond in newer releases, and rounds them in text") {
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    client.log_in(house->token());
    const std::string id = "sensor.haingest_history_many";
    std::vector<std::string> stamps;
    for (int i = 0; i < 60; ++i) stamps.push_back(house->set_state(id, std::to_string(i), "{}"));
    Json rows;
    REQUIRE(eventually([&] {
      rows = client.result(k_history, history_request(iso_of(micros_of(stamps[0]) - 1), {id}));
      return rows.contains(id) && rows[id].size() == stamps.size();
    }));
    std::size_t finer = 0;
    for (std::size_t i = 0; i < stamps.size(); ++i) {
      const auto updated = rows[id][i].at("lu").get<double>();
      CHECK(micros_of(updated) == micros_of(stamps[i]));
      finer += updated == seconds_of(stamps[i]) ? 0 : 1;
    }
    CHECK((finer > 0) == house->since(2024, 5));
  }
}

TEST_CASE("the bounds of a history are exclusive") {
  for (const auto& house : houses()) {
    INFO(house->name());
    Past past(*house, "sensor.haingest_history_bounds");
    for (const std::string& stamp : past.stamps) {
      INFO(stamp << " " << past.rows.dump());
      Json before = Json::array();
      Json after = Json::array();
      for (const Json& row : past.rows) {
        if (row["lu"] < seconds_of(stamp)) before.push_back(row);
        if (row["lu"] > seconds_of(stamp)) after.push_back(row);
      }
      // From the moment of the state that it has now on nothing can have happened, says Home
      // Assistant, without a look at the fractions of that microsecond.
      if (stamp == past.stamps.back()) after = Json::array();
      CHECK(past.ask(stamp) == after);
      CHECK(past.ask(past.start, Json{{"end_time", stamp}}) == before);
    }
    CHECK(past.ask(past.stamps.back(), Json{{"end_time", past.start}}) == Json::array());
    CHECK(past.ask(past.start, Json{{"end_time", ""}}) == past.rows);
  }
}

TEST_CASE("the state at the start of a history is a row dated to the start") {
  for (const auto& house : houses()) {
    INFO(house->name());
    Past past(*house, "sensor.haingest_history_start");
    INFO(past.rows.dump());
    const Json with{{"include_start_time_state", true}};
    const auto between = [&](std::size_t i) {
      const double middle =
          (past.rows[i]["lu"].get<double>() + past.rows[i + 1]["lu"].get<double>()) / 2;
      return iso_of(micros_of(middle));
    };
    for (std::size_t i = 0; i < 4; ++i) {
      const std::string start = between(i);
      Json expected = Json::array(
          {Json{{"s", past.rows[i]["s"]}, {"a", past.rows[i]["a"]}, {"lu", seconds_of(start)}}});
      for (std::size_t j = i + 1; j < 5; ++j) expected.push_back(past.rows[j]);
      CHECK(past.ask(start, with) == expected);
      expected.erase(0);
      CHECK(past.ask(start) == expected);
    }
    CHECK(past.ask(past.start, with) == past.rows);  // it had no state before
  }
}

TEST_CASE("histories that leave something out") {
  for (const auto& house : houses()) {
    INFO(house->name());
    Past past(*house, "sensor.haingest_history_forms");
    INFO(past.rows.dump());
    const Json significant = past.ask(past.start, Json{{"significant_changes_only", true}});
    Json expected = past.rows;
    expected.erase(1);
    CHECK(significant == expected);
    const Json bare = past.ask(past.start, Json{{"no_attributes", true}});
    expected = past.rows;
    for (Json& row : expected) row["a"] = Json::object();
    CHECK(bare == expected);
    const Json minimal = past.ask(past.start, Json{{"minimal_response", true}});
    expected = past.rows;
    expected.erase(1);
    for (std::size_t i = 1; i < expected.size(); ++i) expected[i].erase("a");
    CHECK(minimal == expected);
    const Json least =
        past.ask(past.start, Json{{"minimal_response", true}, {"no_attributes", true}});
    expected[0].erase("a");
    CHECK(least == expected);
  }
}

TEST_CASE("a history that cannot be given") {
  for (const auto& house : houses()) {
    INFO(house->name());
    const std::string known = "sensor.haingest_history_refused";
    const std::string start = iso_of(micros_of(house->set_state(known, "1", "{}")) - 1);
    HaClient client(house->url());
    client.log_in(house->token());
    REQUIRE(eventually(
        [&] { return client.result(k_history, history_request(start, {known})).size() == 1; }));
    const auto keys = [&](const Json& ids) {
      return keys_of(client.result(k_history, history_request(start, ids)));
    };
    const auto code = [&](const Json& request) {
      return client.ask(k_history, request).at("error").at("code").get<std::string>();
    };
    // An id that nothing ever had is fine, one that nothing can have is not.
    CHECK(keys({"sensor.no_such", known}) == std::vector{known});
    CHECK(keys({known, known}) == std::vector{known});
    CHECK(keys({"sensor.no_such"}).empty());
    for (const char* id : {"no such", "sensor", "sensor.UP", "sensor.a.b", "sensor.a__b",
                           "sensor._a", "sensor.a_", ""}) {
      INFO(id);
      CHECK(code(history_request(start, {known, id})) == "invalid_entity_ids");
    }
    for (const char* time : {"nope", "12:00", "2026-11-25Tnoon"}) {
      INFO(time);
      CHECK(code(history_request(time, {known})) == "invalid_start_time");
      CHECK(code(history_request(start, {known}, Json{{"end_time", time}})) == "invalid_end_time");
    }
    CHECK(code(history_request("", {known})) == "invalid_start_time");
    CHECK(client.result(k_history, history_request("2099-01-01T00:00:00+00:00", {"no such"})) ==
          Json::object());
    CHECK(code(Json{{"start_time", start}}) == "invalid_format");
    CHECK(code(Json{{"entity_ids", {known}}}) == "invalid_format");
    CHECK(code(history_request(start, known)) == "invalid_format");
    CHECK(code(history_request(start, {5})) == "invalid_format");
    const Json odd{{"start_time", 5},
                   {"end_time", 5},
                   {"no_attributes", 1},
                   {"minimal_response", "no"},
                   {"limit", 9}};
    for (const auto& [key, value] : odd.items()) {
      INFO(key);
      CHECK(code(history_request(start, {known}, Json{{key, value}})) == "invalid_format");
    }
  }
}

TEST_CASE("history goes with a rename, unless the new id has one of its own") {
  const std::string to = "sensor.haingest_history_renamed";
  const std::string taken = "sensor.haingest_history_taken";
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    client.log_in(house->token());
    std::set<std::string> alive;
    for (const Json& state : client.result("get_states")) alive.insert(state.at("entity_id"));
    std::string from;
    for (const Json& entity : client.result("config/entity_registry/list")) {
      const std::string id = entity.at("entity_id");
      if (id.starts_with("sensor.") && alive.contains(id)) from = id;
    }
    REQUIRE(!from.empty());
    Json rows;
    const auto states = [&](const std::string& id) {
      rows =
          client.result(k_history, history_request("2020-01-01T00:00:00+00:00", {from, to, taken}));
      return rows.contains(id) ? column(rows[id], "s") : Json::array();
    };
    INFO(from);
    REQUIRE(eventually([&] { return !states(from).empty(); }));
    Json all = states(from);
    const Json state = all.back();

    house->rename_entity(from, to);
    all.push_back(state);
    CHECK(eventually([&] { return states(to) == all; }));
    CHECK(!rows.contains(from));

    static_cast<void>(house->set_state(taken, "mine", "{}"));
    house->remove_state(taken);
    CHECK(eventually([&] { return states(taken) == Json::array({"mine", nullptr}); }));
    house->rename_entity(to, taken);
    CHECK(eventually([&] { return states(taken) == Json::array({"mine", nullptr, state}); }));
    all.push_back(nullptr);
    CHECK(states(to) == all);
  }
}

TEST_CASE("the HTTP API takes the token and refuses others") {
  for (const auto& house : houses()) {
    INFO(house->name());
    const HttpReply good = http_get(house->url(), "/api/", house->token());
    CHECK(good.status == 200);
    CHECK(Json::parse(good.body) == Json{{"message", "API running."}});
    CHECK(http_get(house->url(), "/api/", "").status == 401);
    CHECK(http_get(house->url(), "/api/", "not-the-token").status == 401);
    CHECK(http_get(house->url(), "/no/such", "").status == 404);
    CHECK(http_get(house->url(), "/api/websocket", "").status == 400);
  }
}

TEST_CASE("a simulated record has the fields and the types of a real one of its release") {
  const std::map<std::string, std::string> releases{{"2024", "2024.3.3"}, {"2026", "2026.11.0"}};
  for (const auto& [release, version] : releases) {
    const auto real = real_house(release);
    if (!real) continue;
    const auto simulated = simulated_house(version);
    REQUIRE(real->version() == version);
    HaClient of_real(real->url());
    HaClient of_simulated(simulated->url());
    of_real.log_in(real->token());
    of_simulated.log_in(simulated->token());
    for (const char* command : {"config/device_registry/list", "config/entity_registry/list",
                                "config/area_registry/list", "config/floor_registry/list",
                                "config/label_registry/list", "config_entries/get", "get_states"}) {
      INFO(version << " " << command);
      const Shape is = shape_of(of_real.result(command));
      const Shape fake = shape_of(of_simulated.result(command));
      CHECK(is.fields == fake.fields);
      for (const auto& [field, types] : is.types) {
        if (!fake.types.contains(field)) continue;  // the simulated house has none that is set
        INFO(field);
        CHECK(std::ranges::includes(fake.types.at(field), types));
      }
    }
  }
}

TEST_CASE("Home Assistant's own JavaScript client gets along with all of them") {
  if (!have_part("js-client")) return;
  for (const auto& house : houses()) {
    INFO(house->name());
    HaClient client(house->url());
    client.log_in(house->token());
    const TempDir folder;
    write_file(folder.file("token"), house->token() + "\n");
    const Json heard = Json::parse(
        call_part("js-client", {"run", HAINGEST_SOURCE_DIR "/tests/contract/js_client.mjs",
                                house->url(), folder.file("token"), "not-the-token"}));
    CHECK(heard.at("refused") == "invalid auth");
    CHECK(heard.at("version") == house->version());
    CHECK(heard.at("state") == "RUNNING");
    CHECK(heard.at("admin") == true);
    CHECK(heard.at("devices") == client.result("config/device_registry/list").size());
    CHECK(heard.at("entities") == client.result("config/entity_registry/list").size());
    CHECK(heard.at("states").get<std::size_t>() > 100);
    CHECK(heard.at("unknown") == "unknown_command");
  }
}
