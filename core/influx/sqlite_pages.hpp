// SPDX-License-Identifier: MIT
// The rows of a SQLite file and its WAL as they lie on the disk, read without SQLite: for files
// that SQLite refuses as a whole because of one bad byte. Every page is looked at by itself, so
// that a damaged one takes only its own rows along. After https://www.sqlite.org/fileformat2.html.
//
// What it gives may be stale (a page that is free now) or wrong (a flipped bit): the caller checks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace haingest::influx {

struct RawValue {
  enum class Type { null, integer, real, text, blob };
  Type type = Type::null;
  std::int64_t integer = 0;
  std::string_view bytes;
};

struct RawRow {
  std::int64_t rowid = 0;  // 0 in tables WITHOUT ROWID
  std::vector<RawValue> columns;
};

class SqlitePages {
 public:
  // Reads the head of the file and all of its WAL; neither need exist. `page_size` is used where
  // the head does not say it.
  SqlitePages(const std::string& path, std::uint32_t page_size);
  ~SqlitePages();
  SqlitePages(const SqlitePages&) = delete;
  SqlitePages& operator=(const SqlitePages&) = delete;

  // Neither the file nor its WAL holds a page.
  [[nodiscard]] bool empty() const { return pages_ == 0 && frames_.empty(); }
  // The first page begins as a SQLite file does.
  [[nodiscard]] bool has_head() const { return has_head_; }
  [[nodiscard]] std::uint32_t user_version() const { return user_version_; }
  [[nodiscard]] std::uint32_t application_id() const { return application_id_; }
  // The WAL has a frame that was whole once: SQLite drops it and all commits behind it in silence.
  // A torn last commit is none; a power cut leaves such.
  [[nodiscard]] bool has_damaged_wal() const { return damaged_wal_; }

  // Every row of every table that can be read; with a `longest` payload, the shorter ones only.
  // The row lives during the call. A row may be seen twice.
  using SeeRow = std::function<void(const RawRow& row)>;
  void visit_rows(std::size_t longest, const SeeRow& see);

 private:
  struct Frame {
    std::uint32_t page = 0;
    std::size_t offset = 0;  // of the page's bytes in wal_
    bool commit = false;
    bool whole = false;
  };
  enum class Version { newest, newest_whole };

  void read_head();
  void read_wal(const std::string& path);
  void read_frames(bool head_is_whole, bool big_endian);
  void note_wal_damage(bool head_is_whole);
  bool read_from_file(std::uint32_t page, std::string& bytes) const;
  bool read_page(std::uint32_t page, Version version, std::string& bytes) const;
  void visit_page(std::uint32_t number, const std::string& bytes, Version version,
                  std::size_t longest, const SeeRow& see);
  [[nodiscard]] bool read_payload(std::string_view page, std::size_t at, std::uint64_t length,
                                  std::size_t local, Version version, std::string& payload) const;

  int fd_ = -1;
  std::uint32_t page_size_;
  std::uint32_t usable_ = 0;  // bytes of a page that SQLite uses
  std::uint32_t pages_ = 0;   // of the file
  bool has_head_ = false;
  std::uint32_t user_version_ = 0;
  std::uint32_t application_id_ = 0;
  std::string wal_;
  std::vector<Frame> frames_;                                   // up to the last commit
  std::map<std::uint32_t, std::vector<std::size_t>> versions_;  // page -> frames, oldest first
  bool damaged_wal_ = false;
};

}  // namespace haingest::influx
