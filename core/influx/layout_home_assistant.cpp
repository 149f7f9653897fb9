// SPDX-License-Identifier: MIT
#include "core/influx/layout_home_assistant.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "core/influx/line.hpp"
#include "core/influx/python.hpp"

namespace haingest::influx {
namespace {

using model::Attribute;
using model::StateChange;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

// What Home Assistant counts as 1 and 0 (helpers/state.py).
std::optional<std::string_view> number_of_word(std::string_view state) {
  if (is_one_of(state, {"on", "locked", "above_horizon", "open", "home"})) return "1";
  if (is_one_of(state, {"off", "unlocked", "below_horizon", "closed", "not_home"})) return "0";
  return std::nullopt;
}

bool is_strict_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && std::isfinite(value);
}

// A number as one writes it: its text tells no more than the double.
bool is_usual_number(std::string_view text) {
  if (!is_plain_decimal(text)) return false;
  if (text.front() == '-') text.remove_prefix(1);
  return text.size() < 2 || text[0] != '0' || text[1] == '.';
}

}  // namespace

HomeAssistantLayout::HomeAssistantLayout(const StaticTags& tags) : tags_(tags) {
  keys_.reserve("domain");
  keys_.reserve("entity_id");
  for (const auto& [key, value] : tags_.all()) keys_.reserve(key);
  FieldKeys keys = keys_;
  state_ = "," + keys.add("state") + "=";
  value_ = "," + keys.add("value") + "=";
}

bool HomeAssistantLayout::says_nothing(std::string_view state) {
  return is_one_of(state, {"", "unknown", "unavailable"});
}

void HomeAssistantLayout::fill(Shape& shape) const {
  FieldKeys keys = keys_;
  const auto add = [&](const std::string& name) {
    std::string usual;
    append_key(usual, name);
    if (keys.add(name) != usual) shape.distinct = false;
    return "," + usual + "=";
  };
  add("state");
  add("value");
  for (std::size_t i = 0; i < shape.keys.size(); ++i) {
    Shape::Key& key = shape.keys[i];
    if (key.name == "unit_of_measurement") shape.in_series = i;
    key.first = add(key.name);
    key.second = add(key.name + "_str");
  }
}

// The measurement is the unit, where there is one; true then.
bool HomeAssistantLayout::append_series(const StateChange& change, const Shape& shape,
                                        Entity& entity, std::string& lines) {
  std::string_view unit;
  if (shape.in_series != Shape::k_nowhere) {
    const Attribute& attribute = change.attributes[shape.in_series];
    unit = attribute.value;
    if (attribute.type == Attribute::Type::null) unit = {};
    if (attribute.type == Attribute::Type::boolean) unit = unit == "true" ? "True" : "False";
    if (attribute.type == Attribute::Type::json || attribute.type == Attribute::Type::number) {
      text_.clear();
      append_python_str(text_, attribute.value);
      unit = text_;
    }
  }
  if (entity.series.empty() || entity.unit != unit) {
    entity.unit = unit;
    entity.series.clear();
    append_measurement(entity.series, unit.empty() ? change.entity_id : unit);
    tags_.append(entity.series, {{"domain", model::domain_of(change.entity_id)},
                                 {"entity_id", model::object_id_of(change.entity_id)}});
  }
  lines += entity.series;
  return !unit.empty();
}

void HomeAssistantLayout::render_text(std::string_view text) {
  if (!append_text(rendered_.text, text)) ++cut_texts_;
}

void HomeAssistantLayout::render_state(std::string_view state) {
  rendered_.number.clear();
  rendered_.text.clear();
  rendered_.kept = false;
  if (is_plain_decimal(state)) {
    rendered_.number = state;
    return;
  }
  if (const auto word = number_of_word(state)) {
    rendered_.number = *word;
  } else if (const auto value = python_float(state)) {
    append_number(rendered_.number, *value);
    if (is_strict_number(state)) return;
    rendered_.kept = true;
  }
  render_text(state);
}

void HomeAssistantLayout::render(const Attribute& attribute) {
  rendered_.number.clear();
  rendered_.text.clear();
  rendered_.kept = false;
  std::string_view text = attribute.value;
  switch (attribute.type) {
    case Attribute::Type::number:
      if (append_number_token(rendered_.number, text)) return;
      break;
    case Attribute::Type::boolean:
      rendered_.number = text == "true" ? "1" : "0";
      return;
    case Attribute::Type::null:
      text = "None";
      break;
    case Attribute::Type::json:
      text_.clear();
      append_python_str(text_, text);
      text = text_;
      break;
    case Attribute::Type::text:
      if (is_usual_number(text)) {
        rendered_.number = text;
        return;
      }
      break;
  }
  render_text(text);
  rendered_.kept = attribute.type == Attribute::Type::number;  // one that no double holds
  if (rendered_.kept) return;
  const bool may_be_number = attribute.type == Attribute::Type::text;
  const std::optional<double> number = may_be_number ? python_float(text) : std::nullopt;
  rendered_.kept = number.has_value();
  if (const auto value = number ? number : scraped_number(text)) {
    append_number(rendered_.number, *value);
  }
}

void HomeAssistantLayout::append_distinct(const StateChange& change, const Shape& shape,
                                          std::size_t left_out, std::string& lines) {
  const auto append = [&lines, this](const std::string& number_key, const std::string& text_key) {
    if (!rendered_.number.empty()) {
      lines += number_key;
      lines += rendered_.number;
    }
    if (!rendered_.text.empty()) {
      lines += text_key;
      lines += rendered_.text;
    }
  };
  render_state(change.state);
  append(value_, state_);
  for (std::size_t i = 0; i < change.attributes.size(); ++i) {
    if (i == left_out) continue;
    render(change.attributes[i]);
    append(shape.keys[i].first, shape.keys[i].second);
  }
}

// As Home Assistant fills its dictionary of fields, where a later value takes an earlier one's
// place and an attribute whose name is taken gets a trailing `_`. The texts that it would not keep
// come last, so that they take no name from the others.
void HomeAssistantLayout::append_as_dictionary(const StateChange& change, std::size_t left_out,
                                               std::string& lines) {
  fields_.clear();
  kept_.clear();
  const auto find = [this](const std::string& key) {
    return std::ranges::find(fields_, key, &Field::key);
  };
  const auto set = [&](std::string key, const std::string& value) {
    if (value.empty()) return;
    const auto at = find(key);
    if (at == fields_.end()) {
      fields_.push_back({std::move(key), value});
    } else {
      at->value = value;
    }
  };
  const auto set_rendered = [&](const std::string& number_key, const std::string& text_key) {
    set(number_key, rendered_.number);
    if (rendered_.kept) {
      kept_.push_back({text_key, rendered_.text});
    } else {
      set(text_key, rendered_.text);
    }
  };
  render_state(change.state);
  set_rendered("value", "state");
  // A state of NaN has taken the name all the same.
  if (rendered_.kept && rendered_.number.empty()) fields_.push_back({"value", ""});
  for (std::size_t i = 0; i < change.attributes.size(); ++i) {
    if (i == left_out) continue;
    std::string key{change.attributes[i].name};
    if (find(key) != fields_.end()) key += '_';
    render(change.attributes[i]);
    set_rendered(key, key + "_str");
  }
  FieldKeys keys = keys_;
  for (const std::vector<Field>* const fields : {&fields_, &kept_}) {
    for (const Field& field : *fields) {
      if (field.value.empty()) continue;
      lines += ',';
      lines += keys.add(field.key);
      lines += '=';
      lines += field.value;
    }
  }
}

void HomeAssistantLayout::append(const StateChange& change, const Shape& shape, Entity& entity,
                                 std::string& lines) {
  const bool by_unit = append_series(change, shape, entity, lines);
  const std::size_t left_out = by_unit ? shape.in_series : Shape::k_nowhere;
  const std::size_t fields = lines.size();
  if (shape.distinct) {
    append_distinct(change, shape, left_out, lines);
  } else {
    append_as_dictionary(change, left_out, lines);
  }
  lines[fields] = ' ';  // each field began with a comma
  append_time(lines, change.last_updated);
}

}  // namespace haingest::influx
