// SPDX-License-Identifier: MIT
#include "tests/fakes/ha_commands.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "tests/fakes/ha_history.hpp"
#include "tests/fakes/house_data.hpp"

namespace haingest::fakes {
namespace {

// While it starts, Home Assistant has not loaded every integration: their commands are unknown and
// their devices are not all there (the registries of a first start).
constexpr std::size_t k_devices_while_starting = 3;

struct Command {
  std::string_view type;
  HaVersion since{};
  std::string_view required = {};  // keys, separated by spaces
  std::string_view optional = {};
  bool late = false;   // unknown while Home Assistant is STARTING
  bool admin = false;  // refused to other users
};

constexpr std::array k_commands{
    Command{"ping"},
    Command{"supported_features", {2022, 9}, "features"},
    Command{"get_config"},
    Command{"get_states"},
    Command{"auth/current_user"},
    Command{"subscribe_events", {}, "", "event_type"},
    Command{"unsubscribe_events", {}, "subscription"},
    Command{"config/device_registry/list"},
    Command{"config/device_registry/list_composite_splits", {2026, 8}, "", "", true},
    Command{"config/device_registry/list_linked_devices", {2026, 8}, "device_id", "", true},
    Command{"config/entity_registry/list"},
    Command{"config/entity_registry/get", {}, "entity_id"},
    Command{"config/entity_registry/get_entries", {2023, 2}, "entity_ids"},
    Command{"config/area_registry/list"},
    Command{"config/floor_registry/list", {2024, 3}, "", "", true},
    Command{"config/label_registry/list", {2024, 3}, "", "", true},
    Command{"config/category_registry/list", {2024, 4}, "scope", "", true},
    Command{"config_entries/get", {2022, 8}, "", "type_filter domain"},
    Command{"config_entries/subscribe", {2022, 11}, "", "type_filter"},
    Command{"config_entries/get_single", {2024, 3}, "entry_id", "", false, true},
    Command{k_history_command,
            {2022, 6},
            "start_time entity_ids",
            "end_time include_start_time_state significant_changes_only minimal_response "
            "no_attributes",
            true},
};

bool has_word(std::string_view words, std::string_view word) {
  for (std::size_t begin = 0; begin < words.size();) {
    const std::size_t end = std::min(words.find(' ', begin), words.size());
    if (words.substr(begin, end - begin) == word) return true;
    begin = end + 1;
  }
  return false;
}

void check_keys(const Command& command, const Json& message) {
  std::size_t required = 0;
  for (const auto& [key, value] : message.items()) {
    if (key == "id" || key == "type") continue;
    required += has_word(command.required, key) ? 1 : 0;
    if (has_word(command.required, key) || has_word(command.optional, key)) continue;
    throw CommandError("invalid_format",
                       "extra keys not allowed @ data['" + key + "']. Got " + text_of(value));
  }
  const auto spaces = std::ranges::count(command.required, ' ');
  const std::size_t wanted = command.required.empty() ? 0 : static_cast<std::size_t>(spaces) + 1;
  if (required < wanted) {
    throw CommandError("invalid_format", "required key not provided @ data['" +
                                             std::string(command.required) + "']. Got None");
  }
}

std::string first_records(const std::string& list, std::size_t count) {
  const Json all = Json::parse(list);
  Json few = Json::array();
  for (std::size_t i = 0; i < std::min(count, all.size()); ++i) few.push_back(all[i]);
  return text_of(few);
}

std::string entities_of_first_devices(const House& house) {
  std::vector<std::string> devices = house.device_ids();
  devices.resize(std::min(devices.size(), k_devices_while_starting));
  Json few = Json::array();
  for (const Json& entity : Json::parse(house.entities_json())) {
    if (std::ranges::find(devices, text_in(entity, "device_id")) != devices.end()) {
      few.push_back(entity);
    }
  }
  return text_of(few);
}

std::string current_user(const World& world) {
  return text_of(Json{{"id", make_id(1, "user", 0)},
                      {"name", "Demo"},
                      {"is_owner", world.options.user_is_admin},
                      {"is_admin", world.options.user_is_admin},
                      {"credentials", Json::array()},
                      {"mfa_modules", Json::array()}});
}

std::string entities_by_id(const House& house, const Json& ids) {
  std::string out = "{";
  for (const Json& id : ids) {
    if (out.size() > 1) out += ',';
    out += text_of(id) + ':' + house.entity_json(id.is_string() ? id.get<std::string>() : "");
  }
  return out += '}';
}

std::string one_entity(const House& house, const Json& message) {
  std::string entity = house.entity_json(text_in(message, "entity_id"));
  if (entity == "null") throw CommandError("not_found", "Entity not found");
  return entity;
}

// Home Assistant links the halves of a split device for as long as they have a connection or an
// identifier in common; here the halves of one composite.
std::string linked_devices(const House& house, const Json& message) {
  const std::string id = text_in(message, "device_id");
  if (!house.has_device(id)) throw CommandError("not_found", "Device not found");
  Json linked = Json::array();
  for (const auto& [old_id, split] : house.data().splits.items()) {
    const Json& ids = split.at("split_ids");
    if (std::ranges::find(ids, Json(id)) == ids.end()) continue;
    for (const Json& other : ids) {
      if (other != Json(id)) linked.push_back(other);
    }
  }
  return text_of(Json{{"linked_devices", linked}});
}

std::string config_entries(const House& house, const Json& message) {
  const std::string domain = text_in(message, "domain");
  if (domain.empty()) return house.config_entries_json();
  Json some = Json::array();
  for (const Json& entry : Json::parse(house.config_entries_json())) {
    if (text_in(entry, "domain") == domain) some.push_back(entry);
  }
  return text_of(some);
}

std::string single_entry(const House& house, const Json& message) {
  for (const Json& entry : Json::parse(house.config_entries_json())) {
    if (text_in(entry, "entry_id") == text_in(message, "entry_id")) {
      return text_of(Json{{"config_entry", entry}});
    }
  }
  throw CommandError("not_found", "Config entry not found");
}

std::string render(const House& house, std::string_view type) {
  if (type == "get_states") return house.states_json();
  if (type == "config/device_registry/list") return house.devices_json();
  if (type == "config/device_registry/list_composite_splits") return house.composite_splits_json();
  if (type == "config/entity_registry/list") return house.entities_json();
  if (type == "config/area_registry/list") return house.areas_json();
  if (type == "config/floor_registry/list") return house.floors_json();
  if (type == "config/label_registry/list") return house.labels_json();
  return "[]";
}

}  // namespace

bool knows_command(const World& world, std::string_view type, bool starting) {
  const auto command = std::ranges::find(k_commands, type, &Command::type);
  return command != k_commands.end() && command->since <= world.house.version() &&
         !(starting && command->late);
}

void check_command(const World& world, std::string_view type, const Json& message, bool starting) {
  if (!knows_command(world, type, starting)) {
    throw CommandError("unknown_command", "Unknown command.");
  }
  const Command& command = *std::ranges::find(k_commands, type, &Command::type);
  if (command.admin && !world.options.user_is_admin) {
    throw CommandError("unauthorized", "Unauthorized");
  }
  check_keys(command, message);
}

std::string command_result(World& world, const std::string& type, const Json& message,
                           bool starting) {
  const House& house = world.house;
  if (type == "get_config") return house.config_json(starting ? "STARTING" : "RUNNING");
  if (type == "auth/current_user") return current_user(world);
  if (type == "config/entity_registry/get") return one_entity(house, message);
  if (type == "config/entity_registry/get_entries") {
    return entities_by_id(house, message.at("entity_ids"));
  }
  if (type == "config/device_registry/list_linked_devices") return linked_devices(house, message);
  if (type == "config_entries/get") return config_entries(house, message);
  if (type == "config_entries/get_single") return single_entry(house, message);
  if (type == k_history_command) return history_during_period(house, message);
  if (starting && type == "config/device_registry/list") {
    return first_records(house.devices_json(), k_devices_while_starting);
  }
  if (starting && type == "config/entity_registry/list") return entities_of_first_devices(house);
  const auto known = world.rendered.find(type);
  if (known != world.rendered.end()) return known->second;
  return world.rendered[type] = render(house, type);
}

}  // namespace haingest::fakes
