// SPDX-License-Identifier: MIT
// What a house says when it is asked.
#include "tests/fakes/house.hpp"

#include <algorithm>
#include <utility>

#include "tests/fakes/house_data.hpp"

namespace haingest::fakes {
namespace {

std::string list_of(RecordKind kind, const std::vector<Json>& records, HaVersion version) {
  std::string out = "[";
  for (const Json& record : records) {
    if (out.size() > 1) out += ',';
    render_record(out, kind, record, version);
  }
  return out += ']';
}

std::vector<std::string> texts_of(const std::vector<Json>& records, std::string_view key) {
  std::vector<std::string> out;
  out.reserve(records.size());
  for (const Json& record : records) out.push_back(text_in(record, key));
  return out;
}

std::string field_text(const Json* record, std::string_view field) {
  if (record == nullptr || !record->contains(field)) return "";
  return text_of(record->at(std::string(field)));
}

// Components as get_config lists them: the domains of the entries and what is always there.
Json components_of(const HouseData& data) {
  Json out = Json::array({"homeassistant", "config", "recorder", "history", "websocket_api"});
  for (const Json& entry : data.config_entries) {
    const std::string domain = text_in(entry, "domain");
    if (std::ranges::find(out, Json(domain)) == out.end()) out.push_back(domain);
  }
  return out;
}

}  // namespace

House::House(std::unique_ptr<HouseData> data) : data_(std::move(data)) {}
House::House(const House& other) : data_(std::make_unique<HouseData>(*other.data_)) {}
House::House(House&&) noexcept = default;
House& House::operator=(House other) noexcept {
  data_ = std::move(other.data_);
  return *this;
}
House::~House() = default;

const std::string& House::ha_version() const { return data_->ha_version; }
HaVersion House::version() const { return data_->version; }

// Parents before children, which 2026.9 promises.
std::string House::devices_json() const {
  std::vector<const Json*> order;
  for (const Json& device : data_->devices) order.push_back(&device);
  if (data_->version >= k_ha_child_devices) {
    std::ranges::stable_partition(order, [](const Json* device) {
      return !device->is_object() || text_in(*device, "parent_device_id").empty();
    });
  }
  std::string out = "[";
  for (const Json* device : order) {
    if (out.size() > 1) out += ',';
    render_record(out, RecordKind::device, *device, data_->version);
  }
  return out += ']';
}

std::string House::entities_json() const {
  return list_of(RecordKind::entity, data_->entities, data_->version);
}
std::string House::areas_json() const {
  return list_of(RecordKind::area, data_->areas, data_->version);
}
std::string House::floors_json() const {
  return list_of(RecordKind::floor, data_->floors, data_->version);
}
std::string House::labels_json() const {
  return list_of(RecordKind::label, data_->labels, data_->version);
}
std::string House::config_entries_json() const {
  return list_of(RecordKind::config_entry, data_->config_entries, data_->version);
}
std::string House::composite_splits_json() const { return text_of(data_->splits); }
std::string House::states_json() const {
  return list_of(RecordKind::state, data_->states, data_->version);
}

std::string House::config_json(std::string_view state) const {
  const Json units{{"length", "km"},   {"accumulated_precipitation", "mm"},
                   {"area", "m²"},     {"mass", "g"},
                   {"pressure", "Pa"}, {"temperature", "°C"},
                   {"volume", "L"},    {"wind_speed", "m/s"}};
  return text_of(Json{{"allowlist_external_dirs", Json::array({"/config/www", "/media"})},
                      {"allowlist_external_urls", Json::array()},
                      {"components", components_of(*data_)},
                      {"config_dir", "/config"},
                      {"config_source", "storage"},
                      {"country", "GB"},
                      {"currency", "GBP"},
                      {"debug", false},
                      {"elevation", 45},
                      {"external_url", nullptr},
                      {"internal_url", nullptr},
                      {"language", "en"},
                      {"latitude", 51.48},
                      {"location_name", "Demo House"},
                      {"longitude", 0.0},
                      {"radius", 100},
                      {"recovery_mode", false},
                      {"safe_mode", false},
                      {"state", state},
                      {"time_zone", "Europe/London"},
                      {"unit_system", units},
                      {"version", data_->ha_version},
                      {"whitelist_external_dirs", Json::array({"/config/www", "/media"})}});
}

std::string House::entity_json(std::string_view entity_id) const {
  const Json* entity = find_record(data_->entities, "entity_id", entity_id);
  if (entity == nullptr) return "null";
  Json extended = *entity;
  extended["aliases"] = Json::array();
  extended["capabilities"] = nullptr;
  extended["device_class"] = nullptr;
  extended["original_device_class"] = nullptr;
  extended["original_icon"] = nullptr;
  const Json* state = find_record(data_->states, "entity_id", entity_id);
  if (state != nullptr && state->at("attributes").contains("device_class")) {
    extended["original_device_class"] = state->at("attributes").at("device_class");
  }
  std::string out;
  render_record(out, RecordKind::entity, extended, data_->version);
  return out;
}

std::string House::snapshot_document(std::string_view url) const {
  const HaVersion version = data_->version;
  Json ha{{"url", url},
          {"version", data_->ha_version},
          {"location", "Demo House"},
          {"state", "RUNNING"},
          {"when", iso_moment(59'999)}};
  Json states = Json::array();
  for (const Json& state : data_->states) {
    const Json& attributes = state.at("attributes");
    states.push_back(Json{{"entity_id", state.at("entity_id")},
                          {"name", attributes.value("friendly_name", Json(nullptr))},
                          {"unit", attributes.value("unit_of_measurement", Json(nullptr))},
                          {"device_class", attributes.value("device_class", Json(nullptr))}});
  }
  const bool floors = version >= k_ha_floors_labels;
  const bool splits = version >= k_ha_single_entry_devices;
  Json missing = Json::object();
  if (!floors) missing["floors"] = missing["labels"] = "unknown_command";
  if (!splits) missing["composite_splits"] = "unknown_command";
  std::string out = "{\"ha\":" + text_of(ha);
  out += ",\"devices\":" + devices_json() + ",\"entities\":" + entities_json();
  out += ",\"areas\":" + areas_json();
  if (floors) out += ",\"floors\":" + floors_json() + ",\"labels\":" + labels_json();
  out += ",\"config_entries\":" + config_entries_json();
  if (splits) out += ",\"composite_splits\":" + composite_splits_json();
  out += ",\"states\":" + text_of(states) + ",\"missing\":" + text_of(missing);
  return out += "}\n";
}

std::vector<std::string> House::device_ids() const { return texts_of(data_->devices, "id"); }
std::vector<std::string> House::entity_ids() const {
  return texts_of(data_->entities, "entity_id");
}
std::vector<std::string> House::area_ids() const { return texts_of(data_->areas, "area_id"); }
std::vector<std::string> House::config_entry_ids() const {
  return texts_of(data_->config_entries, "entry_id");
}

bool House::has_device(std::string_view device_id) const {
  return find_record(data_->devices, "id", device_id) != nullptr;
}
bool House::has_entity(std::string_view entity_id) const {
  return find_record(data_->entities, "entity_id", entity_id) != nullptr;
}
std::string House::registry_id(std::string_view entity_id) const {
  return text_in(record_with(data_->entities, "entity_id", entity_id), "id");
}
std::string House::device_field(std::string_view device_id, std::string_view field) const {
  return field_text(find_record(data_->devices, "id", device_id), field);
}
std::string House::entity_field(std::string_view entity_id, std::string_view field) const {
  return field_text(find_record(data_->entities, "entity_id", entity_id), field);
}

std::vector<HouseEvent> House::take_events() { return std::exchange(data_->events, {}); }

}  // namespace haingest::fakes
