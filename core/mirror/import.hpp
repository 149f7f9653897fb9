// SPDX-License-Identifier: MIT
// Devices and entities out of the past (an old InfluxDB's) into the store, beside what Home
// Assistant says of the present. Pure; the time is given.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/timestamp.hpp"
#include "core/mirror/reconcile.hpp"
#include "core/model/table.hpp"
#include "core/model/world.hpp"
#include "core/store/database.hpp"

namespace haingest::mirror {

struct Import {
  using PerKind = std::array<std::int64_t, model::k_kind_count>;

  Plan plan;
  PerKind dead{};  // that Home Assistant no longer has: they are in `removed`, never live
  // Stored rows that neither Home Assistant nor any past knows, of this import or one before it:
  // removed.
  PerKind unknown{};
};

// A table of the past holds each id once, with first_seen and last_seen; absent cells say nothing.
// In a kind of which Home Assistant has confirmed records, what it said stays as it is but for an
// earlier first_seen, and what it does not have is in `removed`; elsewhere the records become rows
// that are not confirmed. Of a kind without a record in the past nothing is removed, and nothing at
// all once there has been an import: what is not confirmed may have come from another InfluxDB.
[[nodiscard]] Import reconcile_import(const std::vector<model::Table>& past,
                                      const model::Stored& stored, const store::RemovedIds& removed,
                                      base::Timestamp now);

}  // namespace haingest::mirror
