// SPDX-License-Identifier: MIT
// Texts of settings into what they mean. None of them knows where a text came from; none means "no
// such value".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/log.hpp"
#include "core/mirror/reconcile.hpp"

namespace haingest::cli {

// true/false, yes/no, on/off, 1/0, in either case.
[[nodiscard]] std::optional<bool> parse_switch(std::string_view text);

// "30" (seconds), "250ms", "30s", "5m", "2h", "90d"; more than nothing, at most ten years.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// "1000000", "500kB", "500MB", "1GiB"; more than nothing, at most 1 PiB.
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);

// debug, info, warning (warn) or error (critical), in either case.
[[nodiscard]] std::optional<base::log::Level> parse_log_level(std::string_view text);

// What other programs' words and Python's numbers for it come to ("trace", "fatal", "20").
[[nodiscard]] std::optional<base::log::Level> parse_foreign_log_level(std::string_view text);

// "50" records or "20%".
[[nodiscard]] std::optional<mirror::RemovalLimit> parse_removal_limit(std::string_view text);

// "a,b,,c" to its parts, trimmed, without empty ones.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);

// An address may carry a password although it should not: "http://********@host".
[[nodiscard]] std::string masked(std::string text);

}  // namespace haingest::cli
