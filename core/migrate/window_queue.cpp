// SPDX-License-Identifier: MIT
#include "core/migrate/window_queue.hpp"

#include <utility>

namespace haingest::migrate {

WindowQueue::WindowQueue(std::size_t most_bytes, std::function<void(const Ticket&)> on_done)
    : most_bytes_(most_bytes), on_done_(std::move(on_done)) {}

bool WindowQueue::is_first(const Open& window) const { return &window == &windows_.front(); }

// One block of the first may be more than there is room for: whoever writes waits for that one.
bool WindowQueue::has_room(const Open& window, std::size_t bytes) const {
  if (!is_first(window)) return bytes_ + bytes <= most_bytes_ / 2;
  return window.blocks_.empty() || bytes_ + bytes <= most_bytes_;
}

WindowQueue::Open* WindowQueue::begin(const Part& part, const Span& span) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return nullptr;
  Open& window = windows_.emplace_back();
  window.ticket_ = {&part, span};
  return &window;
}

bool WindowQueue::put(Open& window, influx::Block block) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopped_ || has_room(window, block.lines.size()); });
  if (stopped_) return false;
  bytes_ += block.lines.size();
  window.blocks_.push_back(std::move(block));
  changed_.notify_all();
  return true;
}

bool WindowQueue::end(Open& window, const Amount& amount, std::int64_t last) {
  const std::lock_guard lock(mutex_);
  window.ticket_.amount = amount;
  window.ticket_.last = last;
  window.ended_ = true;
  if (!stopped_) settle();
  return !stopped_;
}

std::optional<bool> WindowQueue::drop(Open& window) {
  std::unique_lock lock(mutex_);
  for (const influx::Block& block : window.blocks_) bytes_ -= block.lines.size();
  window.blocks_.clear();
  changed_.notify_all();
  const bool may_be_out = is_first(window);
  changed_.wait(lock, [&] { return stopped_ || window.taken_ == 0; });
  return stopped_ ? std::nullopt : std::optional(may_be_out);
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
  const auto any = [this] { return !windows_.empty() && !windows_.front().blocks_.empty(); };
  changed_.wait(lock, [&] { return stopped_ || any() || (finished_ && windows_.empty()); });
  if (stopped_ || !any()) return std::nullopt;
  Open& window = windows_.front();
  Item item{window.ticket_.part, std::move(window.blocks_.front())};
  window.blocks_.pop_front();
  ++window.taken_;
  bytes_ -= item.block.lines.size();
  changed_.notify_all();
  return item;
}

void WindowQueue::done() {
  const std::lock_guard lock(mutex_);
  --windows_.front().taken_;
  changed_.notify_all();
  if (!stopped_) settle();
}

void WindowQueue::settle() {
  while (!windows_.empty()) {
    const Open& window = windows_.front();
    if (!window.ended_ || !window.blocks_.empty() || window.taken_ > 0) break;
    try {
      on_done_(window.ticket_);
    } catch (...) {
      stopped_ = true;  // or another thread would do it again
      changed_.notify_all();
      throw;
    }
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
