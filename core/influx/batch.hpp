// SPDX-License-Identifier: MIT
// Blocks to requests. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/influx/spool.hpp"
#include "core/influx/target.hpp"

namespace haingest::influx {

inline constexpr std::uint32_t k_max_request_lines = 5'000;
inline constexpr std::size_t k_max_request_bytes = 8'000'000;  // InfluxDB 3 takes 10 MiB, inflated

// Lines that go together into one request.
struct Portion {
  std::string lines;  // each with its '\n'
  std::uint32_t count = 0;

  void add(std::string_view line) {
    lines += line;
    ++count;
  }
};

struct Batch {
  std::vector<Portion> portions;
  std::uint64_t dropped_texts = 0;  // fields that VictoriaMetrics cannot store
  std::uint64_t dropped_lines = 0;  // those that had no other field
};

// In the order of the blocks. A portion stays inside one week from Monday 00:00 UTC, as InfluxDB's
// shards of 7 days do: 1 and 2 count and refuse by shard.
[[nodiscard]] Batch to_portions(const std::vector<Block>& blocks, Flavour flavour);

// Takes the first line off, with its '\n'; "" when none is left. A line feed in a text, or in a
// name behind a backslash, ends no line: InfluxDB reads it so, too.
[[nodiscard]] std::string_view next_line(std::string_view& lines);

// Whether `bytes` of lines are sent compressed to this URL. Level 1 makes a sixth of them at about
// 140 MB/s, which costs as much time as it saves on a network of a gigabit and pays on every slower
// one; on this machine there is nothing to save.
[[nodiscard]] bool gzip_pays(std::string_view url, std::size_t bytes);

}  // namespace haingest::influx
