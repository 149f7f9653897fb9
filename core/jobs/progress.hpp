// SPDX-License-Identifier: MIT
// How far what takes long has come (a backfill, a spool that drains), as lines for the log. Pure.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/watch_status.hpp"

namespace haingest::jobs {

class Progress {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  // A line of each no more often than every `pause`.
  explicit Progress(std::chrono::seconds pause) : pause_(pause) {}

  [[nodiscard]] std::vector<std::string> look(const model::WatchStatus& status, Moment now);

 private:
  // What was seen at the last line.
  struct Seen {
    Moment when{};
    std::uint64_t done = 0;
  };

  [[nodiscard]] std::optional<double> rate(const std::string& what, std::uint64_t done, Moment now);

  const std::chrono::seconds pause_;
  std::map<std::string, Seen> seen_;
};

}  // namespace haingest::jobs
