// SPDX-License-Identifier: MIT
#include "core/model/well_formed.hpp"

#include <algorithm>
#include <string_view>

#include "core/model/json_scan.hpp"

namespace haingest::model {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr int k_deepest = 1000;

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Takes the digits at the front; false when there are none.
bool take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  text.remove_prefix(count);
  return count > 0;
}

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.starts_with('0')) {
    text.remove_prefix(1);
  } else if (!take_digits(text)) {
    return false;
  }
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!take_digits(text)) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (!take_digits(text)) return false;
  }
  return text.empty();
}

// Whether every backslash begins an escape. All strings at once: a text of megabytes has few, and
// one outside of a string is no scalar.
bool has_good_escapes(std::string_view json) {
  constexpr std::string_view k_letters = "\"\\/bfnrt";
  for (std::size_t at = json.find('\\'); at != std::string_view::npos; at = json.find('\\', at)) {
    const std::string_view escape = json.substr(at + 1, 5);
    if (escape.starts_with('u')) {
      if (escape.size() < 5 || !std::ranges::all_of(escape.substr(1), is_hex)) return false;
      at += 6;
    } else if (!escape.empty() && k_letters.find(escape[0]) != std::string_view::npos) {
      at += 2;
    } else {
      return false;
    }
  }
  return true;
}

// That a string ends, has no control characters and is followed by nothing is simdjson's to know.
bool is_scalar(std::string_view token) {
  token = trimmed(token);
  if (token.starts_with('"')) return token.size() > 1 && token.ends_with('"');
  return token == "null" || token == "true" || token == "false" || is_number(token);
}

bool is_value(ondemand::value value, int depth);

bool is_array(ondemand::value from, int depth) {
  ondemand::array array;
  if (from.get_array().get(array) != simdjson::SUCCESS) return false;
  for (simdjson::simdjson_result<ondemand::value> each : array) {
    ondemand::value value;
    if (std::move(each).get(value) != simdjson::SUCCESS || !is_value(value, depth)) return false;
  }
  return true;
}

bool is_object(ondemand::value from, int depth) {
  ondemand::object object;
  if (from.get_object().get(object) != simdjson::SUCCESS) return false;
  for (simdjson::simdjson_result<ondemand::field> each : object) {
    ondemand::field field;
    if (std::move(each).get(field) != simdjson::SUCCESS) return false;
    if (!is_value(field.value(), depth)) return false;
  }
  return true;
}

bool is_value(ondemand::value value, int depth) {
  ondemand::json_type type{};
  if (depth == k_deepest || value.type().get(type) != simdjson::SUCCESS) return false;
  if (type == ondemand::json_type::array) return is_array(value, depth + 1);
  if (type == ondemand::json_type::object) return is_object(value, depth + 1);
  const std::string_view token = value.raw_json_token();
  // A string that is not taken passes for a key when the next value is asked for, whatever it is.
  ondemand::raw_json_string text;
  if (type == ondemand::json_type::string && value.get_raw_json_string().get(text)) return false;
  return is_scalar(token);
}

}  // namespace

bool is_well_formed(const JsonText& json) {
  ondemand::parser parser;
  ondemand::document document;
  return parser.iterate(padded(json)).get(document) == simdjson::SUCCESS &&
         is_well_formed(document, json);
}

bool is_well_formed(ondemand::document& document, std::string_view json) {
  document.rewind();
  ondemand::json_type type{};
  if (!has_good_escapes(json) || document.type().get(type) != simdjson::SUCCESS) return false;
  std::string_view scalar;
  ondemand::value value;
  if (type != ondemand::json_type::array && type != ondemand::json_type::object) {
    return document.raw_json_token().get(scalar) == simdjson::SUCCESS && is_scalar(scalar);
  }
  if (document.get_value().get(value) != simdjson::SUCCESS || !is_value(value, 0)) return false;
  return at_end(document);
}

}  // namespace haingest::model
