// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "core/migrate/layout.hpp"
#include "core/migrate/newest.hpp"
#include "core/model/kind.hpp"

namespace haingest::migrate {
namespace {

namespace entity = model::entity;

bool has_tag(const Measurement& measurement, std::string_view tag) {
  return std::ranges::find(measurement.tags, tag) != measurement.tags.end();
}

// An attribute is a field with `_str` behind its name, or a tag, where it is set up so; a name of
// digits alone is a number. Of a text that ends with digits there is a number, too.
std::string attribute(const GroupRow& row, const std::string& name) {
  std::string text = row.text(name + "_str");
  if (text.empty()) text = row.text(name);
  return text == "None" ? "" : text;  // Python's null
}

const std::vector<std::size_t> k_columns{entity::name, entity::domain, entity::device_class,
                                         entity::unit};

void see(const Measurement& measurement, const GroupRow& row, Records& records) {
  const std::string domain(row.group("domain"));
  const std::string_view object_id = row.group("entity_id");
  if (domain.empty() || object_id.empty()) return;
  const std::string entity_id = domain + "." + std::string(object_id);
  const NamedBy named = named_by(measurement, domain, !row.text("state").empty());
  std::string device_class = attribute(row, "device_class");
  if (device_class.empty()) device_class = named.device_class;
  std::string unit = attribute(row, "unit_of_measurement");
  if (unit.empty()) unit = named.unit;
  records.see(entity_id, row.time(),
              {attribute(row, "friendly_name"), domain, std::move(device_class), std::move(unit)});
}

// The newest and the oldest are asked for at once: InfluxDB 1.6 answers a query on one core.
base::Result<void> read_measurement(influx::QueryClient& client, influx::QueryClient& second,
                                    Question question, Records& records) {
  const Measurement& measurement = *question.measurement;
  question.groups = {"domain", "entity_id"};
  // Hundreds of attributes may be fields here, of which none is written without one of these.
  question.present = {"state", "value"};
  std::vector<std::pair<std::string, std::int64_t>> oldest;
  auto asking = std::async(std::launch::async, [&second, &oldest, question] {
    return oldest_rows(second, question, [&oldest](const GroupRow& row) {
      oldest.emplace_back(
          std::string(row.group("domain")) + "." + std::string(row.group("entity_id")), row.time());
    });
  });
  question.wanted = {"friendly_name_str",
                     "friendly_name",
                     "device_class_str",
                     "device_class",
                     "unit_of_measurement_str",
                     "unit_of_measurement",
                     "state"};
  auto newest =
      newest_rows(client, question, [&](const GroupRow& row) { see(measurement, row, records); });
  auto asked = asking.get();
  if (!newest) return newest;
  if (!asked) return asked;
  for (const auto& [entity_id, time] : oldest) records.see_at(entity_id, time);
  return {};
}

}  // namespace

bool has_states(const Measurement& measurement) {
  return has_tag(measurement, "domain") && has_tag(measurement, "entity_id") &&
         !has_tag(measurement, "event_type") &&  // ha-ingestor's events have one
         (measurement.find("value") != nullptr || measurement.find("state") != nullptr);
}

// By default a measurement is a unit, and no attribute says it again. Where a measurement has some
// other name, the unit is an attribute of those that have one; and of what has a unit the state is
// a number, so that it has no text.
NamedBy named_by(const Measurement& measurement, std::string_view domain, bool has_text_state) {
  const std::string& name = measurement.name;
  NamedBy named;
  const std::string by_class = std::string(domain) + "__";
  if (name.starts_with(by_class)) {
    named.device_class = name.substr(by_class.size());
    return named;
  }
  const auto has_unit_beside = [&measurement](std::string_view key) {
    return measurement.find(key) != nullptr || has_tag(measurement, key);
  };
  const bool has_other_name = name == domain || name.starts_with(std::string(domain) + ".") ||
                              name == "state" || name == "units" ||
                              has_unit_beside("unit_of_measurement_str") ||
                              has_unit_beside("unit_of_measurement");
  if (!has_other_name && !has_text_state) named.unit = name;
  return named;
}

base::Result<Records> read_home_assistant_entities(influx::QueryClient& client,
                                                   const Source& source) {
  Records records(Layout::home_assistant, model::Kind::entity, k_columns);
  influx::QueryClient second = client.another();
  for (Question& question : questions_of(source, has_states)) {
    records.enter(question.database, question.policy);
    const auto read = read_measurement(client, second, std::move(question), records);
    if (!read) return read.error();
  }
  return records;
}

}  // namespace haingest::migrate
