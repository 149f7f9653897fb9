// SPDX-License-Identifier: MIT
// What a Session does while it runs: read and dispatch, write, ping.
#include "core/base/log.hpp"
#include "core/base/span.hpp"
#include "core/ha/failure.hpp"
#include "core/ha/session_impl.hpp"

namespace haingest::ha {
namespace {

// A write that fails is the echo of a connection that has ended; its reader knows more (close code
// and reason), so it gets this long to say so.
constexpr std::chrono::milliseconds k_grace_for_reader{1'000};

// A peer whose WebSocket answers pings by itself, while its Home Assistant says nothing, sends this
// much at most between two looks.
constexpr std::uint64_t k_keepalive_bytes = 256;

}  // namespace

base::Error Session::Impl::why_it_ended(const net::WsFailure& failure) const {
  using What = net::WsFailure::What;
  if (closing) return unreachable(options.address, "closed by haingest");
  const bool gone = failure.what == What::closed || failure.what == What::lost;
  // The Supervisor says auth_ok before it dials Core.
  if (gone && options.address.supervisor && answered == 0) return explain_starting(options.address);
  return explain(failure, options.address, options.token, moment());
}

asio::awaitable<void> Session::Impl::read_loop() {
  while (!end) {
    const net::WsResult<std::string_view> frame = co_await stream->read();
    if (!frame) {
      closed_by_peer = !closing && frame.error().what == net::WsFailure::What::closed;
      die(why_it_ended(frame.error()));
      co_return;
    }
    for (const Message& message : splitter.split(*frame, net::WsStream::k_padding)) {
      if (end) break;  // a handler has cut the connection
      dispatch(message);
    }
  }
}

asio::awaitable<void> Session::Impl::write_loop() {
  while (!end) {
    if (outbox.empty()) {
      co_await outbox_filled.async_wait(k_await);
      continue;
    }
    const std::string frame = std::move(outbox.front());
    outbox.pop_front();
    const net::WsResult<void> sent = co_await stream->write(frame);
    if (sent || end) continue;
    grace.expires_after(k_grace_for_reader);
    co_await grace.async_wait(k_await);
    die(explain(sent.error(), options.address, options.token, moment()));
  }
}

asio::awaitable<void> Session::Impl::ping_loop() {
  while (!end) {
    pause.expires_after(options.ping_interval);
    co_await pause.async_wait(k_await);
    if (end) co_return;
    std::uint64_t received = stream->bytes_received();
    const auto ping = ask("ping", {}, options.pong_timeout, {});
    while (!ping->done()) {
      co_await ping->timer().async_wait(k_await);
      if (ping->done()) break;
      // A big answer on a slow link holds the pong up; that is no silence.
      if (stream->bytes_received() <= received + k_keepalive_bytes) {
        die(unreachable(options.address, "silent: no answer to a ping within " +
                                             base::to_text(options.pong_timeout) +
                                             "; the connection is dead, or Home Assistant hangs"));
        co_return;
      }
      received = stream->bytes_received();
      ping->timer().expires_after(options.pong_timeout);
    }
  }
}

void Session::Impl::finish(std::int64_t id, Reply reply) {
  const auto found = in_flight.find(id);
  if (found == in_flight.end()) {
    ++strays;  // an answer that came too late
    return;
  }
  const std::shared_ptr<Request> request = std::move(found->second);
  in_flight.erase(found);
  ++answered;
  log_end(*request, reply);
  request->finish(std::move(reply));
}

void Session::Impl::refuse(const Message& message) {
  std::string code = quote(message.error_code, options.token);
  if (code.empty()) code = "unknown_error";
  handlers.erase(message.id);  // a subscription that was not made
  finish(message.id, {.outcome = Reply::Outcome::refused,
                      .code = std::move(code),
                      .text = quote(message.text, options.token)});
}

void Session::Impl::deliver_event(const Message& message) {
  const auto handler = handlers.find(message.id);
  if (handler != handlers.end()) {
    handler->second(message.json);
  } else if (options.on_event) {
    options.on_event(message.id, message.json);
  } else {
    ++strays;
  }
}

void Session::Impl::dispatch(const Message& message) {
  using Type = Message::Type;
  using Outcome = Reply::Outcome;
  switch (message.type) {
    case Type::result:
      if (message.success) {
        finish(message.id, {.outcome = Outcome::answered, .json = std::string(message.json)});
      } else {
        refuse(message);
      }
      break;
    case Type::pong:
      finish(message.id, {.outcome = Outcome::answered});
      break;
    case Type::event:
      deliver_event(message);
      break;
    case Type::malformed:
      base::log::warning(options.address.shown + ": a frame that is no JSON was left out");
      finish(message.id, {.outcome = Outcome::broken, .code = "invalid_json"});
      break;
    case Type::auth_required:
    case Type::auth_ok:
    case Type::auth_invalid:
    case Type::other:
      ++strays;
      break;
  }
}

}  // namespace haingest::ha
