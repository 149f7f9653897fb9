// SPDX-License-Identifier: MIT
// A damaged spool: what can be read of it goes into a new file, the old one is set aside.
#pragma once

#include <string>
#include <vector>

#include "core/base/timestamp.hpp"
#include "core/influx/spool.hpp"
#include "core/influx/sqlite_pages.hpp"

namespace haingest::influx {

// The layouts that rows of `state` in the file name: the file is a spool of them, whatever its head
// says. Empty where no such row is.
[[nodiscard]] std::vector<std::int64_t> layouts_in(SqlitePages& pages);

// Blocks that were deleted may come back where the targets' acknowledgements are lost. Returns
// sentences for the log. Throws Failure when the new file cannot be written; the old one is in its
// place then. A crash in between is made good by finish_salvage().
[[nodiscard]] std::vector<std::string> salvage(const std::string& path, const std::string& why,
                                               const SpoolOptions& options, base::Timestamp now);

// Completes what a crash has left half done; to be called before the file is looked at.
void finish_salvage(const std::string& path);

}  // namespace haingest::influx
