// SPDX-License-Identifier: MIT
#include "core/model/snapshot.hpp"

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/base/span.hpp"
#include "core/model/ha_json.hpp"
#include "core/model/json_scan.hpp"

namespace haingest::model {
namespace {

// Sets `kept` where the object has a scalar of that name. False when the JSON is broken: simdjson's
// object has let go of its parser then and must not be asked for anything more.
bool keep_text(ondemand::object& object, std::string_view key, Arena& arena, Value& kept) {
  ondemand::value value;
  ondemand::json_type type{};
  const auto error = object.find_field_unordered(key).get(value);
  if (error == simdjson::NO_SUCH_FIELD) return true;
  if (error || value.type().get(type)) return false;
  if (type == ondemand::json_type::null || type == ondemand::json_type::array ||
      type == ondemand::json_type::object) {
    return true;
  }
  const std::string_view token = trimmed(value.raw_json_token());
  std::string_view text;
  if (type != ondemand::json_type::string) {
    kept = Value{arena.keep(token)};
  } else if (value.get_string().get(text)) {
    kept = Value{arena.keep(decode_leniently(token))};
  } else {
    kept = Value{arena.keep(text)};
  }
  return true;
}

bool read_state(ondemand::object& object, Arena& arena, StateInfo& state) {
  return keep_text(object, "entity_id", arena, state.entity_id) &&
         keep_text(object, "name", arena, state.name) &&
         keep_text(object, "unit", arena, state.unit) &&
         keep_text(object, "device_class", arena, state.device_class) &&
         !state.entity_id.text().empty();
}

bool read_states(const JsonText& json, Snapshot& snapshot) {
  ondemand::parser parser;
  ondemand::document document;
  ondemand::array array;
  if (parser.iterate(padded(json)).get(document) || document.get_array().get(array)) return false;
  for (auto element : array) {
    ondemand::object object;
    StateInfo state;
    if (element.get_object().get(object)) return false;
    if (!read_state(object, snapshot.text, state)) return false;
    snapshot.states.push_back(state);
  }
  return true;
}

bool read_split(ondemand::object split, Alias& alias) {
  for (auto entry : split) {
    ondemand::field field;
    std::string_view key;
    if (std::move(entry).get(field) || field.unescaped_key().get(key)) return false;
    std::string_view text;
    if (key == "primary_id") {
      if (!field.value().get_string().get(text)) alias.primary_id = text;
    } else if (key == "split_ids") {
      ondemand::array ids;
      if (field.value().get_array().get(ids)) return false;
      for (auto id : ids) {
        if (id.get_string().get(text)) return false;
        alias.new_ids.emplace_back(text);
      }
    }
  }
  return true;
}

bool read_splits(const JsonText& json, std::vector<Alias>& splits) {
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object object;
  if (parser.iterate(padded(json)).get(document) || document.get_object().get(object)) return false;
  for (auto entry : object) {
    ondemand::field field;
    std::string_view key;
    ondemand::object split;
    Alias alias;
    if (std::move(entry).get(field) || field.unescaped_key().get(key)) return false;
    alias.old_id = key;
    if (field.value().get_object().get(split) || !read_split(split, alias)) return false;
    splits.push_back(std::move(alias));
  }
  return true;
}

void read_registry(const Answer& answer, Kind kind, Snapshot& snapshot) {
  Registry& registry = snapshot.of(kind);
  registry.presence = presence_of(answer, snapshot.ha);
  registry.code = answer.code;
  if (!answer.ok()) return;
  auto parsed = parse_records(kind, answer.json, Missing::null);
  if (!parsed) {
    registry.presence = Presence::failed;
    registry.code = "invalid_json";
    return;
  }
  registry.table = std::move(parsed->table);
  for (std::string& note : parsed->notes) snapshot.notes.push_back(std::move(note));
  if (parsed->skipped > 0) {
    registry.presence = Presence::failed;
    registry.code = "invalid_record";
  }
}

// A device's integration is the domain of the config entry that owns it.
void resolve_integrations(Snapshot& snapshot) {
  const Registry& entries = snapshot.of(Kind::config_entry);
  std::unordered_map<std::string_view, Value> domains;
  for (std::size_t i = 0; i < entries.table.size(); ++i) {
    const Row entry = entries.table.row(i);
    domains.emplace(entry[config_entry::entry_id].text(), entry[config_entry::domain]);
  }
  const bool complete = entries.presence == Presence::complete;
  Table& devices = snapshot.of(Kind::device).table;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    MutableRow row = devices.row(i);
    const auto found = domains.find(row[device::config_entry_id].text());
    row[device::integration] =
        found != domains.end() ? found->second : (complete ? Value{} : Value::absent());
  }
}

// Units and device classes come from the states; an entity without a state keeps what it has, and
// so does one whose state says nothing while HA is still starting (states are only restored then).
void resolve_states(Snapshot& snapshot) {
  std::unordered_map<std::string_view, const StateInfo*> by_id;
  by_id.reserve(snapshot.states.size());
  for (const StateInfo& state : snapshot.states) by_id[state.entity_id.text()] = &state;
  const bool running = snapshot.ha.running();
  const auto said = [running](Value value) {
    return value.is_null() && !running ? Value::absent() : value;
  };
  Table& entities = snapshot.of(Kind::entity).table;
  for (std::size_t i = 0; i < entities.size(); ++i) {
    MutableRow row = entities.row(i);
    const auto found = by_id.find(row[entity::entity_id].text());
    const bool known = found != by_id.end();
    row[entity::unit] = known ? said(found->second->unit) : Value::absent();
    row[entity::device_class] = known ? said(found->second->device_class) : Value::absent();
  }
}

// Entities without a unique_id are in no registry: the states are all that tells of them.
void add_unregistered(Snapshot& snapshot) {
  if (snapshot.of(Kind::entity).presence != Presence::complete) return;
  Table& entities = snapshot.of(Kind::entity).table;
  std::unordered_set<std::string_view> registered;
  registered.reserve(entities.size() + snapshot.states.size());
  for (std::size_t i = 0; i < entities.size(); ++i) {
    registered.insert(entities.row(i)[entity::entity_id].text());
  }
  for (const StateInfo& state : snapshot.states) {
    if (!registered.insert(state.entity_id.text()).second) continue;
    MutableRow row = entities.append();
    row[entity::entity_id] = state.entity_id;
    row[entity::name] = state.name;
    row[entity::unit] = state.unit;
    row[entity::device_class] = state.device_class;
  }
}

void finish_rows(Snapshot& snapshot) {
  for (Registry& registry : snapshot.registries) {
    const Kind kind = registry.table.kind();
    for (std::size_t i = 0; i < registry.table.size(); ++i) {
      MutableRow row = registry.table.row(i);
      derive(kind, row);
      row[tail_of(kind).confirmed] = Value{"1"};
    }
  }
}

void read_others(const Document& document, Snapshot& snapshot) {
  const Answer& states = document.answer(Part::states);
  snapshot.states_presence = presence_of(states, snapshot.ha);
  if (states.ok() && !read_states(states.json, snapshot)) {
    snapshot.states_presence = Presence::failed;
    snapshot.failed["states"] = "invalid_json";
  }
  const Answer& splits = document.answer(Part::composite_splits);
  snapshot.splits_presence = presence_of(splits, snapshot.ha);
  if (splits.ok() && !read_splits(splits.json, snapshot.splits)) {
    snapshot.splits_presence = Presence::failed;
    snapshot.splits.clear();
    snapshot.failed["composite_splits"] = "invalid_json";
  }
}

void name_failures(const Document& document, Snapshot& snapshot) {
  const auto name = [&](Presence presence, Part part, const std::string& code) {
    if (presence == Presence::failed) snapshot.failed.emplace(name_of(part), code);
  };
  for (const Kind kind : k_kinds) {
    name(snapshot.of(kind).presence, static_cast<Part>(kind), snapshot.of(kind).code);
  }
  name(snapshot.states_presence, Part::states, document.answer(Part::states).code);
  name(snapshot.splits_presence, Part::composite_splits,
       document.answer(Part::composite_splits).code);
}

}  // namespace

Presence presence_of(const Answer& answer, const HaInfo& ha) {
  if (answer.ok()) return Presence::complete;
  return answer.code == "unknown_command" && ha.running() ? Presence::absent : Presence::failed;
}

std::string explain_failed(std::string_view part, std::string_view code, std::string_view saved,
                           std::chrono::milliseconds limit) {
  const std::string what(part);
  const std::string in_brackets = " (" + std::string(code) + ")";
  if (!saved.empty()) return std::string(saved) + " has no answer for " + what + in_brackets;
  if (code == "timeout") {
    return "Home Assistant did not answer for " + what +
           (limit.count() > 0 ? " within " + base::to_text(limit) : " in time");
  }
  if (code == "unauthorized") {
    return "Home Assistant refuses " + what + " to this token, which is no administrator's" +
           in_brackets;
  }
  if (code.starts_with("invalid_")) {
    return "Home Assistant's answer for " + what + " is not what it should be" + in_brackets;
  }
  return "Home Assistant answered for " + what + " with an error" + in_brackets;
}

std::string_view advise_on_failed(std::string_view code) {
  if (code == "timeout") return "try again later, or give more time with --timeout";
  if (code == "unauthorized") return "take a token of an administrator, later will not help";
  return "try again later";
}

Snapshot::Snapshot() {
  registries.reserve(k_kind_count);
  for (const Kind kind : k_kinds) registries.emplace_back(kind);
}

Snapshot to_snapshot(const Document& document) {
  Snapshot snapshot;
  snapshot.ha = document.ha;
  for (const Kind kind : k_kinds) {
    read_registry(document.answer(static_cast<Part>(kind)), kind, snapshot);
  }
  read_others(document, snapshot);
  name_failures(document, snapshot);
  resolve_integrations(snapshot);
  resolve_states(snapshot);
  add_unregistered(snapshot);
  finish_rows(snapshot);
  return snapshot;
}

}  // namespace haingest::model
