// SPDX-License-Identifier: MIT
// Whether VictoriaMetrics is still the process that it was: it acknowledges before it stores, and
// what it holds when it dies is lost. Any thread.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace haingest::influx {

class StartWatch {
 public:
  // `lost` is called when it is another process, before anybody hears that it is up.
  explicit StartWatch(std::function<void()> lost) : lost_(std::move(lost)) {}

  // What it says of when it was started, in whole seconds: false when it had said something else
  // before, or when that is in doubt; then what was held is lost. (A server that dies in the second
  // of its start is noticed by the connection alone.)
  [[nodiscard]] bool take(const std::string& started);
  [[nodiscard]] bool is_known();
  // A connection was lost: it may be another process by now.
  void doubt();

 private:
  const std::function<void()> lost_;
  std::mutex mutex_;
  std::optional<std::string> started_;  // guarded by mutex_; none: never asked
  bool doubted_ = false;                // guarded by mutex_
};

}  // namespace haingest::influx
