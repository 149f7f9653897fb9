// SPDX-License-Identifier: MIT
// One connection of Live: subscribes, reads everything, and reads again what events make stale.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "core/ha/answers.hpp"
#include "core/ha/live.hpp"
#include "core/ha/session.hpp"

namespace haingest::ha {

class Follower {
 public:
  Follower(Session& session, const Address& address, const LivePauses& pauses,
           const LiveHandlers& handlers, const base::Clock& clock,
           const boost::asio::any_io_executor& executor);

  // Until the session has ended; whoever runs that calls wake() then.
  [[nodiscard]] boost::asio::awaitable<void> run();
  void wake() { timer_.cancel(); }
  // The part is stale, and with it what must be of the same moment.
  void mark(model::Part part);

 private:
  using Moment = std::chrono::steady_clock::time_point;
  using Parts = std::set<model::Part>;

  void subscribe();
  void subscribe_event(std::string_view type, Session::EventHandler handler);
  void mark_everything();
  boost::asio::awaitable<void> read_stale();
  bool take(const SnapshotCommand& command, Reply reply, LiveUpdate& update);
  void plan_next();
  void mark_due();
  [[nodiscard]] bool has_failed(model::Part part) const;
  // When the next read is due; max: when an event says so.
  [[nodiscard]] Moment due() const;

  Session& session_;
  const Address& address_;
  const LivePauses& pauses_;
  const LiveHandlers& handlers_;
  const base::Clock& clock_;
  boost::asio::steady_timer timer_;

  model::Document document_;
  bool first_ = true;
  Parts stale_;
  bool config_stale_ = false;
  Moment first_mark_, last_mark_;  // since the last read
  Moment read_began_, read_ended_, states_read_;
  Moment everything_at_;
  std::chrono::milliseconds failed_pause_{0};
  bool any_failed_ = false;
};

}  // namespace haingest::ha
