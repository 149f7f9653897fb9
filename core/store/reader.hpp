// SPDX-License-Identifier: MIT
// metadata.db for those who only read it (`serve`, `discover --stored`). The connection is
// read-only and never checkpoints. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/model/change.hpp"
#include "core/model/world.hpp"

namespace haingest::store {

struct RemovedRecord {
  model::Kind kind{};
  std::string id;
  std::string name;
  std::string record;      // the whole row as a JSON object
  std::string removed_at;  // "YYYY-MM-DD HH:MM:SS.ffffff"
  std::string why;         // "gone", "superseded", "cleared"
  std::string successor;   // "" unless superseded
};

struct StoredChange {
  std::int64_t run = 0;
  std::string at;  // "YYYY-MM-DD HH:MM:SS.ffffff"
  model::Change change;
};

struct ChangesPage {
  // `since` is older than what is kept, or of a file that was replaced: the page is empty, ask for
  // everything.
  bool pruned = false;
  bool beyond = false;  // pruned, because this file has not come to `since` yet
  std::vector<StoredChange> changes;
  std::int64_t next = 0;  // what to pass as `since` next; when pruned: the newest there is
};

// Everything, once. A user who may not write beside the file reads it, too, whatever the last
// writer has left there: then it waits for one that is writing, for at most `lock_timeout`. None
// where there is no database. Throws Failure for a file that cannot be read.
[[nodiscard]] std::optional<model::Stored> read_once(const std::string& path,
                                                     std::chrono::milliseconds lock_timeout);

class Reader {
 public:
  // A file that does not exist yet reads as empty. Throws Failure for one that cannot be read.
  explicit Reader(std::string path);
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  // Changes when anybody has committed to the file, or the file was replaced (another inode) or
  // made. Cheap: one PRAGMA data_version; stat() at most once a second.
  [[nodiscard]] std::uint64_t version();

  // Everything, from one read transaction.
  [[nodiscard]] model::Stored read_all();
  [[nodiscard]] std::vector<RemovedRecord> removed(model::Kind kind);
  [[nodiscard]] ChangesPage changes_since(std::int64_t since, std::int64_t limit);
  // The newest change of that moment or before, as a `since`; 0 when none is kept.
  [[nodiscard]] std::int64_t last_change_until(base::Timestamp moment);
  // What entities that were renamed since then are called now: old entity_id -> present one. An old
  // id that another entity has taken is left out.
  [[nodiscard]] std::map<std::string, std::string> renamed_since(base::Timestamp since);
  [[nodiscard]] std::optional<model::Run> last_run();
  // The last that brought a snapshot of Home Assistant: no bulk upsert hides how that ended.
  [[nodiscard]] std::optional<model::Run> last_snapshot_run();

  struct FileInfo {
    bool exists = false;
    std::string journal_mode;
    std::int64_t bytes = 0;
  };
  [[nodiscard]] FileInfo file_info();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::store
