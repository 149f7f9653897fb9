// SPDX-License-Identifier: MIT
#include "core/store/reader.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>

#include "core/base/log.hpp"
#include "core/sqlite/connection.hpp"
#include "core/sqlite/writer_lock.hpp"
#include "core/store/rows.hpp"
#include "core/store/schema.hpp"

namespace haingest::store {
namespace {

using Monotonic = std::chrono::steady_clock;

constexpr auto k_inode_check_every = std::chrono::seconds(1);

void refuse_other_layouts(SQLite::Database& database, const std::string& path) {
  const auto version = sqlite::pragma_number(database, "user_version");
  if (version == k_schema_version) return;
  if (version > k_schema_version) {
    throw base::Failure(base::ErrorKind::guard, path + " has layout " + std::to_string(version) +
                                                    ", made by a newer haingest; install that one");
  }
  if (version > 0) {
    throw base::Failure(base::ErrorKind::failure,
                        path + " has layout " + std::to_string(version) +
                            ", made by an older haingest; run a sync, which brings it up to date",
                        "haingest sync --db " + path);
  }
  throw base::Failure(base::ErrorKind::failure,
                      path +
                          " has no tables of this haingest yet; run a sync, which adopts what is "
                          "there after a backup copy",
                      "haingest sync --db " + path);
}

model::Action action_named(const std::string& name) {
  for (const model::Action action : model::k_actions) {
    if (model::name_of(action) == name) return action;
  }
  return model::Action::updated;
}

model::Kind kind_named(const std::string& name) {
  for (const model::Kind kind : model::k_kinds) {
    if (model::name_of(kind) == name) return kind;
  }
  return model::Kind::device;
}

StoredChange change_of(SQLite::Statement& query) {
  StoredChange stored;
  stored.change.seq = query.getColumn(0).getInt64();
  stored.run = query.getColumn(1).getInt64();
  stored.at = query.getColumn(2).getString();
  stored.change.kind = kind_named(query.getColumn(3).getString());
  stored.change.id = query.getColumn(4).getString();
  stored.change.action = action_named(query.getColumn(5).getString());
  stored.change.before = query.getColumn(6).getString();
  stored.change.after = query.getColumn(7).getString();
  return stored;
}

}  // namespace

struct Reader::Impl {
  std::string path;
  sqlite::Connection connection;
  std::optional<SQLite::Statement> data_version;
  dev_t device = 0;
  ino_t inode = 0;
  Monotonic::time_point next_inode_check{};
  std::uint64_t generation = 0;  // counts files: a replaced one is another version of everything

  bool is_our_file() const {
    struct stat now {};
    return connection && ::stat(path.c_str(), &now) == 0 && now.st_dev == device &&
           now.st_ino == inode;
  }

  void close() {
    if (!connection) return;
    data_version.reset();
    connection.reset();
    ++generation;
  }

  // Opens the file when there is one; false when there is none.
  bool ensure_open() {
    if (connection && Monotonic::now() < next_inode_check) return true;
    next_inode_check = Monotonic::now() + k_inode_check_every;
    if (is_our_file()) return true;
    close();
    struct stat now {};
    if (::stat(path.c_str(), &now) != 0 || now.st_size == 0) return false;
    sqlite::Connection opened = sqlite::open_reader(path);
    sqlite::translate_errors(path, [&] {
      refuse_other_layouts(*opened, path);
      data_version.emplace(*opened, "PRAGMA data_version");
    });
    connection = std::move(opened);
    device = now.st_dev;
    inode = now.st_ino;
    ++generation;
    base::log::debug(path + ": opened for reading");
    return true;
  }

  // Calls `work` inside one read transaction; leaves its result alone when there is no file.
  void read(const std::function<void(SQLite::Database&)>& work) {
    if (!ensure_open()) return;
    sqlite::translate_errors(path, [&] {
      SQLite::Transaction transaction(*connection, SQLite::TransactionBehavior::DEFERRED);
      work(*connection);
    });
  }
};

namespace {

std::optional<model::Stored> read_as_usual(const std::string& path) {
  Reader reader(path);
  if (!reader.file_info().exists) return std::nullopt;
  return reader.read_all();
}

}  // namespace

std::optional<model::Stored> read_once(const std::string& path,
                                       std::chrono::milliseconds lock_timeout) {
  try {
    return read_as_usual(path);
  } catch (const base::Failure&) {
    // SQLite wants to make the WAL's index beside a database that nobody has open.
    const auto folder = std::filesystem::path(path).parent_path();
    if (::access(folder.empty() ? "." : folder.c_str(), W_OK) == 0) throw;
  }
  const sqlite::ReaderLock lock(path, lock_timeout);
  const sqlite::Connection copy = sqlite::copy_to_memory(path);
  std::optional<model::Stored> stored;
  sqlite::translate_errors(path, [&] {
    refuse_other_layouts(*copy, path);
    stored = read_stored(*copy, Order::by_key);
  });
  base::log::debug(path + ": copied into memory, this user may not write beside it");
  return stored;
}

Reader::Reader(std::string path) : impl_(std::make_unique<Impl>()) {
  impl_->path = std::move(path);
  static_cast<void>(impl_->ensure_open());
}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

std::uint64_t Reader::version() {
  if (!impl_->ensure_open()) return impl_->generation << 32U;
  std::uint64_t version = 0;
  sqlite::translate_errors(impl_->path, [&] {
    impl_->data_version->reset();
    impl_->data_version->executeStep();
    version = impl_->data_version->getColumn(0).getUInt();
    impl_->data_version->reset();
  });
  return (impl_->generation << 32U) + version;
}

model::Stored Reader::read_all() {
  model::Stored stored;
  impl_->read([&](SQLite::Database& database) { stored = read_stored(database, Order::by_key); });
  return stored;
}

std::vector<RemovedRecord> Reader::removed(model::Kind kind) {
  std::vector<RemovedRecord> records;
  impl_->read([&](SQLite::Database& database) {
    SQLite::Statement query(database,
                            "SELECT id, name, record, removed_at, why, successor FROM removed "
                            "WHERE kind = ? ORDER BY id");
    query.bind(1, std::string{model::name_of(kind)});
    while (query.executeStep()) {
      records.push_back({kind, query.getColumn(0).getString(), query.getColumn(1).getString(),
                         query.getColumn(2).getString(), query.getColumn(3).getString(),
                         query.getColumn(4).getString(), query.getColumn(5).getString()});
    }
  });
  return records;
}

ChangesPage Reader::changes_since(std::int64_t since, std::int64_t limit) {
  ChangesPage page;
  page.pruned = page.beyond = since > 0;  // no file: `since` is of another one
  impl_->read([&](SQLite::Database& database) {
    // A gap between `since` and the oldest that is kept means that some were pruned in between; a
    // `since` that this file has not come to yet is of one that it has replaced.
    SQLite::Statement range(database,
                            "SELECT (SELECT min(seq) FROM changes), coalesce((SELECT seq FROM "
                            "sqlite_sequence WHERE name = 'changes'), 0)");
    range.executeStep();
    const std::int64_t newest = range.getColumn(1).getInt64();
    const std::int64_t oldest =
        range.getColumn(0).isNull() ? newest + 1 : range.getColumn(0).getInt64();
    page.beyond = since > newest;
    page.pruned = since + 1 < oldest || page.beyond;
    page.next = page.pruned ? newest : since;
    if (page.pruned) return;
    SQLite::Statement query(database,
                            "SELECT seq, run, at, kind, id, action, before, after FROM changes "
                            "WHERE seq > ? ORDER BY seq LIMIT ?");
    query.bind(1, since);
    query.bind(2, limit);
    while (query.executeStep()) page.changes.push_back(change_of(query));
  });
  if (!page.changes.empty()) page.next = page.changes.back().change.seq;
  return page;
}

std::int64_t Reader::last_change_until(base::Timestamp moment) {
  std::int64_t seq = 0;
  impl_->read([&](SQLite::Database& database) {
    SQLite::Statement query(database, "SELECT coalesce(max(seq), 0) FROM changes WHERE at <= ?");
    query.bind(1, base::to_sqlite_text(moment));
    query.executeStep();
    seq = query.getColumn(0).getInt64();
  });
  return seq;
}

std::map<std::string, std::string> Reader::renamed_since(base::Timestamp since) {
  std::map<std::string, std::string> present;
  impl_->read([&](SQLite::Database& database) {
    SQLite::Statement query(
        database,
        "SELECT json_extract(changes.before, '$.entity_id') AS old, now.entity_id FROM changes "
        "JOIN entities AS now ON now.registry_id = changes.id WHERE changes.kind = 'entity' AND "
        "changes.action = 'renamed' AND changes.at >= ? AND NOT EXISTS (SELECT 1 FROM entities "
        "WHERE entity_id = old) ORDER BY seq");
    query.bind(1, base::to_sqlite_text(since));
    while (query.executeStep()) {
      present[query.getColumn(0).getString()] = query.getColumn(1).getString();
    }
  });
  return present;
}

std::optional<model::Run> Reader::last_run() {
  std::optional<model::Run> run;
  impl_->read([&](SQLite::Database& database) { run = read_last_run(database, Runs::all); });
  return run;
}

std::optional<model::Run> Reader::last_snapshot_run() {
  std::optional<model::Run> run;
  impl_->read([&](SQLite::Database& database) { run = read_last_run(database, Runs::snapshots); });
  return run;
}

Reader::FileInfo Reader::file_info() {
  FileInfo info;
  impl_->read([&](SQLite::Database& database) {
    info.exists = true;
    info.journal_mode = database.execAndGet("PRAGMA journal_mode").getString();
    info.bytes = sqlite::pragma_number(database, "page_count") *
                 sqlite::pragma_number(database, "page_size");
  });
  return info;
}

}  // namespace haingest::store
