// SPDX-License-Identifier: MIT
#include "core/ha/endpoints.hpp"

#include <utility>

namespace haingest::ha {

base::Result<std::vector<Address>> locate_all(const ConnectOptions& options) {
  if (options.endpoints.empty()) {
    return base::Error{
        base::ErrorKind::usage,
        "no Home Assistant is configured: give --ha-url, or HA_URL in the environment",
        "haingest discover --ha-url http://homeassistant.local:8123 --ha-token-file FILE"};
  }
  std::vector<Address> addresses;
  for (const Endpoint& endpoint : options.endpoints) {
    base::Result<Address> address = locate(endpoint.url);
    if (!address) return address.error();
    if (endpoint.token.empty()) {
      return base::Error{base::ErrorKind::usage,
                         "no token for Home Assistant at " + endpoint.url +
                             ": give --ha-token-file, or HA_TOKEN in the environment",
                         {}};
    }
    addresses.push_back(std::move(*address));
  }
  return addresses;
}

SessionOptions session_options(const ConnectOptions& options, const std::vector<Address>& addresses,
                               std::size_t i) {
  SessionOptions session;
  session.address = addresses[i];
  session.token = options.endpoints[i].token;
  session.tls = {options.ca_file, options.verify_tls};
  session.max_frame_bytes = options.max_frame_bytes;
  session.request_timeout = options.request_timeout;
  return session;
}

}  // namespace haingest::ha
