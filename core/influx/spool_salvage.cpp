// SPDX-License-Identifier: MIT
#include "core/influx/spool_salvage.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>

#include "core/base/counted.hpp"
#include "core/base/error.hpp"
#include "core/influx/spool_file.hpp"
#include "core/influx/spool_row.hpp"
#include "core/influx/spool_schema.hpp"
#include "core/sqlite/connection.hpp"
#include "core/sqlite/shared_file.hpp"

namespace haingest::influx {
namespace {

namespace fs = std::filesystem;
using Type = RawValue::Type;

// Rows without lines are far shorter.
constexpr std::size_t k_longest_small_row = 1024;

bool has_types(const RawRow& row, std::initializer_list<Type> types) {
  return std::ranges::equal(row.columns, types, {}, &RawValue::type);
}

base::Timestamp moment_in(const RawValue& value) {
  return base::Timestamp{std::chrono::microseconds(value.integer)};
}

bool is_state(const RawRow& row) {
  return has_types(row, {Type::null, Type::text, Type::integer, Type::integer, Type::integer,
                         Type::integer, Type::integer}) &&
         row.columns[1].bytes == k_spool_signature;
}

bool as_block(const RawRow& row, BlockRow& block, std::uint32_t& sum) {
  if (!has_types(row, {Type::null, Type::integer, Type::integer, Type::integer, Type::integer,
                       Type::text, Type::blob, Type::blob})) {
    return false;
  }
  block.id = row.rowid;
  sum = static_cast<std::uint32_t>(row.columns[1].integer);
  block.taken_at = moment_in(row.columns[2]);
  block.count = static_cast<std::uint32_t>(row.columns[3].integer);
  block.alone = row.columns[4].integer != 0;
  block.only_target = row.columns[5].bytes;
  block.marks = row.columns[6].bytes;
  block.lines = row.columns[7].bytes;
  return true;
}

// What is in the file beside the blocks.
struct Small {
  std::map<std::string, std::int64_t, std::less<>> targets;
  std::map<std::string, base::Timestamp, std::less<>> marks;
  struct GapRow {
    base::Timestamp to{};
    base::Timestamp noticed{};
    bool known = false;
    std::map<std::string, GapEntity, std::less<>> open;
  };
  std::map<std::int64_t, GapRow> gaps;
  SpoolState state;

  // Rows that are stale are older: the later value is the right one. A gap's entity that was struck
  // out may come back; it is filled once more.
  void take(const RawRow& row) {
    const auto& columns = row.columns;
    if (is_state(row)) {
      take_state(columns);
    } else if (has_types(row, {Type::text, Type::integer})) {
      auto& mark = marks[std::string{columns[0].bytes}];
      mark = std::max(mark, moment_in(columns[1]));
    } else if (has_types(row, {Type::text, Type::integer, Type::integer})) {
      auto& acknowledged = targets[std::string{columns[0].bytes}];
      acknowledged = std::max(acknowledged, columns[1].integer);
    } else if (has_types(row, {Type::null, Type::integer, Type::integer})) {
      GapRow& gap = gaps[row.rowid];
      gap.to = moment_in(columns[1]);
      gap.noticed = moment_in(columns[2]);
      gap.known = true;
    } else if (has_types(row, {Type::integer, Type::text, Type::integer, Type::integer})) {
      GapEntity entity{std::string{columns[1].bytes}, moment_in(columns[2])};
      if (columns[3].integer != 0) entity.next = moment_in(columns[3]);
      gaps[columns[0].integer].open[entity.entity_id] = std::move(entity);
    }
  }

  void take_state(const std::vector<RawValue>& columns) {
    const auto larger = [](std::uint64_t& number, const RawValue& value) {
      number =
          std::max(number, static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.integer)));
    };
    larger(state.losses.given_up_lines, columns[3]);
    larger(state.losses.damaged_blocks, columns[4]);
    larger(state.losses.damaged_lines, columns[5]);
    state.last_block = std::max(state.last_block, columns[6].integer);
  }

  // Nothing before it is waited for; 0 where no target's row can be read.
  [[nodiscard]] std::int64_t first_waiting() const {
    if (targets.empty()) return 0;
    const auto first =
        std::ranges::min_element(targets, {}, [](const auto& target) { return target.second; });
    return first->second + 1;
  }
};

struct Counts {
  std::map<std::int64_t, std::uint32_t> carried;  // id -> lines
  std::map<std::int64_t, std::uint32_t> damaged;  // id -> lines, as far as the row tells

  [[nodiscard]] std::uint64_t lines() const {
    std::uint64_t sum = 0;
    for (const auto& [id, count] : carried) sum += count;
    return sum;
  }
};

void carry_small(SpoolFile& file, Small& small, base::Timestamp now) {
  for (const auto& [entity_id, last_updated] : small.marks) file.put_mark(entity_id, last_updated);
  for (const auto& [name, acknowledged] : small.targets) file.put_target({name, acknowledged}, now);
  for (auto& [id, gap] : small.gaps) {
    if (gap.open.empty()) continue;
    if (!gap.known) gap.to = gap.noticed = now;  // its own row is lost: better too wide than lost
    file.add_gap(id, gap.to, gap.noticed);
    for (const auto& [entity_id, entity] : gap.open) file.add_gap_entity(id, entity);
  }
}

void carry_blocks(SpoolFile& file, SqlitePages& pages, const Small& small, Counts& counts) {
  const std::int64_t first = small.first_waiting();
  pages.visit_rows(std::numeric_limits<std::size_t>::max(), [&](const RawRow& row) {
    BlockRow block;
    std::uint32_t sum = 0;
    if (!as_block(row, block, sum)) return;
    // Its marks may be whole although its lines are not, and those of deleted ones do no harm.
    const auto keep = [&](std::string_view entity_id, base::Timestamp last_updated) {
      file.put_mark(entity_id, last_updated);
    };
    const bool marks_whole = unpack_marks(block.marks, keep);
    if (block.id < first) return;  // deleted, on a page that is free
    if (checksum(block) != sum) {
      counts.damaged.emplace(block.id, std::min(block.count, k_max_block_lines));
      return;
    }
    if (!marks_whole) block.marks = {};
    file.add_block(block, sum);
    counts.carried.emplace(block.id, block.count);
  });
}

// The blocks that should be there have every id from the first that somebody waits for to the last
// that is known of.
SpoolLosses lost(const Small& small, const Counts& counts) {
  SpoolLosses losses;
  std::int64_t first = small.first_waiting();
  std::int64_t last = small.state.last_block;
  for (const auto& known : {counts.carried, counts.damaged}) {
    if (known.empty()) continue;
    if (small.targets.empty()) {
      first = first == 0 ? known.begin()->first : std::min(first, known.begin()->first);
    }
    last = std::max(last, known.rbegin()->first);
  }
  if (first > 0 && last >= first) {
    losses.damaged_blocks = static_cast<std::uint64_t>(last - first + 1) - counts.carried.size();
  }
  for (const auto& [id, lines] : counts.damaged) {
    if (!counts.carried.contains(id)) losses.damaged_lines += lines;
  }
  return losses;
}

void sync_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

std::string new_name(const std::string& path) { return path + ".salvaged"; }

std::string aside_name(const std::string& path, base::Timestamp now) {
  const std::string name = path + ".damaged-" + base::to_file_text(now);
  std::string free = name;
  for (int i = 2; fs::exists(free) || fs::exists(free + "-wal"); ++i) {
    free = name + "-" + std::to_string(i);
  }
  return free;
}

void rename_if_there(const std::string& from, const std::string& to) {
  if (fs::exists(from)) fs::rename(from, to);
}

// In this order a crash leaves either the old file, or the new one with its name still to be given.
// The new one must not meet the old one's WAL.
void put_in_place(const std::string& path, const std::string& aside) {
  try {
    rename_if_there(path, aside);
    rename_if_there(path + "-wal", aside + "-wal");
    fs::remove(path + "-journal");
    fs::rename(new_name(path), path);
  } catch (const fs::filesystem_error& error) {
    throw base::Failure(base::ErrorKind::failure,
                        path + " is damaged and cannot be set aside: " + error.code().message());
  }
  const fs::path folder = fs::path(path).parent_path();
  sync_file(folder.empty() ? "." : folder.string());
}

void remove_unfinished(const std::string& path) {
  std::error_code absent;
  for (const char* suffix : {"", "-journal", "-wal"}) fs::remove(new_name(path) + suffix, absent);
}

}  // namespace

std::vector<std::int64_t> layouts_in(SqlitePages& pages) {
  std::vector<std::int64_t> layouts;
  pages.visit_rows(k_longest_small_row, [&](const RawRow& row) {
    if (is_state(row)) layouts.push_back(row.columns[2].integer);
  });
  return layouts;
}

std::vector<std::string> salvage(const std::string& path, const std::string& why,
                                 const SpoolOptions& options, base::Timestamp now) {
  SqlitePages pages(path, k_spool_page_size);
  Small small;
  pages.visit_rows(k_longest_small_row, [&](const RawRow& row) { small.take(row); });
  Counts counts;
  remove_unfinished(path);
  sqlite::make_shared_file(new_name(path), fs::exists(path) ? path : options.database);
  SpoolLosses losses;
  sqlite::translate_errors(new_name(path), [&] {
    SpoolFile file(new_name(path), SpoolFile::Journal::rollback, Durability::power, options.vfs);
    file.transact([&] {
      counts.carried.clear();
      counts.damaged.clear();
      carry_small(file, small, now);
      carry_blocks(file, pages, small, counts);
      losses = lost(small, counts);
      SpoolState state = small.state;
      state.losses.damaged_blocks += losses.damaged_blocks;
      state.losses.damaged_lines += losses.damaged_lines;
      for (const auto& known : {counts.carried, counts.damaged}) {
        if (!known.empty()) state.last_block = std::max(state.last_block, known.rbegin()->first);
      }
      file.put_state(state);
    });
  });
  sync_file(new_name(path));
  const std::string aside = aside_name(path, now);
  put_in_place(path, aside);
  return {path + " was damaged (" + why + ") and is kept as " + aside + "; " +
          base::counted(counts.carried.size(), "block") + " with " +
          base::counted(counts.lines(), "line") + " were carried over, " +
          base::counted(losses.damaged_blocks, "block") +
          (losses.damaged_blocks == 0
               ? ""
               : " with at least " + base::counted(losses.damaged_lines, "line")) +
          " could not be read"};
}

void finish_salvage(const std::string& path) {
  if (!fs::exists(new_name(path))) return;
  if (fs::exists(path)) {
    remove_unfinished(path);
  } else {
    put_in_place(path, aside_name(path, base::system_now()));
  }
}

}  // namespace haingest::influx
