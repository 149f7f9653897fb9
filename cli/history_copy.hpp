// SPDX-License-Identifier: MIT
// --history-to and the settings with it: where the history of an old InfluxDB is copied to.
#pragma once

#include <string>

#include "cli/context.hpp"
#include "core/jobs/copy_history.hpp"

namespace haingest::cli {

// Throws Failure `usage`.
[[nodiscard]] jobs::CopyHistoryOptions history_copy_of(const Context& context,
                                                       const jobs::OldInfluxOptions& source);
// Throws Failure `usage` for what means nothing without --history-to.
void refuse_without_history(const Settings& settings);
// Its checkpoint, and what the target refuses.
void leave_beside(const std::string& database, jobs::CopyHistoryOptions& options);

// With its progress: on a terminal a line that changes, else one a minute in the log.
[[nodiscard]] jobs::CopyHistoryReport copy_in_sight(
    const Context& context, jobs::CopyHistoryOptions options,
    const std::optional<migrate::TargetLook>& target);

}  // namespace haingest::cli
