// SPDX-License-Identifier: MIT
// Where a Home Assistant's WebSocket is, given the URL that people configure. Pure.
#pragma once

#include <string>

#include "core/base/error.hpp"
#include "core/net/url.hpp"

namespace haingest::ha {

struct Address {
  net::Url url;
  std::string target;       // "/prefix/api/websocket"
  std::string shown;        // the URL as configured, for messages
  bool supervisor = false;  // the add-on proxy, which stands in front of Core and outlives it
};

// http://ha:8123, a path prefix behind a reverse proxy, an URL that already ends in /api,
// /api/websocket or /websocket, and the Supervisor's http://supervisor/core, whose path is
// /core/websocket (its REST root is /core/api). Fails with `usage`.
[[nodiscard]] base::Result<Address> locate(const std::string& url);

}  // namespace haingest::ha
