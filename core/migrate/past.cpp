// SPDX-License-Identifier: MIT
#include "core/migrate/past.hpp"

#include <utility>

#include "core/migrate/layout.hpp"

namespace haingest::migrate {

std::string_view name_of(Layout layout) {
  return layout == Layout::ha_ingestor ? "ha-ingestor" : "home-assistant";
}

base::Result<Past> read_past(influx::QueryClient& client, const Source& source,
                             std::optional<Layout> wanted) {
  const auto devices = read_ha_ingestor_devices(client, source);
  if (!devices) return devices.error();
  const auto entities = read_ha_ingestor_entities(client, source);
  if (!entities) return entities.error();
  const auto stateful = read_home_assistant_entities(client, source);
  if (!stateful) return stateful.error();
  Past past;
  for (const Records* records : {&*devices, &*entities, &*stateful}) {
    for (Found& found : records->found()) past.found.push_back(std::move(found));
  }
  const bool may_be_ha_ingestor = wanted.value_or(Layout::ha_ingestor) == Layout::ha_ingestor;
  const bool may_be_home_assistant =
      wanted.value_or(Layout::home_assistant) == Layout::home_assistant;
  if (may_be_ha_ingestor && !(devices->empty() && entities->empty())) {
    past.layout = Layout::ha_ingestor;
    devices->append_to(past.devices);
    entities->append_to(past.entities);
  } else if (may_be_home_assistant && !stateful->empty()) {
    past.layout = Layout::home_assistant;
    stateful->append_to(past.entities);
  }
  return past;
}

}  // namespace haingest::migrate
