// SPDX-License-Identifier: MIT
// Names into addresses, under a deadline. getaddrinfo() cannot be interrupted and Asio's resolver
// joins its thread at the end, so that a dead DNS server would hold a command for minutes; here the
// look-up has a thread of its own that is left behind when the time is up.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <string>
#include <vector>

#include "core/net/deadline.hpp"

namespace haingest::net {

struct Addresses {
  std::vector<boost::asio::ip::tcp::endpoint> endpoints;  // in the system's order of preference
  std::string problem;                                    // why there are none; in its words
  bool timed_out = false;
};

// The blocking look-up; runs on a thread of its own that may outlive its caller.
using Lookup = std::function<Addresses(const std::string& host, std::uint16_t port)>;

// What the system says: /etc/hosts, DNS, mDNS where nsswitch has it. IPv4 and IPv6.
[[nodiscard]] Addresses look_up(const std::string& host, std::uint16_t port);

[[nodiscard]] boost::asio::awaitable<Addresses> resolve(std::string host, std::uint16_t port,
                                                        Deadline deadline, Lookup lookup = look_up);

}  // namespace haingest::net
