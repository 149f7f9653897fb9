// SPDX-License-Identifier: MIT
// A sync as `sync` does it, and as other commands end with one.
#pragma once

#include "cli/context.hpp"
#include "core/jobs/sync.hpp"
#include "core/mirror/mirror.hpp"

namespace haingest::cli {

// From Home Assistant into a database that is still to be named: whoever makes a folder for it does
// so when everything else is known to be right. Throws Failure `usage`.
[[nodiscard]] jobs::SyncOptions sync_options_of(const Context& context);
// With a line of progress.
[[nodiscard]] mirror::Report sync_in_sight(const Context& context,
                                           const jobs::SyncOptions& options);
// What is no change: parts that failed, removals that were held back, notes; into the log. What
// makes the exit code 6 is an error there, so that --quiet does not swallow it.
void explain(const mirror::Report& report, const jobs::SyncOptions& options);

}  // namespace haingest::cli
