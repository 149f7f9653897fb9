// SPDX-License-Identifier: MIT
#include "core/jobs/event_queue.hpp"

#include <algorithm>
#include <utility>

namespace haingest::jobs {

void EventChunk::add(What what, std::string_view json) {
  const std::size_t needed = bytes_.size() + json.size() + k_padding;
  if (bytes_.capacity() < needed) bytes_.reserve(needed * 2);
  bytes_ += json;
  ends_.emplace_back(what, bytes_.size());
}

void EventChunk::clear() {
  // A burst's memory is given back, and that of states, which come with a connection alone; at a
  // steady pace a chunk has k_plenty and a little more.
  constexpr std::size_t worth_keeping = std::size_t{1} << 20U;
  const bool had_states =
      std::ranges::find(ends_, What::states, &std::pair<What, std::size_t>::first) != ends_.end();
  if (had_states || bytes_.capacity() > worth_keeping) {
    // Assigned an empty one, either would keep its memory.
    std::string().swap(bytes_);
    std::vector<std::pair<What, std::size_t>>().swap(ends_);
  }
  bytes_.clear();
  ends_.clear();
}

EventChunk::Item EventChunk::item(std::size_t i) const {
  const std::size_t start = i == 0 ? 0 : ends_[i - 1].second;
  return {ends_[i].first, std::string_view(bytes_).substr(start, ends_[i].second - start)};
}

bool EventQueue::push(EventChunk::What what, std::string_view json) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t before = waiting_.bytes();
    const bool room = before + json.size() <= max_bytes_;
    if (closed_ || (!room && what == EventChunk::What::event)) return false;
    wake = waiting_.empty() && !gathering_;
    waiting_.add(what, json);
    wake = wake || (before < k_plenty && waiting_.bytes() >= k_plenty);
  }
  if (wake) filled_.notify_one();
  return true;
}

bool EventQueue::pop(EventChunk& chunk, std::chrono::steady_clock::time_point earliest,
                     std::chrono::steady_clock::time_point limit) {
  chunk.clear();
  std::unique_lock lock(mutex_);
  gathering_ = true;
  filled_.wait_until(lock, earliest, [this] { return waiting_.bytes() >= k_plenty || closed_; });
  gathering_ = false;
  filled_.wait_until(lock, limit, [this] { return !waiting_.empty() || closed_; });
  std::swap(chunk, waiting_);
  return !chunk.empty() || !closed_;
}

void EventQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  filled_.notify_one();
}

}  // namespace haingest::jobs
