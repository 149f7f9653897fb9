// SPDX-License-Identifier: MIT
#include "core/jobs/status_writer.hpp"

#include <unistd.h>

#include <utility>

#include "core/base/atomic_file.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/sqlite/writer_lock.hpp"

namespace haingest::jobs {
namespace {

// Changes within this are one write.
constexpr std::chrono::milliseconds k_gather{200};

}  // namespace

StatusWriter::StatusWriter(std::string database_path, base::Clock clock)
    : database_path_(std::move(database_path)), clock_(std::move(clock)) {
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

void StatusWriter::write(const model::WatchStatus& status) {
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
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, model::WatchStatus::k_written_every,
                        [this] { return dirty_ || stopping_; });
      if (stopping_) return;
      dirty_ = false;
    }
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
