// SPDX-License-Identifier: MIT
// How devices and entities stand in each of the layouts.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/influx/query.hpp"
#include "core/migrate/records.hpp"
#include "core/migrate/source.hpp"

namespace haingest::migrate {

// ha-ingestor wrote `devices` and `entities` into three buckets over time. Home Assistant's own
// integration may be told to call a measurement so, too: that one has states.
[[nodiscard]] bool has_devices(const Measurement& measurement);
[[nodiscard]] bool has_entities(const Measurement& measurement);
// Its events: `home_assistant_events`, of whichever version.
[[nodiscard]] bool has_events(const Measurement& measurement);
// Whether the measurement is one of Home Assistant's own integration.
[[nodiscard]] bool has_states(const Measurement& measurement);

[[nodiscard]] base::Result<Records> read_ha_ingestor_devices(influx::QueryClient& client,
                                                             const Source& source);
[[nodiscard]] base::Result<Records> read_ha_ingestor_entities(influx::QueryClient& client,
                                                              const Source& source);
[[nodiscard]] base::Result<Records> read_home_assistant_entities(influx::QueryClient& client,
                                                                 const Source& source);

// What the name of a measurement of Home Assistant's tells of an entity of that domain in it, ""
// for nothing.
struct NamedBy {
  std::string unit;
  std::string device_class;
};
[[nodiscard]] NamedBy named_by(const Measurement& measurement, std::string_view domain,
                               bool has_text_state);

}  // namespace haingest::migrate
