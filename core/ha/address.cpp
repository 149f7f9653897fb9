// SPDX-License-Identifier: MIT
#include "core/ha/address.hpp"

namespace haingest::ha {
namespace {

bool is_supervisor(const net::Url& url) {
  return url.host == "supervisor" || url.host == "hassio" || url.path == "/core/websocket";
}

std::string target_of(const net::Url& url, bool supervisor) {
  const std::string& path = url.path;
  if (path.ends_with("/websocket")) return path;
  if (supervisor) return "/core/websocket";
  if (path.ends_with("/api")) return path + "/websocket";
  return path + "/api/websocket";
}

}  // namespace

base::Result<Address> locate(const std::string& url) {
  base::Result<net::Url> parsed = net::parse_url(url);
  if (!parsed) return parsed.error();
  if (!parsed->query.empty()) {
    return base::Error{base::ErrorKind::usage,
                       "Home Assistant's URL " + net::origin_of(*parsed) +
                           " carries a query; give scheme, host, port and at most a path prefix",
                       {}};
  }
  Address address;
  address.url = *parsed;
  address.shown = url;
  address.supervisor = is_supervisor(*parsed);
  address.target = target_of(*parsed, address.supervisor);
  return address;
}

}  // namespace haingest::ha
