// SPDX-License-Identifier: MIT
// Shards that an InfluxDB 1 has not opened: it answers as if they held nothing, and counts
// likewise.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/influx/query.hpp"
#include "core/migrate/source.hpp"

namespace haingest::migrate {

struct ClosedShard {
  std::string database;
  std::string policy;
  Span span;
  // A later one of the policy is open. Of the last ones it cannot be told whether points are
  // missing: the server prepares shards that nobody may ever write into.
  bool is_missed = false;
};

// Those of the source's databases that overlap `within` and have begun, in the order of time. None
// where the server does not say: 2.x, 3, and to anyone but an administrator.
[[nodiscard]] base::Result<std::vector<ClosedShard>> closed_shards(influx::QueryClient& client,
                                                                   const Source& source,
                                                                   const Span& within,
                                                                   base::Timestamp now);

// "house.autogen: InfluxDB has not opened the shard of 2026-01-05 to 2026-01-12, and shows nothing
// of it; …"
[[nodiscard]] std::string warning_of(const ClosedShard& shard);

}  // namespace haingest::migrate
