// SPDX-License-Identifier: MIT
#include "core/influx/spool_file.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include "core/base/error.hpp"
#include "core/influx/spool_schema.hpp"
#include "core/sqlite/connection.hpp"

namespace haingest::influx {
namespace {

// A commit of one event writes a page or two: 4 MB of WAL are about 800 of them between two
// checkpoints, which cost two syncs and every page once more.
constexpr int k_checkpoint_pages = 1000;
constexpr std::int64_t k_wal_bytes_kept = std::int64_t{16} << 20U;
// Pages that are free in the file are used again; only what an outage has left is given back, in
// pieces that take milliseconds.
constexpr std::int64_t k_free_pages_kept = 4096;
constexpr int k_pages_a_shrink = 1024;

std::int64_t micros(base::Timestamp moment) { return moment.time_since_epoch().count(); }

base::Timestamp moment_of(std::int64_t micros) {
  return base::Timestamp{std::chrono::microseconds(micros)};
}

// `next` of a gap's entity: not known.
constexpr std::int64_t k_unknown = 0;

base::Timestamp moment_in(const SQLite::Column& column) { return moment_of(column.getInt64()); }

std::string_view bytes_in(const SQLite::Column& column) {
  const void* const bytes = column.getBlob();  // before its size: it may convert
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(column.getBytes())};
}

void bind_text(SQLite::Statement& statement, int index, std::string_view text) {
  statement.bind(index, std::string{text});
}

// An empty view may have no address, and that would bind NULL.
void bind_blob(SQLite::Statement& statement, int index, std::string_view bytes) {
  statement.bindNoCopy(index, bytes.empty() ? "" : static_cast<const void*>(bytes.data()),
                       static_cast<int>(bytes.size()));
}

void run(SQLite::Statement& statement) {
  statement.exec();
  statement.reset();
}

void configure(SQLite::Database& database, SpoolFile::Journal journal, Durability durability) {
  const bool wal = journal == SpoolFile::Journal::wal;
  const bool power = durability == Durability::power;
  // Before the first table, or they have no effect.
  database.exec("PRAGMA page_size = " + std::to_string(k_spool_page_size));
  database.exec("PRAGMA auto_vacuum = INCREMENTAL");
  const std::string mode =
      database.execAndGet(wal ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE")
          .getString();
  database.exec(power ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  database.exec("PRAGMA temp_store = MEMORY");
  // Debian's SQLite overwrites what is deleted: every block would be written twice.
  database.exec("PRAGMA secure_delete = OFF");
  database.exec("PRAGMA cell_size_check = ON");
  database.exec("PRAGMA wal_autocheckpoint = " + std::to_string(k_checkpoint_pages));
  database.exec("PRAGMA journal_size_limit = " + std::to_string(k_wal_bytes_kept));
  if (mode != (wal ? "wal" : "delete") ||
      sqlite::pragma_number(database, "synchronous") != (power ? 2 : 1)) {
    throw base::Failure(base::ErrorKind::failure,
                        database.getFilename() +
                            " cannot be used: SQLite did not accept its journal mode here (a "
                            "network file system?); choose a local folder with --db");
  }
}

std::unique_ptr<SQLite::Database> open_file(const std::string& path, SpoolFile::Journal journal,
                                            Durability durability, const std::string& vfs) {
  // No time-out: whoever has the file open has it for good.
  auto database = std::make_unique<SQLite::Database>(
      path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLITE_OPEN_NOMUTEX, 0, vfs);
  // Before the first read, so that no -shm is made.
  database->exec("PRAGMA locking_mode = EXCLUSIVE");
  configure(*database, journal, durability);
  SQLite::Transaction transaction(*database, SQLite::TransactionBehavior::IMMEDIATE);
  migrate_spool(*database);
  transaction.commit();
  if (!has_spool_tables(*database)) {
    throw SQLite::Exception("its tables are not those of a spool", SQLITE_CORRUPT);
  }
  return database;
}

}  // namespace

bool means_damage(const SQLite::Exception& error) {
  const int code = error.getErrorCode() & 0xFF;
  const int detail = error.getExtendedErrorCode();
  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || detail == SQLITE_IOERR_READ ||
         detail == SQLITE_IOERR_SHORT_READ || detail == SQLITE_IOERR_CORRUPTFS;
}

// The statements are prepared once; the database outlives them.
struct SpoolFile::Impl {
  explicit Impl(std::unique_ptr<SQLite::Database> opened) : database(std::move(opened)) {}

  std::unique_ptr<SQLite::Database> database;
  SQLite::Statement begin{*database, "BEGIN IMMEDIATE"};
  SQLite::Statement commit{*database, "COMMIT"};
  SQLite::Statement add_block{*database,
                              "INSERT OR IGNORE INTO blocks (id, checksum, taken_at, count, alone, "
                              "only_target, marks, lines) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"};
  SQLite::Statement erase_blocks{*database, "DELETE FROM blocks WHERE id <= ?"};
  SQLite::Statement put_mark{*database,
                             "INSERT INTO marks (entity_id, last_updated) VALUES (?, ?) ON "
                             "CONFLICT (entity_id) DO UPDATE SET last_updated = "
                             "max(last_updated, excluded.last_updated)"};
  SQLite::Statement put_target{*database,
                               "INSERT INTO targets (name, acknowledged, since) VALUES (?, ?, ?) "
                               "ON CONFLICT (name) DO UPDATE SET acknowledged = "
                               "max(acknowledged, excluded.acknowledged) WHERE acknowledged < "
                               "excluded.acknowledged"};
  SQLite::Statement drop_target{*database, "DELETE FROM targets WHERE name = ?"};
  SQLite::Statement put_state{*database,
                              "UPDATE state SET given_up_lines = ?, damaged_blocks = ?, "
                              "damaged_lines = ?, last_block = max(last_block, ?)"};
  SQLite::Statement add_gap{*database,
                            "INSERT OR IGNORE INTO gaps (id, until, noticed) VALUES (?, ?, ?)"};
  SQLite::Statement add_gap_entity{
      *database,
      "INSERT INTO gap_entities (gap, entity_id, since, next) VALUES "
      "(?, ?, ?, ?) ON CONFLICT (gap, entity_id) DO UPDATE SET since = "
      "min(since, excluded.since)"};
  SQLite::Statement fill{*database, "DELETE FROM gap_entities WHERE gap = ? AND entity_id = ?"};
  SQLite::Statement fill_up_to{*database,
                               "UPDATE gap_entities SET since = max(since, ?) WHERE gap = ? AND "
                               "entity_id = ?"};
  SQLite::Statement close_gap{*database,
                              "DELETE FROM gaps WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM "
                              "gap_entities WHERE gap = ?1)"};
  SQLite::Statement read_block{*database,
                               "SELECT checksum, taken_at, count, alone, only_target, marks, lines "
                               "FROM blocks WHERE id = ?"};
};

SpoolFile::SpoolFile(const std::string& path, Journal journal, Durability durability,
                     const std::string& vfs)
    : impl_(std::make_unique<Impl>(open_file(path, journal, durability, vfs))) {}

SpoolFile::~SpoolFile() = default;

std::string SpoolFile::fault() {
  try {
    const std::string found = impl_->database->execAndGet("PRAGMA quick_check(1)").getString();
    return found == "ok" ? "" : found;
  } catch (const SQLite::Exception& error) {
    if (!means_damage(error)) throw;
    return error.what();
  }
}

void SpoolFile::empty_wal() {
  // Where the disk is full it stays as it is.
  sqlite3_wal_checkpoint_v2(impl_->database->getHandle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE,
                            nullptr, nullptr);
}

void SpoolFile::transact(const std::function<void()>& work) {
  const auto try_once = [&] {
    impl_->begin.tryReset();
    run(impl_->begin);
    try {
      work();
      impl_->commit.exec();
      impl_->commit.reset();
    } catch (...) {
      impl_->commit.tryReset();
      // Most errors have rolled back already; then this one says so and nothing else.
      sqlite3* const handle = impl_->database->getHandle();
      if (sqlite3_get_autocommit(handle) == 0) {
        sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
      }
      throw;
    }
  };
  try {
    try_once();
  } catch (const SQLite::Exception& error) {
    if ((error.getErrorCode() & 0xFF) != SQLITE_FULL) throw;
    sqlite3_wal_checkpoint_v2(impl_->database->getHandle(), nullptr, SQLITE_CHECKPOINT_RESTART,
                              nullptr, nullptr);
    try_once();
  }
}

void SpoolFile::add_block(const BlockRow& row, std::uint32_t sum) {
  SQLite::Statement& statement = impl_->add_block;
  statement.tryReset();
  statement.bind(1, row.id);
  statement.bind(2, sum);
  statement.bind(3, micros(row.taken_at));
  statement.bind(4, row.count);
  statement.bind(5, row.alone ? 1 : 0);
  bind_text(statement, 6, row.only_target);
  bind_blob(statement, 7, row.marks);
  bind_blob(statement, 8, row.lines);
  run(statement);
}

void SpoolFile::erase_blocks(std::int64_t up_to) {
  impl_->erase_blocks.tryReset();
  impl_->erase_blocks.bind(1, up_to);
  run(impl_->erase_blocks);
}

void SpoolFile::put_mark(std::string_view entity_id, base::Timestamp last_updated) {
  SQLite::Statement& statement = impl_->put_mark;
  statement.tryReset();
  bind_text(statement, 1, entity_id);
  statement.bind(2, micros(last_updated));
  run(statement);
}

void SpoolFile::put_target(const StoredTarget& target, base::Timestamp since) {
  SQLite::Statement& statement = impl_->put_target;
  statement.tryReset();
  statement.bind(1, target.name);
  statement.bind(2, target.acknowledged);
  statement.bind(3, micros(since));
  run(statement);
}

void SpoolFile::drop_target(const std::string& name) {
  impl_->drop_target.tryReset();
  impl_->drop_target.bind(1, name);
  run(impl_->drop_target);
}

void SpoolFile::put_state(const SpoolState& state) {
  SQLite::Statement& statement = impl_->put_state;
  statement.tryReset();
  statement.bind(1, static_cast<std::int64_t>(state.losses.given_up_lines));
  statement.bind(2, static_cast<std::int64_t>(state.losses.damaged_blocks));
  statement.bind(3, static_cast<std::int64_t>(state.losses.damaged_lines));
  statement.bind(4, state.last_block);
  run(statement);
}

void SpoolFile::add_gap(std::int64_t id, base::Timestamp to, base::Timestamp noticed) {
  SQLite::Statement& statement = impl_->add_gap;
  statement.tryReset();
  statement.bind(1, id);
  statement.bind(2, micros(to));
  statement.bind(3, micros(noticed));
  run(statement);
}

void SpoolFile::add_gap_entity(std::int64_t gap, const GapEntity& entity) {
  SQLite::Statement& statement = impl_->add_gap_entity;
  statement.tryReset();
  statement.bind(1, gap);
  bind_text(statement, 2, entity.entity_id);
  statement.bind(3, micros(entity.from));
  statement.bind(4, entity.next ? micros(*entity.next) : k_unknown);
  run(statement);
}

void SpoolFile::fill(std::int64_t gap, const std::vector<std::string>& entities) {
  for (const std::string& entity_id : entities) {
    impl_->fill.tryReset();
    impl_->fill.bind(1, gap);
    impl_->fill.bindNoCopy(2, entity_id);
    run(impl_->fill);
  }
  impl_->close_gap.tryReset();
  impl_->close_gap.bind(1, gap);
  run(impl_->close_gap);
}

void SpoolFile::fill_up_to(std::int64_t gap, const std::vector<std::string>& entities,
                           base::Timestamp up_to) {
  for (const std::string& entity_id : entities) {
    impl_->fill_up_to.tryReset();
    impl_->fill_up_to.bind(1, micros(up_to));
    impl_->fill_up_to.bind(2, gap);
    impl_->fill_up_to.bindNoCopy(3, entity_id);
    run(impl_->fill_up_to);
  }
}

void SpoolFile::list_blocks(const SeeBlock& see) {
  SQLite::Statement query(*impl_->database,
                          "SELECT id, taken_at, count, alone, only_target, marks, length(lines) "
                          "FROM blocks ORDER BY id");
  while (query.executeStep()) {
    BlockRow row;
    row.id = query.getColumn(0).getInt64();
    row.taken_at = moment_in(query.getColumn(1));
    row.count = query.getColumn(2).getUInt();
    row.alone = query.getColumn(3).getInt() != 0;
    row.only_target = bytes_in(query.getColumn(4));
    row.marks = bytes_in(query.getColumn(5));
    see(row, static_cast<std::uint64_t>(query.getColumn(6).getInt64()));
  }
}

bool SpoolFile::read_block(std::int64_t id, BlockRow& row, std::uint32_t& sum) {
  SQLite::Statement& query = impl_->read_block;
  query.tryReset();
  query.bind(1, id);
  if (!query.executeStep()) return false;
  row.id = id;
  sum = query.getColumn(0).getUInt();
  row.taken_at = moment_in(query.getColumn(1));
  row.count = query.getColumn(2).getUInt();
  row.alone = query.getColumn(3).getInt() != 0;
  row.only_target = bytes_in(query.getColumn(4));
  row.marks = bytes_in(query.getColumn(5));
  row.lines = bytes_in(query.getColumn(6));
  return true;
}

void SpoolFile::release_block() { impl_->read_block.tryReset(); }

void SpoolFile::list_marks(const std::function<void(std::string_view, base::Timestamp)>& see) {
  SQLite::Statement query(*impl_->database, "SELECT entity_id, last_updated FROM marks");
  while (query.executeStep()) see(bytes_in(query.getColumn(0)), moment_in(query.getColumn(1)));
}

std::vector<StoredTarget> SpoolFile::targets() {
  std::vector<StoredTarget> targets;
  SQLite::Statement query(*impl_->database, "SELECT name, acknowledged FROM targets ORDER BY name");
  while (query.executeStep()) {
    targets.push_back({query.getColumn(0).getString(), query.getColumn(1).getInt64()});
  }
  return targets;
}

SpoolState SpoolFile::state() {
  SpoolState state;
  SQLite::Statement query(
      *impl_->database,
      "SELECT given_up_lines, damaged_blocks, damaged_lines, max(last_block, "
      "coalesce((SELECT max(id) FROM blocks), 0), coalesce((SELECT max(acknowledged) FROM "
      "targets), 0)) FROM state");
  if (!query.executeStep()) return state;
  state.losses.given_up_lines = static_cast<std::uint64_t>(query.getColumn(0).getInt64());
  state.losses.damaged_blocks = static_cast<std::uint64_t>(query.getColumn(1).getInt64());
  state.losses.damaged_lines = static_cast<std::uint64_t>(query.getColumn(2).getInt64());
  state.last_block = query.getColumn(3).getInt64();
  return state;
}

std::vector<Gap> SpoolFile::gaps() {
  std::vector<Gap> gaps;
  SQLite::Statement query(*impl_->database,
                          "SELECT gaps.id, until, noticed, entity_id, since, next FROM gaps JOIN "
                          "gap_entities ON gap = gaps.id ORDER BY gaps.id, entity_id");
  while (query.executeStep()) {
    const std::int64_t id = query.getColumn(0).getInt64();
    if (gaps.empty() || gaps.back().id != id) {
      gaps.push_back({id, moment_in(query.getColumn(1)), moment_in(query.getColumn(2)), {}});
    }
    GapEntity entity{query.getColumn(3).getString(), moment_in(query.getColumn(4))};
    if (query.getColumn(5).getInt64() != k_unknown) entity.next = moment_in(query.getColumn(5));
    gaps.back().open.push_back(std::move(entity));
  }
  return gaps;
}

std::uint64_t SpoolFile::free_bytes() {
  return static_cast<std::uint64_t>(sqlite::pragma_number(*impl_->database, "freelist_count")) *
         k_spool_page_size;
}

void SpoolFile::shrink() {
  const auto free = sqlite::pragma_number(*impl_->database, "freelist_count");
  if (free <= k_free_pages_kept) return;
  if (free < sqlite::pragma_number(*impl_->database, "page_count") / 4 * 3) return;
  impl_->database->exec("PRAGMA incremental_vacuum(" + std::to_string(k_pages_a_shrink) + ")");
}

}  // namespace haingest::influx
