// SPDX-License-Identifier: MIT
// Addresses of peers: what is taken comes back the same when it is written out and read again.
#include "core/net/url.hpp"

#include "tests/fuzz/input.hpp"

using namespace haingest;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto url = net::parse_url(fuzz::text_of(data, size));
  if (!url) return 0;
  std::string written = net::origin_of(*url) + url->path;
  if (!url->query.empty()) written += "?" + url->query;
  const auto again = net::parse_url(written);
  fuzz::require(again.has_value());
  // A zone is for this machine's sockets and in no authority.
  fuzz::require(again->scheme == url->scheme);
  fuzz::require(again->host == url->host.substr(0, url->host.find('%')));
  fuzz::require(again->port == url->port && again->path == url->path);
  fuzz::require(again->query == url->query);
  return 0;
}
