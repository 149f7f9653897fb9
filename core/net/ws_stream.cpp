// SPDX-License-Identifier: MIT
#include "core/net/ws_stream.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>

#include "core/net/resolve.hpp"
#include "core/net/tls.hpp"
#include "core/net/ws_channel.hpp"

namespace haingest::net {
namespace {

using What = WsFailure::What;
using Opened = WsResult<std::unique_ptr<WsStream>>;

// An address that swallows packets must not use up the time of the ones behind it (IPv6 without a
// route is the usual case).
constexpr std::chrono::milliseconds k_most_for_one_address{5'000};

WsFailure timed_out(WsStep step, const Deadline& deadline) {
  return {.what = What::timeout, .step = step, .limit = deadline.limit};
}

Deadline share_of(const Deadline& all, std::size_t addresses_left) {
  if (addresses_left == 1) return all;
  const auto share = all.left() / static_cast<std::int64_t>(addresses_left);
  return all.step(std::min<std::chrono::milliseconds>(share, k_most_for_one_address));
}

void tune(Tcp& tcp) {
  boost::system::error_code ignored;
  tcp.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  tcp.socket().set_option(asio::socket_base::keep_alive(true), ignored);
}

// Pointers, because Beast's stream claims to be constructible from anything, errors included.
using TcpResult = WsResult<std::unique_ptr<Tcp>>;
using TlsResult = WsResult<std::unique_ptr<Tls>>;

asio::awaitable<TcpResult> connect_tcp(std::vector<asio::ip::tcp::endpoint> endpoints,
                                       Deadline deadline) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  boost::system::error_code last = asio::error::host_not_found;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    auto tcp = std::make_unique<Tcp>(executor);
    tcp->expires_at(share_of(deadline, endpoints.size() - i).at);
    const auto [error] = co_await tcp->async_connect(endpoints[i], k_await);
    if (!error) {
      tune(*tcp);
      co_return std::move(tcp);
    }
    last = error;
  }
  if (last == beast::error::timeout) co_return timed_out(WsStep::connect, deadline);
  co_return WsFailure{
      .what = What::not_connected, .step = WsStep::connect, .detail = last.message()};
}

WsFailure tls_failure(SSL* ssl, const boost::system::error_code& error, const Deadline& deadline) {
  if (error == beast::error::timeout) return timed_out(WsStep::tls, deadline);
  WsFailure failure{.what = What::tls_failed, .step = WsStep::tls, .detail = words_of(error)};
  const std::string distrust = distrust_of(ssl, error);
  if (!distrust.empty()) {
    failure.what = What::untrusted;
    failure.detail = distrust;
  } else if (is_no_tls(error)) {
    failure.what = What::no_tls;
  }
  return failure;
}

asio::awaitable<TlsResult> connect_tls(Tcp tcp, const WsOptions& options, Deadline deadline) {
  base::Result<asio::ssl::context> context = make_tls_context(options.tls);
  if (!context) {
    co_return WsFailure{
        .what = What::bad_ca_file, .step = WsStep::tls, .detail = context.error().message};
  }
  // It keeps the context's OpenSSL object by reference counting.
  auto tls = std::make_unique<Tls>(std::move(tcp), *context);
  if (!expect_host(tls->native_handle(), options.url.host, options.tls.verify)) {
    co_return WsFailure{.what = What::tls_failed,
                        .step = WsStep::tls,
                        .detail = "this host name cannot be used with TLS"};
  }
  beast::get_lowest_layer(*tls).expires_at(deadline.at);
  const auto [error] = co_await tls->async_handshake(asio::ssl::stream_base::client, k_await);
  if (error) co_return tls_failure(tls->native_handle(), error, deadline);
  co_return std::move(tls);
}

WsFailure upgrade_failure(const boost::system::error_code& error,
                          const websocket::response_type& response, const Deadline& deadline) {
  if (error == beast::error::timeout) return timed_out(WsStep::upgrade, deadline);
  if (error != websocket::error::upgrade_declined) {
    return {.what = What::no_http, .step = WsStep::upgrade, .detail = words_of(error)};
  }
  WsFailure failure{
      .what = What::declined, .step = WsStep::upgrade, .http_status = response.result_int()};
  failure.location = std::string(response[beast::http::field::location]);
  return failure;
}

template <class Next>
asio::awaitable<Opened> upgrade(Next next, const WsOptions& options, Deadline deadline) {
  auto channel = std::make_unique<Channel<Next>>(std::move(next), options);
  auto& ws = channel->socket();
  // Beast 1.81 has bugs in reading deflated messages in parts (beast #3028); a LAN needs none.
  ws.set_option(websocket::permessage_deflate{});
  ws.set_option(websocket::stream_base::decorator([&options](websocket::request_type& request) {
    request.set(beast::http::field::user_agent, options.user_agent);
  }));
  channel->expires(deadline);
  websocket::response_type response;
  const auto [error] =
      co_await ws.async_handshake(response, authority_of(options.url), options.target, k_await);
  if (error) co_return upgrade_failure(error, response, deadline);
  ws.set_option(websocket::stream_base::decorator([](websocket::request_type&) {}));
  channel->opened();
  co_return std::unique_ptr<WsStream>(std::move(channel));
}

asio::awaitable<TcpResult> reach(const WsOptions& options) {
  const Deadline resolving = options.whole.step(options.step_timeout);
  Addresses found = co_await resolve(options.url.host, options.url.port, resolving);
  if (found.timed_out) co_return timed_out(WsStep::resolve, resolving);
  if (found.endpoints.empty()) {
    co_return WsFailure{.what = What::no_address, .step = WsStep::resolve, .detail = found.problem};
  }
  const Deadline connecting = options.whole.step(options.step_timeout);
  co_return co_await connect_tcp(std::move(found.endpoints), connecting);
}

}  // namespace

asio::awaitable<Opened> connect_ws(WsOptions options) {
  TcpResult tcp = co_await reach(options);
  if (!tcp) co_return tcp.error();
  if (!options.url.tls()) {
    const Deadline upgrading = options.whole.step(options.step_timeout);
    co_return co_await upgrade(std::move(**tcp), options, upgrading);
  }
  const Deadline securing = options.whole.step(options.step_timeout);
  TlsResult tls = co_await connect_tls(std::move(**tcp), options, securing);
  if (!tls) co_return tls.error();
  const Deadline upgrading = options.whole.step(options.step_timeout);
  co_return co_await upgrade(std::move(**tls), options, upgrading);
}

}  // namespace haingest::net
