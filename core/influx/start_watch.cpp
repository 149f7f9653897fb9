// SPDX-License-Identifier: MIT
#include "core/influx/start_watch.hpp"

namespace haingest::influx {

// Under the lock, so that nobody hears that it is up before what was held is lost.
bool StartWatch::take(const std::string& started) {
  const std::lock_guard lock(mutex_);
  const auto before = std::exchange(started_, started);
  const bool doubted = std::exchange(doubted_, false);
  const bool same = !before || (!doubted && *before == started);
  if (!same) lost_();
  return same;
}

bool StartWatch::is_known() {
  const std::lock_guard lock(mutex_);
  return started_.has_value() && !doubted_;
}

void StartWatch::doubt() {
  const std::lock_guard lock(mutex_);
  doubted_ = started_.has_value();
}

}  // namespace haingest::influx
