// SPDX-License-Identifier: MIT
// One connection to one Home Assistant: login, commands and their answers in any order, events, our
// own pings. It knows nothing of reconnecting: when the connection ends, run() returns why, every
// request in flight has failed with that, and the session is done for.
//
// Lives on one io_context with one thread; nothing here ever waits for disk or database, because HA
// cuts a client that falls behind. One-shot commands and `watch` use it alike:
//   open() -> run() beside the work (`run() && work()`) -> close()
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/ha/address.hpp"
#include "core/ha/reply.hpp"
#include "core/net/deadline.hpp"
#include "core/net/http_client.hpp"

namespace haingest::ha {

struct SessionOptions {
  Address address;
  base::Secret token;
  net::TlsOptions tls;
  std::size_t max_frame_bytes = std::size_t{64} * 1024 * 1024;
  std::chrono::milliseconds request_timeout{30'000};  // over each step and each answer
  net::Deadline whole;                                // over everything
  // Lets HA put several messages into one frame, which pays where many small ones come. Answers
  // would share a frame, too, and with it the limit of a frame and the fate of a broken one.
  bool coalesce = true;
  // Our own pings: HA sends none on this level, and a half-open TCP connection looks like peace.
  std::chrono::milliseconds ping_interval{30'000};
  std::chrono::milliseconds pong_timeout{20'000};
  // Events of subscriptions that have no handler of their own; as EventHandler below.
  std::function<void(std::int64_t subscription, std::string_view event)> on_event = {};
};

class Session {
 public:
  class Request;  // a command on its way; keep it until its answer has been taken
  // The `event` of one message, on the session's thread, in the order of the wire. The raw JSON is
  // good during the call; net::WsStream::k_padding bytes behind it may be read, as simdjson does.
  // It does not throw: what it cannot do it says through cut().
  using EventHandler = std::function<void(std::string_view event)>;

  // Connects and logs in. Errors as explained in failure.hpp; one try, whatever happens.
  [[nodiscard]] static boost::asio::awaitable<base::Result<std::unique_ptr<Session>>> open(
      SessionOptions options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Receives, sends and pings until the connection ends. Called once.
  [[nodiscard]] boost::asio::awaitable<void> run();

  // Puts a command on its way at once; its time runs from now on. `members` is more of the
  // command's JSON object ("\"domain\":\"mqtt\"").
  [[nodiscard]] std::shared_ptr<Request> ask(std::string_view type, std::string_view members = {});
  // The same for a command that subscribes; its events go to `handler`, from the first one on.
  [[nodiscard]] std::shared_ptr<Request> subscribe(std::string_view type, std::string_view members,
                                                   EventHandler handler);
  // Waits for the answer; comes back at once when it is there or the connection is gone.
  [[nodiscard]] boost::asio::awaitable<Reply> answer(std::shared_ptr<Request> request);

  // Says goodbye (for `limit` at most) and ends run().
  [[nodiscard]] boost::asio::awaitable<void> close(std::chrono::milliseconds limit);
  // Ends the connection at once, with `why` as the reason; no further event is delivered.
  void cut(base::Error why);

  // Why the connection ended; none while it is open.
  [[nodiscard]] const std::optional<base::Error>& ended() const;
  // It ended with the peer's goodbye, as when Home Assistant stops or restarts.
  [[nodiscard]] bool closed_by_peer() const;
  [[nodiscard]] const std::string& ha_version() const;
  // Requests that were answered, and frames that belonged to nobody (late answers, unknown types).
  [[nodiscard]] std::uint64_t answered() const;
  [[nodiscard]] std::uint64_t strays() const;

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::ha
