// SPDX-License-Identifier: MIT
// The records behind a House, with every field of every release (ha_fields.cpp says which of them
// a release shows). Private to the fakes: it drags in the JSON library.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/ha_fields.hpp"
#include "tests/fakes/house.hpp"
#include "tests/fakes/recorder.hpp"

namespace haingest::fakes {

// What a removed device or entity leaves in Home Assistant, to come back as it was.
struct Removed {
  Json record;
  std::vector<Json> entities;
  std::vector<Json> states;
};

struct HouseData {
  std::string ha_version;
  HaVersion version;
  std::uint64_t seed = 1;

  std::vector<Json> devices;
  std::vector<Json> entities;
  std::vector<Json> areas;
  std::vector<Json> floors;
  std::vector<Json> labels;
  std::vector<Json> config_entries;
  std::vector<Json> states;
  Json splits = Json::object();

  std::map<std::string, Removed, std::less<>> removed_devices;
  std::map<std::string, Removed, std::less<>> removed_entities;
  std::vector<HouseEvent> events;
  std::uint64_t next_number = 0;  // numbers ids, unique ids and instants made after the start
  Recorder recorder;
  base::Timestamp clock{};  // the latest that a state was stamped with
  bool clock_is_set = false;

  void fire(std::string_view type, const Json& data);
  // For a new state: later than every one before, and than `not_before` while no test has set the
  // clock.
  base::Timestamp next_stamp(base::Timestamp not_before = {});
  [[nodiscard]] base::Timestamp now() const;
};

// 32 hexadecimal digits that depend on the seed, the word and the number alone.
[[nodiscard]] std::string make_id(std::uint64_t seed, std::string_view word, std::uint64_t number);
// A moment of the house as float seconds, to the microsecond. Mostly later for a higher number, by
// a quarter of an hour; from number 40 000 on by up to half a day earlier.
[[nodiscard]] double moment(std::uint64_t number);
[[nodiscard]] base::Timestamp moment_stamp(std::uint64_t number);
// The same as Home Assistant writes it in states.
[[nodiscard]] std::string iso_moment(std::uint64_t number);
// "Living Room" -> "living_room".
[[nodiscard]] std::string slug(std::string_view name);

// Finds by a text field; throws std::out_of_range naming it when there is none.
[[nodiscard]] Json& record_with(std::vector<Json>& records, std::string_view key,
                                std::string_view value);
[[nodiscard]] const Json* find_record(const std::vector<Json>& records, std::string_view key,
                                      std::string_view value);

struct DeviceSeed {
  std::string id, name, manufacturer, model, model_id, sw_version, area_id, entry_id, identifier;
};
struct EntitySeed {
  std::string entity_id, id, platform, device_id, entry_id, unique_id, name, category;
};
// Records with every field, in Home Assistant's order; empty texts become null.
[[nodiscard]] Json make_device(const DeviceSeed& seed, std::string_view domain,
                               std::uint64_t number);
[[nodiscard]] Json make_entity(const EntitySeed& seed, std::uint64_t number);
[[nodiscard]] Json make_state(std::string_view entity_id, std::string_view state,
                              const Json& attributes, std::uint64_t number);
// Dates it anew.
void stamp(Json& state, base::Timestamp at);

void add_weird_records(HouseData& data);
void split_composites(HouseData& data);

}  // namespace haingest::fakes
