// SPDX-License-Identifier: MIT
// Home Assistant's WebSocket commands that only read: which release has which, what they take and
// what they answer. Private to the fakes.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/fakes/ha_fields.hpp"
#include "tests/fakes/ha_world.hpp"

namespace haingest::fakes {

// An answer with success:false.
struct CommandError : std::runtime_error {
  CommandError(std::string the_code, const std::string& message)
      : std::runtime_error(message), code(std::move(the_code)) {}
  std::string code;
};

// Whether this release has the command, and has loaded it when it is still starting.
[[nodiscard]] bool knows_command(const World& world, std::string_view type, bool starting);

// Throws CommandError when this release, or a Home Assistant that is still starting, does not know
// the command, or when a key is missing or unknown to it.
void check_command(const World& world, std::string_view type, const Json& message, bool starting);

// The result as JSON. `type` has passed check_command and is none that changes the connection.
[[nodiscard]] std::string command_result(World& world, const std::string& type, const Json& message,
                                         bool starting);

}  // namespace haingest::fakes
