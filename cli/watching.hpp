// SPDX-License-Identifier: MIT
// What `watch` and `serve --watch` have in common.
#pragma once

#include "cli/context.hpp"
#include "core/jobs/watch.hpp"

namespace haingest::cli {

// Throws Failure `usage`.
[[nodiscard]] jobs::WatchOptions watch_options_of(const Context& context);

// With -o ndjson each change goes to standard output when it is committed; else nothing does, and
// the log says how many there were. Throws Failure `usage` for a format that is none for a stream.
[[nodiscard]] jobs::OnReport printer_of(const Context& context);

// To standard error, for whoever has sent SIGUSR1.
[[nodiscard]] jobs::OnQuestion answerer_of(const Context& context);

}  // namespace haingest::cli
