// SPDX-License-Identifier: MIT
// Looks into a database with SQLite itself, past everything that haingest knows about it.
#pragma once

#include <string>

namespace haingest::test {

// Rows as lines, columns separated by |, NULL as nothing; like the sqlite3 shell. Throws what
// SQLite says.
[[nodiscard]] std::string query(const std::string& path, const std::string& sql);
// Statements without a result; makes the file when it is missing.
void execute(const std::string& path, const std::string& sql);

}  // namespace haingest::test
