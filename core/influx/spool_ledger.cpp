// SPDX-License-Identifier: MIT
#include "core/influx/spool_ledger.hpp"

#include <algorithm>

namespace haingest::influx {
namespace {

std::uint32_t bit_of(std::size_t target) { return std::uint32_t{1} << target; }

}  // namespace

SpoolLedger::SpoolLedger(std::size_t targets, std::int64_t last_id)
    : accounts_(targets), last_id_(last_id) {}

std::deque<SpoolLedger::Entry>::iterator SpoolLedger::find(std::int64_t at_least) {
  return std::ranges::lower_bound(entries_, at_least, {}, &Entry::id);
}

void SpoolLedger::add(const Entry& entry) {
  entries_.push_back(entry);
  last_id_ = std::max(last_id_, entry.id);
  held_bytes_ += entry.bytes;
  if (entry.waiting != 0) waiting_bytes_ += entry.bytes;
  for (std::size_t target = 0; target < accounts_.size(); ++target) {
    if ((entry.waiting & bit_of(target)) == 0) continue;
    SpoolDepth& depth = accounts_[target].depth;
    depth.blocks += 1;
    depth.lines += entry.count;
    depth.bytes += entry.bytes;
  }
}

void SpoolLedger::settle(Entry& entry, std::uint32_t targets) {
  const std::uint32_t settled = entry.waiting & targets;
  for (std::size_t target = 0; target < accounts_.size(); ++target) {
    if ((settled & bit_of(target)) == 0) continue;
    SpoolDepth& depth = accounts_[target].depth;
    depth.blocks -= 1;
    depth.lines -= entry.count;
    depth.bytes -= entry.bytes;
  }
  entry.waiting &= ~settled;
  if (settled != 0 && entry.waiting == 0) waiting_bytes_ -= entry.bytes;
}

const SpoolLedger::Entry* SpoolLedger::next(std::size_t target, std::int64_t after) {
  Account& account = accounts_[target];
  const bool from_first = after < account.first;
  auto entry = find(from_first ? account.first : after + 1);
  while (entry != entries_.end() && (entry->waiting & bit_of(target)) == 0) ++entry;
  if (from_first) account.first = entry == entries_.end() ? last_id_ + 1 : entry->id;
  return entry == entries_.end() ? nullptr : &*entry;
}

bool SpoolLedger::acknowledge(std::size_t target, std::int64_t id) {
  const auto entry = find(id);
  if (entry == entries_.end() || entry->id != id || (entry->waiting & bit_of(target)) == 0) {
    return false;
  }
  settle(*entry, bit_of(target));
  return true;
}

void SpoolLedger::give_up(std::int64_t up_to) {
  for (Entry& entry : entries_) {
    if (entry.id > up_to) return;
    settle(entry, entry.waiting);
  }
}

bool SpoolLedger::give_up_one(std::int64_t id) {
  const auto entry = find(id);
  if (entry == entries_.end() || entry->id != id || entry->waiting == 0) return false;
  settle(*entry, entry->waiting);
  return true;
}

std::int64_t SpoolLedger::cursor(std::size_t target) {
  const Entry* const first = next(target, -1);
  return first != nullptr ? first->id - 1 : last_id_;
}

std::int64_t SpoolLedger::erasable() {
  std::int64_t up_to = 0;
  for (const Entry& entry : entries_) {
    if (entry.waiting != 0) break;
    up_to = entry.id;
  }
  return up_to;
}

void SpoolLedger::erase(std::int64_t up_to) {
  while (!entries_.empty() && entries_.front().id <= up_to) {
    settle(entries_.front(), entries_.front().waiting);
    held_bytes_ -= entries_.front().bytes;
    entries_.pop_front();
  }
}

SpoolDepth SpoolLedger::depth(std::size_t target) {
  SpoolDepth depth = accounts_[target].depth;
  if (const Entry* const first = next(target, -1); first != nullptr) {
    depth.oldest = first->taken_at;
  }
  return depth;
}

}  // namespace haingest::influx
