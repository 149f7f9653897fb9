// SPDX-License-Identifier: MIT
// What happens in a house, with the events that Home Assistant fires for it.
#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include "tests/fakes/house_data.hpp"

namespace haingest::fakes {
namespace {

void touch(HouseData& data, Json& record) {
  if (record.contains("modified_at")) record["modified_at"] = moment(50'000 + data.next_number++);
}

void fire_entity_update(HouseData& data, const Json& entity, Json changes,
                        std::string_view old_entity_id = {}) {
  Json event{{"action", "update"}, {"entity_id", entity["entity_id"]}, {"changes", changes}};
  if (!old_entity_id.empty()) event["old_entity_id"] = old_entity_id;
  data.fire("entity_registry_updated", event);
}

// The recorder hears it like everyone else.
void fire_state(HouseData& data, std::string_view entity_id, const Json& before,
                const Json& after) {
  if (after.is_null()) {
    data.recorder.record_removal(entity_id, data.next_stamp());
  } else {
    data.recorder.record(after);
  }
  data.fire("state_changed",
            Json{{"entity_id", entity_id}, {"old_state", before}, {"new_state", after}});
}

void fire_entry(HouseData& data, std::string_view type, const Json& entry) {
  std::string text;
  render_record(text, RecordKind::config_entry, entry, data.version);
  data.fire("config_entries", Json::array({Json{{"type", type}, {"entry", Json::parse(text)}}}));
}

std::vector<Json> take_states(HouseData& data, std::string_view entity_id) {
  std::vector<Json> taken;
  std::erase_if(data.states, [&](Json& state) {
    if (!text_is(state, "entity_id", entity_id)) return false;
    fire_state(data, entity_id, state, nullptr);
    taken.push_back(std::move(state));
    return true;
  });
  return taken;
}

void move_state(HouseData& data, std::string_view from, std::string_view to) {
  std::vector<Json> states = take_states(data, from);
  for (Json& state : states) {
    state["entity_id"] = to;
    stamp(state, data.next_stamp());
    fire_state(data, to, nullptr, state);
    data.states.push_back(std::move(state));
  }
}

// States that come back are new ones.
void restore_states(HouseData& data, std::vector<Json>& states) {
  for (Json& state : states) {
    stamp(state, data.next_stamp());
    fire_state(data, text_in(state, "entity_id"), nullptr, state);
    data.states.push_back(std::move(state));
  }
}

// Fires it and puts it into the place of the state that the entity has.
void replace_state(HouseData& data, std::string_view entity_id, Json after) {
  const Json* old = find_record(data.states, "entity_id", entity_id);
  fire_state(data, entity_id, old == nullptr ? Json(nullptr) : *old, after);
  if (old == nullptr) {
    data.states.push_back(std::move(after));
  } else {
    record_with(data.states, "entity_id", entity_id) = std::move(after);
  }
}

// Takes the entity out of the registry with its state.
Removed take_entity(HouseData& data, std::string_view entity_id) {
  Removed removed;
  removed.record = record_with(data.entities, "entity_id", entity_id);
  removed.states = take_states(data, entity_id);
  std::erase_if(data.entities,
                [&](const Json& entity) { return text_is(entity, "entity_id", entity_id); });
  data.fire("entity_registry_updated", Json{{"action", "remove"}, {"entity_id", entity_id}});
  return removed;
}

void set_field(HouseData& data, Json& record, std::string_view field, std::string_view value,
               Json& changes) {
  const std::string key(field);
  changes[key] = record.contains(key) ? record[key] : Json(nullptr);
  record[key] = Json::parse(value);
  touch(data, record);
}

// Strips `value` from a text field or a list of texts; says whether it was there.
bool strip(Json& record, const std::string& field, std::string_view value) {
  Json& cell = record[field];
  if (cell.is_string() && cell.get_ref<const std::string&>() == value) {
    cell = nullptr;
    return true;
  }
  if (!cell.is_array()) return false;
  const auto place = std::ranges::find(cell, Json(value));
  if (place == cell.end()) return false;
  cell.erase(place);
  return true;
}

void strip_everywhere(HouseData& data, const std::string& field, std::string_view value) {
  const Json before{{field, field == "labels" ? Json::array({value}) : Json(value)}};
  for (Json& device : data.devices) {
    if (!strip(device, field, value)) continue;
    touch(data, device);
    data.fire("device_registry_updated",
              Json{{"action", "update"}, {"device_id", device["id"]}, {"changes", before}});
  }
  for (Json& entity : data.entities) {
    if (!strip(entity, field, value)) continue;
    touch(data, entity);
    fire_entity_update(data, entity, before);
  }
}

void remove_record(HouseData& data, std::vector<Json>& records, const std::string& key,
                   std::string_view value, std::string_view event) {
  static_cast<void>(record_with(records, key, value));
  std::erase_if(records, [&](const Json& record) { return text_is(record, key, value); });
  data.fire(event, Json{{"action", "remove"}, {key, value}});
}

}  // namespace

void House::rename_entity(std::string_view entity_id, std::string_view new_entity_id,
                          OldRows old_rows) {
  const std::string before(entity_id);
  const std::string after(new_entity_id);
  Json& entity = record_with(data_->entities, "entity_id", before);
  entity["entity_id"] = after;
  touch(*data_, entity);
  fire_entity_update(*data_, entity, Json{{"entity_id", before}}, before);
  data_->recorder.rename(before, after, old_rows);
  move_state(*data_, before, after);
}

void House::swap_entity_ids(std::string_view first, std::string_view second) {
  const std::string a(first);
  const std::string b(second);
  const std::string between = a + "_haingest_swap";
  rename_entity(a, between);
  rename_entity(b, a);
  rename_entity(between, b);
}

void House::set_entity_field(std::string_view entity_id, std::string_view field,
                             std::string_view value) {
  Json& entity = record_with(data_->entities, "entity_id", entity_id);
  Json changes;
  set_field(*data_, entity, field, value, changes);
  fire_entity_update(*data_, entity, changes);
  if (field == "disabled_by" && !entity["disabled_by"].is_null()) {
    take_states(*data_, entity_id);
  }
}

void House::set_device_field(std::string_view device_id, std::string_view field,
                             std::string_view value) {
  Json& device = record_with(data_->devices, "id", device_id);
  Json changes;
  set_field(*data_, device, field, value, changes);
  data_->fire("device_registry_updated",
              Json{{"action", "update"}, {"device_id", device_id}, {"changes", changes}});
}

void House::set_area_field(std::string_view area_id, std::string_view field,
                           std::string_view value) {
  Json changes;
  set_field(*data_, record_with(data_->areas, "area_id", area_id), field, value, changes);
  data_->fire("area_registry_updated", Json{{"action", "update"}, {"area_id", area_id}});
}

void House::remove_device(std::string_view device_id) {
  const std::string id(device_id);
  Removed removed;
  removed.record = record_with(data_->devices, "id", id);
  std::vector<std::string> entity_ids;
  for (const Json& entity : data_->entities) {
    if (text_is(entity, "device_id", id)) entity_ids.push_back(text_in(entity, "entity_id"));
  }
  for (const std::string& entity_id : entity_ids) {
    Removed entity = take_entity(*data_, entity_id);
    removed.entities.push_back(std::move(entity.record));
    std::ranges::move(entity.states, std::back_inserter(removed.states));
  }
  std::erase_if(data_->devices, [&](const Json& device) { return text_is(device, "id", id); });
  Json event{{"action", "remove"}, {"device_id", id}};
  if (data_->version >= k_ha_child_devices) event["device"] = removed.record;
  data_->fire("device_registry_updated", event);
  data_->removed_devices[id] = std::move(removed);
}

void House::remove_entity(std::string_view entity_id) {
  Removed removed = take_entity(*data_, entity_id);
  data_->removed_entities[std::string(entity_id)] = std::move(removed);
}

void House::restore_entity(std::string_view entity_id) {
  const auto found = data_->removed_entities.find(entity_id);
  if (found == data_->removed_entities.end()) {
    throw std::out_of_range("the house has not removed " + std::string(entity_id));
  }
  data_->entities.push_back(found->second.record);
  data_->fire("entity_registry_updated", Json{{"action", "create"}, {"entity_id", entity_id}});
  restore_states(*data_, found->second.states);
  data_->removed_entities.erase(found);
}

void House::restore_device(std::string_view device_id) {
  const auto found = data_->removed_devices.find(device_id);
  if (found == data_->removed_devices.end()) {
    throw std::out_of_range("the house has not removed " + std::string(device_id));
  }
  data_->devices.push_back(found->second.record);
  data_->fire("device_registry_updated", Json{{"action", "create"}, {"device_id", device_id}});
  for (const Json& entity : found->second.entities) {
    data_->entities.push_back(entity);
    data_->fire("entity_registry_updated",
                Json{{"action", "create"}, {"entity_id", entity["entity_id"]}});
  }
  restore_states(*data_, found->second.states);
  data_->removed_devices.erase(found);
}

std::string House::add_device(std::string_view like, std::string_view name, std::size_t entities) {
  const Json& model = record_with(data_->devices, "id", like);
  const std::uint64_t number = 30'000 + data_->next_number++;
  DeviceSeed seed;
  seed.id = make_id(data_->seed, "new device", number);
  seed.name = name;
  seed.manufacturer = text_in(model, "manufacturer");
  seed.model = text_in(model, "model");
  seed.entry_id = text_in(model, "config_entry_id");
  seed.identifier = make_id(data_->seed, "new identifier", number).substr(0, 16);
  const Json* entry = find_record(data_->config_entries, "entry_id", seed.entry_id);
  const std::string domain = entry == nullptr ? "mqtt" : text_in(*entry, "domain");
  data_->devices.push_back(make_device(seed, domain, number * 4 + 1));
  data_->fire("device_registry_updated", Json{{"action", "create"}, {"device_id", seed.id}});
  for (std::size_t i = 0; i < entities; ++i) {
    EntitySeed entity;
    entity.name = "Value " + std::to_string(i + 1);
    entity.entity_id = "sensor." + slug(name) + "_value_" + std::to_string(i + 1);
    entity.id = make_id(data_->seed, "new entity", data_->next_number++);
    entity.platform = domain;
    entity.device_id = seed.id;
    entity.entry_id = seed.entry_id;
    entity.unique_id = seed.identifier + "-" + std::to_string(i);
    data_->entities.push_back(make_entity(entity, number * 4 + 1));
    data_->fire("entity_registry_updated",
                Json{{"action", "create"}, {"entity_id", entity.entity_id}});
    data_->states.push_back(make_state(entity.entity_id, "1", Json::object(), number));
    stamp(data_->states.back(), data_->next_stamp());
    fire_state(*data_, entity.entity_id, nullptr, data_->states.back());
  }
  return seed.id;
}

std::string House::add_area(std::string_view name) {
  Json area = data_->areas.empty() ? Json::object() : data_->areas.front();
  for (auto& [key, value] : area.items()) value = value.is_array() ? Json::array() : Json(nullptr);
  area["area_id"] = slug(name);
  area["name"] = name;
  area["created_at"] = area["modified_at"] = moment(40'000 + data_->next_number++);
  data_->areas.push_back(area);
  data_->fire("area_registry_updated",
              Json{{"action", "create"}, {"area_id", data_->areas.back()["area_id"]}});
  return slug(name);
}

void House::remove_area(std::string_view area_id) {
  remove_record(*data_, data_->areas, "area_id", area_id, "area_registry_updated");
  strip_everywhere(*data_, "area_id", area_id);
}

void House::remove_floor(std::string_view floor_id) {
  remove_record(*data_, data_->floors, "floor_id", floor_id, "floor_registry_updated");
  for (Json& area : data_->areas) {
    if (!strip(area, "floor_id", floor_id)) continue;
    data_->fire("area_registry_updated", Json{{"action", "update"}, {"area_id", area["area_id"]}});
  }
}

void House::remove_label(std::string_view label_id) {
  remove_record(*data_, data_->labels, "label_id", label_id, "label_registry_updated");
  for (Json& area : data_->areas) {
    if (!strip(area, "labels", label_id)) continue;
    data_->fire("area_registry_updated", Json{{"action", "update"}, {"area_id", area["area_id"]}});
  }
  strip_everywhere(*data_, "labels", label_id);
}

void House::remove_config_entry(std::string_view entry_id) {
  const std::string id(entry_id);
  const Json entry = record_with(data_->config_entries, "entry_id", id);
  for (const std::string& device : device_ids()) {
    if (text_in(record_with(data_->devices, "id", device), "config_entry_id") == id) {
      remove_device(device);
    }
  }
  for (const std::string& entity : entity_ids()) {
    if (text_in(record_with(data_->entities, "entity_id", entity), "config_entry_id") == id) {
      remove_entity(entity);
    }
  }
  std::erase_if(data_->config_entries,
                [&](const Json& record) { return text_is(record, "entry_id", id); });
  fire_entry(*data_, "removed", entry);
}

void House::set_config_entry_state(std::string_view entry_id, std::string_view state) {
  Json& entry = record_with(data_->config_entries, "entry_id", entry_id);
  entry["state"] = state;
  entry["reason"] = state == "loaded" ? Json(nullptr) : Json("Connection timed out");
  fire_entry(*data_, "updated", entry);
}

void House::reverse_areas() {
  std::ranges::reverse(data_->areas);
  data_->fire("area_registry_updated", Json{{"action", "reorder"}, {"area_id", nullptr}});
}

void House::reverse_lists() {
  for (auto* list : {&data_->devices, &data_->entities, &data_->floors, &data_->labels,
                     &data_->config_entries, &data_->states}) {
    std::ranges::reverse(*list);
  }
}

void House::set_state(std::string_view entity_id, std::string_view state) {
  const std::uint64_t number = 50'000 + data_->next_number++;
  const Json* old = find_record(data_->states, "entity_id", entity_id);
  const Json attributes = old == nullptr ? Json::object() : old->at("attributes");
  Json after = make_state(entity_id, state, attributes, number);
  stamp(after, data_->next_stamp(moment_stamp(number)));
  replace_state(*data_, entity_id, std::move(after));
}

void House::set_state_at(std::string_view entity_id, std::string_view state, base::Timestamp at,
                         std::string_view attributes) {
  const Json* old = find_record(data_->states, "entity_id", entity_id);
  Json own = old == nullptr ? Json::object() : old->at("attributes");
  if (!attributes.empty()) own = Json::parse(attributes);
  Json after = make_state(entity_id, state, own, 50'000 + data_->next_number++);
  stamp(after, at);
  if (old != nullptr && text_is(*old, "state", state)) {
    after["last_changed"] = old->at("last_changed");
  }
  replace_state(*data_, entity_id, std::move(after));
}

void House::remove_state(std::string_view entity_id) {
  static_cast<void>(record_with(data_->states, "entity_id", entity_id));
  take_states(*data_, entity_id);
}

std::string House::change_something(std::size_t n) {
  const std::vector<std::string> devices = device_ids();
  const std::vector<std::string> entities = entity_ids();
  if (devices.empty() || entities.empty()) return "nothing: the house is empty";
  const std::string& device = devices[n * 7 % devices.size()];
  const std::string& entity = entities[n * 13 % entities.size()];
  switch (n % 4) {
    case 0: {
      const std::string to = entity + "_" + std::to_string(n);
      rename_entity(entity, to);
      return "renamed " + entity + " to " + to;
    }
    case 1: {
      const std::string area =
          data_->areas.empty() ? "" : text_in(data_->areas[n % data_->areas.size()], "area_id");
      set_device_field(device, "area_id", area.empty() ? "null" : "\"" + area + "\"");
      return "moved device " + device + " to " + area;
    }
    case 2:
      set_device_field(device, "name_by_user", "\"Named " + std::to_string(n) + "\"");
      return "named device " + device;
    default:
      set_state(entity, std::to_string(n));
      return "set state of " + entity;
  }
}

}  // namespace haingest::fakes
