// SPDX-License-Identifier: MIT
// `watch`: Home Assistant followed until somebody says stop. Its registries are mirrored live, its
// state changes go through the spool to InfluxDB.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/ha/live.hpp"
#include "core/jobs/intake.hpp"
#include "core/jobs/points.hpp"
#include "core/mirror/mirror.hpp"
#include "core/model/watch_status.hpp"
#include "core/net/stop_signal.hpp"

namespace haingest::jobs {

struct WatchOptions {
  ha::LiveOptions live;
  std::string database_path;
  std::chrono::milliseconds lock_timeout{30'000};
  mirror::Policy policy;
  std::optional<PointsOptions> points;  // none: it mirrors only
  std::size_t queue_bytes = Intake::k_queue_bytes;
  base::Clock clock = base::system_now;
};

// Each report of a transaction, as it is committed; on a thread of the watcher.
using OnReport = std::function<void(const mirror::Report&)>;

// How it is (model::WatchStatus::line), when somebody asks with SIGUSR1.
using OnQuestion = std::function<void(const std::string& line)>;

class Watcher {
 public:
  // Takes the lock of the database's one watcher; throws Failure when somebody has it, or when the
  // database cannot be opened (`guard` for a newer schema).
  Watcher(WatchOptions options, OnReport on_report);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Until stop(), which is success, or until something that does not mend itself: `credentials` for
  // a refused token, `guard` for another house or a newer schema, `usage`.
  [[nodiscard]] base::Result<void> run();
  // Any thread.
  [[nodiscard]] std::string status_line() const;
  // Any thread. The first call finishes what was taken; a second ends at once.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// run() of a Watcher until the signal. The service manager is told when it runs, whether Home
// Assistant is there or not.
[[nodiscard]] base::Result<void> watch(const WatchOptions& options, const OnReport& on_report,
                                       const OnQuestion& on_question, net::StopSignal& stop);

}  // namespace haingest::jobs
