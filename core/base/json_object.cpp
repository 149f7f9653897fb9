// SPDX-License-Identifier: MIT
#include "core/base/json_object.hpp"

#include <cstdio>
#include <utility>

#include "core/base/text.hpp"

namespace haingest::base {

JsonObject& JsonObject::text(std::string_view key, std::string_view value) {
  name(key);
  append_json_string(out_, value);
  return *this;
}

JsonObject& JsonObject::json(std::string_view key, std::string_view value) {
  name(key);
  out_ += value.empty() ? "null" : value;
  return *this;
}

JsonObject& JsonObject::flag(std::string_view key, bool value) {
  return json(key, value ? "true" : "false");
}

JsonObject& JsonObject::number(std::string_view key, std::int64_t value) {
  return json(key, std::to_string(value));
}

JsonObject& JsonObject::decimal(std::string_view key, double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2f", value);
  return json(key, text);
}

std::string JsonObject::done() {
  out_ += '}';
  return std::move(out_);
}

void JsonObject::name(std::string_view key) {
  if (out_.size() > 1) out_ += ',';
  append_json_string(out_, key);
  out_ += ':';
}

std::string json_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    append_json_string(out, text);
  }
  return out + "]";
}

}  // namespace haingest::base
