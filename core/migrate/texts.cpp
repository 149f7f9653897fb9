// SPDX-License-Identifier: MIT
#include "core/migrate/texts.hpp"

#include "core/influx/batch.hpp"
#include "core/influx/line.hpp"

namespace haingest::migrate {
namespace {

// A quoted text with its escapes undone.
std::string text_in(std::string_view quoted) {
  std::string text;
  for (std::size_t at = 1; at + 1 < quoted.size(); ++at) {
    const bool escape = quoted[at] == '\\' && at + 2 < quoted.size() &&
                        (quoted[at + 1] == '"' || quoted[at + 1] == '\\');
    text += quoted[escape ? ++at : at];
  }
  return text;
}

void append_line(NumberLines& out, std::string_view series, std::string_view fields,
                 std::string_view time) {
  out.lines.append(series).append(" ").append(fields).append(" ").append(time).append("\n");
  ++out.count;
}

void append_label(NumberLines& out, const influx::Line& line, const influx::Line::Field& field) {
  const std::string text = text_in(field.value);
  if (text.empty()) {
    ++out.dropped;
    return;
  }
  std::string label{field.key};
  while (!influx::tag_of(line.series, label).empty()) label += '_';
  std::string series{line.series};
  std::string tag;
  influx::append_tag(tag, "t", text);  // ",t=text"; the key is escaped already
  series.append(",").append(label).append(tag.substr(2));
  append_line(out, series, std::string(field.key) + "=1", line.time);
}

}  // namespace

NumberLines number_lines(std::string_view lines, Texts texts) {
  NumberLines out;
  influx::Line line;
  while (!lines.empty()) {
    if (!influx::split_line(influx::next_line(lines), line)) continue;
    std::string numbers;
    for (const influx::Line::Field& field : line.fields) {
      if (!field.value.starts_with('"')) {
        numbers += numbers.empty() ? "" : ",";
        numbers.append(field.key).append("=").append(field.value);
      } else if (texts == Texts::label) {
        append_label(out, line, field);
      } else {
        ++out.dropped;
      }
    }
    if (!numbers.empty()) append_line(out, line.series, numbers, line.time);
  }
  return out;
}

}  // namespace haingest::migrate
