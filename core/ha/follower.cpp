// SPDX-License-Identifier: MIT
#include "core/ha/follower.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/log.hpp"
#include "core/ha/session_impl.hpp"

namespace haingest::ha {
namespace {

using model::Part;
using Steady = std::chrono::steady_clock;

struct RegistryEvent {
  std::string_view type;
  Part part;
};
constexpr std::array k_registry_events{
    RegistryEvent{"device_registry_updated", Part::devices},
    RegistryEvent{"entity_registry_updated", Part::entities},
    RegistryEvent{"area_registry_updated", Part::areas},
    RegistryEvent{"floor_registry_updated", Part::floors},
    RegistryEvent{"label_registry_updated", Part::labels},
};

std::string event_type(std::string_view type) {
  return "\"event_type\":\"" + std::string(type) + "\"";
}

}  // namespace

Follower::Follower(Session& session, const Address& address, const LivePauses& pauses,
                   const LiveHandlers& handlers, const base::Clock& clock,
                   const asio::any_io_executor& executor)
    : session_(session),
      address_(address),
      pauses_(pauses),
      handlers_(handlers),
      clock_(clock),
      timer_(executor) {}

void Follower::mark(Part part) {
  const auto now = Steady::now();
  if (stale_.empty() && !config_stale_) first_mark_ = now;
  last_mark_ = now;
  stale_.insert(part);
  if (part == Part::devices || part == Part::entities) {
    // An entity's row and its device's belong together, and so does the state: of an entity that
    // was renamed, the old id must not be taken for one that no registry has.
    stale_.insert({Part::devices, Part::entities, Part::composite_splits, Part::states});
  }
  wake();
}

void Follower::mark_everything() {
  for (const Part part : model::k_parts) mark(part);
}

void Follower::subscribe_event(std::string_view type, Session::EventHandler handler) {
  // Not allowed for this user, or unknown: then there are no such events, and the whole read every
  // hour has to do.
  static_cast<void>(session_.subscribe("subscribe_events", event_type(type), std::move(handler)));
}

void Follower::subscribe() {
  if (handlers_.listening) handlers_.listening();
  if (handlers_.state_changed) {
    subscribe_event("state_changed",
                    [this](std::string_view event) { handlers_.state_changed(event); });
  }
  for (const RegistryEvent& each : k_registry_events) {
    subscribe_event(each.type, [this, part = each.part](std::string_view) { mark(part); });
  }
  subscribe_event("core_config_updated", [this](std::string_view) {
    config_stale_ = true;
    first_mark_ = last_mark_ = Steady::now();
    wake();
  });
  // An integration that comes later may bring a registry that was unknown.
  subscribe_event("component_loaded", [this](std::string_view) {
    for (const Part part : model::k_parts) {
      if (document_.answer(part).code == "unknown_command") mark(part);
    }
  });
  // The first event is the list as it is, which is asked for anyway.
  static_cast<void>(session_.subscribe("config_entries/subscribe", {},
                                       [this, listed = false](std::string_view) mutable {
                                         if (std::exchange(listed, true)) {
                                           mark(Part::config_entries);
                                         }
                                       }));
}

// False when the connection is gone.
bool Follower::take(const SnapshotCommand& command, Reply reply, LiveUpdate& update) {
  if (reply.outcome == Reply::Outcome::closed) return false;
  const bool states = command.part == Part::states;
  take_answer(command, std::move(reply), address_, document_, states ? &update.states : nullptr);
  return true;
}

asio::awaitable<void> Follower::read_stale() {
  read_began_ = Steady::now();
  const Parts parts = std::exchange(stale_, {});
  config_stale_ = false;
  const auto config = session_.ask(k_config);
  std::vector<std::pair<SnapshotCommand, std::shared_ptr<Session::Request>>> requests;
  for (const SnapshotCommand& command : k_snapshot_commands) {
    if (parts.contains(command.part)) {
      requests.emplace_back(command, session_.ask(command.type));
    }
  }
  Reply config_reply = co_await session_.answer(config);
  if (config_reply.outcome == Reply::Outcome::closed) co_return;
  if (std::optional<base::Error> error = take_config(config_reply, address_, document_.ha)) {
    session_.cut(std::move(*error));
    co_return;
  }
  document_.ha.when = clock_();
  if (document_.ha.version.empty()) document_.ha.version = session_.ha_version();
  LiveUpdate update;
  update.first = first_;
  for (auto& [command, request] : requests) {
    Reply reply = co_await session_.answer(request);
    if (!take(command, std::move(reply), update)) co_return;
  }
  first_ = false;
  read_ended_ = Steady::now();
  if (parts.contains(Part::states)) states_read_ = read_ended_;
  update.document = document_;
  handlers_.update(std::move(update));
  plan_next();
}

bool Follower::has_failed(Part part) const {
  return model::presence_of(document_.answer(part), document_.ha) == model::Presence::failed;
}

void Follower::plan_next() {
  const auto failed = [this](Part part) { return has_failed(part); };
  any_failed_ = std::ranges::any_of(model::k_parts, failed);
  failed_pause_ = any_failed_
                      ? std::clamp(failed_pause_ * 2, pauses_.failed, pauses_.failed_longest)
                      : std::chrono::milliseconds{0};
}

Follower::Moment Follower::due() const {
  Moment due = everything_at_;
  if (!document_.ha.running()) due = std::min(due, read_ended_ + pauses_.starting);
  if (any_failed_) due = std::min(due, read_ended_ + failed_pause_);
  if (!stale_.empty() || config_stale_) {
    Moment news = std::min(last_mark_ + pauses_.quiet, first_mark_ + pauses_.burst);
    // A house whose registries take seconds to read has time for other things, too.
    news = std::max(news, read_ended_ + 2 * (read_ended_ - read_began_));
    const bool states_alone = stale_ == Parts{Part::states} && !config_stale_;
    if (states_alone) news = std::max(news, states_read_ + pauses_.states);
    due = std::min(due, news);
  }
  return due;
}

// What is read again although no event said so.
void Follower::mark_due() {
  const auto now = Steady::now();
  if (now >= everything_at_ || (!document_.ha.running() && now >= read_ended_ + pauses_.starting)) {
    everything_at_ = now + pauses_.everything;
    mark_everything();
  }
  if (!any_failed_ || now < read_ended_ + failed_pause_) return;
  for (const Part part : model::k_parts) {
    if (has_failed(part)) mark(part);
  }
}

asio::awaitable<void> Follower::run() {
  subscribe();
  mark_everything();
  everything_at_ = Steady::now() + pauses_.everything;
  while (!session_.ended()) {
    co_await read_stale();
    while (!session_.ended() && Steady::now() < due()) {
      timer_.expires_at(due());
      co_await timer_.async_wait(k_await);
    }
    mark_due();
  }
}

}  // namespace haingest::ha
