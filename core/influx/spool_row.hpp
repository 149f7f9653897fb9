// SPDX-License-Identifier: MIT
// A block as it is stored: its row, the checksum over it, and the marks packed into it. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/timestamp.hpp"
#include "core/influx/spool.hpp"

namespace haingest::influx {

struct BlockRow {
  std::int64_t id = 0;
  base::Timestamp taken_at{};
  std::uint32_t count = 0;
  bool alone = false;
  std::string_view only_target;  // "": for all
  std::string_view marks;        // as packed, or ""
  std::string_view lines;
};

// CRC-32 over everything but the marks, which carry one of their own: they are read at each start,
// the lines are not.
[[nodiscard]] std::uint32_t checksum(const BlockRow& row);

// A CRC-32, then for each mark the length of its entity_id (2 bytes), the entity_id and the
// microseconds since 1970 (8 bytes); all little-endian.
[[nodiscard]] std::string pack_marks(const std::vector<const Mark*>& marks);
// False (and `use` not called) when the checksum is wrong.
bool unpack_marks(std::string_view packed,
                  const std::function<void(std::string_view entity_id, base::Timestamp)>& use);

}  // namespace haingest::influx
