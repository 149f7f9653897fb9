// SPDX-License-Identifier: MIT
#include "cli/output.hpp"

#include <algorithm>
#include <ostream>

#include "core/base/text.hpp"

namespace haingest::cli {
namespace {

constexpr std::size_t k_gap = 2;
constexpr std::size_t k_narrowest = 6;

std::string upper(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

// Ids are there to be copied: half of one is worth nothing.
bool is_id(std::string_view column) { return column == "id" || column.ends_with("_id"); }

// The widths that show everything, the widest taken from until all of them fit; those of ids stay.
std::vector<std::size_t> widths_of(const Rows& rows, std::size_t terminal_width) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    std::size_t width = width_of(rows.columns[i]);
    for (const auto& row : rows.cells) width = std::max(width, width_of(on_one_line(row[i].text)));
    widths.push_back(width);
  }
  const auto total = [&] {
    std::size_t sum = widths.empty() ? 0 : (widths.size() - 1) * k_gap;
    for (const std::size_t width : widths) sum += width;
    return sum;
  };
  while (terminal_width > 0 && total() > terminal_width) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const bool wider = widest == nullptr || widths[i] > *widest;
      if (wider && !is_id(rows.columns[i])) widest = &widths[i];
    }
    if (widest == nullptr || *widest <= k_narrowest) break;
    --*widest;
  }
  return widths;
}

void write_line(std::ostream& out, const std::vector<std::string>& texts,
                const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string text = fitted(texts[i], widths[i]);
    line += text;
    if (i + 1 < texts.size())
      line.append(widths[i] - std::min(widths[i], width_of(text)) + k_gap, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

void write_table(std::ostream& out, const Rows& rows, std::size_t terminal_width) {
  const std::vector<std::size_t> widths = widths_of(rows, terminal_width);
  std::vector<std::string> line;
  for (const std::string& column : rows.columns) line.push_back(upper(column));
  write_line(out, line, widths);
  for (const auto& row : rows.cells) {
    line.clear();
    for (const Cell& cell : row) line.push_back(on_one_line(cell.text));
    write_line(out, line, widths);
  }
}

std::string object_of(const Rows& rows, const std::vector<Cell>& row) {
  std::string object = "{";
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    if (i > 0) object += ',';
    base::append_json_string(object, rows.columns[i]);
    object += ':';
    object += row[i].json;
  }
  return object + "}";
}

void write_json(std::ostream& out, const Rows& rows) {
  out << '[';
  for (const auto& row : rows.cells) {
    out << (&row == rows.cells.data() ? "" : ",\n") << object_of(rows, row);
  }
  out << "]\n";
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

void write_csv(std::ostream& out, const Rows& rows) {
  std::string line;
  for (const std::string& column : rows.columns)
    line += (line.empty() ? "" : ",") + csv_field(column);
  out << line << "\r\n";
  for (const auto& row : rows.cells) {
    line.clear();
    for (const Cell& cell : row) line += (&cell == row.data() ? "" : ",") + csv_field(cell.text);
    out << line << "\r\n";
  }
}

}  // namespace

Format format_of(const Settings& settings, const Terminal& terminal) {
  const std::string word = settings.one_of(Key::output, {"auto", "table", "json", "ndjson", "csv"});
  if (word == "auto") return terminal.out ? Format::table : Format::json;
  if (word == "table") return Format::table;
  if (word == "ndjson") return Format::ndjson;
  return word == "csv" ? Format::csv : Format::json;
}

Cell text_cell(std::string_view text) {
  Cell cell{std::string(text), ""};
  base::append_json_string(cell.json, text);
  return cell;
}

Cell json_cell(std::string json) {
  Cell cell{json, std::move(json)};
  if (cell.text == "null") cell.text.clear();
  return cell;
}

Rows only(const Rows& rows, const std::vector<std::string>& columns) {
  std::vector<std::size_t> places;
  for (const std::string& column : columns) {
    const auto at = std::ranges::find(rows.columns, column);
    if (at == rows.columns.end()) {
      const std::string meant = base::closest_to(column, rows.columns);
      throw base::Failure(base::ErrorKind::usage,
                          "there is no column '" + column + "' here" +
                              (meant.empty() ? "" : "; did you mean " + meant + "?"));
    }
    places.push_back(static_cast<std::size_t>(at - rows.columns.begin()));
  }
  Rows chosen{columns, {}};
  for (const auto& row : rows.cells) {
    std::vector<Cell>& cells = chosen.cells.emplace_back();
    for (const std::size_t place : places) cells.push_back(row[place]);
  }
  return chosen;
}

void write_rows(std::ostream& out, const Rows& rows, Format format, std::size_t width) {
  switch (format) {
    case Format::table:
      return write_table(out, rows, width);
    case Format::json:
      return write_json(out, rows);
    case Format::ndjson:
      for (const auto& row : rows.cells) out << object_of(rows, row) << '\n';
      return;
    case Format::csv:
      return write_csv(out, rows);
  }
}

void write_facts(std::ostream& out, const Facts& facts) {
  std::size_t width = 0;
  for (const auto& [name, value] : facts) width = std::max(width, width_of(name));
  for (const auto& [name, value] : facts) {
    out << name << std::string(width - width_of(name) + k_gap, ' ') << on_one_line(value) << '\n';
  }
}

}  // namespace haingest::cli
