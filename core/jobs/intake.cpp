// SPDX-License-Identifier: MIT
#include "core/jobs/intake.hpp"

#include <utility>

#include "core/base/log.hpp"
#include "core/model/snapshot.hpp"

namespace haingest::jobs {
namespace {

// What was renamed meanwhile, and on the first start everything, is in the store when the first
// snapshot is written; points from before that would lack their device, area and integration.
constexpr std::chrono::seconds k_world_within{10};
constexpr std::chrono::seconds k_retry{1};
// get_states of a big house takes a second or two. What is heard before it is not committed until
// then, so that it can be told what was not heard.
constexpr std::chrono::seconds k_snapshot_within{10};

// A lone event is committed at once; those that come within this time after a commit are one more.
// Each commit waits for the disk, and its block is a row here, an entry in memory and a request to
// each target: at 1 000 events/s there would be as many of them else, and so it is 50.
constexpr std::chrono::milliseconds k_group{20};

std::size_t description_of(const model::StateChange& change) {
  std::size_t description = 0;
  for (const char* name : {"unit_of_measurement", "device_class", "friendly_name"}) {
    description = description * 31 + std::hash<std::string_view>{}(change.text_of(name));
  }
  return description;
}

}  // namespace

Intake::Intake(IntakeHandlers handlers, Recorder* recorder, std::size_t queue_bytes)
    : handlers_(std::move(handlers)),
      recorder_(recorder),
      queue_(queue_bytes),
      thread_([this] { work(); }) {}

Intake::~Intake() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  queue_.close();
  thread_.join();
}

void Intake::begin_connection() {
  {
    const std::lock_guard lock(mutex_);
    confirmed_ = false;
  }
  static_cast<void>(queue_.push(EventChunk::What::listening, ""));
}

void Intake::set_world(std::shared_ptr<const model::World> world, bool confirmed) {
  {
    const std::lock_guard lock(mutex_);
    world_ = std::move(world);
    confirmed_ = confirmed_ || confirmed;
    context_changed_ = true;
  }
  changed_.notify_one();
}

void Intake::set_time_zone(const std::string& name) {
  const std::lock_guard lock(mutex_);
  time_zone_ = name;
  context_changed_ = true;
}

void Intake::write_devices(DeviceNews news) {
  {
    const std::lock_guard lock(mutex_);
    device_news_.push_back(std::move(news));
  }
  static_cast<void>(queue_.push(EventChunk::What::devices, ""));
}

void Intake::await_world() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, k_world_within, [this] { return confirmed_ || stopping_; });
}

void Intake::adopt_context() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(context_changed_, false)) return;
  if (world_) recorder_->set_world(world_);
  if (!time_zone_.empty()) recorder_->set_time_zone(time_zone_);
}

bool Intake::is_described_otherwise(const model::StateChange& change) {
  const auto known = descriptions_.find(change.entity_id);
  if (change.removed) {
    if (known != descriptions_.end()) descriptions_.erase(known);
    return true;
  }
  const std::size_t description = description_of(change);
  if (known == descriptions_.end()) {
    descriptions_.emplace(change.entity_id, description);
    return change.added;
  }
  return std::exchange(known->second, description) != description || change.added;
}

void Intake::read_event(std::string_view event) {
  const model::StateChange* const change = reader_.read_event(event, EventChunk::k_padding);
  if (change == nullptr) {
    if (unreadable_++ == 0) {
      base::log::warning(
          "an event of Home Assistant is no state change and is left out; further "
          "ones are left out without a word");
    }
    return;
  }
  if (is_described_otherwise(*change)) handlers_.description_changed();
  if (recorder_ != nullptr) recorder_->take(*change);
}

void Intake::read_states(std::string_view states) {
  const base::Result<std::vector<std::string>> elements = model::elements_of(states);
  if (!elements) return;
  for (const std::string& element : *elements) {
    const model::StateChange* const change = reader_.read_state(element);
    if (change == nullptr) continue;
    static_cast<void>(is_described_otherwise(*change));
    if (recorder_ == nullptr) continue;
    recorder_->take(*change);
  }
  if (recorder_ != nullptr) recorder_->end_snapshot();
}

void Intake::read_devices() {
  std::vector<DeviceNews> all;
  {
    const std::lock_guard lock(mutex_);
    all = std::exchange(device_news_, {});
  }
  if (recorder_ == nullptr) return;
  for (const DeviceNews& news : all) recorder_->take_devices(news);
}

void Intake::begin_reading() {
  if (recorder_ == nullptr) return;
  commit();
  recorder_->begin_connection();
  await_world();
  adopt_context();
  read_devices();  // a full queue had no room for their sign
  snapshot_until_ = std::chrono::steady_clock::now() + k_snapshot_within;
}

void Intake::read(const EventChunk::Item& item) {
  switch (item.what) {
    case EventChunk::What::listening:
      begin_reading();
      break;
    case EventChunk::What::event:
      read_event(item.json);
      break;
    case EventChunk::What::states:
      read_states(item.json);
      break;
    case EventChunk::What::devices:
      read_devices();
      break;
  }
  if (recorder_ != nullptr && recorder_->is_full()) commit();
}

void Intake::commit_when_due() {
  const auto now = std::chrono::steady_clock::now();
  const bool waiting = recorder_->awaits_snapshot() && now < snapshot_until_;
  if (!waiting && now >= next_commit_) commit();
}

// Until it is done; meanwhile the queue fills up, and then the connection is let go.
void Intake::commit() {
  while (true) {
    const base::Result<bool> done = recorder_->flush();
    if (done) {
      if (done.value()) handlers_.gap_noted();
      break;
    }
    if (trouble_ != done.error().message) {
      base::log::error(done.error().message + "; trying again");
      handlers_.trouble(done.error().message);
    }
    trouble_ = done.error().message;
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, k_retry, [this] { return stopping_; })) return;
  }
  next_commit_ = std::chrono::steady_clock::now() + k_group;
  if (trouble_.empty()) return;
  base::log::info("points can be spooled again");
  trouble_.clear();
  handlers_.trouble("");
}

std::chrono::steady_clock::time_point Intake::next_look() const {
  if (recorder_ != nullptr && recorder_->awaits_snapshot()) return snapshot_until_;
  if (recorder_ != nullptr && recorder_->has_pending()) return next_commit_;
  return std::chrono::steady_clock::now() + std::chrono::hours(1);
}

void Intake::work() {
  try {
    EventChunk chunk;
    while (queue_.pop(chunk, next_commit_, next_look())) {
      if (recorder_ != nullptr) adopt_context();
      for (std::size_t i = 0; i < chunk.size(); ++i) read(chunk.item(i));
      if (recorder_ != nullptr) commit_when_due();
    }
    if (recorder_ != nullptr) commit();
  } catch (const std::exception& error) {
    handlers_.failed(base::unexpected(error));
  }
}

}  // namespace haingest::jobs
