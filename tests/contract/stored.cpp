// SPDX-License-Identifier: MIT
#include "tests/contract/stored.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <map>
#include <set>
#include <sstream>

#include "tests/support/sql.hpp"

namespace haingest::test {
namespace {

struct Kind {
  std::string table;
  std::string command;
  std::string key;     // HA's field
  std::string column;  // the same in the table
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"devices", "config/device_registry/list", "id", "device_id"},
      {"entities", "config/entity_registry/list", "id", "registry_id"},
      {"areas", "config/area_registry/list", "area_id", "area_id"},
      {"floors", "config/floor_registry/list", "floor_id", "floor_id"},
      {"labels", "config/label_registry/list", "label_id", "label_id"},
      {"config_entries", "config_entries/get", "entry_id", "entry_id"}};
  return all;
}

// The columns that are haingest's own or put together from several fields; each has a rule of its
// own or none.
const std::set<std::string>& special_columns() {
  static const std::set<std::string> all{
      "last_seen", "first_seen",   "confirmed",   "extra",          "integration",
      "domain",    "device_class", "unit",        "disabled",       "name",
      "level",     "created_at",   "modified_at", "config_entry_id"};
  return all;
}

Json field(const Json& record, const std::string& name) {
  return record.contains(name) ? record.at(name) : Json(nullptr);
}

// "2026-11-25 08:18:55.565410" of 1795594735.56541; null for null and for 0.0, HA's "before I kept
// these".
Json time_text(const Json& seconds) {
  if (!seconds.is_number() || seconds.get<double>() == 0) return nullptr;
  const auto us = std::llround(seconds.get<double>() * 1e6);
  const std::time_t whole = us / 1'000'000;
  std::tm parts{};
  ::gmtime_r(&whole, &parts);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d.%06d", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>(us % 1'000'000));
  return text;
}

Json as_text(const Json& scalar) {
  if (scalar.is_null() || scalar.is_string()) return scalar;
  return scalar.dump();
}

Json first_text(std::initializer_list<Json> candidates) {
  for (const Json& candidate : candidates) {
    if (candidate.is_string() && !candidate.get<std::string>().empty()) return candidate;
  }
  return nullptr;
}

class Comparison {
 public:
  Comparison(HaClient& client, const std::string& database)
      : client_(client), database_(database) {}

  std::vector<std::string> run() {
    for (const Json& state : client_.result("get_states")) states_[state.at("entity_id")] = state;
    for (const Json& entry : client_.result("config_entries/get"))
      domains_[entry.at("entry_id")] = entry.at("domain");
    for (const Kind& kind : kinds()) compare(kind);
    return std::move(lines_);
  }

 private:
  // Home Assistant lists its sets in any order; what is stored has one.
  static void sort_sets(Json& record) {
    for (const char* name : {"identifiers", "connections", "labels", "config_entries"}) {
      const auto set = record.find(name);
      if (set == record.end() || !set->is_array()) continue;
      std::sort(set->begin(), set->end(),
                [](const Json& a, const Json& b) { return a.dump() < b.dump(); });
    }
  }

  // A release that does not have the command has an empty registry.
  Json records_of(const Kind& kind) {
    const Json answer = client_.ask(kind.command);
    if (answer.at("success") == true) {
      Json records = answer.at("result");
      for (Json& record : records) sort_sets(record);
      return records;
    }
    if (answer.at("error").at("code") == "unknown_command") return Json::array();
    throw std::runtime_error(kind.command + ": " + answer.dump());
  }

  // By the registry's key; an entity without one (those of no registry, and all before 2022.11) by
  // its entity_id.
  void compare(const Kind& kind) {
    std::map<std::string, Json> rows;
    std::set<std::string> without_registry;
    for (Json& row : rows_of(database_, kind.table)) {
      const std::string key = row.at(row.at(kind.column).is_null() ? "entity_id" : kind.column);
      if (row.at(kind.column).is_null()) without_registry.insert(key);
      rows[key] = std::move(row);
    }
    std::set<std::string> registered;
    for (const Json& record : records_of(kind)) {
      const std::string key = record.at(record.contains(kind.key) ? kind.key : "entity_id");
      where_ = kind.table + " " + key;
      if (kind.table == "entities") registered.insert(record.at("entity_id").get<std::string>());
      const auto row = rows.find(key);
      if (row == rows.end()) {
        lines_.push_back(where_ + ": not stored");
        continue;
      }
      compare_row(kind, record, row->second);
      rows.erase(row);
      without_registry.erase(key);
    }
    for (const auto& [key, row] : rows) {
      if (without_registry.contains(key)) continue;
      lines_.push_back(kind.table + " " + key + ": stored, but not in Home Assistant");
    }
    if (kind.table == "entities") compare_unregistered(registered, without_registry);
  }

  // Home Assistant's demo house has entities that come and go; the lasting ones stand for all.
  void compare_unregistered(const std::set<std::string>& registered,
                            const std::set<std::string>& stored) {
    for (const auto& [entity_id, state] : states_) {
      if (registered.contains(entity_id) || entity_id.starts_with("geo_location.")) continue;
      if (!stored.contains(entity_id)) lines_.push_back("entities " + entity_id + ": not stored");
    }
    for (const std::string& entity_id : stored) {
      if (registered.contains(entity_id))
        lines_.push_back("entities " + entity_id + ": stored without its registry id");
      if (!states_.contains(entity_id) && !entity_id.starts_with("geo_location.")) {
        lines_.push_back("entities " + entity_id + ": stored, but not in Home Assistant");
      }
    }
  }

  void compare_row(const Kind& kind, const Json& record, const Json& row) {
    std::set<std::string> told{kind.key};
    for (const auto& [column, value] : row.items()) {
      if (special_columns().contains(column) || column == kind.column) continue;
      told.insert(column);
      const Json said = field(record, column);
      expect(column, value, said.is_structured() ? said : as_text(said));
    }
    for (const char* column : {"created_at", "modified_at"}) {
      told.insert(column);
      expect(column, row.at(column), time_text(field(record, column)));
    }
    expect("confirmed", row.at("confirmed"), Json(1));
    if (kind.table == "devices") compare_device(record, row, told);
    if (kind.table == "entities") compare_entity(record, row, told);
    if (kind.table != "devices" && row.contains("name")) {
      told.insert("name");
      expect("name", row.at("name"), field(record, "name"));
    }
    for (const char* column : {"level", "domain"}) {
      if (!row.contains(column) || kind.table == "entities") continue;
      told.insert(column);
      expect(column, row.at(column), field(record, column));
    }
    compare_extra(record, row, told);
  }

  void compare_device(const Json& record, const Json& row, std::set<std::string>& told) {
    told.insert({"name", "config_entry_id"});
    Json first_entry = nullptr;
    if (const Json entries = field(record, "config_entries"); !entries.empty())
      first_entry = entries.at(0);
    const Json owner = first_text(
        {field(record, "config_entry_id"), field(record, "primary_config_entry"), first_entry});
    expect("config_entry_id", row.at("config_entry_id"), owner);
    expect("integration", row.at("integration"),
           owner.is_null() ? owner : Json(domains_[owner.get<std::string>()]));
    expect("name", row.at("name"),
           first_text({field(record, "name"), field(record, "name_by_user"), field(record, "model"),
                       record.at("id")}));
  }

  void compare_entity(const Json& record, const Json& row, std::set<std::string>& told) {
    told.insert("config_entry_id");
    const std::string entity_id = record.at("entity_id");
    expect("domain", row.at("domain"), Json(entity_id.substr(0, entity_id.find('.'))));
    expect("disabled", row.at("disabled"), Json(field(record, "disabled_by").is_null() ? 0 : 1));
    if (!row.contains("config_entry_id")) told.erase("config_entry_id");
    const auto state = states_.find(entity_id);
    if (state == states_.end()) return;  // a missing state blanks nothing
    const Json& attributes = state->second.at("attributes");
    expect("unit", row.at("unit"), as_text(field(attributes, "unit_of_measurement")));
    expect("device_class", row.at("device_class"), as_text(field(attributes, "device_class")));
  }

  // Every field that has no column of its own, and nothing else.
  void compare_extra(const Json& record, const Json& row, const std::set<std::string>& told) {
    Json rest = Json::object();
    for (const auto& [name, value] : record.items()) {
      if (!told.contains(name)) rest[name] = value;
    }
    const Json stored = row.at("extra").is_null() ? Json::object() : row.at("extra");
    for (const auto& [name, value] : rest.items())
      expect("extra." + name, field(stored, name), value);
    for (const auto& [name, value] : stored.items()) {
      if (!rest.contains(name))
        lines_.push_back(where_ + ": extra has " + name + ", which Home Assistant does not say");
    }
  }

  void expect(const std::string& column, const Json& stored, const Json& said) {
    if (stored == said) return;
    lines_.push_back(where_ + ": " + column + " is stored as " + stored.dump() +
                     ", Home Assistant says " + said.dump());
  }

  HaClient& client_;
  std::string database_;
  std::map<std::string, Json> states_;
  std::map<std::string, std::string> domains_;
  std::string where_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> differences(HaClient& client, const std::string& database) {
  return Comparison(client, database).run();
}

std::vector<Json> rows_of(const std::string& database, const std::string& table) {
  std::string pairs;
  std::istringstream columns(
      query(database, "SELECT name FROM pragma_table_info('" + table + "')"));
  for (std::string column; std::getline(columns, column);) {
    pairs += (pairs.empty() ? "'" : ", '") + column + "', \"" + column + "\"";
  }
  std::vector<Json> rows;
  std::istringstream lines(query(database, "SELECT json_object(" + pairs + ") FROM " + table));
  const std::set<std::string> json_columns{"extra",   "identifiers", "connections", "labels",
                                           "aliases", "before",      "after",       "record"};
  for (std::string line; std::getline(lines, line);) {
    Json row = Json::parse(line);
    for (const std::string& column : json_columns) {
      if (row.contains(column) && row[column].is_string())
        row[column] = Json::parse(row[column].get<std::string>());
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace haingest::test
