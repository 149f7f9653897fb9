// SPDX-License-Identifier: MIT
#include "core/jobs/progress.hpp"

#include <algorithm>
#include <cmath>

namespace haingest::jobs {
namespace {

// What a target gets through in a second or two is no backlog.
constexpr std::uint64_t k_backlog = 20'000;

std::string whole(double number) { return std::to_string(std::llround(number)); }

}  // namespace

// Points a second since the last line; none while it is too early for another.
std::optional<double> Progress::rate(const std::string& what, std::uint64_t done, Moment now) {
  const auto [at, fresh] = seen_.try_emplace(what, Seen{now, done});
  Seen& seen = at->second;
  if (fresh || now - seen.when < pause_) return std::nullopt;
  const double seconds = std::chrono::duration<double>(now - seen.when).count();
  const double rate = static_cast<double>(done - std::min(done, seen.done)) / seconds;
  seen = {now, done};
  return rate;
}

std::vector<std::string> Progress::look(const model::WatchStatus& status, Moment now) {
  std::vector<std::string> lines;
  const std::string backfill = "backfill";
  if (status.backfill_open == 0) {
    seen_.erase(backfill);
  } else if (const auto each_second = rate(backfill, status.backfilled, now)) {
    lines.push_back("backfill: " + std::to_string(status.backfill_open) + " entities to go, " +
                    std::to_string(status.backfilled) + " points so far, " + whole(*each_second) +
                    " a second");
  }
  for (const model::TargetStatus& target : status.targets) {
    const std::string what = "target " + target.name;
    if (target.waiting < k_backlog || target.state != "sending") {
      seen_.erase(what);
      continue;
    }
    const auto each_second = rate(what, target.stored, now);
    if (!each_second) continue;
    std::string line = what + ": " + std::to_string(target.waiting) + " points wait, " +
                       whole(*each_second) + " a second";
    if (*each_second >= 1) {
      line += ", " + whole(static_cast<double>(target.waiting) / *each_second) + " s to go";
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace haingest::jobs
