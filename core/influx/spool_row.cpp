// SPDX-License-Identifier: MIT
#include "core/influx/spool_row.hpp"

#include <zlib.h>

namespace haingest::influx {
namespace {

constexpr std::size_t k_checksum_bytes = 4;
constexpr std::size_t k_length_bytes = 2;
constexpr std::size_t k_time_bytes = 8;

void append_number(std::string& out, std::uint64_t number, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) {
    out += static_cast<char>(static_cast<unsigned char>(number >> (8 * i)));
  }
}

std::uint64_t take_number(std::string_view& text, std::size_t bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    number |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  }
  text.remove_prefix(bytes);
  return number;
}

std::uint32_t crc(std::uint32_t start, std::string_view text) {
  if (text.empty()) return start;  // without an address zlib would begin anew
  return static_cast<std::uint32_t>(
      ::crc32_z(start, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

std::uint64_t micros(base::Timestamp moment) {
  return static_cast<std::uint64_t>(moment.time_since_epoch().count());
}

}  // namespace

std::uint32_t checksum(const BlockRow& row) {
  std::string head;
  append_number(head, static_cast<std::uint64_t>(row.id), 8);
  append_number(head, micros(row.taken_at), k_time_bytes);
  append_number(head, row.count, 4);
  append_number(head, row.alone ? 1 : 0, 1);
  append_number(head, row.only_target.size(), 4);
  return crc(crc(crc(0, head), row.only_target), row.lines);
}

std::string pack_marks(const std::vector<const Mark*>& marks) {
  std::string packed(k_checksum_bytes, '\0');
  for (const Mark* mark : marks) {
    // Home Assistant allows 255 bytes; what is longer by far is no entity_id.
    if (mark->entity_id.size() > 0xFFFF) continue;
    append_number(packed, mark->entity_id.size(), k_length_bytes);
    packed += mark->entity_id;
    append_number(packed, micros(mark->last_updated), k_time_bytes);
  }
  std::string sum;
  append_number(sum, crc(0, std::string_view{packed}.substr(k_checksum_bytes)), k_checksum_bytes);
  return packed.replace(0, k_checksum_bytes, sum);
}

bool unpack_marks(std::string_view packed,
                  const std::function<void(std::string_view, base::Timestamp)>& use) {
  if (packed.size() < k_checksum_bytes) return packed.empty();
  if (take_number(packed, k_checksum_bytes) != crc(0, packed)) return false;
  while (packed.size() >= k_length_bytes) {
    const auto length = static_cast<std::size_t>(take_number(packed, k_length_bytes));
    if (packed.size() < length + k_time_bytes) return true;  // our own writer would be wrong
    const std::string_view entity_id = packed.substr(0, length);
    packed.remove_prefix(length);
    const auto time = static_cast<std::int64_t>(take_number(packed, k_time_bytes));
    use(entity_id, base::Timestamp{std::chrono::microseconds(time)});
  }
  return true;
}

}  // namespace haingest::influx
