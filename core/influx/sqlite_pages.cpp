// SPDX-License-Identifier: MIT
#include "core/influx/sqlite_pages.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "core/base/atomic_file.hpp"
#include "core/base/error.hpp"

namespace haingest::influx {
namespace {

constexpr std::string_view k_magic{"SQLite format 3\0", 16};
constexpr std::size_t k_head_bytes = 100;
constexpr std::size_t k_wal_head_bytes = 32;
constexpr std::size_t k_frame_head_bytes = 24;
// A payload's length can be wrong by a bit: SQLite's own limit for a row is a thousand times ours.
constexpr std::uint64_t k_longest_payload = std::uint64_t{64} << 20U;

enum PageType : unsigned char { k_index_inner = 2, k_index_leaf = 10, k_table_leaf = 13 };

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t length) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < length; ++i) {
    number = number << 8U | static_cast<unsigned char>(bytes[at + i]);
  }
  return number;
}

std::uint32_t u32_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(number_at(bytes, at, 4));
}

std::uint32_t u16_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(number_at(bytes, at, 2));
}

// False where the bytes end; `at` moves behind the number.
bool take_varint(std::string_view bytes, std::size_t& at, std::uint64_t& number) {
  number = 0;
  for (int i = 0; i < 9; ++i) {
    if (at >= bytes.size()) return false;
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    if (i == 8) {
      number = number << 8U | byte;
      return true;
    }
    number = number << 7U | (byte & 0x7FU);
    if ((byte & 0x80U) == 0) return true;
  }
  return true;
}

std::int64_t signed_of(std::uint64_t number, std::size_t bytes) {
  if (bytes == 0 || bytes >= 8) return static_cast<std::int64_t>(number);
  const std::uint64_t sign = std::uint64_t{1} << (8 * bytes - 1);
  return static_cast<std::int64_t>((number ^ sign) - sign);
}

// One column; false when its bytes end early or its type is none.
bool take_value(std::string_view payload, std::size_t& at, std::uint64_t serial, RawValue& value) {
  constexpr std::size_t integer_bytes[] = {0, 1, 2, 3, 4, 6, 8};
  std::size_t length = 0;
  value = {};
  if (serial == 0) return true;
  if (serial == 8 || serial == 9) {
    value.type = RawValue::Type::integer;
    value.integer = serial == 9 ? 1 : 0;
    return true;
  }
  if (serial == 10 || serial == 11) return false;
  if (serial >= 12) {
    length = static_cast<std::size_t>((serial - 12) / 2);
    value.type = serial % 2 == 0 ? RawValue::Type::blob : RawValue::Type::text;
  } else {
    length = serial == 7 ? 8 : integer_bytes[serial];
    value.type = serial == 7 ? RawValue::Type::real : RawValue::Type::integer;
  }
  if (length > payload.size() - at) return false;
  if (value.type == RawValue::Type::integer) {
    value.integer = signed_of(number_at(payload, at, length), length);
  }
  value.bytes = payload.substr(at, length);
  at += length;
  return true;
}

bool take_record(std::string_view payload, std::vector<RawValue>& columns) {
  columns.clear();
  std::size_t at = 0;
  std::uint64_t head = 0;
  if (!take_varint(payload, at, head) || head > payload.size()) return false;
  const std::string_view types = payload.substr(0, static_cast<std::size_t>(head));
  auto values_at = static_cast<std::size_t>(head);
  while (at < types.size()) {
    std::uint64_t serial = 0;
    RawValue value;
    if (!take_varint(types, at, serial) || !take_value(payload, values_at, serial, value)) {
      return false;
    }
    columns.push_back(value);
  }
  return true;
}

// How much of a payload lies on its own page.
std::size_t local_bytes(std::uint64_t length, std::uint32_t usable, bool table) {
  const std::uint64_t most = table ? usable - 35 : (usable - 12) * 64 / 255 - 23;
  if (length <= most) return static_cast<std::size_t>(length);
  const std::uint64_t least = (usable - 12) * 32 / 255 - 23;
  const std::uint64_t wanted = least + (length - least) % (usable - 4);
  return static_cast<std::size_t>(wanted <= most ? wanted : least);
}

// The running checksum of a WAL.
struct WalSum {
  std::uint32_t a = 0;
  std::uint32_t b = 0;

  void add(std::string_view bytes, bool big_endian) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      a += word(bytes, at, big_endian) + b;
      b += word(bytes, at + 4, big_endian) + a;
    }
  }
  static std::uint32_t word(std::string_view bytes, std::size_t at, bool big_endian) {
    const std::uint32_t number = u32_at(bytes, at);
    return big_endian ? number : __builtin_bswap32(number);
  }
  bool operator==(const WalSum& other) const { return a == other.a && b == other.b; }
};

WalSum stored_sum(std::string_view bytes, std::size_t at) {
  return {u32_at(bytes, at), u32_at(bytes, at + 4)};
}

}  // namespace

SqlitePages::SqlitePages(const std::string& path, std::uint32_t page_size)
    : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), page_size_(page_size) {
  read_head();
  read_wal(path + "-wal");
  std::string first;
  if (!read_page(1, Version::newest_whole, first)) return;
  has_head_ = first.starts_with(k_magic);
  user_version_ = u32_at(first, 60);
  application_id_ = u32_at(first, 68);
}

SqlitePages::~SqlitePages() {
  if (fd_ >= 0) ::close(fd_);
}

void SqlitePages::read_head() {
  usable_ = page_size_;
  struct stat about {};
  if (fd_ < 0 || ::fstat(fd_, &about) != 0) return;
  std::string head(k_head_bytes, '\0');
  if (::pread(fd_, head.data(), head.size(), 0) == static_cast<ssize_t>(head.size()) &&
      head.starts_with(k_magic)) {
    const std::uint32_t size = u16_at(head, 16) == 1 ? 65536 : u16_at(head, 16);
    if (size >= 512 && (size & (size - 1)) == 0) page_size_ = size;
    const auto reserved = static_cast<unsigned char>(head[20]);
    usable_ = page_size_ - (reserved <= page_size_ - 480 ? reserved : 0U);
  }
  pages_ = static_cast<std::uint32_t>((static_cast<std::uint64_t>(about.st_size) + page_size_ - 1) /
                                      page_size_);
}

void SqlitePages::read_wal(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return;
  try {
    wal_ = base::read_whole_file(path);
  } catch (const base::Failure&) {
    damaged_wal_ = true;  // its disk cannot read it
    return;
  }
  if (wal_.size() < k_wal_head_bytes + k_frame_head_bytes + page_size_) return;
  const std::uint32_t magic = u32_at(wal_, 0);
  const bool known = (magic & ~1U) == 0x377F0682U;
  // Debian's machines are little-endian, and a WAL is written in the machine's own order.
  const bool big_endian = known && (magic & 1U) != 0;
  WalSum sum;
  sum.add(std::string_view{wal_}.substr(0, 24), big_endian);
  read_frames(known && sum == stored_sum(wal_, 24), big_endian);
}

// Each frame's checksum goes on from the one stored in the frame before it, so that one bad frame
// does not spoil the check of the next. Frames of an earlier round of the WAL have another salt.
void SqlitePages::read_frames(bool head_is_whole, bool big_endian) {
  const std::string_view wal{wal_};
  const std::size_t step = k_frame_head_bytes + page_size_;
  const std::string_view salt =
      head_is_whole ? wal.substr(16, 8) : wal.substr(k_wal_head_bytes + 8, 8);
  WalSum sum = stored_sum(wal, 24);
  for (std::size_t at = k_wal_head_bytes; at + step <= wal.size(); at += step) {
    sum.add(wal.substr(at, 8), big_endian);
    sum.add(wal.substr(at + k_frame_head_bytes, page_size_), big_endian);
    const bool same_round = wal.substr(at + 8, 8) == salt;
    const bool whole = same_round && sum == stored_sum(wal, at + 16);
    frames_.push_back(
        {u32_at(wal, at), at + k_frame_head_bytes, same_round && u32_at(wal, at + 4) != 0, whole});
    sum = stored_sum(wal, at + 16);
  }
  note_wal_damage(head_is_whole);
  const auto is_end = [](const Frame& frame) { return frame.whole && frame.commit; };
  const auto last = std::find_if(frames_.rbegin(), frames_.rend(), is_end);
  frames_.erase(last.base(), frames_.end());
  for (std::size_t i = 0; i < frames_.size(); ++i) versions_[frames_[i].page].push_back(i);
}

// A commit is synced before the next one begins. So a bad frame with a whole commit behind its own
// was whole once; one in the last commit may be what a power cut left of it.
void SqlitePages::note_wal_damage(bool head_is_whole) {
  int ends_behind = 0;
  bool bad = false;
  bool any_end = false;
  for (const Frame& frame : frames_) {
    const bool end = frame.whole && frame.commit;
    if (bad && end) ++ends_behind;
    any_end = any_end || end;
    if (frame.whole || bad) continue;
    bad = true;
    if (frame.commit) ++ends_behind;
  }
  damaged_wal_ = ends_behind >= 2 || (!head_is_whole && any_end);
}

bool SqlitePages::read_from_file(std::uint32_t page, std::string& bytes) const {
  bytes.assign(page_size_, '\0');
  if (fd_ < 0 || page == 0 || page > pages_) return false;
  const auto at = static_cast<off_t>(std::uint64_t{page - 1} * page_size_);
  return ::pread(fd_, bytes.data(), bytes.size(), at) > 0;  // the last page may be cut
}

bool SqlitePages::read_page(std::uint32_t page, Version version, std::string& bytes) const {
  if (const auto found = versions_.find(page); found != versions_.end()) {
    const auto& frames = found->second;
    const auto wanted = std::find_if(frames.rbegin(), frames.rend(), [&](std::size_t frame) {
      return version == Version::newest || frames_[frame].whole;
    });
    if (wanted != frames.rend()) {
      bytes.assign(wal_, frames_[*wanted].offset, page_size_);
      return true;
    }
  }
  return read_from_file(page, bytes);
}

void SqlitePages::visit_rows(std::size_t longest, const SeeRow& see) {
  const std::uint32_t last = std::max(pages_, versions_.empty() ? 0 : versions_.rbegin()->first);
  const bool two_versions =
      std::ranges::any_of(frames_, [](const Frame& frame) { return !frame.whole; });
  std::string bytes;
  for (const Version version : {Version::newest_whole, Version::newest}) {
    if (version == Version::newest && !two_versions) continue;
    for (std::uint32_t page = 1; page <= last; ++page) {
      if (read_page(page, version, bytes)) visit_page(page, bytes, version, longest, see);
    }
  }
}

void SqlitePages::visit_page(std::uint32_t number, const std::string& bytes, Version version,
                             std::size_t longest, const SeeRow& see) {
  const std::size_t head = number == 1 ? k_head_bytes : 0;
  const auto type = static_cast<unsigned char>(bytes[head]);
  const bool table = type == k_table_leaf;
  if (!table && type != k_index_leaf && type != k_index_inner) return;
  const std::size_t pointers = head + (type == k_index_inner ? 12 : 8);
  const std::size_t cells = u16_at(bytes, head + 3);
  RawRow row;
  std::string payload;
  for (std::size_t i = 0; i < cells && pointers + 2 * i + 2 <= bytes.size(); ++i) {
    std::size_t at = u16_at(bytes, pointers + 2 * i) + (type == k_index_inner ? 4U : 0U);
    std::uint64_t length = 0;
    std::uint64_t rowid = 0;
    if (!take_varint(bytes, at, length) ||
        length > std::min<std::uint64_t>(longest, k_longest_payload))
      continue;
    if (table && !take_varint(bytes, at, rowid)) continue;
    const std::size_t local = local_bytes(length, usable_, table);
    if (!read_payload(bytes, at, length, local, version, payload)) continue;
    if (!take_record(payload, row.columns)) continue;
    row.rowid = static_cast<std::int64_t>(rowid);
    see(row);
  }
}

bool SqlitePages::read_payload(std::string_view page, std::size_t at, std::uint64_t length,
                               std::size_t local, Version version, std::string& payload) const {
  const std::size_t needed = local + (local < length ? 4U : 0U);
  if (at > page.size() || needed > page.size() - at) return false;
  payload.assign(page.substr(at, local));
  std::uint32_t next = local < length ? u32_at(page, at + local) : 0;
  std::string bytes;
  while (payload.size() < length) {
    if (next == 0 || !read_page(next, version, bytes)) return false;
    const auto part = std::min<std::uint64_t>(length - payload.size(), usable_ - 4);
    payload.append(bytes, 4, static_cast<std::size_t>(part));
    next = u32_at(bytes, 0);
  }
  return true;
}

}  // namespace haingest::influx
