// SPDX-License-Identifier: MIT
// Rows of metadata.db into model values; shared by the writer and the reader.
#pragma once

#include <optional>
#include <string>

#include "core/model/change.hpp"
#include "core/model/world.hpp"

namespace SQLite {
class Database;
}

namespace haingest::store {

enum class Order {
  stored,  // as they lie in the file: the cheapest
  by_key,  // by primary key: the same after any update
};

// All six tables, the aliases and the moment of HA's last confirmation. The caller has a read
// transaction open, so that they belong together.
[[nodiscard]] model::Stored read_stored(SQLite::Database& database, Order order);

// The newest row of sync_runs, or the newest of those that brought a snapshot of Home Assistant.
enum class Runs { all, snapshots };
[[nodiscard]] std::optional<model::Run> read_last_run(SQLite::Database& database, Runs runs);

}  // namespace haingest::store
