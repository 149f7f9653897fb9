// SPDX-License-Identifier: MIT
// `serve`: the data API until somebody says stop.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/api/service.hpp"
#include "core/base/error.hpp"
#include "core/jobs/watch.hpp"
#include "core/net/stop_signal.hpp"

namespace haingest::jobs {

struct ServeOptions {
  api::Options data_api;
  // `watch` in the same process: its end by a final error ends everything.
  std::optional<WatchOptions> watch;
  OnReport on_report;
  OnQuestion on_question;
};

// The addresses it answers at: "http://127.0.0.1:8006", with the ports they really have.
using ServeReady = std::function<void(const std::vector<std::string>& urls)>;

// Makes, adopts or upgrades the database where this user may write it (a warning says so where
// not: it is only read then), binds, calls `ready`, and answers until `stop`: the first signal
// lets everything in flight finish, for at most limits.drain_time; the second ends at once. Both
// are success. Fails with `usage` for an address that is none, `guard` for a database of a newer
// schema, `failure` for a port that is taken or a file that cannot be read.
[[nodiscard]] base::Result<void> serve(const ServeOptions& options, const ServeReady& ready,
                                       net::StopSignal& stop);

}  // namespace haingest::jobs
