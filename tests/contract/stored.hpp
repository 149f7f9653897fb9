// SPDX-License-Identifier: MIT
// Holds what a store holds against what Home Assistant says, field by field, by the rules of the
// documentation and nothing of haingest's code.
#pragma once

#include <string>
#include <vector>

#include "tests/contract/ha_client.hpp"

namespace haingest::test {

// One line for every difference between the tables of the database and what the Home Assistant at
// the other end says now; empty: none. What comes and goes by itself between two looks (entities of
// no registry) is not counted.
[[nodiscard]] std::vector<std::string> differences(HaClient& client, const std::string& database);

// A table's rows with every column: text, number, or what a column of JSON holds.
[[nodiscard]] std::vector<Json> rows_of(const std::string& database, const std::string& table);

}  // namespace haingest::test
