// SPDX-License-Identifier: MIT
// Records as integrations with bugs have left them in real registries: whatever a consumer assumes
// about types, uniqueness and references is wrong in one of these.
#include "tests/fakes/house_data.hpp"

namespace haingest::fakes {
namespace {

Json nested(std::size_t depth) {
  Json value = "bottom";
  for (std::size_t i = 0; i < depth; ++i) value = Json::array({std::move(value)});
  return value;
}

Json weird_device(HouseData& data, std::string_view word) {
  DeviceSeed seed;
  seed.id = make_id(data.seed, word, 0);
  seed.name = "Weird " + std::string(word);
  seed.entry_id = text_in(data.config_entries.front(), "entry_id");
  seed.identifier = std::string(word);
  return make_device(seed, "weird", 3);
}

Json weird_entity(HouseData& data, std::string_view word) {
  EntitySeed seed;
  seed.entity_id = "sensor.weird_" + slug(word);
  seed.id = make_id(data.seed, word, 1);
  seed.platform = "weird";
  seed.unique_id = std::string(word);
  seed.name = "Weird " + std::string(word);
  return make_entity(seed, 3);
}

void add_devices(HouseData& data) {
  Json scalars = weird_device(data, "scalars");
  scalars["name"] = std::string("Pump\0A", 6);
  scalars["sw_version"] = 12;
  scalars["hw_version"] = 1.5;
  scalars["serial_number"] = 9007199254740993;
  scalars["manufacturer"] = Json::array({"x"});
  scalars["model"] = Json{{"name", "y"}};
  scalars["configuration_url"] = true;
  data.devices.push_back(scalars);

  Json arity = weird_device(data, "arity");
  arity["identifiers"] = Json::array({Json::array({"weird", 4711}), Json::array({"a", "b", "c"}),
                                      Json::array({"alone"}), Json::array(), "text"});
  arity["connections"] = Json::array({Json::array({"mac", nullptr})});
  data.devices.push_back(arity);

  Json nameless = weird_device(data, "nameless");
  nameless["name"] = nullptr;
  nameless["model"] = nullptr;
  data.devices.push_back(nameless);

  Json future = weird_device(data, "future");
  future["mood"] = "cheerful";
  future["warranty"] = Json{{"until", "2031-01-01"}, {"parts", Json::array({1, 2, 3})}};
  future["deep"] = nested(200);
  data.devices.push_back(future);

  Json dangling = weird_device(data, "dangling");
  dangling["area_id"] = "attic_that_burned_down";
  dangling["via_device_id"] = dangling["id"];
  dangling["labels"] = Json::array({"no_such_label"});
  data.devices.push_back(dangling);

  Json twice = weird_device(data, "twice");
  data.devices.push_back(twice);
  twice["name"] = "Weird twice, again";
  data.devices.push_back(twice);
}

void add_entities(HouseData& data) {
  Json number = weird_entity(data, "number");
  number["unique_id"] = 4711;
  number["original_name"] = 42;
  number["icon"] = false;
  data.entities.push_back(number);

  // Input 5 of the peers' lessons: a device and an entry that are in no list.
  Json dangling = weird_entity(data, "dangling");
  dangling["device_id"] = "d9";
  dangling["config_entry_id"] = "gone";
  data.entities.push_back(dangling);
  data.states.push_back(make_state("binary_sensor.y", "on", Json::object(), 7));

  Json nul = weird_entity(data, "nul");
  nul["name"] = std::string("before\0after", 12);
  data.entities.push_back(nul);

  Json twice = weird_entity(data, "twice");
  data.entities.push_back(twice);
  data.entities.push_back(twice);

  Json same_id = weird_entity(data, "same entity id");
  data.entities.push_back(same_id);
  same_id["id"] = make_id(data.seed, "another registry id", 1);
  data.entities.push_back(same_id);

  Json lone = weird_entity(data, "lone");
  lone["name"] = "half a " + std::string(k_lone_surrogate_mark) + " smile";
  data.entities.push_back(lone);
}

void add_states(HouseData& data) {
  const char* const values[] = {"nan", "inf", "1e400", "0x10", "1_000", " 5 "};
  std::uint64_t number = 8;
  for (const char* value : values) {
    Json attributes{{"friendly_name", number}, {"unit_of_measurement", Json::array({"x"})}};
    data.states.push_back(
        make_state("sensor.odd_" + std::to_string(number), value, attributes, number));
    ++number;
  }
}

}  // namespace

void add_weird_records(HouseData& data) {
  add_devices(data);
  add_entities(data);
  add_states(data);
}

}  // namespace haingest::fakes
