// SPDX-License-Identifier: MIT
#include "core/ha/session.hpp"

#include <string.h>  // explicit_bzero; NOLINT(*-deprecated-headers)

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>

#include "core/base/log.hpp"
#include "core/base/span.hpp"
#include "core/ha/failure.hpp"
#include "core/ha/session_impl.hpp"

namespace haingest::ha {
namespace {

constexpr std::string_view k_login = "during the login";
// A Home Assistant says auth_required, then auth_ok or auth_invalid; more is another program.
constexpr int k_login_messages = 3;

net::WsOptions ws_options(const SessionOptions& options) {
  net::WsOptions ws;
  ws.url = options.address.url;
  ws.target = options.address.target;
  ws.tls = options.tls;
  ws.user_agent = "haingest/" HAINGEST_VERSION;
  ws.max_message_bytes = options.max_frame_bytes;
  ws.step_timeout = options.request_timeout;
  ws.whole = options.whole;
  return ws;
}

bool is_of_login(const Message& message) {
  using Type = Message::Type;
  return message.type == Type::auth_required || message.type == Type::auth_ok ||
         message.type == Type::auth_invalid;
}

}  // namespace

Session::Impl::Impl(SessionOptions given, const asio::any_io_executor& on)
    : options(std::move(given)),
      executor(on),
      outbox_filled(on, asio::steady_timer::time_point::max()),
      pause(on),
      grace(on) {}

asio::awaitable<base::Result<Message>> Session::Impl::next_login_message() {
  stream->expires(options.whole.step(options.request_timeout));
  const net::WsResult<std::string_view> frame = co_await stream->read();
  if (!frame) co_return explain(frame.error(), options.address, options.token, k_login);
  // Nothing was asked yet: what else may share the frame belongs to nobody.
  for (const Message& message : splitter.split(*frame, net::WsStream::k_padding)) {
    if (is_of_login(message)) co_return message;
  }
  co_return Message{};
}

base::Result<void> Session::Impl::accept(const Message& message) {
  if (message.type == Message::Type::auth_ok) {
    if (!message.ha_version.empty()) ha_version = message.ha_version;
    return {};
  }
  if (message.type == Message::Type::auth_invalid) {
    return explain_refused_token(options.address, quote(message.text, options.token));
  }
  return unreachable(options.address, "speaks something else than a Home Assistant; check the URL");
}

asio::awaitable<base::Result<void>> Session::Impl::log_in() {
  for (int i = 0; i < k_login_messages; ++i) {
    base::Result<Message> message = co_await next_login_message();
    if (!message) co_return message.error();
    if (message->type != Message::Type::auth_required) co_return accept(*message);
    ha_version = message->ha_version;
    std::string frame = auth_frame(options.token);
    const net::WsResult<void> sent = co_await stream->write(frame);
    ::explicit_bzero(frame.data(), frame.size());
    if (!sent) co_return explain(sent.error(), options.address, options.token, k_login);
  }
  co_return unreachable(options.address, "asks for the login again and again; check the URL");
}

std::shared_ptr<Session::Request> Session::Impl::ask(std::string_view type,
                                                     std::string_view members,
                                                     std::chrono::milliseconds limit,
                                                     EventHandler handler) {
  const std::int64_t id = ++last_id;
  auto request = std::make_shared<Request>(executor, id, type, options.whole.step(limit));
  if (end) {
    request->finish({.outcome = Reply::Outcome::closed, .text = end->message});
    return request;
  }
  if (base::log::shows(base::log::Level::debug)) {
    base::log::debug(options.address.shown + ": asked " + request->type());
  }
  if (handler) handlers.emplace(id, std::move(handler));
  in_flight.emplace(id, request);
  outbox.push_back(command_frame(id, type, members));
  outbox_filled.cancel();
  return request;
}

void Session::Impl::die(base::Error why) {
  if (end) return;
  end = std::move(why);
  stream->cut();
  pause.cancel();
  grace.cancel();
  outbox_filled.cancel();
  // finish() wakes coroutines that may ask again: the map must not be under iteration then.
  const auto lost = std::exchange(in_flight, {});
  for (const auto& [id, request] : lost) {
    request->finish({.outcome = Reply::Outcome::closed, .text = end->message});
  }
}

// For -vv: how each command ended, how large its answer was and how long it took.
void Session::Impl::log_end(const Request& request, const Reply& reply) const {
  if (!base::log::shows(base::log::Level::debug)) return;
  std::string how = "answered, " + std::to_string(reply.json.size()) + " bytes";
  if (reply.outcome != Reply::Outcome::answered) how = reply.code;
  base::log::debug(options.address.shown + ": " + request.type() + ": " + how + " after " +
                   base::time_since(request.asked_at()));
}

std::string Session::Impl::moment() const {
  if (answered == 0) return "after the login, before any answer";
  if (in_flight.empty()) return "while nothing was asked";
  const std::string s = in_flight.size() == 1 ? "" : "s";
  return "with " + std::to_string(in_flight.size()) + " request" + s + " unanswered";
}

asio::awaitable<base::Result<std::unique_ptr<Session>>> Session::open(SessionOptions options) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto impl = std::make_unique<Impl>(std::move(options), executor);
  auto connecting = net::connect_ws(ws_options(impl->options));
  net::WsResult<std::unique_ptr<net::WsStream>> stream = co_await std::move(connecting);
  if (!stream) {
    co_return explain(stream.error(), impl->options.address, impl->options.token, k_login);
  }
  impl->stream = std::move(*stream);
  const base::Result<void> logged_in = co_await impl->log_in();
  if (!logged_in) co_return logged_in.error();
  impl->stream->never_expires();
  // HA 2022.9 and later send several messages a frame when they have them.
  if (impl->options.coalesce && at_least(impl->ha_version, 2022, 9)) {
    static_cast<void>(
        impl->ask(k_supported_features, k_coalesce, impl->options.request_timeout, {}));
  }
  co_return std::unique_ptr<Session>(new Session(std::move(impl)));
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;

asio::awaitable<void> Session::run() {
  using namespace asio::experimental::awaitable_operators;
  auto loops = impl_->read_loop() && impl_->write_loop() && impl_->ping_loop();
  co_await std::move(loops);
}

std::shared_ptr<Session::Request> Session::ask(std::string_view type, std::string_view members) {
  return impl_->ask(type, members, impl_->options.request_timeout, {});
}

std::shared_ptr<Session::Request> Session::subscribe(std::string_view type,
                                                     std::string_view members,
                                                     EventHandler handler) {
  return impl_->ask(type, members, impl_->options.request_timeout, std::move(handler));
}

asio::awaitable<Reply> Session::answer(std::shared_ptr<Request> request) {
  if (!request->done()) co_await request->timer().async_wait(k_await);
  if (!request->done()) {
    impl_->in_flight.erase(request->id());
    Reply reply{.outcome = Reply::Outcome::timeout,
                .code = "timeout",
                .text = "no answer within " + base::to_text(request->limit())};
    impl_->log_end(*request, reply);
    request->finish(std::move(reply));
  }
  co_return request->take();
}

asio::awaitable<void> Session::close(std::chrono::milliseconds limit) {
  if (impl_->end) co_return;
  impl_->closing = true;
  co_await impl_->stream->close(net::Deadline::in(limit));
  impl_->die(unreachable(impl_->options.address, "closed by haingest"));
}

void Session::cut(base::Error why) { impl_->die(std::move(why)); }

const std::optional<base::Error>& Session::ended() const { return impl_->end; }
bool Session::closed_by_peer() const { return impl_->closed_by_peer; }
const std::string& Session::ha_version() const { return impl_->ha_version; }
std::uint64_t Session::answered() const { return impl_->answered; }
std::uint64_t Session::strays() const { return impl_->strays; }

}  // namespace haingest::ha
