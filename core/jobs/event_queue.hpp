// SPDX-License-Identifier: MIT
// State changes on their way from Home Assistant's thread to the one that reads them. Bounded: the
// first never waits, so when the second does not keep up it is told, and lets the connection go.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace haingest::jobs {

// What came, one behind the other.
class EventChunk {
 public:
  enum class What : char {
    listening,  // a new connection begins; no JSON
    event,      // of a subscription to state_changed
    states,     // the result of get_states, on a new connection
    devices,    // there are devices to write; no JSON
  };
  struct Item {
    What what{};
    std::string_view json;  // k_padding bytes may be read behind it
  };
  static constexpr std::size_t k_padding = 64;

  void add(What what, std::string_view json);
  void clear();
  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  [[nodiscard]] bool empty() const { return ends_.empty(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }
  [[nodiscard]] std::size_t capacity() const { return bytes_.capacity(); }
  [[nodiscard]] Item item(std::size_t i) const;

 private:
  std::string bytes_;
  std::vector<std::pair<What, std::size_t>> ends_;
};

class EventQueue {
 public:
  explicit EventQueue(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // False when it is full: nothing is taken. Only events can find it full: of the others there are
  // few.
  [[nodiscard]] bool push(EventChunk::What what, std::string_view json);
  // Waits for events, at most until `limit`, and swaps all of them into `chunk`, which is emptied
  // first. Before `earliest` only a great many are worth it. False when the queue is closed and
  // nothing is left.
  [[nodiscard]] bool pop(EventChunk& chunk, std::chrono::steady_clock::time_point earliest,
                         std::chrono::steady_clock::time_point limit);
  void close();

  // A great many, in bytes: about 170 events, which are still in the processor's cache then.
  static constexpr std::size_t k_plenty = std::size_t{256} << 10U;

 private:
  const std::size_t max_bytes_;
  std::mutex mutex_;
  std::condition_variable filled_;
  EventChunk waiting_;      // guarded by mutex_
  bool gathering_ = false;  // guarded by mutex_: a first event wakes nobody
  bool closed_ = false;     // guarded by mutex_
};

}  // namespace haingest::jobs
