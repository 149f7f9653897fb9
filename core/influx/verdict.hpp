// SPDX-License-Identifier: MIT
// What a server's answer to a write means. Pure. (The answers that are known, of which version, and
// what was stored behind each of them, are the cases of its test.)
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/influx/target.hpp"
#include "core/net/http_client.hpp"

namespace haingest::influx {

enum class Action {
  stored,        // all of it
  expired,       // `dropped` lines are older than the retention; no word on the others
  conflict,      // `conflict` is another type than its shard has; no word on other conflicts
  lines,         // `refused` are, the others are stored
  halve,         // something in it is refused, or it is too big: half by half, down to single lines
  again,         // the same once more; when that brings the same answer, halve
  uncompressed,  // the same once more without gzip
  retry,         // later, the same, for ever
  hold,          // an operator is needed: keep it, try now and then
};

struct Conflict {
  std::string measurement, field;  // unescaped
  std::string type;                // of the refused value: "float", "integer", "string", "boolean"
};

struct RefusedLine {
  std::size_t number = 0;  // of the request's lines, from 0
  std::string reason;
  std::string field;  // unescaped; the one that conflicts, "" when it is not about a field
};

struct Verdict {
  Action action = Action::retry;
  // For the operator, to stand behind "InfluxDB 2 at http://…: "; "" where all went well.
  std::string sentence = {};
  // The server's own words, one line; for the dead letters.
  std::string reason = {};
  std::optional<std::chrono::milliseconds> after = {};    // it said so; capped
  base::ErrorKind error_kind = base::ErrorKind::failure;  // of what is held
  bool some_stored = false;  // lines of it may be stored, whatever it says
  std::optional<std::uint64_t> dropped = {};
  Conflict conflict = {};
  std::vector<RefusedLine> refused = {};
};

inline constexpr std::chrono::minutes k_longest_retry_after{10};

// `now` is what a Retry-After with a date counts from.
[[nodiscard]] Verdict judge(const net::HttpResponse& response, Flavour flavour,
                            base::Timestamp now);

}  // namespace haingest::influx
