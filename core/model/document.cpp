// SPDX-License-Identifier: MIT
// The Document: HA's answers as they came, to and from the JSON of `discover`.
#include <array>
#include <utility>

#include "core/base/json_object.hpp"
#include "core/model/json_scan.hpp"
#include "core/model/snapshot.hpp"
#include "core/model/well_formed.hpp"

namespace haingest::model {
namespace {

std::string text_of(ondemand::value value) {
  std::string_view text;
  return value.get_string().get(text) ? std::string{} : std::string{text};
}

simdjson::error_code read_ha(ondemand::value value, HaInfo& ha) {
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) return error;
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return error;
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) return error;
    const std::string name{key};
    const std::string text = text_of(field.value());
    if (name == "url") ha.url = text;
    if (name == "version") ha.version = text;
    if (name == "location") ha.location = text;
    if (name == "state") ha.state = text;
    if (name == "when") ha.when = base::parse_timestamp(text).value_or(base::Timestamp{});
  }
  return simdjson::SUCCESS;
}

std::optional<Part> part_named(std::string_view name) {
  for (const Part part : k_parts) {
    if (name_of(part) == name) return part;
  }
  return std::nullopt;
}

simdjson::error_code read_missing(ondemand::value value, Document& document) {
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) return error;
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return error;
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) return error;
    const auto part = part_named(key);
    const std::string code = text_of(field.value());
    if (part) document.answer(*part) = {"", code.empty() ? "unknown_error" : code};
  }
  return simdjson::SUCCESS;
}

simdjson::error_code read_member(ondemand::field& field, Document& document) {
  std::string_view key;
  if (const auto error = field.unescaped_key().get(key)) return error;
  if (key == "ha") return read_ha(field.value(), document.ha);
  if (key == "missing") return read_missing(field.value(), document);
  const auto part = part_named(key);
  std::string_view raw;
  if (const auto error = raw_json_of(field.value(), raw)) return error;
  if (part) document.answer(*part) = {std::string{raw}, ""};
  return simdjson::SUCCESS;
}

simdjson::error_code read_members(ondemand::document& json, Document& document) {
  ondemand::object object;
  if (const auto error = json.get_object().get(object)) return error;
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return error;
    if (const auto error = read_member(field, document)) return error;
  }
  return at_end(json) ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
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

base::Result<Document> parse_document(std::string_view json, std::string_view name) {
  const simdjson::padded_string padded{json};
  ondemand::parser parser;
  ondemand::document parsed;
  Document document;
  auto error = parser.iterate(padded).get(parsed);
  if (!error) error = read_members(parsed, document);
  // Each part is kept as it stands: what nobody looks into must be JSON all the same.
  if (!error && !is_well_formed(padded)) error = simdjson::TAPE_ERROR;
  if (error) {
    std::string reason = simdjson::error_message(error);
    while (reason.ends_with('.')) reason.pop_back();
    return no_snapshot(name, reason + "; nothing was read from it");
  }
  bool any = false;
  for (const Answer& answer : document.answers) any = any || answer.code != "not_asked";
  if (!any) {
    return no_snapshot(name, "it has none of devices, entities, areas, …");
  }
  return document;
}

base::Result<std::vector<std::string>> elements_of(std::string_view json_array) {
  const simdjson::padded_string padded{json_array};
  ondemand::parser parser;
  ondemand::document document;
  ondemand::array array;
  std::vector<std::string> elements;
  auto error = parser.iterate(padded).get(document);
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

base::Result<std::string> reduce_states(std::string_view get_states_result) {
  const simdjson::padded_string padded{get_states_result};
  ondemand::parser parser;
  ondemand::document document;
  ondemand::array array;
  std::string out = "[";
  auto error = parser.iterate(padded).get(document);
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
