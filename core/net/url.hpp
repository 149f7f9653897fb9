// SPDX-License-Identifier: MIT
// Addresses of peers: http(s) and ws(s) URLs taken apart. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace haingest::net {

struct Url {
  std::string scheme;  // "http", "https", "ws" or "wss"
  std::string host;    // lower case; an IPv6 address without its brackets, a zone after "%"
  std::uint16_t port = 0;
  std::string path;   // "" or "/prefix/more", never with a slash at the end
  std::string query;  // without "?"

  [[nodiscard]] bool tls() const { return scheme == "https" || scheme == "wss"; }
  [[nodiscard]] bool default_port() const { return port == (tls() ? 443 : 80); }
};

// Fails with `usage` on what is no such URL, and on user information (it would end up in logs): the
// message never repeats a URL that has some.
[[nodiscard]] base::Result<Url> parse_url(std::string_view text);

// "host", "host:8123", "[fe80::1]:8123": the Host header; no port where it is the scheme's own.
[[nodiscard]] std::string authority_of(const Url& url);

// "https://host:8443", for messages: scheme and authority alone.
[[nodiscard]] std::string origin_of(const Url& url);

}  // namespace haingest::net
