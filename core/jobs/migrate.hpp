// SPDX-License-Identifier: MIT
// `migrate-from-influx`: the devices and entities that an old InfluxDB tells of, into the store.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/influx/flavour.hpp"
#include "core/jobs/old_influx.hpp"
#include "core/migrate/past.hpp"
#include "core/mirror/mirror.hpp"

namespace haingest::jobs {

struct MigrateOptions {
  OldInfluxOptions source;
  std::optional<migrate::Layout> layout;  // none: found out
  std::string database_path;
  std::chrono::milliseconds lock_timeout{30'000};
  bool dry_run = false;
  bool history_follows = false;  // then to find nothing is no failure
  base::Clock clock = base::system_now;
};

struct MigrateReport {
  std::string source;  // "InfluxDB 2 at http://…"
  influx::Server server;
  std::optional<migrate::Layout> layout;  // none: nothing was found
  std::vector<migrate::Found> found;      // also what was left out, of the other layout
  mirror::Imported imported;
};

// Throws Failure: as OldInflux does, `failure` where nothing is found; the store is untouched then.
// Else as the store does.
[[nodiscard]] MigrateReport migrate(const MigrateOptions& options);

}  // namespace haingest::jobs
