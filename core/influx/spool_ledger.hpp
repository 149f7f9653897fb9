// SPDX-License-Identifier: MIT
// Which blocks are in the spool and who still waits for them, in memory: 32 bytes a block (86 MB
// for 1 GiB of blocks of one line each, the worst there is). No I/O; the caller locks.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/base/timestamp.hpp"
#include "core/influx/spool.hpp"

namespace haingest::influx {

class SpoolLedger {
 public:
  struct Entry {
    std::int64_t id = 0;
    base::Timestamp taken_at{};
    std::uint32_t bytes = 0;
    std::uint32_t count = 0;
    std::uint32_t waiting = 0;  // a bit for each target that has not acknowledged it
  };
  static_assert(k_most_targets <= 32, "a bit of Entry::waiting each");

  // Ids up to `last_id` have been given already.
  explicit SpoolLedger(std::size_t targets, std::int64_t last_id = 0);

  // Ids ascend.
  void add(const Entry& entry);
  // The first block behind `after` that the target waits for.
  [[nodiscard]] const Entry* next(std::size_t target, std::int64_t after);
  // False for a block that the target does not wait for.
  bool acknowledge(std::size_t target, std::int64_t id);
  // Nobody waits for these any more: the oldest that somebody waited for, up to this one.
  void give_up(std::int64_t up_to);
  bool give_up_one(std::int64_t id);  // false when nobody waited for it

  // From the oldest on, those that somebody waits for, until `visit` returns false.
  template <class Visit>
  void visit_waiting(Visit visit) const {
    for (const Entry& entry : entries_) {
      if (entry.waiting != 0 && !visit(entry)) return;
    }
  }

  // What it knows to be acknowledged: all blocks up to this id.
  [[nodiscard]] std::int64_t cursor(std::size_t target);
  // Nobody waits for any block up to this id; 0 when there is none.
  [[nodiscard]] std::int64_t erasable();
  void erase(std::int64_t up_to);

  [[nodiscard]] std::int64_t last_id() const { return last_id_; }
  [[nodiscard]] SpoolDepth depth(std::size_t target);
  [[nodiscard]] std::uint64_t waiting_bytes() const { return waiting_bytes_; }
  [[nodiscard]] std::uint64_t erasable_bytes() const { return held_bytes_ - waiting_bytes_; }

 private:
  struct Account {
    SpoolDepth depth;
    std::int64_t first = 0;  // nothing before this id waits for the target
  };

  [[nodiscard]] std::deque<Entry>::iterator find(std::int64_t at_least);
  void settle(Entry& entry, std::uint32_t targets);

  std::deque<Entry> entries_;
  std::vector<Account> accounts_;
  std::uint64_t waiting_bytes_ = 0;
  std::uint64_t held_bytes_ = 0;
  std::int64_t last_id_;
};

}  // namespace haingest::influx
