// SPDX-License-Identifier: MIT
// Moments in UTC to the microsecond, the resolution Home Assistant has.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace haingest::base {

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// Where "now" comes from; tests pass their own.
using Clock = std::function<Timestamp()>;

[[nodiscard]] Timestamp system_now();

// "2026-11-25 01:30:00.123456": what SQLite's date functions and ha-ingestor's reader parse.
[[nodiscard]] std::string to_sqlite_text(Timestamp moment);
// "2026-11-25T01:30:00.123456+00:00": what JavaScript and every Python's fromisoformat parse.
[[nodiscard]] std::string to_iso_text(Timestamp moment);
// "20261125T013000Z": for names of files.
[[nodiscard]] std::string to_file_text(Timestamp moment);

// Reads both forms above, and ISO 8601 with "Z", an offset or none (then UTC), with 0 to 9
// decimals.
[[nodiscard]] std::optional<Timestamp> parse_timestamp(std::string_view text);

// Home Assistant's float seconds since 1970; none for NaN and what no calendar of four digits has.
[[nodiscard]] std::optional<Timestamp> from_epoch_seconds(double seconds);

}  // namespace haingest::base
