// SPDX-License-Identifier: MIT
#include "core/influx/spool_schema.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/sqlite/connection.hpp"

namespace haingest::influx {
namespace {

// 1: everything.
void create_tables(SQLite::Database& database) {
  for (const char* sql : {
           // `marks` before `lines`: the start reads them without the lines.
           "CREATE TABLE blocks (id INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, "
           "taken_at INTEGER NOT NULL, count INTEGER NOT NULL, alone INTEGER NOT NULL, "
           "only_target TEXT NOT NULL, marks BLOB NOT NULL, lines BLOB NOT NULL)",
           "CREATE TABLE marks (entity_id TEXT NOT NULL PRIMARY KEY, "
           "last_updated INTEGER NOT NULL) WITHOUT ROWID",
           "CREATE TABLE targets (name TEXT NOT NULL PRIMARY KEY, "
           "acknowledged INTEGER NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID",
           "CREATE TABLE gaps (id INTEGER PRIMARY KEY, until INTEGER NOT NULL, "
           "noticed INTEGER NOT NULL)",
           "CREATE TABLE gap_entities (gap INTEGER NOT NULL, entity_id TEXT NOT NULL, "
           "since INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (gap, entity_id)) "
           "WITHOUT ROWID",
           "CREATE TABLE state (id INTEGER PRIMARY KEY, signature TEXT NOT NULL, "
           "layout INTEGER NOT NULL, given_up_lines INTEGER NOT NULL, "
           "damaged_blocks INTEGER NOT NULL, damaged_lines INTEGER NOT NULL, "
           "last_block INTEGER NOT NULL)",
       }) {
    database.exec(sql);
  }
  SQLite::Statement state(database, "INSERT INTO state VALUES (1, ?, 0, 0, 0, 0, 0)");
  state.bind(1, std::string{k_spool_signature});
  state.exec();
}

using Migration = void (*)(SQLite::Database& database);
constexpr std::array<Migration, k_spool_layout> k_migrations{create_tables};

// name -> the words that made it
std::map<std::string, std::string> tables_of(SQLite::Database& database) {
  std::map<std::string, std::string> tables;
  SQLite::Statement query(database, "SELECT name, sql FROM sqlite_master WHERE type = 'table'");
  while (query.executeStep()) {
    tables[query.getColumn(0).getString()] = query.getColumn(1).getString();
  }
  return tables;
}

}  // namespace

void migrate_spool(SQLite::Database& database) {
  const auto version = sqlite::pragma_number(database, "user_version");
  if (version >= k_spool_layout) return;
  for (auto next = version; next < k_spool_layout; ++next) {
    k_migrations[static_cast<std::size_t>(next)](database);
  }
  database.exec("UPDATE state SET layout = " + std::to_string(k_spool_layout));
  database.exec("PRAGMA application_id = " + std::to_string(k_spool_application));
  database.exec("PRAGMA user_version = " + std::to_string(k_spool_layout));
}

bool has_spool_tables(SQLite::Database& database) {
  SQLite::Database model(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  migrate_spool(model);
  const auto wanted = tables_of(model);
  const auto there = tables_of(database);  // somebody's statistics may be among them
  return std::ranges::includes(there, wanted);
}

}  // namespace haingest::influx
