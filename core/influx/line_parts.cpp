// SPDX-License-Identifier: MIT
// Our own lines taken apart again.
#include <algorithm>

#include "core/influx/line.hpp"

namespace haingest::influx {
namespace {

// Whether what is at `at` takes its meaning from the next character; any other backslash stands for
// itself.
bool is_escape(std::string_view name, std::size_t at) {
  return name[at] == '\\' && at + 1 < name.size() &&
         (name[at + 1] == ',' || name[at + 1] == '=' || name[at + 1] == ' ');
}

// The end of a name that begins at `at`: the first of `ends` that is not escaped.
std::size_t end_of_name(std::string_view line, std::size_t at, std::string_view ends) {
  while (at < line.size() && ends.find(line[at]) == std::string_view::npos) {
    at += is_escape(line, at) ? 2 : 1;
  }
  return at;
}

// The end of a field's value that begins at `at`.
std::size_t end_of_value(std::string_view line, std::size_t at) {
  if (at < line.size() && line[at] == '"') {
    ++at;
    while (at < line.size() && line[at] != '"') at += line[at] == '\\' ? 2 : 1;
    return at < line.size() ? at + 1 : std::string_view::npos;
  }
  while (at < line.size() && line[at] != ',' && line[at] != ' ') ++at;
  return at;
}

std::string without_escapes(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (is_escape(name, i)) ++i;
    out += name[i];
  }
  return out;
}

// The line of those of its fields for which `write` appends "key=value".
template <class Write>
std::string with_fields(std::string_view text, Write write) {
  Line line;
  if (!split_line(text, line)) return {};
  std::string out{line.series};
  bool any = false;
  for (const Line::Field& field : line.fields) {
    const std::size_t before = out.size();
    out += any ? ',' : ' ';
    const std::size_t begin = out.size();
    write(out, field);
    if (out.size() == begin) {
      out.resize(before);
    } else {
      any = true;
    }
  }
  if (!any) return {};
  out += ' ';
  out += line.time;
  out += '\n';
  return out;
}

// What boards show states as: the pairs that Home Assistant's own integration turns into numbers,
// of which `unknown` is none here.
std::string_view as_number(std::string_view quoted) {
  for (const std::string_view one : {"\"on\"", "\"open\"", "\"home\"", "\"locked\"", "\"true\"",
                                     "\"True\"", "\"above_horizon\""}) {
    if (quoted == one) return "1";
  }
  for (const std::string_view zero : {"\"off\"", "\"closed\"", "\"not_home\"", "\"unlocked\"",
                                      "\"false\"", "\"False\"", "\"below_horizon\""}) {
    if (quoted == zero) return "0";
  }
  return {};
}

}  // namespace

bool split_line(std::string_view line, Line& parts) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  parts.fields.clear();
  std::size_t at = end_of_name(line, 0, " ");
  if (at == 0 || at >= line.size()) return false;
  parts.series = line.substr(0, at);
  do {
    const std::size_t key = at + 1;
    const std::size_t value = end_of_name(line, key, "=, ");
    if (value == key || value >= line.size() || line[value] != '=') return false;
    at = end_of_value(line, value + 1);
    if (at == std::string_view::npos || at == value + 1 || at >= line.size()) return false;
    parts.fields.push_back({line.substr(key, value - key), line.substr(value + 1, at - value - 1)});
  } while (line[at] == ',');
  if (line[at] != ' ') return false;
  parts.time = line.substr(at + 1);
  const std::string_view digits = parts.time.substr(parts.time.starts_with('-') ? 1 : 0);
  return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string tag_of(std::string_view series, std::string_view key) {
  std::size_t at = end_of_name(series, 0, ",");
  while (at < series.size()) {
    const std::size_t value = end_of_name(series, at + 1, "=");
    const std::size_t end = end_of_name(series, value, ",");
    if (value < end && without_escapes(series.substr(at + 1, value - at - 1)) == key) {
      return without_escapes(series.substr(value + 1, end - value - 1));
    }
    at = end;
  }
  return {};
}

std::string without_field(std::string_view line, std::string_view field) {
  return with_fields(line, [field](std::string& out, const Line::Field& one) {
    if (one.key == field || without_escapes(one.key) == field) return;
    out += one.key;
    out += '=';
    out += one.value;
  });
}

std::string numbers_only(std::string_view line) {
  return with_fields(line, [](std::string& out, const Line::Field& one) {
    const bool text = one.value.starts_with('"');
    const std::string_view value = text ? as_number(one.value) : one.value;
    if (value.empty()) return;
    out += one.key;
    out += '=';
    out += value;
  });
}

}  // namespace haingest::influx
