// SPDX-License-Identifier: MIT
// The inside of a Session, for session.cpp (login, requests) and session_loops.cpp (the three
// coroutines that run()). One thread; everything ends through die().
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <map>
#include <utility>

#include "core/ha/protocol.hpp"
#include "core/ha/session.hpp"
#include "core/net/ws_stream.hpp"

namespace haingest::ha {

namespace asio = boost::asio;
inline constexpr auto k_await = asio::as_tuple(asio::use_awaitable);

class Session::Request {
 public:
  Request(const asio::any_io_executor& executor, std::int64_t id, std::string_view type,
          net::Deadline deadline)
      : id_(id), type_(type), deadline_(deadline), timer_(executor, deadline.at) {}

  [[nodiscard]] std::int64_t id() const { return id_; }
  [[nodiscard]] const std::string& type() const { return type_; }
  [[nodiscard]] std::chrono::steady_clock::time_point asked_at() const { return asked_at_; }
  [[nodiscard]] std::chrono::milliseconds limit() const { return deadline_.limit; }
  [[nodiscard]] bool done() const { return reply_.outcome != Reply::Outcome::pending; }
  void finish(Reply reply) {
    if (done()) return;
    reply_ = std::move(reply);
    timer_.cancel();
  }
  [[nodiscard]] asio::steady_timer& timer() { return timer_; }
  [[nodiscard]] Reply take() { return std::move(reply_); }

 private:
  std::int64_t id_;
  std::string type_;
  std::chrono::steady_clock::time_point asked_at_ = std::chrono::steady_clock::now();
  net::Deadline deadline_;
  asio::steady_timer timer_;  // fires at the deadline, is cancelled by the answer
  Reply reply_;
};

struct Session::Impl {
  Impl(SessionOptions given, const asio::any_io_executor& on);

  // session.cpp
  asio::awaitable<base::Result<void>> log_in();
  asio::awaitable<base::Result<Message>> next_login_message();
  base::Result<void> accept(const Message& message);
  std::shared_ptr<Request> ask(std::string_view type, std::string_view members,
                               std::chrono::milliseconds limit, EventHandler handler);
  void die(base::Error why);
  void log_end(const Request& request, const Reply& reply) const;
  std::string moment() const;

  // session_loops.cpp
  asio::awaitable<void> read_loop();
  asio::awaitable<void> write_loop();
  asio::awaitable<void> ping_loop();
  [[nodiscard]] base::Error why_it_ended(const net::WsFailure& failure) const;
  void dispatch(const Message& message);
  void deliver_event(const Message& message);
  void refuse(const Message& message);
  void finish(std::int64_t id, Reply reply);

  SessionOptions options;
  asio::any_io_executor executor;
  std::unique_ptr<net::WsStream> stream;
  FrameSplitter splitter;
  std::string ha_version;

  std::int64_t last_id = 0;
  std::map<std::int64_t, std::shared_ptr<Request>> in_flight;
  std::map<std::int64_t, EventHandler> handlers;
  std::deque<std::string> outbox;
  asio::steady_timer outbox_filled;  // never fires, is cancelled when there is something to send
  asio::steady_timer pause;          // between pings
  asio::steady_timer grace;          // for the reader, when a write has failed
  bool closing = false;              // by us
  bool closed_by_peer = false;
  std::optional<base::Error> end;
  std::uint64_t answered = 0;
  std::uint64_t strays = 0;
};

}  // namespace haingest::ha
