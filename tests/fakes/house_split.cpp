// SPDX-License-Identifier: MIT
// What Home Assistant 2026.8 does to devices of several config entries when it first starts: one
// device per entry, every one with a new id, `list_composite_splits` remembering the old one.
#include <algorithm>
#include <stdexcept>

#include "tests/fakes/house_data.hpp"

namespace haingest::fakes {
namespace {

std::string domain_of(const HouseData& data, const std::string& entry_id) {
  const Json* entry = find_record(data.config_entries, "entry_id", entry_id);
  return entry == nullptr ? "" : text_in(*entry, "domain");
}

using Halves = std::map<std::string, std::vector<Json>, std::less<>>;  // by the old id

void move_entities(HouseData& data, const Halves& halves) {
  for (Json& entity : data.entities) {
    const auto found = halves.find(text_in(entity, "device_id"));
    if (found == halves.end()) continue;
    const Json* half =
        find_record(found->second, "config_entry_id", text_in(entity, "config_entry_id"));
    entity["device_id"] = half == nullptr ? Json(nullptr) : half->at("id");
  }
}

// Same entry, else same domain, else any half.
void repoint_vias(HouseData& data, const std::string& old_id, const std::vector<Json>& halves) {
  for (Json& device : data.devices) {
    if (!text_is(device, "via_device_id", old_id)) continue;
    const std::string entry = text_in(device, "config_entry_id");
    const Json* half = find_record(halves, "config_entry_id", entry);
    for (const Json& other : halves) {
      if (half != nullptr) break;
      if (domain_of(data, text_in(other, "config_entry_id")) == domain_of(data, entry)) {
        half = &other;
      }
    }
    device["via_device_id"] = (half == nullptr ? halves.front() : *half).at("id");
  }
}

// Replaces the device; its entities are moved later, those of all devices in one go.
std::vector<Json> split(HouseData& data, const std::string& old_id) {
  Json& old = record_with(data.devices, "id", old_id);
  std::vector<Json> halves;
  Json ids = Json::array();
  for (const Json& entry : old["config_entries"]) {
    Json half = old;
    half["id"] = make_id(data.seed, "split of " + old_id, halves.size());
    half["config_entry_id"] = half["primary_config_entry"] = entry;
    half["config_entries"] = Json::array({entry});
    half["config_entries_subentries"] = Json{{entry.get<std::string>(), Json::array({nullptr})}};
    ids.push_back(half["id"]);
    halves.push_back(std::move(half));
  }
  repoint_vias(data, old_id, halves);
  data.splits[old_id] = Json{{"split_ids", ids}, {"primary_id", ids[0]}};
  const auto place = std::ranges::find_if(
      data.devices, [&](const Json& device) { return text_is(device, "id", old_id); });
  const auto next = data.devices.erase(place);
  data.devices.insert(next, halves.begin(), halves.end());
  return halves;
}

}  // namespace

void split_composites(HouseData& data) {
  std::vector<std::string> composites;
  for (const Json& device : data.devices) {
    if (device["config_entries"].size() > 1) composites.push_back(text_in(device, "id"));
  }
  Halves halves;
  for (const std::string& id : composites) halves[id] = split(data, id);
  move_entities(data, halves);
}

std::vector<std::string> House::split_device(std::string_view device_id, std::size_t count) {
  Json& device = record_with(data_->devices, "id", device_id);
  Json& entries = device["config_entries"];
  for (const Json& entry : data_->config_entries) {
    if (entries.size() >= count) break;
    if (std::ranges::find(entries, entry["entry_id"]) == entries.end()) {
      entries.push_back(entry["entry_id"]);
    }
  }
  if (entries.size() < count) throw std::out_of_range("the house has too few config entries");
  const std::string id(device_id);
  const Halves halves{{id, split(*data_, id)}};
  move_entities(*data_, halves);
  std::vector<std::string> ids;
  for (const Json& half : halves.at(id)) ids.push_back(text_in(half, "id"));
  return ids;
}

void House::forget_split(std::string_view old_id) {
  if (!data_->splits.contains(old_id)) {
    throw std::out_of_range("the house has no split of " + std::string(old_id));
  }
  data_->splits.erase(std::string(old_id));
}

void House::upgrade_to(std::string_view ha_version) {
  const HaVersion before = data_->version;
  data_->ha_version = ha_version;
  data_->version = parse_ha_version(ha_version);
  if (before < k_ha_single_entry_devices && data_->version >= k_ha_single_entry_devices) {
    split_composites(*data_);
  }
}

}  // namespace haingest::fakes
