// SPDX-License-Identifier: MIT
#include "core/model/state_change.hpp"

#include <simdjson.h>

#include <algorithm>
#include <deque>

#include "core/model/json_scan.hpp"

namespace haingest::model {

namespace {

// The token of a key of which simdjson tells the first byte only; JSON that it has walked over has
// the closing quote.
std::string key_token(const char* key) {
  std::string token = "\"";
  for (; *key != '"'; ++key) {
    if (*key == '\\') token += *key++;
    token += *key;
  }
  return token + '"';
}

}  // namespace

const Attribute* StateChange::find(std::string_view name) const {
  const auto at = std::ranges::find(attributes, name, &Attribute::name);
  return at == attributes.end() ? nullptr : &*at;
}

std::string_view StateChange::text_of(std::string_view name) const {
  const Attribute* const attribute = find(name);
  const bool text = attribute != nullptr && attribute->type == Attribute::Type::text;
  return text ? attribute->value : std::string_view{};
}

// Every function answers whether it could read what it was given.
struct StateReader::Impl {
  const StateChange* read(std::string_view json, std::size_t readable_behind,
                          bool (Impl::*how)(ondemand::object&));
  bool take_event(ondemand::object& event);
  bool take_data(ondemand::object& data);
  bool take_old(ondemand::value value);
  bool take_new(ondemand::value value);
  bool take_state(ondemand::object& state);
  bool take_row(ondemand::object& row);
  bool take_context(ondemand::value value);
  bool take_attributes(ondemand::value value);
  bool take_attribute(ondemand::field& field);

  // A scalar's text; of another type "" (null) or the token (a number where text belongs).
  bool take_text(ondemand::value value, std::string_view& text);
  bool take_moment(ondemand::value value, base::Timestamp& moment);
  bool take_seconds(ondemand::value value, base::Timestamp& moment);
  std::string_view keep(std::string text) { return repaired_.emplace_back(std::move(text)); }

  ondemand::parser parser_;
  std::string padded_;
  std::deque<std::string> repaired_;
  StateChange change_;
};

bool StateReader::Impl::take_text(ondemand::value value, std::string_view& text) {
  const std::string_view token = trimmed(value.raw_json_token());
  if (token.empty()) return false;
  if (token.front() != '"') {
    if (token.front() == '{' || token.front() == '[') return false;
    text = token == "null" ? std::string_view{} : token;
    return true;
  }
  if (value.get_string().get(text) != simdjson::SUCCESS) text = keep(decode_leniently(token));
  return true;
}

bool StateReader::Impl::take_moment(ondemand::value value, base::Timestamp& moment) {
  std::string_view text;
  if (!take_text(value, text)) return false;
  const std::optional<base::Timestamp> read = base::parse_timestamp(text);
  if (read) moment = *read;
  return read.has_value();
}

bool StateReader::Impl::take_seconds(ondemand::value value, base::Timestamp& moment) {
  double seconds = 0;
  if (value.get_double().get(seconds) != simdjson::SUCCESS) return false;
  const std::optional<base::Timestamp> read = base::from_epoch_seconds(seconds);
  if (read) moment = *read;
  return read.has_value();
}

bool StateReader::Impl::take_attribute(ondemand::field& field) {
  Attribute attribute;
  const char* const key = field.key().raw();
  if (field.unescaped_key().get(attribute.name) != simdjson::SUCCESS) {
    attribute.name = keep(decode_leniently(key_token(key)));
  }
  ondemand::value value = field.value();
  ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return false;
  switch (type) {
    case ondemand::json_type::string:
      attribute.type = Attribute::Type::text;
      if (!take_text(value, attribute.value)) return false;
      break;
    case ondemand::json_type::number:
      attribute.type = Attribute::Type::number;
      attribute.value = trimmed(value.raw_json_token());
      break;
    case ondemand::json_type::boolean:
      attribute.type = Attribute::Type::boolean;
      attribute.value = trimmed(value.raw_json_token());
      if (attribute.value != "true" && attribute.value != "false") return false;
      break;
    case ondemand::json_type::null:
      break;
    default:
      attribute.type = Attribute::Type::json;
      if (raw_json_of(value, attribute.value) != simdjson::SUCCESS) return false;
      attribute.value = trimmed(attribute.value);
  }
  change_.attributes.push_back(attribute);
  return true;
}

bool StateReader::Impl::take_attributes(ondemand::value value) {
  ondemand::object attributes;
  if (trimmed(value.raw_json_token()) == "null") return true;
  if (value.get_object().get(attributes) != simdjson::SUCCESS) return false;
  for (auto entry : attributes) {
    ondemand::field field;
    if (std::move(entry).get(field) != simdjson::SUCCESS || !take_attribute(field)) return false;
  }
  return true;
}

bool StateReader::Impl::take_context(ondemand::value value) {
  ondemand::object context;
  if (value.get_object().get(context) != simdjson::SUCCESS) return true;
  for (auto entry : context) {
    ondemand::field field;
    if (std::move(entry).get(field) != simdjson::SUCCESS) return false;
    const ondemand::raw_json_string key = field.key();
    std::string_view* text = nullptr;
    if (key == "id") text = &change_.context_id;
    if (key == "parent_id") text = &change_.context_parent_id;
    if (key == "user_id") text = &change_.context_user_id;
    if (text != nullptr && !take_text(field.value(), *text)) return false;
  }
  return true;
}

bool StateReader::Impl::take_state(ondemand::object& state) {
  bool named = false, said = false, updated = false;
  bool changed = false;
  for (auto entry : state) {
    ondemand::field field;
    if (std::move(entry).get(field) != simdjson::SUCCESS) return false;
    const ondemand::raw_json_string key = field.key();
    if (key == "entity_id") {
      named = take_text(field.value(), change_.entity_id) && !change_.entity_id.empty();
    } else if (key == "state") {
      said = take_text(field.value(), change_.state);
    } else if (key == "attributes") {
      if (!take_attributes(field.value())) return false;
    } else if (key == "last_changed") {
      changed = take_moment(field.value(), change_.last_changed);
    } else if (key == "last_updated") {
      updated = take_moment(field.value(), change_.last_updated);
    } else if (key == "context") {
      if (!take_context(field.value())) return false;
    }
  }
  if (!changed) change_.last_changed = change_.last_updated;
  return named && said && updated;
}

bool StateReader::Impl::take_old(ondemand::value value) {
  ondemand::object old;
  if (value.get_object().get(old) != simdjson::SUCCESS) {
    change_.added = true;
    return true;
  }
  for (auto entry : old) {
    ondemand::field field;
    if (std::move(entry).get(field) != simdjson::SUCCESS) return false;
    const ondemand::raw_json_string key = field.key();
    if (key == "state") {
      std::string_view text;
      if (!take_text(field.value(), text)) return false;
      change_.old_state = text;
    } else if (key == "last_changed") {
      base::Timestamp moment{};
      if (take_moment(field.value(), moment)) change_.old_last_changed = moment;
    }
  }
  return true;
}

bool StateReader::Impl::take_new(ondemand::value value) {
  ondemand::object state;
  if (value.get_object().get(state) != simdjson::SUCCESS) {
    change_.removed = true;
    return true;
  }
  return take_state(state);
}

bool StateReader::Impl::take_data(ondemand::object& data) {
  bool old_seen = false, new_seen = false;
  for (auto entry : data) {
    ondemand::field field;
    if (std::move(entry).get(field) != simdjson::SUCCESS) return false;
    const ondemand::raw_json_string key = field.key();
    if (key == "entity_id") {
      if (!take_text(field.value(), change_.entity_id)) return false;
    } else if (key == "old_state") {
      old_seen = take_old(field.value());
      if (!old_seen) return false;
    } else if (key == "new_state") {
      new_seen = take_new(field.value());
      if (!new_seen) return false;
    }
  }
  return new_seen && !change_.entity_id.empty();
}

bool StateReader::Impl::take_event(ondemand::object& event) {
  for (auto entry : event) {
    ondemand::field field;
    if (std::move(entry).get(field) != simdjson::SUCCESS) return false;
    if (!(field.key() == "data")) continue;
    ondemand::object data;
    return field.value().get_object().get(data) == simdjson::SUCCESS && take_data(data);
  }
  return false;
}

bool StateReader::Impl::take_row(ondemand::object& row) {
  bool said = false, updated = false, changed = false;
  for (auto entry : row) {
    ondemand::field field;
    if (std::move(entry).get(field) != simdjson::SUCCESS) return false;
    const ondemand::raw_json_string key = field.key();
    if (key == "s") {
      ondemand::value state = field.value();
      change_.removed = trimmed(state.raw_json_token()) == "null";
      said = take_text(state, change_.state);
    } else if (key == "a") {
      if (!take_attributes(field.value())) return false;
    } else if (key == "lu") {
      updated = take_seconds(field.value(), change_.last_updated);
    } else if (key == "lc") {
      changed = take_seconds(field.value(), change_.last_changed);
    }
  }
  if (!changed) change_.last_changed = change_.last_updated;
  return said && updated;
}

const StateChange* StateReader::Impl::read(std::string_view json, std::size_t readable_behind,
                                           bool (Impl::*how)(ondemand::object&)) {
  if (readable_behind < JsonText::k_padding) {
    padded_.assign(json);
    padded_.reserve(json.size() + JsonText::k_padding);
    json = padded_;
  }
  const simdjson::padded_string_view padded(json.data(), json.size(),
                                            json.size() + JsonText::k_padding);
  ondemand::document document;
  ondemand::object object;
  if (parser_.iterate(padded).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS || !(this->*how)(object)) {
    return nullptr;
  }
  return &change_;
}

StateReader::StateReader() : impl_(std::make_unique<Impl>()) {}
StateReader::~StateReader() = default;
StateReader::StateReader(StateReader&&) noexcept = default;
StateReader& StateReader::operator=(StateReader&&) noexcept = default;

namespace {

// The vector keeps its memory.
void begin(StateChange& change, StateChange::Source source) {
  std::vector<Attribute> attributes = std::move(change.attributes);
  attributes.clear();
  change = StateChange{};
  change.source = source;
  change.attributes = std::move(attributes);
}

}  // namespace

const StateChange* StateReader::read_event(std::string_view event, std::size_t readable_behind) {
  begin(impl_->change_, StateChange::Source::live);
  impl_->repaired_.clear();
  return impl_->read(event, readable_behind, &Impl::take_event);
}

const StateChange* StateReader::read_state(std::string_view state, std::size_t readable_behind) {
  begin(impl_->change_, StateChange::Source::snapshot);
  impl_->repaired_.clear();
  return impl_->read(state, readable_behind, &Impl::take_state);
}

const StateChange* StateReader::read_history(std::string_view entity_id, std::string_view row,
                                             std::size_t readable_behind) {
  begin(impl_->change_, StateChange::Source::history);
  impl_->repaired_.clear();
  impl_->change_.entity_id = entity_id;
  return impl_->read(row, readable_behind, &Impl::take_row);
}

std::string_view domain_of(std::string_view entity_id) {
  return entity_id.substr(0, entity_id.find('.'));
}

std::string_view object_id_of(std::string_view entity_id) {
  const auto dot = entity_id.find('.');
  return dot == std::string_view::npos ? entity_id : entity_id.substr(dot + 1);
}

}  // namespace haingest::model
