// SPDX-License-Identifier: MIT
#include "tests/fakes/influx_store.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <utility>

namespace haingest::fakes {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t k_day = 86'400'000'000'000;

// The next of `ends` outside of escapes, and outside of quotes where asked.
std::size_t find_end(std::string_view text, std::size_t at, std::string_view ends, bool quotes) {
  bool inside = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (quotes && text[at] == '"') {
      inside = !inside;
    } else if (!inside && ends.find(text[at]) != std::string_view::npos) {
      return at;
    }
  }
  return text.size();
}

// Where the line ends that begins there. A text may hold '\n', and to all but VictoriaMetrics 1.79
// it then is no end.
std::size_t line_end(std::string_view body, std::size_t at, InfluxKind kind) {
  if (kind == InfluxKind::victoria_metrics || body[at] == '#') {
    return std::min(body.find('\n', at), body.size());
  }
  return find_end(body, find_end(body, at, " \n", false), "\n", true);
}

// InfluxDB 3 takes a '=' in a tag's value.
std::string wrong_tags(std::string_view series, InfluxKind kind) {
  std::size_t at = find_end(series, 0, ",", false) + 1;
  while (at < series.size()) {
    const std::size_t end = find_end(series, at, ",", false);
    const std::size_t equals = find_end(series, at, "=", false);
    if (equals == at) return "missing tag key";
    if (equals + 1 >= end) return "missing tag value";
    if (kind != InfluxKind::influxdb3 && find_end(series, equals + 1, "=", false) < end) {
      return "invalid tag format";
    }
    at = end + 1;
  }
  return "";
}

// As InfluxDB 3 cites a line that it could read: texts without quotes, true and false in full.
std::string cited(const StoreLine& line) {
  std::string text = line.series;
  char before = ' ';
  for (const auto& [field, value] : line.fields) {
    const std::string type = type_of(value);
    text += before + field + "=";
    if (type == "string") {
      text += value.substr(1, value.size() - 2);
    } else if (type == "boolean") {
      text += value[0] == 't' || value[0] == 'T' ? "true" : "false";
    } else {
      text += value;
    }
    before = ',';
  }
  return text + " " + line.time;
}

// Weeks begin on Monday; 1970-01-01 was a Thursday.
std::int64_t week_of(const std::string& time) {
  const std::int64_t day = std::stoll(time) / k_day + 3;
  return day / 7;
}

InfluxAnswer json_answer(int status, const Json& body) {
  return {status, body.dump(), {{"Content-Type", "application/json"}}};
}

InfluxAnswer influxdb1_error(int status, const std::string& words) {
  InfluxAnswer answer = json_answer(status, {{"error", words}});
  answer.headers.emplace_back("X-Influxdb-Error", words.substr(0, 1024));
  return answer;
}

InfluxAnswer influxdb2_error(int status, const std::string& code, const std::string& words) {
  return {status,
          Json{{"code", code}, {"message", words}}.dump(),
          {{"Content-Type", "application/json; charset=utf-8"}, {"X-Platform-Error-Code", code}}};
}

bool is_number(const std::string& value) {
  return !value.empty() && (std::isdigit(static_cast<unsigned char>(value[0])) != 0 ||
                            value[0] == '-' || value[0] == '.');
}

}  // namespace

InfluxAnswer not_let_in(InfluxKind kind) {
  if (kind == InfluxKind::influxdb3) {
    return json_answer(401, {{"error", "the request was not authenticated"}});
  }
  return influxdb2_error(401, "unauthorized", "unauthorized access");
}

std::string type_of(std::string_view value) {
  if (value.starts_with('"')) return "string";
  if (value.ends_with('i')) return "integer";
  const std::string text(value);
  if (is_number(text)) return "float";
  for (const char* word : {"t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE"}) {
    if (text == word) return "boolean";
  }
  return "";
}

std::string parse_line(std::string_view text, StoreLine& line, InfluxKind kind) {
  line = {std::string(text), {}, {}, {}, {}};
  const std::size_t series = find_end(text, 0, " ", false);
  if (std::string why = wrong_tags(text.substr(0, series), kind); !why.empty()) return why;
  line.series = text.substr(0, series);
  if (series == text.size()) return "missing fields";
  line.measurement = text.substr(0, std::min(series, find_end(text, 0, ",", false)));
  std::size_t at = series + 1;
  const std::size_t end = find_end(text, at, " ", true);
  while (at < end) {
    const std::size_t equals = find_end(text, at, "=", false);
    if (equals >= end) return "missing field value";
    const std::size_t next = std::min(end, find_end(text, equals + 1, ",", true));
    const std::string value(text.substr(equals + 1, next - equals - 1));
    if (value.empty()) return "missing field value";
    if (type_of(value).empty()) return "invalid boolean";
    line.fields.emplace_back(text.substr(at, equals - at), value);
    at = next + 1;
  }
  if (line.fields.empty()) return "missing fields";
  if (end + 1 >= text.size()) return "bad timestamp";
  line.time = text.substr(end + 1);
  const bool digits = line.time.find_first_not_of("-0123456789") == std::string::npos;
  return digits ? "" : "bad timestamp";
}

void InfluxStore::keep(const StoreLine& line) {
  for (const auto& [field, value] : line.fields) {
    rows[line.series + " " + line.time][field] = value;
    types_.try_emplace(line.measurement + " " + field + " " + std::to_string(week_of(line.time)),
                       type_of(value));
  }
}

std::string InfluxStore::conflict_of(const StoreLine& line) {
  for (const auto& [field, value] : line.fields) {
    // A table of InfluxDB 3 has one type for ever.
    const std::string week =
        kind_ == InfluxKind::influxdb3 ? "0" : std::to_string(week_of(line.time));
    const auto [known, fresh] =
        types_.try_emplace(line.measurement + " " + field + " " + week, type_of(value));
    if (known->second == type_of(value)) continue;
    if (kind_ == InfluxKind::influxdb3) {
      return "invalid column type for column '" + field +
             "', expected iox::column_type::field::" + known->second +
             ", got iox::column_type::field::" + type_of(value);
    }
    return "input field \"" + field + "\" on measurement \"" + line.measurement + "\" is type " +
           type_of(value) + ", already exists as type " + known->second;
  }
  return "";
}

InfluxAnswer InfluxStore::write(const std::string& body) {
  std::vector<StoreLine> lines;
  std::vector<std::size_t> numbers;
  std::vector<Refused> unparsed;
  std::size_t number = 0;
  for (std::size_t at = 0, end = 0; at < body.size(); at = end + 1) {
    end = line_end(body, at, kind_);
    const std::string text = body.substr(at, end - at);
    if (text.empty() || text[0] == '#') continue;
    ++number;
    StoreLine line;
    std::string why = parse_line(text, line, kind_);
    if (kind_ == InfluxKind::influxdb3 && !line.series.empty() && line.fields.empty()) {
      why = "No fields were provided";
    }
    if (why.empty()) {
      lines.push_back(std::move(line));
      numbers.push_back(number);
    } else {
      unparsed.push_back({number, text, why});
    }
  }
  switch (kind_) {
    case InfluxKind::influxdb1:
      return write_influxdb1(lines, unparsed);
    case InfluxKind::influxdb2:
      return write_influxdb2(lines, unparsed);
    case InfluxKind::influxdb3:
      return write_influxdb3(lines, unparsed, numbers);
    case InfluxKind::victoria_metrics:
      return write_victoria_metrics(lines);
  }
  return {};
}

InfluxStore::Partial InfluxStore::write_partially(const std::vector<StoreLine>& lines) {
  Partial partial;
  for (const StoreLine& line : lines) {
    if (std::stoll(line.time) < expired_before) {
      ++partial.expired;
      continue;
    }
    const std::string conflict = conflict_of(line);
    if (conflict.empty()) {
      keep(line);
      continue;
    }
    if (partial.conflict.empty()) partial.conflict = conflict;
    ++partial.dropped;
  }
  return partial;
}

InfluxAnswer InfluxStore::write_influxdb1(const std::vector<StoreLine>& lines,
                                          const std::vector<Refused>& unparsed) {
  // Both types new in one request: nothing is stored, and the same again finds the first one known.
  std::map<std::string, std::string> fresh;
  for (const StoreLine& line : lines) {
    for (const auto& [field, value] : line.fields) {
      const std::string key =
          line.measurement + " " + field + " " + std::to_string(week_of(line.time));
      if (types_.contains(key)) continue;
      const auto [known, is_new] = fresh.try_emplace(key, type_of(value));
      if (known->second == type_of(value)) continue;
      types_.insert(fresh.begin(), fresh.end());
      return influxdb1_error(400, "field type conflict");
    }
  }
  const Partial partial = write_partially(lines);
  if (!unparsed.empty()) {
    const std::string words =
        "unable to parse '" + unparsed.front().text + "': " + unparsed.front().why;
    return influxdb1_error(400, lines.empty() ? words : "partial write: " + words + " dropped=0");
  }
  if (!partial.conflict.empty()) {
    return influxdb1_error(400, "partial write: field type conflict: " + partial.conflict +
                                    " dropped=" + std::to_string(partial.dropped));
  }
  if (partial.expired > 0) {
    return influxdb1_error(400, "partial write: points beyond retention policy dropped=" +
                                    std::to_string(partial.expired));
  }
  return {};
}

InfluxAnswer InfluxStore::write_influxdb2(const std::vector<StoreLine>& lines,
                                          const std::vector<Refused>& unparsed) {
  if (!unparsed.empty()) {
    std::string words;
    for (const Refused& one : unparsed) {
      words += (words.empty() ? "unable to parse '" : "\nunable to parse '") + one.text +
               "': " + one.why;
    }
    return influxdb2_error(400, "invalid", words);
  }
  const Partial partial = write_partially(lines);
  const std::string before = "failure writing points to database: partial write: ";
  if (!partial.conflict.empty()) {
    return influxdb2_error(422, "unprocessable entity",
                           before + "field type conflict: " + partial.conflict +
                               " dropped=" + std::to_string(partial.dropped));
  }
  if (partial.expired > 0) {
    return influxdb2_error(422, "unprocessable entity",
                           before + "dropped " + std::to_string(partial.expired) +
                               " points outside retention policy of duration 168h0m0s");
  }
  return {};
}

InfluxAnswer InfluxStore::write_influxdb3(const std::vector<StoreLine>& lines,
                                          std::vector<Refused> refused,
                                          const std::vector<std::size_t>& numbers) {
  if (lines.empty() && refused.empty()) {
    return json_answer(400, {{"error", "incoming write was empty"}, {"data", nullptr}});
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string conflict = conflict_of(lines[i]);
    if (conflict.empty()) {
      keep(lines[i]);
    } else {
      refused.push_back({numbers[i], cited(lines[i]), conflict});
    }
  }
  if (refused.empty()) return {};
  std::ranges::sort(refused, {}, &Refused::number);
  Json data = Json::array();
  for (const Refused& one : refused) {
    data.push_back(
        {{"original_line", one.text}, {"line_number", one.number}, {"error_message", one.why}});
  }
  return json_answer(400, {{"error", "partial write of line protocol occurred"}, {"data", data}});
}

// Every other text than a number is 0; what it has had it has.
InfluxAnswer InfluxStore::write_victoria_metrics(const std::vector<StoreLine>& lines) {
  for (const StoreLine& line : lines) {
    for (const auto& [field, value] : line.fields) {
      const std::string stored = type_of(value) == "string" ? "0" : value;
      samples.push_back(line.series + " " + field + " " + line.time + " " + stored);
    }
  }
  return {};
}

}  // namespace haingest::fakes
