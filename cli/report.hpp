// SPDX-License-Identifier: MIT
// The report of a sync, for people and for programs.
#pragma once

#include <iosfwd>

#include "cli/output.hpp"
#include "core/mirror/mirror.hpp"

namespace haingest::cli {

// JSON is the one object of core/mirror, ndjson a change a line; a table and CSV show each change
// with what became of its fields, the table ends with the summary.
void write_report(std::ostream& out, const mirror::Report& report, bool dry_run, Format format,
                  std::size_t width);

// "2 added, 1 renamed"; "" when nothing changed.
[[nodiscard]] std::string counts_of(const mirror::Report& report);

// Everything that can be said of each change, for --columns.
[[nodiscard]] Rows change_rows(const mirror::Report& report);

}  // namespace haingest::cli
