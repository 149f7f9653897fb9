// SPDX-License-Identifier: MIT
#include "core/migrate/window_queue.hpp"

#include <utility>

namespace haingest::migrate {

WindowQueue::WindowQueue(std::size_t most_bytes, std::function<void(const Ticket&)> on_done)
    : most_bytes_(most_bytes), on_done_(std::move(on_done)) {}

bool WindowQueue::begin(const Part& part, const Span& span) {
  const std::lock_guard lock(mutex_);
  windows_.emplace_back();
  windows_.back().ticket = {&part, span};
  return !stopped_;
}

// One block may be more than there is room for.
bool WindowQueue::put(influx::Block block) {
  std::unique_lock lock(mutex_);
  changed_.wait(
      lock, [&] { return stopped_ || bytes_ == 0 || bytes_ + block.lines.size() <= most_bytes_; });
  if (stopped_) return false;
  bytes_ += block.lines.size();
  windows_.back().blocks.push_back(std::move(block));
  changed_.notify_all();
  return true;
}

bool WindowQueue::end(const Amount& amount, std::int64_t last) {
  const std::lock_guard lock(mutex_);
  Open& window = windows_.back();
  window.ticket.amount = amount;
  window.ticket.last = last;
  window.ended = true;
  if (!stopped_) settle();
  return !stopped_;
}

bool WindowQueue::drop() {
  std::unique_lock lock(mutex_);
  for (const influx::Block& block : windows_.back().blocks) bytes_ -= block.lines.size();
  windows_.back().blocks.clear();
  changed_.wait(
      lock, [this] { return stopped_ || (windows_.size() == 1 && windows_.front().taken == 0); });
  if (stopped_) return false;
  windows_.pop_back();
  return true;
}

bool WindowQueue::finish() {
  std::unique_lock lock(mutex_);
  finished_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return stopped_ || windows_.empty(); });
  return !stopped_;
}

std::optional<WindowQueue::Item> WindowQueue::take() {
  std::unique_lock lock(mutex_);
  const auto any = [this] { return !windows_.empty() && !windows_.front().blocks.empty(); };
  changed_.wait(lock, [&] { return stopped_ || any() || (finished_ && windows_.empty()); });
  if (stopped_ || !any()) return std::nullopt;
  Open& window = windows_.front();
  Item item{window.ticket.part, std::move(window.blocks.front())};
  window.blocks.pop_front();
  ++window.taken;
  bytes_ -= item.block.lines.size();
  changed_.notify_all();
  return item;
}

void WindowQueue::done() {
  const std::lock_guard lock(mutex_);
  --windows_.front().taken;
  changed_.notify_all();
  if (!stopped_) settle();
}

void WindowQueue::settle() {
  while (!windows_.empty()) {
    const Open& window = windows_.front();
    if (!window.ended || !window.blocks.empty() || window.taken > 0) break;
    on_done_(window.ticket);
    windows_.pop_front();
  }
  changed_.notify_all();
}

void WindowQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

}  // namespace haingest::migrate
