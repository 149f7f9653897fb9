// SPDX-License-Identifier: MIT
// Transaction over one open connection; lives as long as the SQL transaction it speaks for.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <optional>
#include <string>

#include "core/store/database.hpp"

namespace haingest::store {

class SqlTransaction : public Transaction {
 public:
  explicit SqlTransaction(SQLite::Database& database) : database_(database) {}

  model::Stored read_all() override;
  RemovedIds read_removed_ids() override;
  void insert(model::Kind kind, model::Row row) override;
  void erase(model::Kind kind, std::string_view key) override;
  void put_alias(const model::Alias& alias, base::Timestamp first_seen) override;
  void bury(model::Kind kind, model::Row row, base::Timestamp at, std::string_view why,
            std::string_view successor) override;
  void unbury(model::Kind kind, std::string_view id) override;
  std::int64_t put_run(const model::Run& run) override;
  void put_change(std::int64_t run, base::Timestamp at, model::Change& change) override;
  bool prune(base::Timestamp before) override;

 private:
  using PerKind = std::array<std::optional<SQLite::Statement>, model::k_kind_count>;

  SQLite::Statement& prepared(std::optional<SQLite::Statement>& slot, const std::string& sql);

  SQLite::Database& database_;
  PerKind inserts_;
  PerKind erases_;
  std::optional<SQLite::Statement> change_;
  // Text stays where it is until the statement has run, so that SQLite need not copy it.
  std::array<std::string, 32> bound_;
};

}  // namespace haingest::store
