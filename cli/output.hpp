// SPDX-License-Identifier: MIT
// Rows in the formats that every command offers.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "cli/settings.hpp"
#include "cli/terminal.hpp"

namespace haingest::cli {

enum class Format { table, json, ndjson, csv };

// What --output says; auto is a table on a terminal and JSON otherwise.
[[nodiscard]] Format format_of(const Settings& settings, const Terminal& terminal);

// One value, in both forms it may be shown in.
struct Cell {
  std::string text;  // for people and CSV; empty for null
  std::string json;  // as JSON
};
[[nodiscard]] Cell text_cell(std::string_view text);
[[nodiscard]] Cell json_cell(std::string json);  // the text is the JSON

struct Rows {
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> cells;
};

// The columns named, in that order. Throws Failure `usage` for one that is not there.
[[nodiscard]] Rows only(const Rows& rows, const std::vector<std::string>& columns);

// A table has a header in capitals, columns no wider than what fits a terminal. JSON is an array of
// objects, ndjson an object a line, CSV as in RFC 4180.
void write_rows(std::ostream& out, const Rows& rows, Format format, std::size_t width);

// "KEY  value" lines for people.
using Facts = std::vector<std::pair<std::string, std::string>>;
void write_facts(std::ostream& out, const Facts& facts);

}  // namespace haingest::cli
