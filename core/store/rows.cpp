// SPDX-License-Identifier: MIT
#include "core/store/rows.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/store/schema.hpp"

namespace haingest::store {
namespace {

using model::Kind;

void read_table(SQLite::Database& database, Order order, model::Table& table) {
  const std::string key{model::columns_of(table.kind())[model::k_key_column].name};
  SQLite::Statement query(database, "SELECT " + column_list(table.kind()) + " FROM " +
                                        std::string{model::plural_of(table.kind())} + " ORDER BY " +
                                        (order == Order::by_key ? key : "rowid"));
  const int width = static_cast<int>(table.width());
  while (query.executeStep()) {
    const model::MutableRow row = table.append();
    for (int i = 0; i < width; ++i) {
      const SQLite::Column cell = query.getColumn(i);
      if (cell.isNull()) continue;
      const char* text = cell.getText();
      row[static_cast<std::size_t>(i)] =
          table.keep({text, static_cast<std::size_t>(cell.getBytes())});
    }
  }
}

void read_aliases(SQLite::Database& database, std::vector<model::Alias>& aliases) {
  SQLite::Statement query(database,
                          "SELECT old_id, new_id, is_primary, inferred FROM device_aliases "
                          "ORDER BY old_id, rowid");
  while (query.executeStep()) {
    const std::string old_id = query.getColumn(0).getString();
    if (aliases.empty() || aliases.back().old_id != old_id) {
      aliases.push_back({old_id, {}, "", query.getColumn(3).getInt() != 0});
    }
    const std::string new_id = query.getColumn(1).getString();
    aliases.back().new_ids.push_back(new_id);
    if (query.getColumn(2).getInt() != 0) aliases.back().primary_id = new_id;
  }
}

std::optional<base::Timestamp> maybe_moment_of(const SQLite::Column& cell) {
  return base::parse_timestamp(cell.getString());
}

base::Timestamp moment_of(const SQLite::Column& cell) {
  return maybe_moment_of(cell).value_or(base::Timestamp{});
}

}  // namespace

model::Stored read_stored(SQLite::Database& database, Order order) {
  model::Stored stored;
  for (const Kind kind : model::k_kinds) read_table(database, order, stored.of(kind));
  read_aliases(database, stored.aliases);
  SQLite::Statement confirmed(database,
                              "SELECT ha_when FROM sync_runs WHERE outcome = 'complete' AND "
                              "ha_version != '' ORDER BY run DESC LIMIT 1");
  if (confirmed.executeStep()) stored.confirmed_at = maybe_moment_of(confirmed.getColumn(0));
  SQLite::Statement imported(
      database, "SELECT 1 FROM sync_runs WHERE command = 'migrate-from-influx' LIMIT 1");
  stored.has_import = imported.executeStep();
  return stored;
}

std::optional<model::Run> read_last_run(SQLite::Database& database, Runs runs) {
  const std::string which = runs == Runs::snapshots ? " WHERE ha_version != ''" : "";
  SQLite::Statement query(
      database,
      "SELECT run, command, source, ha_version, started_at, finished_at, duration_ms, times, "
      "outcome, detail, added, updated, renamed, removed, restored, superseded, devices, entities, "
      "areas, floors, labels, config_entries, ha_when FROM sync_runs" +
          which + " ORDER BY run DESC LIMIT 1");
  if (!query.executeStep()) return std::nullopt;
  model::Run run;
  run.id = query.getColumn(0).getInt64();
  run.command = query.getColumn(1).getString();
  run.source = query.getColumn(2).getString();
  run.ha_version = query.getColumn(3).getString();
  run.started_at = moment_of(query.getColumn(4));
  run.finished_at = moment_of(query.getColumn(5));
  run.duration_ms = query.getColumn(6).getInt64();
  run.times = query.getColumn(7).getInt64();
  run.outcome = query.getColumn(8).getString();
  run.detail = query.getColumn(9).getString();
  constexpr int first_count = 10;
  const int actions = static_cast<int>(run.counts.size());
  for (int i = 0; i < actions; ++i) {
    run.counts[static_cast<std::size_t>(i)] = query.getColumn(first_count + i).getInt64();
  }
  const int kinds = static_cast<int>(run.totals.size());
  for (int i = 0; i < kinds; ++i) {
    run.totals[static_cast<std::size_t>(i)] = query.getColumn(first_count + actions + i).getInt64();
  }
  run.ha_when = maybe_moment_of(query.getColumn(first_count + actions + kinds));
  return run;
}

}  // namespace haingest::store
