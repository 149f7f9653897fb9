// SPDX-License-Identifier: MIT
// The upgrade to WebSocket, of whichever stream; for the two .cpp files that open one.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "core/net/ws_open.hpp"

namespace haingest::net {

inline WsFailure upgrade_failure(const boost::system::error_code& error,
                                 const websocket::response_type& response,
                                 const Deadline& deadline) {
  if (error == beast::error::timeout) return timed_out(WsStep::upgrade, deadline);
  if (error != websocket::error::upgrade_declined) {
    return {.what = WsFailure::What::no_http, .step = WsStep::upgrade, .detail = words_of(error)};
  }
  WsFailure failure{.what = WsFailure::What::declined,
                    .step = WsStep::upgrade,
                    .http_status = response.result_int()};
  failure.location = std::string(response[beast::http::field::location]);
  return failure;
}

template <class Next>
asio::awaitable<Opened> upgrade(Next next, const WsOptions& options) {
  const Deadline deadline = options.whole.step(options.step_timeout);
  auto channel = std::make_unique<Channel<Next>>(std::move(next), options);
  auto& ws = channel->socket();
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

}  // namespace haingest::net
