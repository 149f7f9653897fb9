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

// Checking a line, InfluxDB takes the two backslashes of `g\\=4.0,state=1` for one, so that `g\` is
// a field and `4.0` its value; taking it apart it takes the second one and `=` together, so that
// `g\=4.0,state` is the field. So wrote Home Assistant's own integration an attribute whose name
// ends with a backslash. What stands behind must look like a value then, up to its comma.
void append_exact_field_key(std::string& out, std::string_view name) {
  const std::size_t odd = name.find("\\=");
  if (odd == std::string_view::npos) return append_exact_name(out, name);
  append_exact_name(out, name.substr(0, odd));
  out += "\\\\=";
  name.remove_prefix(odd + 2);
  std::size_t value = 0;
  for (bool quoted = false; value < name.size() && (quoted || name[value] != ','); ++value) {
    if (name[value] == '"' && (value == 0 || name[value - 1] != '\\')) quoted = !quoted;
  }
  out += name.substr(0, std::min(value + 1, name.size()));
  name.remove_prefix(std::min(value + 1, name.size()));
  append_exact_field_key(out, name);
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
