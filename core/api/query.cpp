// SPDX-License-Identifier: MIT
#include "core/api/query.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>

namespace haingest::api {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Plus { stays, is_space };

std::string decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '+' && plus == Plus::is_space ? ' ' : text[i];
    }
  }
  return out;
}

// The part of `text` up to `separator`, which is taken off `text`.
std::string_view take_until(std::string_view& text, char separator) {
  const auto at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

std::string_view take_authority(std::string_view& target) {
  const auto scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return {};
  target.remove_prefix(scheme + 3);
  const auto end = std::min(target.find_first_of("/?#"), target.size());
  const std::string_view authority = target.substr(0, end);
  target.remove_prefix(end);
  return authority;
}

// As pydantic reads an int out of text: blanks around it, a sign, and zeros behind a point.
std::optional<std::int64_t> parse_integer(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
  if (const auto point = text.find('.'); point != std::string_view::npos) {
    const std::string_view zeros = text.substr(point + 1);
    if (zeros.empty() || zeros.find_first_not_of('0') != std::string_view::npos) {
      return std::nullopt;
    }
    text = text.substr(0, point);
  }
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    return text.starts_with('-') ? std::numeric_limits<std::int64_t>::min()
                                 : std::numeric_limits<std::int64_t>::max();
  }
  if (error != std::errc{}) return std::nullopt;
  return value;
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace

Target parse_target(std::string_view target) {
  Target out;
  target = target.substr(0, target.find('#'));
  out.authority = take_authority(target);
  std::string_view path = take_until(target, '?');
  while (!path.empty()) {
    const std::string_view segment = take_until(path, '/');
    const bool edge = out.segments.empty() || path.empty();
    if (!(segment.empty() && edge)) out.segments.push_back(decode(segment, Plus::stays));
  }
  while (!target.empty()) {
    std::string_view pair = take_until(target, '&');
    if (pair.empty()) continue;
    const std::string_view name = take_until(pair, '=');
    out.parameters.emplace_back(decode(name, Plus::is_space), decode(pair, Plus::is_space));
  }
  return out;
}

void Parameters::note(std::string_view name, std::string_view value) {
  key_ += '&';
  key_ += name;
  key_ += '=';
  key_ += std::to_string(value.size());  // values may hold any byte: their length delimits them
  key_ += ':';
  key_ += value;
}

void Parameters::refuse(std::string_view name, std::string_view type, std::string message,
                        std::string_view input, std::string context) {
  violations_.push_back({"query", std::string{name}, std::string{type}, std::move(message),
                         std::string{input}, std::move(context)});
}

std::optional<std::string> Parameters::raw(std::string_view name) const {
  const auto& all = target_.parameters;
  const auto last = std::find_if(all.rbegin(), all.rend(),
                                 [name](const auto& parameter) { return parameter.first == name; });
  if (last == all.rend()) return std::nullopt;
  return last->second;
}

std::int64_t Parameters::integer(std::string_view name, std::int64_t otherwise, std::int64_t least,
                                 std::int64_t most) {
  const auto given = raw(name);
  if (!given) {
    note(name, std::to_string(otherwise));
    return otherwise;
  }
  const auto value = parse_integer(*given);
  const auto bound = [&](std::string_view type, std::string_view words, std::string_view key,
                         std::int64_t limit) {
    refuse(name, type,
           "Input should be " + std::string{words} + " than or equal to " + std::to_string(limit),
           *given, "{\"" + std::string{key} + "\":" + std::to_string(limit) + "}");
  };
  if (!value) {
    refuse(name, "int_parsing",
           "Input should be a valid integer, unable to parse string as an integer", *given);
  } else if (*value < least) {
    bound("greater_than_equal", "greater", "ge", least);
  } else if (*value > most) {
    bound("less_than_equal", "less", "le", most);
  }
  note(name, std::to_string(value.value_or(otherwise)));
  return value.value_or(otherwise);
}

bool Parameters::flag(std::string_view name, bool otherwise) {
  constexpr std::array<std::string_view, 6> yes{"true", "1", "yes", "on", "t", "y"};
  constexpr std::array<std::string_view, 6> no{"false", "0", "no", "off", "f", "n"};
  bool value = otherwise;
  if (const auto given = raw(name)) {
    const std::string word = lower(*given);
    value = std::ranges::find(yes, word) != yes.end();
    if (!value && std::ranges::find(no, word) == no.end()) {
      refuse(name, "bool_parsing", "Input should be a valid boolean, unable to interpret input",
             *given);
    }
  }
  note(name, value ? "1" : "0");
  return value;
}

std::string Parameters::text(std::string_view name) {
  std::string value = raw(name).value_or("");
  if (!value.empty()) note(name, value);
  return value;
}

}  // namespace haingest::api
