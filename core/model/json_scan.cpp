// SPDX-License-Identifier: MIT
#include "core/model/json_scan.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

#include "core/base/text.hpp"

namespace haingest::model {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80U) {
    byte(code);
  } else if (code < 0x800U) {
    byte(0xC0U | (code >> 6U));
    byte(0x80U | (code & 0x3FU));
  } else if (code < 0x10000U) {
    byte(0xE0U | (code >> 12U));
    byte(0x80U | ((code >> 6U) & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  } else {
    byte(0xF0U | (code >> 18U));
    byte(0x80U | ((code >> 12U) & 0x3FU));
    byte(0x80U | ((code >> 6U) & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  }
}

// Decodes one escape at `text` (behind the backslash); returns how many characters it took.
std::size_t append_escape(std::string& out, std::string_view text) {
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  if (text.empty()) return 0;
  if (const auto at = letters.find(text[0]); at != std::string_view::npos) {
    out += meanings[at];
    return 1;
  }
  const int unit = code_unit(text);
  if (unit < 0) {
    out += base::k_replacement;
    return 1;
  }
  const bool high = unit >= 0xD800 && unit <= 0xDBFF;
  const int next = high && text.size() > 6 && text[5] == '\\' ? code_unit(text.substr(6)) : -1;
  if (high && next >= 0xDC00 && next <= 0xDFFF) {
    append_utf8(out, 0x10000U + ((static_cast<std::uint32_t>(unit) - 0xD800U) << 10U) +
                         (static_cast<std::uint32_t>(next) - 0xDC00U));
    return 11;
  }
  if (unit >= 0xD800 && unit <= 0xDFFF) {
    out += base::k_replacement;
  } else {
    append_utf8(out, static_cast<std::uint32_t>(unit));
  }
  return 5;
}

}  // namespace

int code_unit(std::string_view text) {
  if (text.size() < 5 || text[0] != 'u') return -1;
  int unit = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + 5, unit, 16);
  return error == std::errc{} && end == text.data() + 5 && text[1] != '-' ? unit : -1;
}

std::string_view trimmed(std::string_view raw) {
  while (!raw.empty() && is_space(raw.back())) raw.remove_suffix(1);
  return raw;
}

std::string minified(std::string_view raw) {
  raw = trimmed(raw);
  if (std::ranges::none_of(raw, is_space)) return std::string{raw};
  std::string out(raw.size() + simdjson::SIMDJSON_PADDING, '\0');
  std::size_t length = 0;
  if (simdjson::minify(raw.data(), raw.size(), out.data(), length) != simdjson::SUCCESS) {
    return std::string{raw};
  }
  out.resize(length);
  return out;
}

std::string sorted_array(std::string array) {
  if (array.size() < 2 || array.front() != '[' || array.find(',') == std::string::npos)
    return array;
  std::vector<std::string_view> elements;
  const std::string_view inside = std::string_view{array}.substr(1, array.size() - 2);
  std::size_t start = 0;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    const char c = inside[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      elements.push_back(inside.substr(start, i - start));
      start = i + 1;
    }
  }
  elements.push_back(inside.substr(start));
  if (std::ranges::is_sorted(elements)) return array;
  std::ranges::sort(elements);
  std::string sorted = "[";
  for (const std::string_view element : elements) {
    if (sorted.size() > 1) sorted += ',';
    sorted += element;
  }
  return sorted + "]";
}

std::string decode_leniently(std::string_view token) {
  token = trimmed(token);
  if (token.size() >= 2) token = token.substr(1, token.size() - 2);
  std::string out;
  for (std::size_t at = 0; at < token.size();) {
    if (token[at] != '\\') {
      out += token[at++];
    } else {
      at += 1 + append_escape(out, token.substr(at + 1));
    }
  }
  return base::repair_utf8(out);
}

bool at_end(ondemand::document& document) {
  const char* where = nullptr;
  return document.current_location().get(where) == simdjson::OUT_OF_BOUNDS;
}

simdjson::error_code raw_json_of(ondemand::value value, std::string_view& raw) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return error;
  switch (type) {
    case ondemand::json_type::object: {
      ondemand::object object;
      if (const auto error = value.get_object().get(object)) return error;
      return object.raw_json().get(raw);
    }
    case ondemand::json_type::array: {
      ondemand::array array;
      if (const auto error = value.get_array().get(array)) return error;
      return array.raw_json().get(raw);
    }
    case ondemand::json_type::string: {
      raw = trimmed(value.raw_json_token());
      // One that is not taken passes for a key when the next value is asked for.
      ondemand::raw_json_string text;
      return value.get_raw_json_string().get(text);
    }
    default:
      raw = trimmed(value.raw_json_token());
      return simdjson::SUCCESS;
  }
}

}  // namespace haingest::model
