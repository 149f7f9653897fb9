// SPDX-License-Identifier: MIT
// What the simulated Home Assistant answers to plain HTTP. Private to the fakes.
#pragma once

#include <string>
#include <string_view>

#include "tests/fakes/ha_world.hpp"

namespace haingest::fakes {

struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::string location;  // of a redirect
};

// Paths with the prefix of a reverse proxy or the Supervisor.
[[nodiscard]] std::string api_path(const ServerOptions& options);
[[nodiscard]] bool is_websocket_path(const ServerOptions& options, std::string_view target);

// The answer to an upgrade that fails, or status 101 when it may go on.
[[nodiscard]] HttpAnswer answer_upgrade(World& world, const Faults& faults,
                                        std::string_view target);
[[nodiscard]] HttpAnswer answer_http(World& world, std::string_view method, std::string_view target,
                                     std::string_view authorization);

}  // namespace haingest::fakes
