// SPDX-License-Identifier: MIT
// The inside of a Spool, for spool.cpp (its callers' side), spool_load.cpp (opening) and
// spool_commit.cpp (what commits and acknowledgements write).
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "core/influx/spool.hpp"
#include "core/influx/spool_file.hpp"
#include "core/influx/spool_ledger.hpp"
#include "core/influx/spool_marks.hpp"
#include "core/influx/spool_row.hpp"
#include "core/sqlite/writer_lock.hpp"

namespace haingest::influx {

using Steady = std::chrono::steady_clock;

// The members below `mutex` are under it.
struct Spool::Impl {
  Impl(std::string file_path, SpoolOptions spool_options, base::Clock time);
  ~Impl();

  // spool_load.cpp
  struct Forgotten {
    StoredTarget target;
    SpoolDepth depth;  // of what waited for it
  };
  void open_file();
  void set_aside(const std::string& why);
  void load();
  void load_targets(const SpoolState& state);
  [[nodiscard]] std::vector<std::int64_t> stored_cursors(std::vector<Forgotten>& forgotten);
  void load_blocks(const std::vector<std::int64_t>& cursors, std::vector<Forgotten>& forgotten);
  void load_marks(const BlockRow& row);

  // spool_commit.cpp
  struct Plan {
    std::vector<BlockRow> rows;
    std::vector<std::uint32_t> waiting;
    std::vector<const Mark*> news;
    std::string packed_marks;
    std::uint64_t bytes = 0;
    std::int64_t give_up_to = 0;
    std::uint64_t given_up_lines = 0;
    bool save = false;  // what was acknowledged, along with the commit
    std::int64_t erase_to = 0;
  };
  std::int64_t commit(const SpoolCommit& commit);
  [[nodiscard]] Plan plan_of(const SpoolCommit& commit) const;
  void plan_bounds(Plan& plan);
  void write(const SpoolCommit& commit, const Plan& plan);
  void taken(const SpoolCommit& commit, const Plan& plan);

  // What acknowledgements have changed.
  void remember_cursors();
  [[nodiscard]] std::int64_t unsaved();
  [[nodiscard]] bool must_save();
  [[nodiscard]] bool has_unsaved() { return losses_unsaved || unsaved() > 0; }
  void save();
  void write_progress(std::int64_t erase_to, const SpoolLosses& now_lost);
  void saved(std::int64_t erase_to);

  // spool.cpp
  [[nodiscard]] bool read_one(std::int64_t id, Block& block) const;
  void lose(std::int64_t id, std::uint32_t lines);

  [[nodiscard]] std::size_t target_index(const std::string& name) const;
  // Damage that shows now: the file is set aside and `work` done again on the new one.
  void healing(const std::function<void()>& work);
  // For callers that get what went wrong as a sentence.
  [[nodiscard]] base::Result<void> answered(const std::function<void()>& work);

  const std::string path;
  const SpoolOptions options;
  const base::Clock clock;
  std::unique_ptr<sqlite::WriterLock> lock;

  std::mutex mutex;
  std::condition_variable news;
  std::unique_ptr<SpoolFile> file;
  SpoolLedger ledger;
  SpoolMarks marks;
  SpoolLosses losses;
  std::int64_t last_gap = 0;
  std::vector<std::int64_t> saved_cursors;  // of the targets, as the file has them
  bool losses_unsaved = false;
  bool healed = false;
  Steady::time_point last_write = Steady::now();
  std::uint64_t wakes = 0;
  std::map<std::thread::id, std::uint64_t> wakes_seen;
  std::vector<std::string> report;
};

}  // namespace haingest::influx
