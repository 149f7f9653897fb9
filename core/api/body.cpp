// SPDX-License-Identifier: MIT
#include "core/api/body.hpp"

namespace haingest::api {
namespace {

// The place behind the string that begins at `at`.
std::size_t after_string(std::string_view json, std::size_t at) {
  for (++at; at < json.size(); ++at) {
    if (json[at] == '\\') {
      ++at;
    } else if (json[at] == '"') {
      return at + 1;
    }
  }
  return json.size();
}

// The place behind the array or object that begins at `at`.
std::size_t after_bracket(std::string_view json, std::size_t at) {
  std::size_t depth = 0;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      at = after_string(json, at);
      continue;
    }
    ++at;
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && --depth == 0) return at;
  }
  return json.size();
}

std::size_t skip_blanks(std::string_view json, std::size_t at) {
  const auto found = json.find_first_not_of(" \t\r\n", at);
  return found == std::string_view::npos ? json.size() : found;
}

}  // namespace

bool is_within_depth(std::string_view json, std::size_t limit) {
  std::size_t depth = 0;
  for (std::size_t at = 0; at < json.size();) {
    const char c = json[at];
    if (c == '"') {
      at = after_string(json, at);
      continue;
    }
    if ((c == '[' || c == '{') && ++depth > limit) return false;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    ++at;
  }
  return true;
}

std::string_view find_array(std::string_view json, std::string_view key) {
  std::size_t at = skip_blanks(json, 0);
  if (at == json.size()) return {};
  if (json[at] == '[') return json.substr(at);
  if (json[at] != '{') return {};
  ++at;
  while (at < json.size() && json[at] != '}') {
    if (json[at] != '"') {  // a comma, a blank, a scalar
      if (json[at] == '[' || json[at] == '{') {
        at = after_bracket(json, at);
      } else {
        ++at;
      }
      continue;
    }
    const std::size_t end = after_string(json, at);
    const std::string_view name = json.substr(at + 1, end - at - (end < json.size() ? 2 : 1));
    at = skip_blanks(json, end);
    if (at >= json.size() || json[at] != ':') continue;  // a value, no name
    at = skip_blanks(json, at + 1);
    if (name == key && at < json.size() && json[at] == '[') {
      return json.substr(at, after_bracket(json, at) - at);
    }
  }
  return {};
}

}  // namespace haingest::api
