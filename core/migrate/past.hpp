// SPDX-License-Identifier: MIT
// The devices and entities that an old InfluxDB tells of, in the two layouts that there are: tables
// of its own (ha-ingestor), or what Home Assistant's own integration wrote beside each state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/influx/query.hpp"
#include "core/migrate/source.hpp"
#include "core/model/table.hpp"

namespace haingest::migrate {

enum class Layout { ha_ingestor, home_assistant };

// "ha-ingestor", "home-assistant".
[[nodiscard]] std::string_view name_of(Layout layout);

// Where records were found.
struct Found {
  Layout layout{};
  model::Kind kind{};  // device or entity
  std::string database;
  std::string policy;
  std::uint64_t records = 0;  // ids there
  base::Timestamp newest{};   // of the newest row
};

// Cells that the source does not tell are absent; its placeholders tell nothing. `first_seen` and
// `last_seen` are the times of the oldest and the newest row, `confirmed` is "0".
struct Past {
  std::optional<Layout> layout;                // what the tables are of; none: nothing was found
  model::Table devices{model::Kind::device};   // by id, each once
  model::Table entities{model::Kind::entity};  // Home Assistant's layout has no others
  std::vector<Found> found;                    // of both layouts, also what was not taken
};

// With no layout wanted: ha-ingestor's where it has records, else Home Assistant's. However old
// they are; of an id in several places the newest row counts.
[[nodiscard]] base::Result<Past> read_past(influx::QueryClient& client, const Source& source,
                                           std::optional<Layout> wanted);

}  // namespace haingest::migrate
