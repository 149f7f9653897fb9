// SPDX-License-Identifier: MIT
// Furnishes a house. Everything depends on the options alone; a device keeps its id and name when
// the numbers or the release change, as far as the release lets it.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "tests/fakes/house_catalogue.hpp"
#include "tests/fakes/house_data.hpp"

namespace haingest::fakes {
namespace {

// Devices that two integrations share before 2026.8: one in 30, as in real houses with a network
// tracker (a few reports say one in six).
constexpr std::size_t k_composite_every = 30;

class Furnisher {
 public:
  Furnisher(HouseData& data, const HouseOptions& options) : data_(data), options_(options) {}

  void furnish() {
    add_config_entries();
    add_places();
    add_labels();
    add_devices();
    add_entities();
    add_loose_entities();
    add_states_only();
    decorate();
  }

 private:
  void add_config_entries();
  void add_places();
  void add_labels();
  void add_devices();
  void add_device(std::size_t index, const Product& product);
  void finish_device(Json& device, std::size_t index, const Product& product);
  void add_entities();
  void add_entity(std::size_t device_index, const EntityModel& model, std::size_t round);
  void add_loose_entities();
  void add_loose(const EntityModel& model, std::size_t number);
  void add_states_only();
  void decorate();
  void add_state(const Json& entity, const EntityModel& model, std::string_view device_name);

  [[nodiscard]] std::string id(std::string_view word, std::uint64_t number) const {
    return make_id(data_.seed, word, number);
  }
  [[nodiscard]] std::string entry_of(std::string_view domain) const {
    return text_in(record_with(data_.config_entries, "domain", domain), "entry_id");
  }
  [[nodiscard]] std::string free_entity_id(std::string_view domain, const std::string& name);

  HouseData& data_;
  const HouseOptions& options_;
  std::vector<const Product*> product_of_;  // parallel to data_.devices
  std::vector<std::string> display_name_;   // the same
  std::unordered_map<std::string, std::size_t> used_names_;
  std::unordered_map<std::string, std::size_t> used_ids_;
  std::string hub_, strip_;
  std::size_t entity_number_ = 0;
  std::size_t shared_ = 0;  // devices of two integrations
};

void Furnisher::add_config_entries() {
  std::size_t number = 0;
  for (const Integration& from : integrations()) {
    // Entries made before 2024 have hexadecimal ids, later ones ULIDs.
    std::string entry_id = id("entry", number);
    if (number % 2 == 1) {
      entry_id = "01" + entry_id.substr(0, 24);
      std::ranges::transform(entry_id, entry_id.begin(), [](char c) {
        return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
      });
    }
    const double created = number % 4 == 0 ? 0.0 : moment(number);
    data_.config_entries.push_back(
        Json{{"created_at", created},
             {"entry_id", entry_id},
             {"domain", from.domain},
             {"modified_at", created},
             {"title", from.title},
             {"source", from.source},
             {"state", from.state},
             {"supports_options", number % 2 == 0},
             {"supports_remove_device", number % 3 == 0},
             {"supports_unload", true},
             {"supports_reconfigure", false},
             {"supported_subentry_types", Json::object()},
             {"pref_disable_new_entities", false},
             {"pref_disable_polling", false},
             {"disabled_by", from.state == "not_loaded" ? Json("user") : Json(nullptr)},
             {"reason", from.reason.empty() ? Json(nullptr) : Json(from.reason)},
             {"error_reason_translation_domain", nullptr},
             {"error_reason_translation_key", nullptr},
             {"error_reason_translation_placeholders", nullptr},
             {"num_subentries", 0}});
    ++number;
  }
}

void Furnisher::add_places() {
  constexpr std::string_view k_floor_ids[] = {"ground_floor", "first_floor"};
  constexpr std::string_view k_floor_names[] = {"Ground floor", "First floor"};
  for (int level = 0; level < 2; ++level) {
    data_.floors.push_back(
        Json{{"aliases", level == 0 ? Json::array({"Downstairs"}) : Json::array()},
             {"created_at", moment(20)},
             {"floor_id", k_floor_ids[level]},
             {"icon", level == 0 ? Json("mdi:home-floor-0") : Json(nullptr)},
             {"level", level == 0 ? Json(0) : Json(1)},
             {"name", k_floor_names[level]},
             {"modified_at", moment(20)}});
  }
  std::uint64_t number = 21;
  for (const Room& room : rooms()) {
    data_.areas.push_back(
        Json{{"aliases", Json::array()},
             {"area_id", room.area_id},
             {"floor_id", room.floor < 0 ? Json(nullptr) : Json(k_floor_ids[room.floor])},
             {"humidity_entity_id", nullptr},
             {"icon", room.icon.empty() ? Json(nullptr) : Json(room.icon)},
             {"labels", Json::array()},
             {"name", room.name},
             {"picture", nullptr},
             {"temperature_entity_id", nullptr},
             {"created_at", number % 3 == 0 ? 0.0 : moment(number)},
             {"modified_at", moment(number)}});
    ++number;
  }
  data_.areas[0]["aliases"] = Json::array({"Cuisine", "Cooking place"});
}

void Furnisher::add_labels() {
  constexpr std::string_view k_names[] = {"Critical", "Energy", "Battery powered", "Christmas",
                                          "Guests"};
  std::uint64_t number = 40;
  for (const std::string_view name : k_names) {
    data_.labels.push_back(Json{{"color", number % 2 == 0 ? Json("red") : Json(nullptr)},
                                {"created_at", moment(number)},
                                {"description", nullptr},
                                {"icon", number % 2 == 0 ? Json("mdi:alert") : Json(nullptr)},
                                {"label_id", slug(name)},
                                {"name", name},
                                {"modified_at", moment(number)}});
    ++number;
  }
}

void Furnisher::add_devices() {
  const bool splits = data_.version >= k_ha_single_entry_devices;
  std::vector<const Product*> services, things;
  for (const Product& product : products()) {
    (product.service ? services : things).push_back(&product);
  }
  std::size_t next_service = 0;
  std::size_t next_thing = 0;
  // A shared device becomes two where this release splits it.
  for (std::size_t index = 0; data_.devices.size() + (splits ? shared_ : 0) < options_.devices;
       ++index) {
    const bool service = index % 4 == 3 && next_service < services.size();
    add_device(index, service ? *services[next_service++] : *things[next_thing++ % things.size()]);
  }
}

void Furnisher::add_device(std::size_t index, const Product& product) {
  const bool outlet = product.noun == "Outlet";
  const std::size_t place = index % (rooms().size() + 1);  // the last one: in no room
  const bool placed = !product.service && !outlet && place < rooms().size();
  std::string name(placed ? rooms()[place].name : std::string_view{});
  name += (name.empty() ? "" : " ") + std::string(product.noun);
  const std::size_t same = ++used_names_[name];
  if (same > 1) name += " " + std::to_string(same);
  DeviceSeed seed;
  seed.id = id("device", index);
  seed.name = name;
  seed.manufacturer = product.manufacturer;
  seed.model = product.model;
  seed.model_id = product.model_id;
  seed.sw_version = product.sw_version;
  seed.area_id = placed ? rooms()[place].area_id : std::string_view{};
  seed.entry_id = entry_of(product.integration);
  seed.identifier = id("identifier", index).substr(0, 16);
  Json device = make_device(seed, product.integration, index + 100);
  if (outlet && !strip_.empty()) device["parent_device_id"] = device["via_device_id"] = strip_;
  finish_device(device, index, product);
  if (product.noun == "Bridge") hub_ = seed.id;
  if (product.noun == "Power strip") strip_ = seed.id;
  data_.devices.push_back(std::move(device));
  product_of_.push_back(&product);
  display_name_.push_back(std::move(name));
}

void Furnisher::finish_device(Json& device, std::size_t index, const Product& product) {
  if (product.service) {
    device["entry_type"] = "service";
    return;
  }
  const std::string digits = id("mac", index);
  std::string mac = digits.substr(0, 2);
  for (std::size_t i = 2; i < 12; i += 2) mac += ":" + digits.substr(i, 2);
  const bool zigbee = product.integration == "zha";
  device["connections"] = Json::array({Json::array({zigbee ? "zigbee" : "mac", mac})});
  if (product.integration == "shelly") {
    device["configuration_url"] = "http://192.0.2." + std::to_string(index % 250 + 1) + "/";
    device["hw_version"] = "gen2";
  }
  if (index % 5 == 2) device["serial_number"] = "SN-" + digits.substr(0, 10);
  if (product.integration == "hue" && product.noun != "Bridge" && !hub_.empty()) {
    device["via_device_id"] = hub_;
  }
  if (!device["parent_device_id"].is_null()) {
    device["connections"] = Json::array();
    return;
  }
  if (index % 31 == 7) device["name"] = nullptr;  // the user named none, the device neither
  if (index % 11 == 5) device["name_by_user"] = "My " + std::string(product.noun);
  if (index % 29 == 13) device["disabled_by"] = "user";
  if (index % 13 == 6) device["labels"] = Json::array({"critical"});
  const bool last = data_.devices.size() + shared_ + 1 >= options_.devices;
  if (index % k_composite_every == 20 && !last) {
    ++shared_;
    const std::string other = entry_of(product.integration == "unifi" ? "esphome" : "unifi");
    device["config_entries"].push_back(other);
    device["config_entries_subentries"][other] = Json::array({nullptr});
  }
}

void Furnisher::add_entities() {
  const std::size_t loose = options_.entities / 20;
  std::size_t left = data_.devices.empty() ? 0 : options_.entities - loose;
  for (std::size_t round = 0; left > 0; ++round) {
    for (std::size_t index = 0; index < data_.devices.size() && left > 0; ++index) {
      const std::span<const EntityModel> own = product_of_[index]->entities;
      // A product's own entities first; others get more only when all have theirs.
      if (round >= own.size() && round < 7) continue;
      add_entity(index, round < own.size() ? own[round] : measurements()[round % 6], round);
      --left;
    }
  }
}

std::string Furnisher::free_entity_id(std::string_view domain, const std::string& name) {
  const std::string wanted = std::string(domain) + "." + slug(name);
  const std::size_t same = ++used_ids_[wanted];
  return same == 1 ? wanted : wanted + "_" + std::to_string(same);
}

void Furnisher::add_entity(std::size_t device_index, const EntityModel& model, std::size_t round) {
  const Json& device = data_.devices[device_index];
  const std::string& device_name = display_name_[device_index];
  // The second integration of a shared device contributes a tracker.
  const bool tracker = round == 1 && device["config_entries"].size() > 1;
  const EntityModel used = tracker ? EntityModel{"device_tracker", "", "", "", "", "home"} : model;
  EntitySeed seed;
  seed.name = used.name;
  if (round >= 13) seed.name += " " + std::to_string(round / 6);
  seed.entity_id =
      free_entity_id(used.domain, device_name + (seed.name.empty() ? "" : " " + seed.name));
  seed.id = id("entity", entity_number_);
  seed.platform = product_of_[device_index]->integration;
  seed.device_id = text_in(device, "id");
  seed.entry_id = device["config_entries"][tracker ? 1 : 0].get<std::string>();
  if (tracker) seed.platform = seed.platform == "unifi" ? "esphome" : "unifi";
  seed.unique_id = device["identifiers"][0][1].get<std::string>() + "-" + std::to_string(round);
  seed.category = used.category;
  Json entity = make_entity(seed, ++entity_number_ + 500);
  if (!device["disabled_by"].is_null()) entity["disabled_by"] = "device";
  const bool quiet = used.device_class == "signal_strength" || used.unit == "lqi";
  if (quiet && entity["disabled_by"].is_null()) entity["disabled_by"] = "integration";
  if (!seed.name.empty()) entity["translation_key"] = slug(seed.name);
  if (used.domain == "light" || used.domain == "switch") {
    entity["options"] = Json{{"conversation", {{"should_expose", true}}}};
  }
  if (used.device_class == "power") {
    entity["options"] = Json{{"sensor", {{"suggested_display_precision", 1}}}};
  }
  if (entity["disabled_by"].is_null()) add_state(entity, used, device_name);
  data_.entities.push_back(std::move(entity));
}

void Furnisher::add_state(const Json& entity, const EntityModel& model,
                          std::string_view device_name) {
  Json attributes = Json::object();
  const bool measured = !model.unit.empty();
  if (measured) {
    attributes["state_class"] = model.device_class == "energy" ? "total_increasing" : "measurement";
    attributes["unit_of_measurement"] = model.unit;
  }
  if (model.domain == "light") {
    attributes["supported_color_modes"] = Json::array({"color_temp"});
    attributes["color_mode"] = "color_temp";
    attributes["brightness"] = 180;
  }
  if (model.domain == "weather") attributes["temperature_unit"] = "°C";
  if (!model.device_class.empty()) attributes["device_class"] = model.device_class;
  std::string friendly(device_name);
  const std::string own = text_in(entity, "original_name");
  if (!own.empty()) friendly += (friendly.empty() ? "" : " ") + own;
  attributes["friendly_name"] = friendly;
  data_.states.push_back(
      make_state(text_in(entity, "entity_id"), model.state, attributes, entity_number_ + 900));
}

void Furnisher::add_loose_entities() {
  const std::size_t wanted = options_.entities - data_.entities.size();
  for (std::size_t n = 0; n < wanted; ++n) {
    add_loose(loose_entities()[n % loose_entities().size()], n);
  }
}

void Furnisher::add_loose(const EntityModel& model, std::size_t number) {
  EntitySeed seed;
  seed.name = model.name;
  if (number >= loose_entities().size()) {
    seed.name += " " + std::to_string(number / loose_entities().size() + 1);
  }
  seed.entity_id = free_entity_id(model.domain, seed.name);
  seed.id = id("entity", 1'000'000 + number);
  const bool computed = model.domain == "sensor" || model.domain == "binary_sensor";
  seed.platform = computed ? "template" : model.domain;
  seed.unique_id = id("helper", number);
  Json entity = make_entity(seed, ++entity_number_ + 500);
  entity["has_entity_name"] = false;
  add_state(entity, model, "");
  data_.entities.push_back(std::move(entity));
}

void Furnisher::add_states_only() {
  const auto add = [this](std::string_view entity_id, std::string_view state, Json attributes) {
    data_.states.push_back(make_state(entity_id, state, attributes, 70 + data_.states.size()));
  };
  add("sun.sun", "below_horizon",
      Json{{"elevation", -31.4}, {"rising", true}, {"friendly_name", "Sun"}});
  add("zone.home", "1",
      Json{{"latitude", 51.48},
           {"longitude", 0.0},
           {"radius", 100},
           {"persons", Json::array()},
           {"icon", "mdi:home"},
           {"friendly_name", "Home"}});
  add("conversation.home_assistant", "unknown",
      Json{{"friendly_name", "Home Assistant"}, {"supported_features", 1}});
  add("sensor.boiler_room_temperature", "23.4",
      Json{{"state_class", "measurement"},
           {"unit_of_measurement", "°C"},
           {"device_class", "temperature"},
           {"friendly_name", "Boiler room"}});
  add("binary_sensor.letter_box", "off",
      Json{{"device_class", "opening"}, {"friendly_name", "Letter box"}});
  add("group.all_lights", "on",
      Json{{"entity_id", Json::array()}, {"friendly_name", "All lights"}});
  add("geo_location.earthquake_2041", "311.7",
      Json{{"source", "usgs"},
           {"unit_of_measurement", "km"},
           {"friendly_name", "5 km N of Nowhere"}});
}

// The user's own touch, and what accidents leave behind.
void Furnisher::decorate() {
  std::unordered_set<std::string> restored;
  for (std::size_t i = 0; i < data_.entities.size(); ++i) {
    Json& entity = data_.entities[i];
    if (i % 37 == 9) entity["name"] = "Renamed " + std::to_string(i / 37 + 1);
    if (i % 41 == 11) entity["area_id"] = "garage";
    if (i % 43 == 17) entity["hidden_by"] = i % 2 == 0 ? "user" : "integration";
    if (i % 47 == 19) entity["labels"] = Json::array({"energy", "guests"});
    if (i % 53 == 23) entity["icon"] = "mdi:star";
    if (i % 97 == 31) restored.insert(text_in(entity, "entity_id"));
    if (i % 59 == 29 && text_in(entity, "entity_id").starts_with("automation.")) {
      entity["categories"] = Json{{"automation", id("category", 0)}};
    }
  }
  for (Json& state : data_.states) {
    if (!restored.contains(text_in(state, "entity_id"))) continue;
    state["state"] = "unavailable";
    state["attributes"]["restored"] = true;
  }
  if (data_.entities.size() < 40) return;
  // An integration was deleted while its entities were loading.
  Json& orphan = data_.entities[data_.entities.size() - 2];
  orphan["config_entry_id"] = id("gone entry", 0);
  orphan["device_id"] = id("gone device", 0);
}

}  // namespace

House make_house(const HouseOptions& options) {
  auto data = std::make_unique<HouseData>();
  data->ha_version = options.ha_version;
  data->version = parse_ha_version(options.ha_version);
  data->seed = options.seed;
  Furnisher(*data, options).furnish();
  if (data->version >= k_ha_single_entry_devices) split_composites(*data);
  if (options.weird) add_weird_records(*data);
  for (const Json& state : data->states) data->recorder.record(state);
  data->clock = data->recorder.newest();
  return House(std::move(data));
}

}  // namespace haingest::fakes
