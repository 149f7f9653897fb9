// SPDX-License-Identifier: MIT
#include "core/sqlite/connection.hpp"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>

#include "core/base/error.hpp"

namespace haingest::sqlite {
namespace {

// A connection has one owner at a time, so SQLite's own lock around every call is not needed: it
// was a tenth of the instructions of an unchanged sync.
constexpr int k_one_owner = SQLITE_OPEN_NOMUTEX;

void never_checkpoint_on_close(SQLite::Database& database) {
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

std::string pragma_text(SQLite::Database& database, const std::string& statement) {
  return database.execAndGet("PRAGMA " + statement).getString();
}

std::string explain(const SQLite::Exception& error) {
  switch (error.getErrorCode() & 0xFF) {
    case SQLITE_NOTADB:
      return "is no SQLite database; it was left as it is, choose another file with --db";
    case SQLITE_CORRUPT:
      return "is damaged (" + std::string{error.what()} +
             "); move it away and sync again, Home Assistant has everything that was in it";
    case SQLITE_FULL:
      return "cannot grow: the disk is full; nothing was changed, make room and try again";
    case SQLITE_READONLY:
      return "cannot be written: it or its folder is read-only for this user; nothing was changed, "
             "check owner and mode";
    case SQLITE_CANTOPEN:
      return "cannot be opened (" + std::string{error.what()} +
             "); check that its folder exists and that this user may use it";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "is locked by a program other than haingest for longer than --timeout; close it and "
             "try again";
    case SQLITE_IOERR:
      return "cannot be read or written (" + std::string{error.what()} +
             "); nothing was changed, check the disk";
    default:
      return "refused the work: " + std::string{error.what()};
  }
}

std::string uri_of(const std::string& path, const std::string& parameters) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      constexpr char hex[] = "0123456789ABCDEF";
      uri += '%';
      uri += hex[static_cast<unsigned char>(c) >> 4U];
      uri += hex[static_cast<unsigned char>(c) & 15U];
    } else {
      uri += c;
    }
  }
  return uri + "?" + parameters;
}

// Without a WAL the file alone is the whole database: read as immutable, it gets no -wal and -shm
// beside it. A WAL is read without SQLite's locks (the caller holds ours) and with its index in
// memory, so that no -shm is made or written.
Connection open_untouched(const std::string& path) {
  std::error_code error;
  const auto wal_bytes = std::filesystem::file_size(path + "-wal", error);
  const bool alone = error || wal_bytes == 0;
  auto database = std::make_unique<SQLite::Database>(
      uri_of(path, alone ? "immutable=1" : "mode=ro&vfs=unix-none"),
      SQLite::OPEN_READONLY | SQLite::OPEN_URI);
  database->exec("PRAGMA locking_mode = EXCLUSIVE");
  never_checkpoint_on_close(*database);
  return database;
}

}  // namespace

Connection open_writer(const std::string& path, std::chrono::milliseconds busy) {
  Connection database;
  translate_errors(path, [&] {
    database = std::make_unique<SQLite::Database>(
        path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | k_one_owner,
        static_cast<int>(busy.count()));
    never_checkpoint_on_close(*database);
  });
  return database;
}

void configure_writer(SQLite::Database& database) {
  database.exec("PRAGMA wal_autocheckpoint = 0");
  database.exec("PRAGMA foreign_keys = OFF");
  database.exec("PRAGMA temp_store = MEMORY");
  database.exec("PRAGMA synchronous = FULL");
  const std::string mode = pragma_text(database, "journal_mode = WAL");
  const bool in_memory = database.getFilename().empty() || database.getFilename() == ":memory:";
  if (in_memory) return;
  if (mode != "wal" || pragma_number(database, "synchronous") != 2 ||
      pragma_number(database, "wal_autocheckpoint") != 0) {
    throw base::Failure(base::ErrorKind::failure,
                        database.getFilename() +
                            " cannot be used: SQLite did not accept WAL mode here (a network file "
                            "system?); choose a local folder with --db");
  }
}

Connection open_reader(const std::string& path) {
  Connection database;
  translate_errors(path, [&] {
    database = std::make_unique<SQLite::Database>(path, SQLite::OPEN_READONLY | k_one_owner, 5000);
    never_checkpoint_on_close(*database);
    database->exec("PRAGMA wal_autocheckpoint = 0");
    database->exec("PRAGMA query_only = ON");
  });
  return database;
}

Connection copy_to_memory(const std::string& path) {
  Connection memory;
  translate_errors(path, [&] {
    memory = std::make_unique<SQLite::Database>(":memory:",
                                                SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    if (!std::filesystem::exists(path)) return;
    const Connection source = open_untouched(path);
    SQLite::Backup backup(*memory, *source);
    const int done = backup.executeStep();
    if (done != SQLITE_DONE) throw SQLite::Exception(sqlite3_errstr(done), done);
  });
  return memory;
}

void checkpoint(SQLite::Database& database) {
  // PASSIVE: what a reader still needs stays in the WAL until the next writer's turn.
  sqlite3_wal_checkpoint_v2(database.getHandle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                            nullptr);
}

std::int64_t pragma_number(SQLite::Database& database, const std::string& name) {
  return database.execAndGet("PRAGMA " + name).getInt64();
}

void translate_errors(const std::string& path, const std::function<void()>& work) {
  try {
    work();
  } catch (const SQLite::Exception& error) {
    throw base::Failure(base::ErrorKind::failure, path + " " + explain(error));
  }
}

}  // namespace haingest::sqlite
