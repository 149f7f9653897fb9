// SPDX-License-Identifier: MIT
// `sync --history`: a point of each device that the store holds, posted to the targets at once and
// without the spool: who asked sees whether it went well, and may ask again.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/influx/encoder.hpp"
#include "core/influx/target.hpp"
#include "core/net/http_client.hpp"

namespace haingest::jobs {

struct HistoryOptions {
  influx::EncoderOptions encoder;
  std::vector<influx::Target> targets;
  std::string database_path;
  net::TlsOptions tls;
  std::chrono::milliseconds request_timeout{30'000};
  base::Clock clock = base::system_now;
};

// Tries every target; returns what went wrong, at most one error of each: `credentials` for refused
// ones, `unreachable` for a server that is not there or not ready, `usage` for a target that lacks
// what its server needs, `failure` for points that were refused. Throws Failure for a store that
// cannot be read.
[[nodiscard]] std::vector<base::Error> write_history(const HistoryOptions& options);

}  // namespace haingest::jobs
