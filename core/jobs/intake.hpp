// SPDX-License-Identifier: MIT
// The thread that reads every state change: what it means for the registries' view of an entity,
// and, with a recorder, into the spool with it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/text_map.hpp"
#include "core/jobs/device_history.hpp"
#include "core/jobs/event_queue.hpp"
#include "core/jobs/recorder.hpp"
#include "core/model/state_change.hpp"
#include "core/model/world.hpp"

namespace haingest::jobs {

// On the intake's thread.
struct IntakeHandlers {
  // A state came or went, or its unit, device class or name is another: the store's view of the
  // entity, which comes from get_states, is out of date.
  std::function<void()> description_changed;
  // The spool knows of another gap.
  std::function<void()> gap_noted;
  // What cannot be spooled, "" when it can again.
  std::function<void(const std::string&)> trouble;
  std::function<void(const base::Error&)> failed;
};

class Intake {
 public:
  // About 40 000 events: minutes of a busy house, seconds of a burst.
  static constexpr std::size_t k_queue_bytes = std::size_t{64} << 20U;

  // `recorder` may be null, and belongs to the intake's thread until its end.
  Intake(IntakeHandlers handlers, Recorder* recorder, std::size_t queue_bytes = k_queue_bytes);
  // Finishes what was taken.
  ~Intake();
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  // Any thread, never waiting. A new connection begins: its events and its states follow.
  void begin_connection();
  // False when the queue is full.
  [[nodiscard]] bool take_event(std::string_view event) {
    return queue_.push(EventChunk::What::event, event);
  }
  void take_states(std::string_view states) {
    static_cast<void>(queue_.push(EventChunk::What::states, states));
  }
  // `confirmed`: by what this connection brought, and not as it was stored before.
  void set_world(std::shared_ptr<const model::World> world, bool confirmed);
  void set_time_zone(const std::string& name);
  void write_devices(DeviceNews news);

 private:
  void work();
  void await_world();
  void adopt_context();
  void read(const EventChunk::Item& item);
  void read_event(std::string_view event);
  void read_states(std::string_view states);
  void read_devices();
  void begin_reading();
  void commit_when_due();
  [[nodiscard]] std::chrono::steady_clock::time_point next_look() const;
  void commit();
  [[nodiscard]] bool is_described_otherwise(const model::StateChange& change);

  const IntakeHandlers handlers_;
  Recorder* const recorder_;
  EventQueue queue_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const model::World> world_;  // guarded by mutex_
  std::string time_zone_;                      // guarded by mutex_
  bool confirmed_ = false;                     // guarded by mutex_
  bool context_changed_ = false;               // guarded by mutex_
  std::vector<DeviceNews> device_news_;        // guarded by mutex_
  bool stopping_ = false;                      // guarded by mutex_

  model::StateReader reader_;
  base::TextMap<std::size_t> descriptions_;  // entity_id -> hash
  std::uint64_t unreadable_ = 0;
  std::chrono::steady_clock::time_point snapshot_until_{};
  std::chrono::steady_clock::time_point next_commit_{};
  std::string trouble_;
  std::thread thread_;
};

}  // namespace haingest::jobs
