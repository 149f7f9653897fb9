// SPDX-License-Identifier: MIT
// Lines on their way from those threads that read to those that write. Several windows may be read
// at once, but the lines of a window are given out when all before it are done, so that whoever is
// killed has one at most that is half written.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <optional>

#include "core/influx/spool.hpp"
#include "core/migrate/copy_plan.hpp"
#include "core/migrate/reading.hpp"

namespace haingest::migrate {

class WindowQueue {
 public:
  // A window of a part.
  struct Ticket {
    const Part* part = nullptr;
    Span span = {};
    Amount amount = {};     // known at its end
    std::int64_t last = 0;  // nanoseconds, of its last point; likewise
  };

  // `on_done` is called for each window in turn, when nothing of it is on its way any more and
  // before a line of the next one is given out. It may throw, on the thread of whichever call.
  WindowQueue(std::size_t most_bytes, std::function<void(const Ticket&)> on_done);

  // --- who reads; each false or none after stop() ---
  class Open;  // a window that has begun and not ended
  // Windows are done in the order in which they begin.
  [[nodiscard]] Open* begin(const Part& part, const Span& span);
  // Waits for room, of which half is for the first window alone.
  [[nodiscard]] bool put(Open& window, influx::Block block);
  // The window is the queue's from now on.
  [[nodiscard]] bool end(Open& window, const Amount& amount, std::int64_t last);
  // The window is read again: what of it was not given out is thrown away. Returns, when nothing of
  // it is on its way, whether some of it may have been given out.
  [[nodiscard]] std::optional<bool> drop(Open& window);
  // No window follows; returns when all are done.
  [[nodiscard]] bool finish();

  // --- who writes ---
  struct Item {
    const Part* part = nullptr;
    influx::Block block;
  };
  // None after the last one, or after stop().
  [[nodiscard]] std::optional<Item> take();
  // It is written; the next take() of the same thread is not before.
  void done();

  void stop();

 private:
  // With mutex_.
  [[nodiscard]] bool is_first(const Open& window) const;
  [[nodiscard]] bool has_room(const Open& window, std::size_t bytes) const;
  void settle();

  const std::size_t most_bytes_;
  const std::function<void(const Ticket&)> on_done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // All of it is guarded by mutex_.
  std::list<Open> windows_;
  std::size_t bytes_ = 0;  // that wait
  bool finished_ = false;
  bool stopped_ = false;
};

class WindowQueue::Open {
 private:
  friend class WindowQueue;

  Ticket ticket_;
  std::deque<influx::Block> blocks_;
  std::size_t taken_ = 0;  // and not done
  bool ended_ = false;
};

}  // namespace haingest::migrate
