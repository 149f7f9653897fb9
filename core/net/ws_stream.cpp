// SPDX-License-Identifier: MIT
#include "core/net/ws_stream.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>

#include "core/net/resolve.hpp"
#include "core/net/ws_open.hpp"

namespace haingest::net {
namespace {

using What = WsFailure::What;

// An address that swallows packets must not use up the time of the ones behind it (IPv6 without a
// route is the usual case).
constexpr std::chrono::milliseconds k_most_for_one_address{5'000};

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

// A pointer, because Beast's stream claims to be constructible from anything, errors included.
using TcpResult = WsResult<std::unique_ptr<Tcp>>;

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
  // g++ 12 makes a crash of `co_await (a ? b : c)`.
  if (options.url.tls()) co_return co_await open_tls(std::move(**tcp), options);
  co_return co_await open_plain(std::move(**tcp), options);
}

}  // namespace haingest::net
