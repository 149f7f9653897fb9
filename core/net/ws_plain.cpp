// SPDX-License-Identifier: MIT
#include "core/net/ws_upgrade.hpp"

namespace haingest::net {

asio::awaitable<Opened> open_plain(Tcp tcp, const WsOptions& options) {
  co_return co_await upgrade(std::move(tcp), options);
}

}  // namespace haingest::net
