// SPDX-License-Identifier: MIT
#include "core/influx/refusal.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "core/influx/line.hpp"

namespace haingest::influx {
namespace {

std::vector<std::string_view> lines_of(const Portion& portion) {
  std::vector<std::string_view> lines;
  lines.reserve(portion.count);
  std::string_view rest = portion.lines;
  while (!rest.empty()) lines.push_back(next_line(rest));
  return lines;
}

std::pair<Portion, Portion> cut_in_half(const std::vector<std::string_view>& lines) {
  std::pair<Portion, Portion> halves;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    (i < lines.size() / 2 ? halves.first : halves.second).add(lines[i]);
  }
  return halves;
}

std::int64_t time_of(std::string_view line) {
  const std::string_view time = line.substr(line.rfind(' ') + 1);
  std::int64_t nanoseconds = 0;
  std::from_chars(time.data(), time.data() + time.size(), nanoseconds);
  return nanoseconds;
}

// Whether a name as it stands in a line is this one.
bool is_called(std::string_view escaped, std::string_view name) {
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    const bool escape = escaped[i] == '\\' && i + 1 < escaped.size() &&
                        (escaped[i + 1] == ',' || escaped[i + 1] == ' ' || escaped[i + 1] == '=');
    if (escape) ++i;
    if (name.empty() || name.front() != escaped[i]) return false;
    name.remove_prefix(1);
  }
  return name.empty();
}

std::string_view measurement_of(std::string_view series) {
  std::size_t end = 0;
  while (end < series.size() && series[end] != ',') {
    end += series.substr(end).starts_with("\\,") ? 2 : 1;
  }
  return series.substr(0, end);
}

std::string_view type_of(std::string_view value) {
  if (value.starts_with('"')) return "string";
  if (value.ends_with('i')) return "integer";
  if (value.ends_with('u')) return "unsigned";
  const char first = value.empty() ? ' ' : value.front();
  return first == 't' || first == 'T' || first == 'f' || first == 'F' ? "boolean" : "float";
}

bool conflicts(const Line& line, const Conflict& conflict) {
  if (!is_called(measurement_of(line.series), conflict.measurement)) return false;
  return std::any_of(line.fields.begin(), line.fields.end(), [&](const Line::Field& field) {
    return type_of(field.value) == conflict.type && is_called(field.key, conflict.field);
  });
}

std::string field_reason(const std::string& field, const std::string& reason) {
  return "field " + field + " left out, the rest of the point is stored: " + reason;
}

// A line without that field; the whole of it is dead when nothing would be left.
void take_out(std::string_view line, const std::string& field, const std::string& reason,
              Cured& cured) {
  const std::string rest = without_field(line, field);
  if (!rest.empty()) cured.rest.add(rest);
  cured.letters.push_back(letter_for(line, rest.empty() ? reason : field_reason(field, reason)));
}

}  // namespace

std::pair<Portion, Portion> halves_of(const Portion& portion) {
  return cut_in_half(lines_of(portion));
}

std::pair<Portion, Portion> halves_by_time(const Portion& portion) {
  std::vector<std::string_view> lines = lines_of(portion);
  // Of two with one series and time the last one counts: they stay in their order.
  std::stable_sort(lines.begin(), lines.end(),
                   [](std::string_view a, std::string_view b) { return time_of(a) < time_of(b); });
  return cut_in_half(lines);
}

DeadLetter letter_for(std::string_view line, std::string reason) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  DeadLetter letter;
  letter.line = line;
  letter.reason = std::move(reason);
  Line parts;
  if (!split_line(line, parts)) return letter;
  letter.entity_id = tag_of(parts.series, "entity_id");
  // The layout of Home Assistant's own integration has the two halves apart.
  const std::string domain = tag_of(parts.series, "domain");
  const bool whole = letter.entity_id.find('.') != std::string::npos;
  if (!whole && !letter.entity_id.empty() && !domain.empty()) {
    letter.entity_id = domain + "." + letter.entity_id;
  }
  return letter;
}

Cured without_conflict(const Portion& portion, const Conflict& conflict,
                       const std::string& reason) {
  Cured cured;
  Line parts;
  for (const std::string_view line : lines_of(portion)) {
    if (split_line(line, parts) && conflicts(parts, conflict)) {
      take_out(line, conflict.field, reason, cured);
    } else {
      cured.rest.add(line);
    }
  }
  return cured;
}

Cured without_refused(const Portion& portion, const std::vector<RefusedLine>& refused) {
  const std::vector<std::string_view> lines = lines_of(portion);
  Cured cured;
  for (const RefusedLine& one : refused) {
    if (one.number >= lines.size()) return {};
    const std::string_view line = lines[one.number];
    const bool has_field = !one.field.empty() && without_field(line, one.field) != line;
    if (has_field) {
      take_out(line, one.field, one.reason, cured);
    } else {
      cured.letters.push_back(letter_for(line, one.reason));
    }
  }
  return cured;
}

}  // namespace haingest::influx
