// SPDX-License-Identifier: MIT
#include "core/influx/claims.hpp"

#include <algorithm>
#include <utility>

#include "core/influx/batch.hpp"

namespace haingest::influx {

std::optional<Claim> Claims::next(std::chrono::milliseconds limit) {
  const auto end = Clock::now() + limit;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (auto claim = take()) return claim;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) break;
    if (blocked_) {
      changed_.wait_until(lock, end);
      continue;
    }
    const std::int64_t after = cursor_;
    lock.unlock();
    const bool some = spool_.wait(target_, after, left);
    lock.lock();
    // A wake() is for those who look at the clock or at stopping_.
    if (!some && again_.empty()) break;
  }
  return std::nullopt;
}

// With mutex_.
std::vector<Block> Claims::read_live() {
  if (!backlog_end_) {
    if (spool_.depth(target_).lines < k_backlog_lines) return {};
    backlog_end_ = live_cursor_ = spool_.last_block();
  }
  std::vector<Block> blocks =
      spool_.read(target_, live_cursor_, k_max_request_lines, k_max_request_bytes);
  // What it must come behind may be in the backlog.
  blocks.erase(std::ranges::find(blocks, true, &Block::alone), blocks.end());
  if (!blocks.empty()) live_cursor_ = blocks.back().id;
  return blocks;
}

// With mutex_.
std::vector<Block> Claims::read_oldest() {
  std::vector<Block> blocks =
      spool_.read(target_, cursor_, k_max_request_lines, k_max_request_bytes);
  if (backlog_end_) {
    std::erase_if(blocks, [this](const Block& block) { return block.id > *backlog_end_; });
    if (blocks.empty()) {  // all of it is on its way
      cursor_ = std::max(cursor_, live_cursor_);
      backlog_end_.reset();
      blocks = spool_.read(target_, cursor_, k_max_request_lines, k_max_request_bytes);
    }
  }
  return blocks;
}

// With mutex_.
std::optional<Claim> Claims::take() {
  blocked_ = one_is_alone_;
  if (blocked_) return std::nullopt;
  Claim claim;
  claim.blocks = read_again();
  claim.repeated = !claim.blocks.empty();
  bool in_turn = false;
  if (claim.blocks.empty()) claim.blocks = read_live();
  if (claim.blocks.empty()) {
    claim.blocks = read_oldest();
    in_turn = true;
  }
  if (claim.blocks.empty()) return std::nullopt;
  claim.alone = claim.blocks.front().alone;
  if (claim.alone) {
    blocked_ = on_their_way_ > 0;
    if (blocked_) return std::nullopt;
    claim.blocks.resize(1);
    one_is_alone_ = true;
  } else {
    claim.blocks.erase(std::ranges::find(claim.blocks, true, &Block::alone), claim.blocks.end());
  }
  ++on_their_way_;
  if (in_turn) cursor_ = claim.blocks.back().id;
  if (claim.repeated) {
    for (const Block& block : claim.blocks) again_.erase(block.id);
  }
  return claim;
}

// With mutex_. Those that the spool does not have any more are forgotten.
std::vector<Block> Claims::read_again() {
  while (!again_.empty()) {
    std::vector<Block> blocks =
        spool_.read(target_, *again_.begin() - 1, k_max_request_lines, k_max_request_bytes);
    if (blocks.empty()) {
      again_.clear();
      break;
    }
    const std::int64_t last = blocks.back().id;
    std::erase_if(blocks, [this](const Block& block) { return !again_.contains(block.id); });
    if (!blocks.empty()) {
      again_.erase(again_.begin(), again_.find(blocks.front().id));
      return blocks;
    }
    again_.erase(again_.begin(), again_.upper_bound(last));
  }
  return {};
}

// With mutex_.
void Claims::end(const Claim& claim) {
  --on_their_way_;
  if (claim.alone) one_is_alone_ = false;
  changed_.notify_all();
}

// With mutex_.
base::Result<void> Claims::acknowledge_all() {
  if (unacknowledged_.empty()) return {};
  auto result = spool_.acknowledge(target_, unacknowledged_);
  if (result) unacknowledged_.clear();
  return result;
}

base::Result<void> Claims::finish(const Claim& claim) {
  const std::lock_guard lock(mutex_);
  for (const Block& block : claim.blocks) unacknowledged_.push_back(block.id);
  end(claim);
  return acknowledge_all();
}

void Claims::hold(const Claim& claim, std::uint64_t lines, std::uint64_t losses) {
  const std::lock_guard lock(mutex_);
  if (losses != losses_) {
    for (const Block& block : claim.blocks) again_.insert(block.id);
    end(claim);
    return;
  }
  Held held{{}, lines, Clock::now()};
  for (const Block& block : claim.blocks) held.blocks.push_back(block.id);
  held_.push_back(std::move(held));
  end(claim);
}

void Claims::give_back(const Claim& claim) {
  const std::lock_guard lock(mutex_);
  for (const Block& block : claim.blocks) again_.insert(block.id);
  end(claim);
}

bool Claims::begin_look(Clock::time_point now, std::chrono::milliseconds span) {
  const std::lock_guard lock(mutex_);
  if (looking_ || now < next_look_ || held_.empty() || held_.front().since + span > now) {
    return false;
  }
  next_look_ = now + span / 3;
  return looking_ = true;
}

void Claims::end_look() {
  const std::lock_guard lock(mutex_);
  looking_ = false;
}

std::uint64_t Claims::confirm(Clock::time_point now, std::chrono::milliseconds span) {
  const std::lock_guard lock(mutex_);
  std::uint64_t lines = 0;
  while (!held_.empty() && held_.front().since + span <= now) {
    const Held& held = held_.front();
    unacknowledged_.insert(unacknowledged_.end(), held.blocks.begin(), held.blocks.end());
    lines += held.lines;
    held_.pop_front();
  }
  return lines;
}

base::Result<void> Claims::acknowledge() {
  const std::lock_guard lock(mutex_);
  return acknowledge_all();
}

void Claims::lost() {
  const std::lock_guard lock(mutex_);
  for (const Held& held : held_) again_.insert(held.blocks.begin(), held.blocks.end());
  held_.clear();
  ++losses_;
}

std::uint64_t Claims::losses() const {
  const std::lock_guard lock(mutex_);
  return losses_;
}

void Claims::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  spool_.wake();
}

bool Claims::busy() const {
  const std::lock_guard lock(mutex_);
  return on_their_way_ > 0;
}

std::uint64_t Claims::waiting_lines() { return spool_.depth(target_).lines; }

bool Claims::all_sent() {
  const std::lock_guard lock(mutex_);
  if (on_their_way_ > 0 || !again_.empty() || !acknowledge_all()) return false;
  return !backlog_end_ && spool_.read(target_, cursor_, 1, 1).empty();
}

}  // namespace haingest::influx
