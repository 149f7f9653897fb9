// SPDX-License-Identifier: MIT
#include "core/store/schema.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <array>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/model/kind.hpp"
#include "core/sqlite/connection.hpp"

namespace haingest::store {
namespace {

using model::Kind;
using model::Type;

// The types ha-ingestor's SQLAlchemy gave its columns, so that its reader finds them again.
std::string_view sql_type(Type type) {
  switch (type) {
    case Type::text:
      return "VARCHAR";
    case Type::json:
      return "TEXT";
    case Type::boolean:
      return "BOOLEAN";
    case Type::integer:
      return "INTEGER";
    case Type::time:
      return "DATETIME";
  }
  return "TEXT";
}

std::string create_table(Kind kind) {
  std::string sql = "CREATE TABLE " + std::string{model::plural_of(kind)} + " (";
  const auto columns = model::columns_of(kind);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) sql += ", ";
    sql += columns[i].name;
    sql += ' ';
    sql += sql_type(columns[i].type);
    if (i == model::k_key_column) sql += " NOT NULL PRIMARY KEY";
    if (i == model::name_column(kind) && kind == Kind::device) sql += " NOT NULL";
    if (i == model::identity_column(kind) && kind == Kind::entity) sql += " UNIQUE";
    if (kind == Kind::entity && i == model::entity::domain) sql += " NOT NULL";
  }
  return sql + ")";
}

constexpr std::array k_own_tables{
    "CREATE TABLE device_aliases (old_id VARCHAR NOT NULL, new_id VARCHAR NOT NULL, "
    "is_primary BOOLEAN NOT NULL, inferred BOOLEAN NOT NULL, first_seen DATETIME NOT NULL, "
    "PRIMARY KEY (old_id, new_id))",
    "CREATE TABLE removed (kind VARCHAR NOT NULL, id VARCHAR NOT NULL, name VARCHAR, "
    "record TEXT NOT NULL, removed_at DATETIME NOT NULL, why VARCHAR NOT NULL, successor VARCHAR, "
    "PRIMARY KEY (kind, id))",
    "CREATE TABLE changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, "
    "at DATETIME NOT NULL, kind VARCHAR NOT NULL, id VARCHAR NOT NULL, action VARCHAR NOT NULL, "
    "before TEXT, after TEXT)",
    "CREATE TABLE sync_runs (run INTEGER PRIMARY KEY AUTOINCREMENT, command VARCHAR NOT NULL, "
    "source VARCHAR NOT NULL, ha_version VARCHAR, started_at DATETIME NOT NULL, "
    "finished_at DATETIME NOT NULL, duration_ms INTEGER NOT NULL, times INTEGER NOT NULL, "
    "outcome VARCHAR NOT NULL, detail VARCHAR NOT NULL, added INTEGER NOT NULL, "
    "updated INTEGER NOT NULL, renamed INTEGER NOT NULL, removed INTEGER NOT NULL, "
    "restored INTEGER NOT NULL, superseded INTEGER NOT NULL, devices INTEGER NOT NULL, "
    "entities INTEGER NOT NULL, areas INTEGER NOT NULL, floors INTEGER NOT NULL, "
    "labels INTEGER NOT NULL, config_entries INTEGER NOT NULL)",
    "CREATE INDEX idx_entity_device ON entities (device_id)",
};

constexpr std::string_view k_old_prefix = "ha_ingestor_";

std::vector<std::string> columns_of_table(SQLite::Database& database, const std::string& table) {
  std::vector<std::string> names;
  SQLite::Statement query(database, "SELECT name FROM pragma_table_info(?)");
  query.bind(1, table);
  while (query.executeStep()) names.push_back(query.getColumn(0).getString());
  return names;
}

// Its indexes go with the old tables; SQLAlchemy's names would clash with ours otherwise.
void set_old_table_aside(SQLite::Database& database, const std::string& table) {
  SQLite::Statement indexes(
      database,
      "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL");
  indexes.bind(1, table);
  std::vector<std::string> names;
  while (indexes.executeStep()) names.push_back(indexes.getColumn(0).getString());
  for (const std::string& name : names) database.exec("DROP INDEX \"" + name + "\"");
  database.exec("ALTER TABLE \"" + table + "\" RENAME TO \"" + std::string{k_old_prefix} + table +
                "\"");
}

// Copies the columns that both layouts have. Rows without a key can't be addressed by anyone.
void adopt_rows(SQLite::Database& database, Kind kind) {
  const std::string table{model::plural_of(kind)};
  const std::string old_table = std::string{k_old_prefix} + table;
  const std::vector<std::string> old_columns = columns_of_table(database, old_table);
  std::string shared;
  for (const model::Column& column : model::columns_of(kind)) {
    if (std::ranges::find(old_columns, column.name) == old_columns.end()) continue;
    if (!shared.empty()) shared += ", ";
    shared += column.name;
  }
  const std::string key{model::columns_of(kind)[model::k_key_column].name};
  database.exec("INSERT OR IGNORE INTO " + table + " (" + shared + ", confirmed) SELECT " + shared +
                ", 0 FROM \"" + old_table + "\" WHERE " + key + " IS NOT NULL");
  database.exec("DROP TABLE \"" + old_table + "\"");
}

bool has_table(SQLite::Database& database, const std::string& table) {
  return database.tableExists(table);
}

// 1: everything but what the later ones add.
void create_tables(SQLite::Database& database, const std::string& path) {
  const bool adopt = needs_adoption(database);
  if (!adopt && database.execAndGet("SELECT count(*) FROM sqlite_master").getInt() > 0) {
    throw base::Failure(base::ErrorKind::guard,
                        path +
                            " is a SQLite database of another program; it was left as it is, "
                            "choose another file with --db");
  }
  if (adopt) {
    for (const char* table : {"entities", "devices"}) {
      if (has_table(database, table)) set_old_table_aside(database, table);
    }
  }
  for (const Kind kind : model::k_kinds) database.exec(create_table(kind));
  for (const char* sql : k_own_tables) database.exec(sql);
  if (!adopt) return;
  for (const Kind kind : {Kind::entity, Kind::device}) {
    if (has_table(database, std::string{k_old_prefix} + std::string{model::plural_of(kind)})) {
      adopt_rows(database, kind);
    }
  }
}

// A new file's tables of records have the columns of today from the first step on, so that a later
// step may find its column there.
void add_column(SQLite::Database& database, const std::string& table, const std::string& name,
                const std::string& type) {
  const auto columns = columns_of_table(database, table);
  if (std::ranges::find(columns, name) != columns.end()) return;
  database.exec("ALTER TABLE " + table + " ADD COLUMN " + name + " " + type);
}

// 2: when Home Assistant said what a run brought, and a record of the migrations themselves.
void tell_times_apart(SQLite::Database& database, const std::string& /*path*/) {
  add_column(database, "sync_runs", "ha_when", "DATETIME");
  database.exec(
      "CREATE TABLE migrations (version INTEGER PRIMARY KEY, at DATETIME NOT NULL, "
      "haingest VARCHAR NOT NULL)");
}

using Migration = void (*)(SQLite::Database& database, const std::string& path);
constexpr std::array<Migration, k_schema_version> k_migrations{create_tables, tell_times_apart};

void record(SQLite::Database& database, std::int64_t version) {
  SQLite::Statement insert(database,
                           "INSERT INTO migrations (version, at, haingest) VALUES (?, ?, ?)");
  insert.bind(1, version);
  insert.bind(2, base::to_sqlite_text(base::system_now()));
  insert.bind(3, HAINGEST_VERSION);
  insert.exec();
}

}  // namespace

bool needs_adoption(SQLite::Database& database) {
  if (sqlite::pragma_number(database, "user_version") != 0) return false;
  const auto columns = columns_of_table(database, "devices");
  return std::ranges::find(columns, "device_id") != columns.end();
}

std::string column_list(Kind kind) {
  std::string list;
  for (const model::Column& column : model::columns_of(kind)) {
    if (!list.empty()) list += ", ";
    list += column.name;
  }
  return list;
}

void migrate(SQLite::Database& database, const std::string& path) {
  const auto version = sqlite::pragma_number(database, "user_version");
  if (version > k_schema_version) {
    throw base::Failure(base::ErrorKind::guard,
                        path + " has layout " + std::to_string(version) +
                            ", made by a newer haingest; this one knows up to " +
                            std::to_string(k_schema_version) +
                            " and left it as it is, install the newer version");
  }
  if (version == k_schema_version) return;
  for (auto next = version; next < k_schema_version; ++next) {
    k_migrations[static_cast<std::size_t>(next)](database, path);
  }
  for (auto next = version; next < k_schema_version; ++next) record(database, next + 1);
  database.exec("PRAGMA user_version = " + std::to_string(k_schema_version));
}

}  // namespace haingest::store
