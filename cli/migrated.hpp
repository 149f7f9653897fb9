// SPDX-License-Identifier: MIT
// The report of migrate-from-influx, for people and for programs.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>

#include "cli/output.hpp"
#include "core/jobs/migrate.hpp"
#include "core/mirror/mirror.hpp"

namespace haingest::cli {

// With the report of the sync behind it, where there was one. JSON is one object: {"source",
// "version", "layout", "found":[…], "dead", "unknown", "store", "sync"}; ndjson and CSV are the
// changes; a table begins with what was found and ends with what became of it.
void write_migrated(std::ostream& out, const jobs::MigrateReport& report,
                    const std::optional<mirror::Report>& synced, bool dry_run, Format format,
                    std::size_t width);

}  // namespace haingest::cli
