// SPDX-License-Identifier: MIT
// Where the data API listens, as people write it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace haingest::api {

struct Listen {
  std::string address = "127.0.0.1";  // an IP address or "localhost"
  std::uint16_t port = 8006;          // 0: any free one

  friend bool operator==(const Listen&, const Listen&) = default;
};

// "127.0.0.1:8006", "[::1]:8006", "localhost:8006"; without a port it is 8006, ":8006" and "8006"
// are that port on 127.0.0.1, "*" is every network ("::"). Fails with `usage`.
[[nodiscard]] base::Result<Listen> parse_listen(std::string_view text);

// "http://127.0.0.1:8006", "http://[::1]:8006"
[[nodiscard]] std::string url_of(const Listen& listen);

}  // namespace haingest::api
