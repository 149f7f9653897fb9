// SPDX-License-Identifier: MIT
#include "core/influx/layout_ha_ingestor.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/influx/line.hpp"

namespace haingest::influx {
namespace {

using model::Attribute;
using model::StateChange;

// The state's number: only for a text that is one from its first to its last byte. No words, no
// hexadecimals, no blanks, and nothing that a double cannot hold.
bool append_strict_number(std::string& out, std::string_view text) {
  if (is_plain_decimal(text)) {
    out += text;
    return true;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  return append_number(out, value);
}

// Seconds with as many decimals as it takes.
void append_seconds(std::string& out, std::chrono::microseconds span) {
  const std::int64_t whole = span.count() / 1'000'000;
  std::int64_t rest = span.count() % 1'000'000;
  std::array<char, 32> digits{};
  char* end = std::to_chars(digits.data(), digits.data() + digits.size(), whole).ptr;
  if (rest > 0) {
    *end++ = '.';
    for (std::int64_t unit = 100'000; rest > 0; unit /= 10) {
      *end++ = static_cast<char>('0' + rest / unit);
      rest %= unit;
    }
  }
  out.append(digits.data(), end);
}

}  // namespace

HaIngestorLayout::HaIngestorLayout(const StaticTags& tags, const std::string& time_zone)
    : tags_(tags), time_of_day_(time_zone) {
  for (const std::string_view tag :
       {"area_id", "device_class", "device_id", "domain", "entity_category", "entity_id",
        "event_type", "integration", "time_of_day"}) {
    keys_.reserve(tag);
  }
  for (const auto& [key, value] : tags_.all()) keys_.reserve(key);
  const auto key = [this](std::string_view name) { return "," + keys_.add(name) + "="; };
  state_ = key("state");
  value_ = key("value");
  old_state_ = key("old_state");
  duration_ = key("duration_in_state_seconds");
  context_id_ = key("context_id");
  context_parent_id_ = key("context_parent_id");
  context_user_id_ = key("context_user_id");
  manufacturer_ = key("manufacturer");
  model_ = key("model");
  sw_version_ = key("sw_version");
  friendly_name_ = key("friendly_name");
  unit_ = key("unit_of_measurement");
  icon_ = key("icon");
}

HaIngestorLayout::Entity HaIngestorLayout::know(PointTags tags) {
  Entity entity{std::move(tags), {}, {}, {}};
  const auto add = [&](const std::string& key, std::string_view text) {
    if (!text.empty()) append_text_field(key, text, entity.device_fields);
  };
  add(manufacturer_, entity.tags.manufacturer);
  add(model_, entity.tags.model);
  add(sw_version_, entity.tags.sw_version);
  return entity;
}

// friendly_name, unit_of_measurement and icon have fields of their own and device_class is a tag,
// so they are not told a second time as attr_…, which the replaced service did; only where one of
// them is no text it is an attribute like the others.
void HaIngestorLayout::fill(Shape& shape) const {
  FieldKeys keys = keys_;
  for (std::size_t i = 0; i < shape.keys.size(); ++i) {
    Shape::Key& key = shape.keys[i];
    key.first = "," + keys.add("attr_" + key.name) + "=";
    const auto earlier = shape.keys.begin() + static_cast<std::ptrdiff_t>(i);
    const bool again = std::any_of(shape.keys.begin(), earlier,
                                   [&key](const Shape::Key& one) { return one.name == key.name; });
    if (again) continue;  // JSON may say a name twice
    if (key.name == "friendly_name") {
      key.second = friendly_name_;
    } else if (key.name == "unit_of_measurement") {
      key.second = unit_;
    } else if (key.name == "icon") {
      key.second = icon_;
    } else if (key.name == "device_class") {
      shape.in_series = i;
    }
  }
}

void HaIngestorLayout::append_series(const StateChange& change, const Shape& shape, Entity& entity,
                                     std::string& lines) {
  std::string_view device_class;
  if (shape.in_series != Shape::k_nowhere) {
    const Attribute& attribute = change.attributes[shape.in_series];
    if (attribute.type == Attribute::Type::text) device_class = attribute.value;
  }
  const std::string_view time_of_day = time_of_day_.of(change.last_updated);
  if (entity.time_of_day != time_of_day || entity.device_class != device_class) {
    entity.time_of_day = time_of_day;
    entity.device_class = device_class;
    entity.series = "home_assistant_events";
    tags_.append(entity.series, {{"area_id", entity.tags.area_id},
                                 {"device_class", device_class},
                                 {"device_id", entity.tags.device_id},
                                 {"domain", model::domain_of(change.entity_id)},
                                 {"entity_category", entity.tags.entity_category},
                                 {"entity_id", change.entity_id},
                                 {"event_type", "state_changed"},
                                 {"integration", entity.tags.integration},
                                 {"time_of_day", time_of_day}});
  }
  lines += entity.series;
}

void HaIngestorLayout::append_text_field(const std::string& key, std::string_view text,
                                         std::string& lines) {
  lines += key;
  if (!append_text(lines, text)) ++cut_texts_;
}

void HaIngestorLayout::append_attribute(const Attribute& attribute, const Shape::Key& key,
                                        std::string& lines) {
  const std::size_t before = lines.size();
  switch (attribute.type) {
    case Attribute::Type::text:
      append_text_field(key.second.empty() ? key.first : key.second, attribute.value, lines);
      return;
    case Attribute::Type::number:
      lines += key.first;
      if (!append_number_token(lines, attribute.value)) lines.resize(before);
      return;
    case Attribute::Type::boolean:
      lines += key.first;
      lines += attribute.value == "true" ? "true" : "false";
      return;
    default:
      return;  // null says nothing; an array or object is no value of a field
  }
}

void HaIngestorLayout::append(const StateChange& change, const Shape& shape, Entity& entity,
                              std::string& lines) {
  append_series(change, shape, entity, lines);
  const std::size_t fields = lines.size();
  append_text_field(state_, change.state, lines);
  const std::size_t number = lines.size();
  lines += value_;
  if (!append_strict_number(lines, change.state)) lines.resize(number);
  if (change.old_state) append_text_field(old_state_, *change.old_state, lines);
  for (std::size_t i = 0; i < change.attributes.size(); ++i) {
    const Attribute& attribute = change.attributes[i];
    if (i == shape.in_series && attribute.type == Attribute::Type::text) continue;
    append_attribute(attribute, shape.keys[i], lines);
  }
  if (!change.context_id.empty()) append_text_field(context_id_, change.context_id, lines);
  if (!change.context_parent_id.empty()) {
    append_text_field(context_parent_id_, change.context_parent_id, lines);
  }
  if (!change.context_user_id.empty()) {
    append_text_field(context_user_id_, change.context_user_id, lines);
  }
  if (change.old_last_changed && *change.old_last_changed <= change.last_updated) {
    lines += duration_;
    append_seconds(lines, change.last_updated - *change.old_last_changed);
  }
  lines += entity.device_fields;
  lines[fields] = ' ';  // each field began with a comma
  append_time(lines, change.last_updated);
}

}  // namespace haingest::influx
