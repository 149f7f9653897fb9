// SPDX-License-Identifier: MIT
// What systemd wants to hear of a service (sd_notify(3): Type=notify, WatchdogSec). The protocol is
// a datagram to a socket; the library for it would bring compressors and cryptography along.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace haingest::base {

// "READY=1", "STATUS=…", "WATCHDOG=1", "STOPPING=1": one assignment, whatever a peer's words in it
// are. Nothing happens where nobody wants to hear it. Any thread.
void tell_service_manager(std::string_view state);

// How often WATCHDOG=1 is to be told at least; none: it is not wanted of this process.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace haingest::base
