// SPDX-License-Identifier: MIT
// metadata.db for those who write it. All SQL of that file lives in core/store, and core/mirror is
// the only caller of transact() (one door for all writes).
//
// One writer at a time: transact() holds the advisory lock `<path>-lock` around transaction and
// checkpoint, because the SQLite of Debian 12 and 13 can corrupt a WAL file when a checkpoint of
// one process meets a commit of another (fixed in 3.51.3). Nothing else ever checkpoints.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/timestamp.hpp"
#include "core/model/change.hpp"
#include "core/model/snapshot.hpp"
#include "core/model/table.hpp"
#include "core/model/world.hpp"

namespace haingest::store {

// The tombstones: (kind, id) -> first_seen as it was stored ("" when unknown).
using RemovedIds = std::map<std::pair<model::Kind, std::string>, std::string>;

// Reads and writes inside one locked transaction; valid during transact() only.
class Transaction {
 public:
  virtual ~Transaction() = default;

  [[nodiscard]] virtual model::Stored read_all() = 0;
  [[nodiscard]] virtual RemovedIds read_removed_ids() = 0;

  // Rows are addressed by primary key; insert() fails on a key that is there.
  virtual void insert(model::Kind kind, model::Row row) = 0;
  virtual void erase(model::Kind kind, std::string_view key) = 0;

  virtual void put_alias(const model::Alias& alias, base::Timestamp first_seen) = 0;
  // Keeps the whole row of something that HA no longer lists.
  virtual void bury(model::Kind kind, model::Row row, base::Timestamp at, std::string_view why,
                    std::string_view successor) = 0;
  virtual void unbury(model::Kind kind, std::string_view id) = 0;

  // Appends the run, or folds it into the one before when neither changed anything; returns its id.
  [[nodiscard]] virtual std::int64_t put_run(const model::Run& run) = 0;
  // Appends to `changes` and sets change.seq.
  virtual void put_change(std::int64_t run, base::Timestamp at, model::Change& change) = 0;

  // Deletes `changes`, `sync_runs` and `removed` older than the moment; true if anything went.
  virtual bool prune(base::Timestamp before) = 0;
};

class Database {
 public:
  // Opens or makes the file, adopts one that ha-ingestor left (after a backup copy beside it), and
  // brings its schema up to date. Throws Failure: `guard` for a newer schema, else `failure`; the
  // file is untouched then. `lock_timeout` bounds each wait for another writer.
  [[nodiscard]] static Database open(const std::string& path,
                                     std::chrono::milliseconds lock_timeout);
  // The same content in memory: for --dry-run. Nothing is made or written, neither the file nor
  // anything beside it, and nothing there need be writable.
  [[nodiscard]] static Database open_copy_in_memory(const std::string& path,
                                                    std::chrono::milliseconds lock_timeout);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // Runs `work` in one locked IMMEDIATE transaction: all of it is committed, or none when it
  // throws.
  void transact(const std::function<void(Transaction&)>& work);

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::store
