// SPDX-License-Identifier: MIT
// Which blocks of the spool a target's workers have taken, and what became of them. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/influx/spool.hpp"

namespace haingest::influx {

// Blocks that one worker brings to the target.
struct Claim {
  std::vector<Block> blocks;
  bool alone = false;
  bool repeated = false;  // they were brought before, to a server that may have lost them
};

class Claims {
 public:
  using Clock = std::chrono::steady_clock;
  // Some seconds of a small computer's InfluxDB; what is live need not wait for so much.
  static constexpr std::uint64_t k_backlog_lines = 50'000;

  Claims(Spool& spool, std::string target) : spool_(spool), target_(std::move(target)) {}
  [[nodiscard]] const std::string& target() const { return target_; }

  // The next blocks, waiting for some until `limit`; none when there are none by then, or after
  // stop(). A block marked `alone` is given when nothing else is on its way, and nothing else then
  // until it is finished. Oldest first, but when much waits (k_backlog_lines), what has come since
  // goes before it, up to a block that must be alone.
  [[nodiscard]] std::optional<Claim> next(std::chrono::milliseconds limit);
  // The target has them: acknowledges. An error is the spool's; it is tried again with the next.
  [[nodiscard]] base::Result<void> finish(const Claim& claim);
  // The target says that it has them, and may still lose them: they wait for confirm() or lost().
  // `losses` as it was before the first of them was sent: more by now, and they are lost already.
  void hold(const Claim& claim, std::uint64_t lines, std::uint64_t losses);
  // They stay in the spool: this process is about to end.
  void give_back(const Claim& claim);

  // Whether some have been held for `span` at `now`, and nobody else looks after them or has done
  // so just now; end_look() ends that.
  [[nodiscard]] bool begin_look(Clock::time_point now, std::chrono::milliseconds span);
  void end_look();
  // What has been held for `span` at `now` is stored, for acknowledge(); returns its lines.
  [[nodiscard]] std::uint64_t confirm(Clock::time_point now, std::chrono::milliseconds span);
  [[nodiscard]] base::Result<void> acknowledge();
  // Everything that is held will be given out by next() again.
  void lost();
  [[nodiscard]] std::uint64_t losses() const;  // calls of it

  void stop();
  [[nodiscard]] bool busy() const;  // something is on its way
  [[nodiscard]] bool all_sent();    // nothing is, nothing waits; some may be held
  [[nodiscard]] std::uint64_t waiting_lines();

 private:
  struct Held {
    std::vector<std::int64_t> blocks;
    std::uint64_t lines = 0;
    Clock::time_point since;
  };

  [[nodiscard]] std::optional<Claim> take();
  [[nodiscard]] std::vector<Block> read_again();
  [[nodiscard]] std::vector<Block> read_live();
  [[nodiscard]] std::vector<Block> read_oldest();
  void end(const Claim& claim);
  [[nodiscard]] base::Result<void> acknowledge_all();

  Spool& spool_;
  const std::string target_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // All of it is guarded by mutex_.
  bool stopping_ = false;
  std::int64_t cursor_ = 0;  // the newest block that was claimed in its turn
  // With a backlog: its newest block, and the newest of those behind it that was claimed.
  std::optional<std::int64_t> backlog_end_;
  std::int64_t live_cursor_ = 0;
  int on_their_way_ = 0;
  bool one_is_alone_ = false;
  bool blocked_ = false;  // take() found a block that must wait for others
  bool looking_ = false;
  Clock::time_point next_look_{};
  std::uint64_t losses_ = 0;
  std::deque<Held> held_;
  std::set<std::int64_t> again_;
  std::vector<std::int64_t> unacknowledged_;  // stored, and the spool does not know yet
};

}  // namespace haingest::influx
