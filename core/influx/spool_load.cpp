// SPDX-License-Identifier: MIT
#include <SQLiteCpp/SQLiteCpp.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/base/counted.hpp"
#include "core/influx/spool_examine.hpp"
#include "core/influx/spool_impl.hpp"
#include "core/influx/spool_salvage.hpp"
#include "core/sqlite/shared_file.hpp"

namespace haingest::influx {
namespace {

// The cursor of a target that the file does not know: no block has this id or a smaller one.
constexpr std::int64_t k_new_target = -1;

// The lock is held as long as the spool is open, so whoever meets it need not wait.
std::unique_ptr<sqlite::WriterLock> lock_spool(const std::string& path) {
  try {
    return std::make_unique<sqlite::WriterLock>(path, std::chrono::milliseconds(0));
  } catch (const base::Failure&) {
    const std::string lock = path + "-lock";
    if (::access(lock.c_str(), R_OK | W_OK) != 0) throw;
    std::string pid;
    std::ifstream(lock) >> pid;
    throw base::Failure(base::ErrorKind::failure,
                        path + " is in use by process " + (pid.empty() ? "?" : pid) +
                            "; only one `haingest watch` can run on a database, stop that one "
                            "first");
  }
}

}  // namespace

Spool::Impl::Impl(std::string file_path, SpoolOptions spool_options, base::Clock time)
    : path(std::move(file_path)),
      options(std::move(spool_options)),
      clock(std::move(time)),
      lock(lock_spool(path)),
      ledger(options.targets.size()) {
  try {
    open_file();
  } catch (const SQLite::Exception& error) {
    if (!means_damage(error)) throw;
    set_aside(error.what());
  }
}

Spool::Impl::~Impl() {
  try {
    if (file && has_unsaved()) save();
  } catch (const std::exception&) {  // they are sent again, or the disk is gone
  }
}

void Spool::Impl::open_file() {
  std::string why;
  finish_salvage(path);
  finish_creation(path, options.vfs);
  const bool was_there = std::filesystem::exists(path);
  const Found found = examine(path, why);
  if (found == Found::damaged) return set_aside(why);
  if (was_there && found == Found::nothing) {
    report.push_back(path + " was empty; what it held, if anything, is lost");
  }
  if (!was_there) sqlite::make_shared_file(path, options.database);
  file =
      std::make_unique<SpoolFile>(path, SpoolFile::Journal::wal, options.durability, options.vfs);
  if (const std::string fault = file->fault(); !fault.empty()) return set_aside(fault);
  file->empty_wal();
  load();
}

void Spool::Impl::set_aside(const std::string& why) {
  file.reset();
  for (std::string& sentence : salvage(path, why, options, clock())) {
    report.push_back(std::move(sentence));
  }
  file =
      std::make_unique<SpoolFile>(path, SpoolFile::Journal::wal, options.durability, options.vfs);
  load();
}

void Spool::Impl::load() {
  const SpoolState state = file->state();
  losses = state.losses;
  ledger = SpoolLedger(options.targets.size(), state.last_block);
  marks = {};
  file->list_marks([this](std::string_view entity_id, base::Timestamp last_updated) {
    marks.take(entity_id, last_updated, SpoolMarks::In::table);
  });
  for (const Gap& gap : file->gaps()) last_gap = std::max(last_gap, gap.id);
  load_targets(state);
  remember_cursors();
}

// A target that is new starts with what is there; what only a forgotten one waited for goes.
void Spool::Impl::load_targets(const SpoolState& state) {
  std::vector<Forgotten> forgotten;
  const std::vector<std::int64_t> cursors = stored_cursors(forgotten);
  load_blocks(cursors, forgotten);
  for (const Forgotten& one : forgotten) {
    report.push_back("target \"" + one.target.name +
                     "\" is no longer configured and is forgotten; " +
                     base::counted(one.depth.blocks, "block") + " with " +
                     base::counted(one.depth.lines, "line") + " waited for it");
  }
  const bool new_target = std::ranges::find(cursors, k_new_target) != cursors.end();
  if (!new_target && forgotten.empty()) return;
  file->transact([&] {
    for (const Forgotten& one : forgotten) file->drop_target(one.target.name);
    for (std::size_t i = 0; i < cursors.size(); ++i) {
      file->put_target({options.targets[i], ledger.cursor(i)}, clock());
    }
    file->put_state({losses, state.last_block});
  });
}

std::vector<std::int64_t> Spool::Impl::stored_cursors(std::vector<Forgotten>& forgotten) {
  std::vector<std::int64_t> cursors(options.targets.size(), k_new_target);
  for (StoredTarget& target : file->targets()) {
    const auto known = std::ranges::find(options.targets, target.name);
    if (known == options.targets.end()) {
      forgotten.push_back({std::move(target), {}});
    } else {
      cursors[static_cast<std::size_t>(known - options.targets.begin())] = target.acknowledged;
    }
  }
  return cursors;
}

void Spool::Impl::load_blocks(const std::vector<std::int64_t>& cursors,
                              std::vector<Forgotten>& forgotten) {
  file->list_blocks([&](const BlockRow& row, std::uint64_t bytes) {
    const auto waits = [&row](const std::string& name, std::int64_t cursor) {
      return row.id > cursor && (row.only_target.empty() || row.only_target == name);
    };
    std::uint32_t waiting = 0;
    for (std::size_t i = 0; i < cursors.size(); ++i) {
      if (waits(options.targets[i], cursors[i])) waiting |= std::uint32_t{1} << i;
    }
    for (auto& [target, depth] : forgotten) {
      if (!waits(target.name, target.acknowledged)) continue;
      depth.blocks += 1;
      depth.lines += row.count;
    }
    ledger.add({row.id, row.taken_at, static_cast<std::uint32_t>(bytes), row.count, waiting});
    load_marks(row);
  });
}

void Spool::Impl::load_marks(const BlockRow& row) {
  const auto take = [this](std::string_view entity_id, base::Timestamp last_updated) {
    marks.take(entity_id, last_updated, SpoolMarks::In::block);
  };
  if (unpack_marks(row.marks, take)) return;
  report.push_back("block " + std::to_string(row.id) +
                   ": which entities it had news of is damaged; some states may be sent again");
}

}  // namespace haingest::influx
