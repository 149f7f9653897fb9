// SPDX-License-Identifier: MIT
// The layout of metadata.db and its numbered migrations. `user_version` is the layout's number; 0
// is an empty file or one that ha-ingestor made.
#pragma once

#include <string>
#include <vector>

#include "core/model/kind.hpp"

namespace SQLite {
class Database;
}

namespace haingest::store {

inline constexpr int k_schema_version = 2;

// Brings an open file up to k_schema_version inside the caller's transaction; each step leaves a
// row in `migrations`. Throws Failure with `guard` for a newer file and for one with tables of
// somebody else.
void migrate(SQLite::Database& database, const std::string& path);

// Whether the file holds tables of ha-ingestor that migrate() would adopt.
[[nodiscard]] bool needs_adoption(SQLite::Database& database);

// "device_id, name, …" of a kind, for SELECT and INSERT.
[[nodiscard]] std::string column_list(model::Kind kind);

}  // namespace haingest::store
