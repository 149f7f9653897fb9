// SPDX-License-Identifier: MIT
// From a connection to an open WebSocket. Each kind of stream has a .cpp of its own: Beast makes
// half a megabyte of code out of one.
#pragma once

#include <memory>

#include "core/net/ws_channel.hpp"

namespace haingest::net {

using Opened = WsResult<std::unique_ptr<WsStream>>;

// TLS, where there is some, and the upgrade each have a step's time.
[[nodiscard]] asio::awaitable<Opened> open_plain(Tcp tcp, const WsOptions& options);
[[nodiscard]] asio::awaitable<Opened> open_tls(Tcp tcp, const WsOptions& options);

[[nodiscard]] inline WsFailure timed_out(WsStep step, const Deadline& deadline) {
  return {.what = WsFailure::What::timeout, .step = step, .limit = deadline.limit};
}

}  // namespace haingest::net
