// SPDX-License-Identifier: MIT
#include "core/migrate/exact_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace haingest::migrate {
namespace {

template <class Number>
void append_digits(std::string& out, Number value, char type) {
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end);
  out += type;
}

}  // namespace

void append_exact_measurement(std::string& out, std::string_view name) {
  char before = '\0';
  for (const char c : name) {
    // `\=` is undone there, too, but `=` alone stands for itself.
    if (c == ',' || c == ' ' || (c == '=' && before == '\\')) out += '\\';
    out += c;
    before = c;
  }
}

// A backslash stands for itself unless one of these follows; so one that was read before one of
// them keeps its meaning when that one is escaped.
void append_exact_name(std::string& out, std::string_view name) {
  for (const char c : name) {
    if (c == ',' || c == ' ' || c == '=') out += '\\';
    out += c;
  }
}

void append_exact_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find_first_of("\"\\"), text.size());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    out += {'\\', text.front()};
    text.remove_prefix(1);
  }
  out += '"';
}

void append_integer(std::string& out, std::int64_t value) { append_digits(out, value, 'i'); }

void append_unsigned_integer(std::string& out, std::uint64_t value) {
  append_digits(out, value, 'u');
}

}  // namespace haingest::migrate
