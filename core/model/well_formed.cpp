// SPDX-License-Identifier: MIT
#include "core/model/well_formed.hpp"

#include "core/model/json_scan.hpp"

namespace haingest::model {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr int k_deepest = 1000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::string_view without_space_behind(std::string_view token) {
  const std::size_t end = token.find_last_not_of(" \t\r\n");
  return token.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

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

// `text` starts behind a string's opening quote; its end is known to exist, and control characters
// not to. Sets `length` to what stands before the closing quote.
bool has_good_escapes(const char* text, std::size_t& length) {
  constexpr std::string_view k_letters = "\"\\/bfnrt";
  const char* at = text;
  for (; *at != '"'; ++at) {
    if (*at != '\\') continue;
    ++at;
    if (*at == 'u') {
      for (int i = 0; i < 4; ++i) {
        if (!is_hex(*++at)) return false;
      }
    } else if (k_letters.find(*at) == std::string_view::npos) {
      return false;
    }
  }
  length = static_cast<std::size_t>(at - text);
  return true;
}

bool is_scalar(std::string_view token) {
  token = without_space_behind(token);
  if (token.starts_with('"')) {
    std::size_t length = 0;
    return has_good_escapes(token.data() + 1, length) && token.size() == length + 2;
  }
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
    std::size_t length = 0;
    if (std::move(each).get(field) != simdjson::SUCCESS) return false;
    if (!has_good_escapes(field.key().raw(), length)) return false;
    if (!is_value(field.value(), depth)) return false;
  }
  return true;
}

bool is_value(ondemand::value value, int depth) {
  ondemand::json_type type{};
  if (depth == k_deepest || value.type().get(type) != simdjson::SUCCESS) return false;
  if (type == ondemand::json_type::array) return is_array(value, depth + 1);
  if (type == ondemand::json_type::object) return is_object(value, depth + 1);
  return is_scalar(value.raw_json_token());
}

}  // namespace

bool is_well_formed(std::string_view json) { return is_well_formed(simdjson::padded_string(json)); }

bool is_well_formed(const simdjson::padded_string& padded) {
  ondemand::parser parser;
  ondemand::document document;
  ondemand::json_type type{};
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document.type().get(type) != simdjson::SUCCESS) {
    return false;
  }
  std::string_view scalar;
  ondemand::value value;
  if (type != ondemand::json_type::array && type != ondemand::json_type::object) {
    return document.raw_json_token().get(scalar) == simdjson::SUCCESS && is_scalar(scalar);
  }
  if (document.get_value().get(value) != simdjson::SUCCESS || !is_value(value, 0)) return false;
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

}  // namespace haingest::model
