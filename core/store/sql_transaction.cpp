// SPDX-License-Identifier: MIT
#include "core/store/sql_transaction.hpp"
#include "core/base/json_object.hpp"

#include <stdexcept>

#include "core/store/rows.hpp"
#include "core/store/schema.hpp"

namespace haingest::store {
namespace {

using model::Kind;
using model::Type;

void bind_text_or_null(SQLite::Statement& statement, int index, std::string_view text) {
  if (text.empty()) {
    statement.bind(index);
  } else {
    statement.bind(index, std::string{text});
  }
}

bool unchanged(const model::Run& run) {
  for (const std::int64_t count : run.counts) {
    if (count != 0) return false;
  }
  return true;
}

std::string said_text(const model::Run& run) {
  return run.ha_when ? base::to_sqlite_text(*run.ha_when) : "";
}

bool same_kind_of_run(const model::Run& a, const model::Run& b) {
  return a.command == b.command && a.source == b.source && a.ha_version == b.ha_version &&
         a.outcome == b.outcome && a.detail == b.detail && a.totals == b.totals;
}

}  // namespace

SQLite::Statement& SqlTransaction::prepared(std::optional<SQLite::Statement>& slot,
                                            const std::string& sql) {
  if (!slot) {
    slot.emplace(database_, sql);
  } else {
    slot->reset();
  }
  return *slot;
}

model::Stored SqlTransaction::read_all() { return read_stored(database_, Order::stored); }

RemovedIds SqlTransaction::read_removed_ids() {
  RemovedIds ids;
  SQLite::Statement query(database_,
                          "SELECT kind, id, json_extract(record, '$.first_seen') FROM removed");
  while (query.executeStep()) {
    const std::string kind_name = query.getColumn(0).getString();
    for (const Kind kind : model::k_kinds) {
      if (model::name_of(kind) == kind_name) {
        ids.emplace(std::pair{kind, query.getColumn(1).getString()},
                    query.getColumn(2).getString());
      }
    }
  }
  return ids;
}

void SqlTransaction::insert(Kind kind, model::Row row) {
  const auto columns = model::columns_of(kind);
  auto& slot = inserts_[model::index_of(kind)];
  std::string sql;
  if (!slot) {
    sql = "INSERT INTO " + std::string{model::plural_of(kind)} + " (" + column_list(kind) +
          ") VALUES (?";
    for (std::size_t i = 1; i < columns.size(); ++i) sql += ", ?";
    sql += ")";
  }
  SQLite::Statement& statement = prepared(slot, sql);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const int index = static_cast<int>(i) + 1;
    if (!row[i].has_text()) {
      statement.bind(index);
    } else if (columns[i].type == Type::boolean) {
      statement.bind(index, row[i].text() == "1" ? 1 : 0);
    } else if (columns[i].type == Type::integer) {
      statement.bind(index, static_cast<std::int64_t>(std::stoll(std::string{row[i].text()})));
    } else {
      statement.bindNoCopy(index, bound_.at(i).assign(row[i].text()));
    }
  }
  statement.exec();
}

void SqlTransaction::erase(Kind kind, std::string_view key) {
  auto& slot = erases_[model::index_of(kind)];
  SQLite::Statement& statement =
      prepared(slot, "DELETE FROM " + std::string{model::plural_of(kind)} + " WHERE " +
                         std::string{model::columns_of(kind)[model::k_key_column].name} + " = ?");
  statement.bind(1, std::string{key});
  statement.exec();
}

void SqlTransaction::put_alias(const model::Alias& alias, base::Timestamp first_seen) {
  SQLite::Statement others(database_,
                           "DELETE FROM device_aliases WHERE old_id = ? AND new_id NOT IN (SELECT "
                           "value FROM json_each(?))");
  others.bind(1, alias.old_id);
  others.bind(2, base::json_list(alias.new_ids));
  others.exec();
  SQLite::Statement statement(
      database_,
      "INSERT INTO device_aliases (old_id, new_id, is_primary, inferred, first_seen) "
      "VALUES (?, ?, ?, ?, ?) ON CONFLICT (old_id, new_id) DO UPDATE SET "
      "is_primary = excluded.is_primary, inferred = excluded.inferred");
  for (const std::string& new_id : alias.new_ids) {
    statement.bind(1, alias.old_id);
    statement.bind(2, new_id);
    statement.bind(3, new_id == alias.primary_id ? 1 : 0);
    statement.bind(4, alias.inferred ? 1 : 0);
    statement.bind(5, base::to_sqlite_text(first_seen));
    statement.exec();
    statement.reset();
  }
}

void SqlTransaction::bury(Kind kind, model::Row row, base::Timestamp at, std::string_view why,
                          std::string_view successor) {
  SQLite::Statement statement(
      database_,
      "INSERT OR REPLACE INTO removed (kind, id, name, record, removed_at, why, successor) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)");
  statement.bind(1, std::string{model::name_of(kind)});
  statement.bind(2, std::string{model::identity_of(kind, row)});
  bind_text_or_null(statement, 3, row[model::name_column(kind)].text());
  statement.bind(4, model::to_json(kind, row));
  statement.bind(5, base::to_sqlite_text(at));
  statement.bind(6, std::string{why});
  bind_text_or_null(statement, 7, successor);
  statement.exec();
}

void SqlTransaction::unbury(Kind kind, std::string_view id) {
  SQLite::Statement statement(database_, "DELETE FROM removed WHERE kind = ? AND id = ?");
  statement.bind(1, std::string{model::name_of(kind)});
  statement.bind(2, std::string{id});
  statement.exec();
}

std::int64_t SqlTransaction::put_run(const model::Run& run) {
  const auto last = read_last_run(database_, Runs::all);
  if (last && unchanged(*last) && unchanged(run) && same_kind_of_run(*last, run)) {
    SQLite::Statement fold(database_,
                           "UPDATE sync_runs SET finished_at = ?, duration_ms = ?, ha_when = ?, "
                           "times = times + 1 WHERE run = ?");
    fold.bind(1, base::to_sqlite_text(run.finished_at));
    fold.bind(2, run.duration_ms);
    bind_text_or_null(fold, 3, said_text(run));
    fold.bind(4, last->id);
    fold.exec();
    return last->id;
  }
  SQLite::Statement statement(
      database_,
      "INSERT INTO sync_runs (command, source, ha_version, ha_when, started_at, finished_at, "
      "duration_ms, times, outcome, detail, added, updated, renamed, removed, restored, "
      "superseded, devices, entities, areas, floors, labels, config_entries) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  int index = 1;
  statement.bind(index++, run.command);
  statement.bind(index++, run.source);
  bind_text_or_null(statement, index++, run.ha_version);
  bind_text_or_null(statement, index++, said_text(run));
  statement.bind(index++, base::to_sqlite_text(run.started_at));
  statement.bind(index++, base::to_sqlite_text(run.finished_at));
  statement.bind(index++, run.duration_ms);
  statement.bind(index++, run.outcome);
  statement.bind(index++, run.detail);
  for (const std::int64_t count : run.counts) statement.bind(index++, count);
  for (const std::int64_t total : run.totals) statement.bind(index++, total);
  statement.exec();
  return database_.getLastInsertRowid();
}

void SqlTransaction::put_change(std::int64_t run, base::Timestamp at, model::Change& change) {
  SQLite::Statement& statement =
      prepared(change_,
               "INSERT INTO changes (run, at, kind, id, action, before, after) "
               "VALUES (?, ?, ?, ?, ?, ?, ?)");
  statement.bind(1, run);
  statement.bindNoCopy(2, bound_[2] = base::to_sqlite_text(at));
  statement.bindNoCopy(3, bound_[3] = model::name_of(change.kind));
  statement.bindNoCopy(4, change.id);
  statement.bindNoCopy(5, bound_[5] = model::name_of(change.action));
  const auto bind_json = [&statement](int index, const std::string& json) {
    if (json.empty()) {
      statement.bind(index);
    } else {
      statement.bindNoCopy(index, json);
    }
  };
  bind_json(6, change.before);
  bind_json(7, change.after);
  statement.exec();
  change.seq = database_.getLastInsertRowid();
}

bool SqlTransaction::prune(base::Timestamp before) {
  struct Pruned {
    const char* oldest;  // cheap: by primary key, so that most syncs need not look further
    const char* erase;
  };
  constexpr std::array<Pruned, 3> tables{{
      {"SELECT at FROM changes ORDER BY seq LIMIT 1", "DELETE FROM changes WHERE at < ?"},
      {"SELECT finished_at FROM sync_runs ORDER BY run LIMIT 1",
       "DELETE FROM sync_runs WHERE finished_at < ?"},
      {"SELECT min(removed_at) FROM removed", "DELETE FROM removed WHERE removed_at < ?"},
  }};
  const std::string limit = base::to_sqlite_text(before);
  int gone = 0;
  for (const Pruned& table : tables) {
    SQLite::Statement oldest(database_, table.oldest);
    if (!oldest.executeStep() || oldest.getColumn(0).getString() >= limit) continue;
    oldest.reset();
    SQLite::Statement erase(database_, table.erase);
    erase.bind(1, limit);
    gone += erase.exec();
  }
  return gone > 0;
}

}  // namespace haingest::store
