// SPDX-License-Identifier: MIT
// The spool's file: all SQL of it. Throws SQLite::Exception. One owner at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/timestamp.hpp"
#include "core/influx/spool.hpp"
#include "core/influx/spool_row.hpp"

namespace SQLite {
class Exception;
}

namespace haingest::influx {

// Whether what SQLite says means that bytes of the file are wrong or cannot be read.
[[nodiscard]] bool means_damage(const SQLite::Exception& error);

struct SpoolState {
  SpoolLosses losses;
  std::int64_t last_block = 0;
};

struct StoredTarget {
  std::string name;
  std::int64_t acknowledged = 0;
};

class SpoolFile {
 public:
  enum class Journal {
    wal,      // the spool as it is used: WAL without -shm, for this process alone
    rollback  // nothing beside the file once it is closed: for one that is made aside
  };

  // Makes the tables, or migrates them; throws what means_damage() where they are others.
  SpoolFile(const std::string& path, Journal journal, Durability durability,
            const std::string& vfs);
  ~SpoolFile();
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;

  // "" when every page is as it should be, else the first thing that SQLite finds.
  [[nodiscard]] std::string fault();

  // Empties the WAL. What a torn commit has left behind the last whole one would otherwise lie
  // there between later ones, and look as if they were damaged (SqlitePages::has_damaged_wal).
  void empty_wal();

  // One IMMEDIATE transaction: all of it or none. When the disk is full the WAL is put to use again
  // and `work` is called a second time.
  void transact(const std::function<void()>& work);

  // Inside transact(). Adding a block that is there changes nothing.
  void add_block(const BlockRow& row, std::uint32_t sum);
  void erase_blocks(std::int64_t up_to);
  void put_mark(std::string_view entity_id, base::Timestamp last_updated);  // never back
  void put_target(const StoredTarget& target, base::Timestamp since);
  void drop_target(const std::string& name);
  void put_state(const SpoolState& state);
  void add_gap(std::int64_t id, base::Timestamp to, base::Timestamp noticed);
  void add_gap_entity(std::int64_t gap, const GapEntity& entity);
  void fill(std::int64_t gap, const std::vector<std::string>& entities);  // strikes them out
  void fill_up_to(std::int64_t gap, const std::vector<std::string>& entities,
                  base::Timestamp up_to);

  // `bytes` of lines, which are not read; the views live during the call.
  using SeeBlock = std::function<void(const BlockRow& row, std::uint64_t bytes)>;
  void list_blocks(const SeeBlock& see);
  // Whole, with its checksum; false when it is not there. The views live until the next read.
  [[nodiscard]] bool read_block(std::int64_t id, BlockRow& row, std::uint32_t& sum);
  void release_block();
  void list_marks(const std::function<void(std::string_view, base::Timestamp)>& see);
  [[nodiscard]] std::vector<StoredTarget> targets();
  [[nodiscard]] SpoolState state();
  [[nodiscard]] std::vector<Gap> gaps();

  [[nodiscard]] std::uint64_t free_bytes();  // inside the file
  // Gives some of the free pages back to the disk, when they are much more than what is in use.
  void shrink();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::influx
