// SPDX-License-Identifier: MIT
#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "core/migrate/layout.hpp"
#include "core/migrate/newest.hpp"
#include "core/model/kind.hpp"
#include "core/model/state_change.hpp"

namespace haingest::migrate {
namespace {

namespace device = model::device;
namespace entity = model::entity;

bool has_tag(const Measurement& measurement, std::string_view tag) {
  return std::ranges::find(measurement.tags, tag) != measurement.tags.end();
}

// What the service wrote where it knew nothing.
std::string unless(std::string text, std::string_view placeholder) {
  return text == placeholder ? "" : std::move(text);
}

using Cells = std::vector<std::string>;

const std::vector<std::size_t> k_device_columns{device::name, device::manufacturer, device::model,
                                                device::sw_version, device::area_id};

Cells device_cells(const GroupRow& row) {
  return {row.text("name"), unless(row.text("manufacturer"), "Unknown"),
          unless(row.text("model"), "Unknown"), unless(row.text("sw_version"), "Unknown"),
          unless(row.text("area_id"), "unassigned")};
}

const std::vector<std::size_t> k_entity_columns{entity::device_id, entity::domain,
                                                entity::platform,  entity::unique_id,
                                                entity::area_id,   entity::disabled};

Cells entity_cells(const GroupRow& row) {
  std::string domain = unless(row.text("domain"), "unknown");
  if (domain.empty()) domain = model::domain_of(row.group("entity_id"));
  const std::optional<bool> disabled = row.flag("disabled");
  return {unless(row.text("device_id"), "unknown"),
          std::move(domain),
          row.text("platform"),
          row.text("unique_id"),
          unless(row.text("area_id"), "unassigned"),
          disabled ? (*disabled ? "1" : "0") : ""};
}

// How a table of the service is read.
struct Reading {
  std::string tag;  // the id
  std::vector<std::string> wanted;
  bool (*is_it)(const Measurement&);
  Cells (*cells_of)(const GroupRow&);
};

base::Result<void> read_measurement(influx::QueryClient& client, const Reading& reading,
                                    Question question, Records& records) {
  for (const Field& field : question.measurement->fields) question.present.push_back(field.name);
  question.groups = {reading.tag};
  question.wanted = reading.wanted;
  auto newest = newest_rows(client, question, [&](const GroupRow& row) {
    records.see(row.group(reading.tag), row.time(), reading.cells_of(row));
  });
  if (!newest) return newest;
  return oldest_rows(client, question, [&](const GroupRow& row) {
    records.see_at(row.group(reading.tag), row.time());
  });
}

base::Result<Records> read_all(influx::QueryClient& client, const Source& source,
                               const Reading& reading, Records records) {
  for (Question& question : questions_of(source, reading.is_it)) {
    records.enter(question.database, question.policy);
    const auto read = read_measurement(client, reading, std::move(question), records);
    if (!read) return read.error();
  }
  return records;
}

// The tables have rows of the service's starts alone; what an entity did stands in its events.
base::Result<void> read_events(influx::QueryClient& client, Question question, Records& records) {
  question.groups = {"entity_id"};
  question.present = {"state", "state_value"};
  const auto see = [&](const GroupRow& row) { records.see_at(row.group("entity_id"), row.time()); };
  const auto newest = newest_rows(client, question, see);
  return newest ? oldest_rows(client, question, see) : newest;
}

}  // namespace

bool has_devices(const Measurement& measurement) {
  return measurement.name == "devices" && has_tag(measurement, "device_id") &&
         !has_states(measurement);
}

bool has_entities(const Measurement& measurement) {
  return measurement.name == "entities" && has_tag(measurement, "entity_id") &&
         !has_states(measurement);
}

bool has_events(const Measurement& measurement) {
  return has_tag(measurement, "entity_id") && has_tag(measurement, "event_type") &&
         (measurement.find("state") != nullptr || measurement.find("state_value") != nullptr);
}

base::Result<Records> read_ha_ingestor_devices(influx::QueryClient& client, const Source& source) {
  const Reading reading{"device_id",
                        {"name", "manufacturer", "model", "sw_version", "area_id"},
                        has_devices,
                        device_cells};
  return read_all(client, source, reading,
                  Records(Layout::ha_ingestor, model::Kind::device, k_device_columns));
}

base::Result<Records> read_ha_ingestor_entities(influx::QueryClient& client, const Source& source) {
  const Reading reading{"entity_id",
                        {"device_id", "domain", "platform", "unique_id", "area_id", "disabled"},
                        has_entities,
                        entity_cells};
  auto records = read_all(client, source, reading,
                          Records(Layout::ha_ingestor, model::Kind::entity, k_entity_columns));
  if (!records || records->empty()) return records;
  for (Question& question : questions_of(source, has_events)) {
    const auto read = read_events(client, std::move(question), *records);
    if (!read) return read.error();
  }
  return records;
}

}  // namespace haingest::migrate
