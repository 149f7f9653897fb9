// SPDX-License-Identifier: MIT
// The Document: HA's answers as they came, to and from the JSON of `discover`.
#include <algorithm>
#include <array>
#include <utility>

#include "core/base/json_object.hpp"
#include "core/model/json_scan.hpp"
#include "core/model/snapshot.hpp"
#include "core/model/well_formed.hpp"

namespace haingest::model {
namespace {

// A document while it is read.
struct Reading {
  Document document;
  bool has_ha = false;
  // What is wrong where a value is not of the type that it must have: "its ha is no object".
  std::string flaw;
};

simdjson::error_code read_text(ondemand::value value, std::string& text) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return error;
  if (type != ondemand::json_type::string) return simdjson::INCORRECT_TYPE;
  text = decode_leniently(value.raw_json_token());
  return simdjson::SUCCESS;
}

simdjson::error_code read_ha(ondemand::value value, Reading& reading) {
  reading.has_ha = true;
  reading.flaw = "its ha is no object";
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) return error;
  HaInfo& ha = reading.document.ha;
  std::string when;
  const std::array<std::pair<std::string_view, std::string*>, 5> texts{{{"url", &ha.url},
                                                                        {"version", &ha.version},
                                                                        {"location", &ha.location},
                                                                        {"state", &ha.state},
                                                                        {"when", &when}}};
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return error;
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) return error;
    const auto known = std::ranges::find_if(texts, [key](const auto& t) { return t.first == key; });
    if (known == texts.end()) continue;
    reading.flaw = "its ha." + std::string{known->first} + " is no text";
    if (const auto error = read_text(field.value(), *known->second)) return error;
  }
  if (when.empty()) return simdjson::SUCCESS;
  reading.flaw = "its ha.when is no moment";
  const auto moment = base::parse_timestamp(when);
  ha.when = moment.value_or(base::Timestamp{});
  return moment ? simdjson::SUCCESS : simdjson::INCORRECT_TYPE;
}

std::optional<Part> part_named(std::string_view name) {
  for (const Part part : k_parts) {
    if (name_of(part) == name) return part;
  }
  return std::nullopt;
}

simdjson::error_code read_missing(ondemand::value value, Reading& reading) {
  reading.flaw = "its missing is no object of texts";
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) return error;
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return error;
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) return error;
    const auto part = part_named(key);
    std::string code;
    if (const auto error = read_text(field.value(), code)) return error;
    if (part) reading.document.answer(*part) = {"", code.empty() ? "unknown_error" : code};
  }
  return simdjson::SUCCESS;
}

simdjson::error_code read_member(const JsonText& json, ondemand::field& field, Reading& reading) {
  std::string_view key;
  if (const auto error = field.unescaped_key().get(key)) return error;
  if (key == "ha") return read_ha(field.value(), reading);
  if (key == "missing") return read_missing(field.value(), reading);
  const auto part = part_named(key);
  std::string_view raw;
  if (const auto error = raw_json_of(field.value(), raw)) return error;
  if (part) reading.document.answer(*part) = {json.slice(raw), ""};
  return simdjson::SUCCESS;
}

simdjson::error_code read_members(const JsonText& json, ondemand::document& parsed,
                                  Reading& reading) {
  ondemand::object object;
  if (const auto error = parsed.get_object().get(object)) return error;
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return error;
    if (const auto error = read_member(json, field, reading)) return error;
  }
  return at_end(parsed) ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
}

// One of the three things that a state tells of its entity, or null.
simdjson::error_code append_attribute(std::string& out, std::string_view key,
                                      ondemand::object& attributes, std::string_view attribute) {
  out += ",\"";
  out += key;
  out += "\":";
  ondemand::value value;
  ondemand::json_type type{};
  const auto error = attributes.find_field_unordered(attribute).get(value);
  if (error == simdjson::NO_SUCH_FIELD || (!error && value.type().get(type))) {
    out += "null";
    return simdjson::SUCCESS;
  }
  if (error) return error;
  std::string_view raw;
  if (const auto e = raw_json_of(value, raw)) return e;
  const bool scalar = type != ondemand::json_type::array && type != ondemand::json_type::object;
  out += scalar ? raw : "null";
  return simdjson::SUCCESS;
}

simdjson::error_code append_state(std::string& out, ondemand::value element) {
  ondemand::object state;
  if (const auto error = element.get_object().get(state)) return error;
  std::string_view id;
  ondemand::value id_value;
  if (const auto error = state.find_field_unordered("entity_id").get(id_value)) return error;
  id = trimmed(id_value.raw_json_token());
  out += out.back() == '[' ? "{\"entity_id\":" : ",{\"entity_id\":";
  out += id;
  ondemand::object attributes;
  auto error = state.find_field_unordered("attributes").get_object().get(attributes);
  if (error == simdjson::NO_SUCH_FIELD || error == simdjson::INCORRECT_TYPE) {
    out += R"(,"name":null,"unit":null,"device_class":null})";
    return simdjson::SUCCESS;
  }
  if (!error) error = append_attribute(out, "name", attributes, "friendly_name");
  if (!error) error = append_attribute(out, "unit", attributes, "unit_of_measurement");
  if (!error) error = append_attribute(out, "device_class", attributes, "device_class");
  out += '}';
  return error;
}

}  // namespace

std::string_view name_of(Part part) {
  constexpr std::array<std::string_view, k_part_count> names{
      "devices",        "entities",         "areas", "floors", "labels",
      "config_entries", "composite_splits", "states"};
  return names[index_of(part)];
}

std::string to_json(const Document& document) {
  const std::string ha = base::JsonObject{}
                             .text("url", document.ha.url)
                             .text("version", document.ha.version)
                             .text("location", document.ha.location)
                             .text("state", document.ha.state)
                             .text("when", base::to_iso_text(document.ha.when))
                             .done();
  std::string out = "{\"ha\":" + ha;
  base::JsonObject missing;
  for (const Part part : k_parts) {
    const Answer& answer = document.answer(part);
    if (!answer.ok()) {
      missing.text(name_of(part), answer.code);
      continue;
    }
    out += ",\n\"";
    out += name_of(part);
    out += "\":";
    out += answer.json;
  }
  return out + ",\n\"missing\":" + missing.done() + "}\n";
}

base::Error no_snapshot(std::string_view name, std::string_view why) {
  return {base::ErrorKind::failure,
          std::string{name} + " is no snapshot: " + std::string{why} +
              "; make one with 'discover --save FILE'",
          "haingest discover --save snapshot.json"};
}

namespace {

std::string why_refused(std::string_view json, simdjson::error_code error,
                        const std::string& flaw) {
  if (trimmed(json).empty()) return "it is empty";
  if (error != simdjson::INCORRECT_TYPE) return "it is no JSON, or it was cut off";
  return flaw.empty() ? "it is no JSON object" : flaw;
}

}  // namespace

base::Result<Document> parse_document(const JsonText& json, std::string_view name) {
  ondemand::parser parser;
  ondemand::document parsed;
  Reading reading;
  auto error = parser.iterate(padded(json)).get(parsed);
  if (!error) error = read_members(json, parsed, reading);
  // Each part is kept as it stands: what nobody looks into must be JSON all the same.
  if (!error && !is_well_formed(parsed, json)) error = simdjson::TAPE_ERROR;
  if (error) {
    return no_snapshot(name, why_refused(json, error, reading.flaw) + "; nothing was read from it");
  }
  bool any = false;
  for (const Answer& answer : reading.document.answers) any = any || answer.code != "not_asked";
  if (!any) {
    return no_snapshot(name, "it has none of devices, entities, areas, …");
  }
  if (!reading.has_ha) {
    return no_snapshot(name,
                       "it has no ha, which says what Home Assistant it is of (what 'discover "
                       "--stored' prints is of the database)");
  }
  return std::move(reading.document);
}

std::vector<Part> unreadable_parts(const Document& document, const Snapshot& snapshot) {
  std::vector<Part> parts;
  for (const Part part : k_parts) {
    const auto failed = snapshot.failed.find(name_of(part));
    const bool wrong = failed != snapshot.failed.end() && failed->second == "invalid_json";
    if (wrong && document.answer(part).ok()) parts.push_back(part);
  }
  return parts;
}

std::optional<base::Error> malformed(const Document& document, const Snapshot& snapshot,
                                     std::string_view name) {
  const std::vector<Part> parts = unreadable_parts(document, snapshot);
  if (parts.empty()) return std::nullopt;
  return no_snapshot(name, "its " + std::string{name_of(parts.front())} +
                               " are no registry; nothing was read from it");
}

base::Result<std::vector<std::string>> elements_of(const JsonText& json_array) {
  ondemand::parser parser;
  ondemand::document document;
  ondemand::array array;
  std::vector<std::string> elements;
  auto error = parser.iterate(padded(json_array)).get(document);
  if (!error) error = document.get_array().get(array);
  if (!error) {
    for (auto element : array) {
      ondemand::value value;
      std::string_view raw;
      error = std::move(element).get(value);
      if (!error) error = raw_json_of(value, raw);
      if (error) break;
      elements.emplace_back(raw);
    }
  }
  if (error) {
    return base::Error{base::ErrorKind::failure,
                       std::string{"no JSON array: "} + simdjson::error_message(error)};
  }
  return elements;
}

base::Result<std::string> reduce_states(const JsonText& get_states_result) {
  ondemand::parser parser;
  ondemand::document document;
  ondemand::array array;
  std::string out = "[";
  auto error = parser.iterate(padded(get_states_result)).get(document);
  if (!error) error = document.get_array().get(array);
  if (!error) {
    for (auto element : array) {
      ondemand::value value;
      error = std::move(element).get(value);
      if (!error) error = append_state(out, value);
      if (error) break;
    }
  }
  if (error) {
    return base::Error{base::ErrorKind::failure, std::string{"the states are no JSON array: "} +
                                                     simdjson::error_message(error)};
  }
  return out + ']';
}

}  // namespace haingest::model
