// SPDX-License-Identifier: MIT
// The status of a running `watch`, and the file that tells it to others: replaced by rename when
// something has changed (a few times a second at most), and every k_written_every else.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/base/timestamp.hpp"
#include "core/jobs/progress.hpp"
#include "core/model/watch_status.hpp"

namespace haingest::jobs {

struct StatusHandlers {
  // Now and then, when the service manager wants to know whether all is well.
  std::function<void()> beat = [] {};
  // When nothing has changed for as long as k_written_every.
  std::function<void()> at_rest = [] {};
};

class StatusWriter {
 public:
  // What is asked for whenever the status is told, on any thread; it may come and go.
  using Gather = std::function<void(model::WatchStatus&)>;

  StatusWriter(std::string database_path, base::Clock clock, StatusHandlers handlers);
  ~StatusWriter();
  StatusWriter(const StatusWriter&) = delete;
  StatusWriter& operator=(const StatusWriter&) = delete;

  // Any thread.
  void change(const std::function<void(model::WatchStatus&)>& edit);
  void touch();  // what is gathered has changed
  void count_event();
  // On return no call of the one before is running.
  void set_gather(Gather gather);
  [[nodiscard]] model::WatchStatus now() const;
  // It has ended as it was told to: the last thing the file says.
  void end();

 private:
  void work();
  void write(const model::WatchStatus& status);

  [[nodiscard]] std::chrono::microseconds longest_wait() const;

  const std::string database_path_;
  const base::Clock clock_;
  const StatusHandlers handlers_;
  const std::optional<std::chrono::microseconds> watchdog_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  model::WatchStatus status_;  // guarded by mutex_
  bool dirty_ = true;          // guarded by mutex_
  bool stopping_ = false;      // guarded by mutex_
  mutable std::mutex gather_mutex_;
  Gather gather_;  // guarded by gather_mutex_
  std::atomic<std::uint64_t> events_ = 0;
  std::atomic<std::int64_t> last_event_at_ = 0;  // microseconds since 1970
  // Of the thread.
  std::string trouble_;
  Progress progress_;
  std::thread thread_;
};

}  // namespace haingest::jobs
