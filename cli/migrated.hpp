// SPDX-License-Identifier: MIT
// The report of migrate-from-influx, for people and for programs.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>

#include "cli/output.hpp"
#include "core/jobs/copy_history.hpp"
#include "core/jobs/migrate.hpp"
#include "core/mirror/mirror.hpp"

namespace haingest::cli {

struct Migrated {
  std::optional<jobs::MigrateReport> report;       // none with --verify-only
  std::optional<mirror::Report> synced;            // by the sync behind it
  std::optional<jobs::CopyHistoryReport> history;  // with --history-to
  bool dry_run = false;
  bool sync_would_follow = false;  // but for that
};

// JSON is one object: {"source", "version", "layout", "found":[…], "dead", "unknown", "store",
// "sync", "history"}, null where it was not done. ndjson has the changes and what
// history_report.hpp tells of a copy; CSV one of the two. A table begins with what was found and
// ends with what became of it.
void write_migrated(std::ostream& out, const Migrated& migrated, Format format, std::size_t width);

}  // namespace haingest::cli
