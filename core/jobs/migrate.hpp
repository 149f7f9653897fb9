// SPDX-License-Identifier: MIT
// `migrate-from-influx`: the devices and entities that an old InfluxDB tells of, into the store.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/influx/flavour.hpp"
#include "core/influx/target.hpp"
#include "core/migrate/past.hpp"
#include "core/mirror/mirror.hpp"
#include "core/net/http_client.hpp"

namespace haingest::jobs {

struct MigrateOptions {
  influx::Target source;
  net::TlsOptions tls;
  std::chrono::milliseconds timeout{30'000};  // of each question's next byte
  std::vector<std::string> databases;         // none: whatever the credentials may read
  std::optional<migrate::Layout> layout;      // none: found out
  std::string database_path;
  std::chrono::milliseconds lock_timeout{30'000};
  bool dry_run = false;
  base::Clock clock = base::system_now;
  const std::atomic<bool>* cancel = nullptr;
};

struct MigrateReport {
  std::string source;  // "InfluxDB 2 at http://…"
  influx::Server server;
  std::optional<migrate::Layout> layout;
  std::vector<migrate::Found> found;  // also what was left out, of the other layout
  mirror::Imported imported;
};

// Throws Failure: `credentials` where they are refused or show nothing at all, `unreachable`,
// `failure` where nothing is found; the store is untouched then. Else as the store does.
[[nodiscard]] MigrateReport migrate(const MigrateOptions& options);

}  // namespace haingest::jobs
