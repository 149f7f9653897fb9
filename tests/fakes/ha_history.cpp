// SPDX-License-Identifier: MIT
#include "tests/fakes/ha_history.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tests/fakes/ha_commands.hpp"
#include "tests/fakes/house_data.hpp"

namespace haingest::fakes {
namespace {

// Domains of which each attribute counts as a change, and those of which a minimal response has
// the attributes all the same.
constexpr std::array<std::string_view, 5> k_significant{"climate", "device_tracker", "humidifier",
                                                        "thermostat", "water_heater"};
constexpr std::array<std::string_view, 5> k_with_attributes{
    "climate", "humidifier", "input_datetime", "thermostat", "water_heater"};

struct Query {
  base::Timestamp start;
  std::optional<base::Timestamp> end;
  std::vector<std::string> entity_ids;
  bool start_state = true;
  bool significant_only = true;
  bool minimal = false;
  bool no_attributes = false;
};

double seconds_of(base::Timestamp moment) {
  return static_cast<double>(moment.time_since_epoch().count()) / 1e6;
}

// To the microsecond and from half to even, as Python reads float seconds.
std::int64_t micros_of(double seconds) {
  const double whole = std::floor(seconds);
  return static_cast<std::int64_t>(whole) * 1'000'000 + std::llrint((seconds - whole) * 1e6);
}

// The recorder keeps float seconds. Since 2024.4 or 5 Home Assistant takes them from the clock as
// they are, finer than a microsecond, and rounds for what it writes as text: one of the numbers
// that are rounded to this microsecond, up to two steps of a double (0.24 us) from its own.
double recorded(base::Timestamp moment, HaVersion version) {
  const double exact = seconds_of(moment);
  if (version < k_ha_fine_stamps) return exact;
  const std::int64_t micros = moment.time_since_epoch().count();
  const auto mixed = static_cast<std::uint64_t>(micros) * 0x9e3779b97f4a7c15U;
  const std::int64_t steps = static_cast<std::int64_t>((mixed >> 40U) % 5) - 2;
  const double towards =
      std::copysign(std::numeric_limits<double>::infinity(), static_cast<double>(steps));
  double fine = exact;
  for (std::int64_t i = 0; i < std::abs(steps); ++i) {
    const double next = std::nextafter(fine, towards);
    if (micros_of(next) != micros) break;
    fine = next;
  }
  return fine;
}

void expect(bool fine, const std::string& key, const char* type, const Json& value) {
  if (fine) return;
  throw CommandError("invalid_format", std::string("expected ") + type + " @ data['" + key +
                                           "']. Got " + text_of(value));
}

bool flag(const Json& message, const std::string& key, bool otherwise) {
  if (!message.contains(key)) return otherwise;
  expect(message[key].is_boolean(), key, "bool", message[key]);
  return message[key].get<bool>();
}

std::optional<base::Timestamp> moment_in(const Json& message, const std::string& key) {
  if (!message.contains(key)) return std::nullopt;
  expect(message[key].is_string(), key, "str", message[key]);
  const std::string text = text_in(message, key);
  if (text.empty() && key == "end_time") return std::nullopt;
  const auto moment = base::parse_timestamp(text);
  if (!moment) throw CommandError("invalid_" + key, "Invalid " + key);
  return moment;
}

// Half of an entity_id: small letters, digits and single underscores inside.
bool valid_half(std::string_view text) {
  if (text.empty() || text.front() == '_' || text.back() == '_') return false;
  return text.find("__") == std::string_view::npos && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

bool valid_entity_id(std::string_view id) {
  const std::size_t dot = id.find('.');
  return dot != std::string_view::npos && valid_half(id.substr(0, dot)) &&
         valid_half(id.substr(dot + 1));
}

bool domain_in(std::string_view entity_id, const std::array<std::string_view, 5>& domains) {
  return std::ranges::find(domains, entity_id.substr(0, entity_id.find('.'))) != domains.end();
}

// Types first, then values, in Home Assistant's order.
Query parse(const Json& message) {
  Query query;
  query.start_state = flag(message, "include_start_time_state", true);
  query.significant_only = flag(message, "significant_changes_only", true);
  query.minimal = flag(message, "minimal_response", false);
  query.no_attributes = flag(message, "no_attributes", false);
  const Json& ids = message.at("entity_ids");
  expect(ids.is_array(), "entity_ids", "a list", ids);
  for (const Json& id : ids) {
    expect(id.is_string(), "entity_ids", "str", id);
    const auto text = id.get<std::string>();
    if (std::ranges::find(query.entity_ids, text) == query.entity_ids.end()) {
      query.entity_ids.push_back(text);
    }
  }
  query.start = *moment_in(message, "start_time");
  query.end = moment_in(message, "end_time");
  return query;
}

// Home Assistant looks at the states it has before it asks the database.
bool unchanged_since_start(const HouseData& data, const Query& query) {
  const char* stamp = query.no_attributes ? "last_changed" : "last_updated";
  return std::ranges::all_of(query.entity_ids, [&](const std::string& id) {
    const Json* state = find_record(data.states, "entity_id", id);
    return state != nullptr &&
           base::parse_timestamp(text_in(*state, stamp)).value_or(query.start) <= query.start;
  });
}

struct Shown {
  const HistoryRow* row;
  double updated;
  double changed;  // 0: not shown; to the microsecond in every release
};

std::vector<Shown> select(const HouseData& data, const Query& query, const std::string& id) {
  const double start = seconds_of(query.start);
  const double end = query.end ? seconds_of(*query.end) : std::numeric_limits<double>::infinity();
  const bool all = !query.significant_only || domain_in(id, k_significant);
  std::vector<Shown> shown;
  const HistoryRow* before = nullptr;
  for (const HistoryRow* row : data.recorder.rows_of(id)) {
    const double updated = recorded(row->last_updated, data.version);
    if (updated < start) before = row;
    if (updated <= start || updated >= end) continue;
    const bool same = row->last_changed == row->last_updated;
    if (!same && !all) continue;
    const bool show_changed = !same && !query.significant_only;
    shown.push_back({row, updated, show_changed ? seconds_of(row->last_changed) : 0});
  }
  if (query.start_state && before != nullptr) shown.insert(shown.begin(), {before, start, 0});
  return shown;
}

std::string row_text(const Shown& shown, const Query& query, bool attributes) {
  const HistoryRow& row = *shown.row;
  std::string text = "{\"s\":" + (row.state ? text_of(Json(*row.state)) : "null");
  if (attributes) text += ",\"a\":" + (query.no_attributes ? "{}" : row.attributes);
  text += ",\"lu\":" + text_of(Json(shown.updated));
  if (shown.changed != 0) text += ",\"lc\":" + text_of(Json(shown.changed));
  return text += '}';
}

// A minimal response has the attributes of the first row alone, and no state twice in a row.
std::string rows_text(const std::vector<Shown>& shown, const Query& query, const std::string& id) {
  const bool minimal = query.minimal && !domain_in(id, k_with_attributes);
  std::string text = "[";
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (!minimal || i == 0) {
      if (i > 0) text += ',';
      text += row_text(shown[i], query, !minimal || !query.no_attributes);
    } else if (shown[i].row->state != shown[i - 1].row->state) {
      text += ',' + row_text({shown[i].row, shown[i].updated, 0}, query, false);
    }
  }
  return text += ']';
}

}  // namespace

std::string history_during_period(const House& house, const Json& message) {
  const HouseData& data = house.data();
  const Query query = parse(message);
  if (query.start > data.now()) return "{}";
  for (const std::string& id : query.entity_ids) {
    if (find_record(data.states, "entity_id", id) == nullptr && !valid_entity_id(id)) {
      throw CommandError("invalid_entity_ids", "Invalid entity_ids");
    }
  }
  if (!query.start_state && unchanged_since_start(data, query)) return "{}";
  std::string out = "{";
  for (const std::string& id : query.entity_ids) {
    const std::vector<Shown> shown = select(data, query, id);
    if (shown.empty()) continue;
    if (out.size() > 1) out += ',';
    out += text_of(Json(id)) + ':' + rows_text(shown, query, id);
  }
  return out += '}';
}

}  // namespace haingest::fakes
