// SPDX-License-Identifier: MIT
#include "core/jobs/status_writer.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/base/atomic_file.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/service_manager.hpp"
#include "core/sqlite/writer_lock.hpp"

namespace haingest::jobs {
namespace {

// Changes within this are one write.
constexpr std::chrono::milliseconds k_gather{200};

// How often a line says how far a backfill or a drain has come.
constexpr std::chrono::seconds k_on_terminal{3};
constexpr std::chrono::seconds k_in_log{60};

}  // namespace

StatusWriter::StatusWriter(std::string database_path, base::Clock clock, StatusHandlers handlers)
    : database_path_(std::move(database_path)),
      clock_(std::move(clock)),
      handlers_(std::move(handlers)),
      watchdog_(base::watchdog_interval()),
      progress_(::isatty(STDERR_FILENO) == 1 ? k_on_terminal : k_in_log) {
  status_.pid = ::getpid();
  status_.started_at = clock_();
  status_.connection = "connecting";
  thread_ = std::thread([this] { work(); });
}

StatusWriter::~StatusWriter() { end(); }

void StatusWriter::change(const std::function<void(model::WatchStatus&)>& edit) {
  {
    const std::lock_guard lock(mutex_);
    edit(status_);
  }
  touch();
}

void StatusWriter::touch() {
  {
    const std::lock_guard lock(mutex_);
    dirty_ = true;
  }
  changed_.notify_one();
}

void StatusWriter::count_event() {
  events_.fetch_add(1, std::memory_order_relaxed);
  last_event_at_.store(clock_().time_since_epoch().count(), std::memory_order_relaxed);
}

void StatusWriter::set_gather(Gather gather) {
  const std::lock_guard lock(gather_mutex_);
  gather_ = std::move(gather);
}

model::WatchStatus StatusWriter::now() const {
  model::WatchStatus status;
  {
    const std::lock_guard lock(mutex_);
    status = status_;
  }
  {
    const std::lock_guard lock(gather_mutex_);
    if (gather_) gather_(status);
  }
  status.written_at = clock_();
  status.events = events_;
  if (status.events > 0) {
    status.last_event_at = base::Timestamp{std::chrono::microseconds{last_event_at_}};
  }
  return status;
}

std::chrono::microseconds StatusWriter::longest_wait() const {
  std::chrono::microseconds longest = model::WatchStatus::k_written_every;
  return watchdog_ ? std::min(longest, *watchdog_ / 2) : longest;
}

void StatusWriter::write(const model::WatchStatus& status) {
  base::tell_service_manager("STATUS=" + status.line());
  for (const std::string& line : progress_.look(status, std::chrono::steady_clock::now())) {
    base::log::info(line);
  }
  try {
    base::replace_file(model::watch_status_path(database_path_), model::to_json(status) + "\n",
                       [this](int fd) { sqlite::share_with_database(fd, database_path_); });
    trouble_.clear();
  } catch (const base::Failure& failure) {
    if (trouble_.empty()) {
      base::log::warning(std::string(failure.what()) + "; /health does not know of this watch");
    }
    trouble_ = failure.what();
  }
}

void StatusWriter::work() {
  while (true) {
    bool changed = false;
    {
      std::unique_lock lock(mutex_);
      changed = changed_.wait_for(lock, longest_wait(), [this] { return dirty_ || stopping_; });
      if (stopping_) return;
      dirty_ = false;
    }
    if (!changed) handlers_.at_rest();
    if (watchdog_) handlers_.beat();
    write(now());
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, k_gather, [this] { return stopping_; });
  }
}

void StatusWriter::end() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    status_.running = false;
    status_.connection = "ended";
  }
  changed_.notify_one();
  thread_.join();
  write(now());
}

}  // namespace haingest::jobs
