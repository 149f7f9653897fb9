// SPDX-License-Identifier: MIT
#include "core/influx/line.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/base/text.hpp"

namespace haingest::influx {
namespace {

// Names (measurement, tags, field keys). Bytes that some server cannot take in one are written as
// what every server stores alike; read in the parsers and tried (facts of InfluxDB, 1.1):
//  - LF ends a line everywhere, TAB and LF end a name on 3, 2 and 1 refuse a CR at the line's end:
//    they become the two characters \n \t \r, as the Python clients of InfluxDB have it. A lone
//    backslash before such a letter is stored as it stands by 1, 2, 3 and VictoriaMetrics.
//  - NUL is refused by 3 in a measurement: U+FFFD.
//  - A backslash before `,`, `=`, space or another backslash means something else on 1 than on 3,
//  at
//    the end it eats the separator, and `\=` in a measurement makes a point of 2.7 unreadable:
//    there it becomes `/`. Elsewhere it stays.
enum Care : std::uint8_t { none, escape, equals, replace, backslash };

constexpr std::array<std::uint8_t, 256> make_name_care() {
  std::array<std::uint8_t, 256> care{};
  care[','] = care[' '] = escape;
  care['='] = equals;
  care['\n'] = care['\r'] = care['\t'] = care[0] = replace;
  care['\\'] = backslash;
  return care;
}
constexpr std::array<std::uint8_t, 256> k_name_care = make_name_care();

// Texts in quotes. A LF is legal there, but not for VictoriaMetrics nor for whoever cuts lines: it
// is stored as the two characters \n, as Home Assistant's own integration does with InfluxDB 1.
constexpr std::array<bool, 256> make_text_care() {
  std::array<bool, 256> care{};
  care['"'] = care['\\'] = care['\n'] = true;
  return care;
}
constexpr std::array<bool, 256> k_text_care = make_text_care();

constexpr std::uint8_t care_of(char c) { return k_name_care[static_cast<unsigned char>(c)]; }

// At most `limit` bytes of it, cut between characters.
std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  return text.substr(0, limit);
}

void append_replacement(std::string& out, char c) {
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += base::k_replacement;
  }
}

enum class Name { measurement, key };

void append_name(std::string& out, std::string_view name, Name kind) {
  name = cut(name, k_max_name);
  std::size_t at = 0;
  while (at < name.size()) {
    std::size_t end = at;
    while (end < name.size() && care_of(name[end]) == none) ++end;
    out.append(name, at, end - at);
    if (end == name.size()) return;
    const char c = name[end];
    at = end + 1;
    switch (care_of(c)) {
      case backslash:
        out += at == name.size() || care_of(name[at]) != none ? '/' : '\\';
        break;
      case replace:
        append_replacement(out, c);
        break;
      case equals:
        if (kind == Name::measurement) {
          out += c;
          break;
        }
        [[fallthrough]];
      default:
        out += '\\';
        out += c;
    }
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

void append_measurement(std::string& out, std::string_view name) {
  if (name.starts_with('#')) {
    out += "\xEF\xBC\x83";  // U+FF03
    name.remove_prefix(1);
  }
  append_name(out, name, Name::measurement);
}

void append_tag(std::string& out, std::string_view key, std::string_view value) {
  if (key.empty() || value.empty()) return;
  out += ',';
  append_name(out, key, Name::key);
  out += '=';
  append_name(out, value, Name::key);
}

void append_key(std::string& out, std::string_view key) {
  if (key.empty()) {
    out += '_';
  } else {
    append_name(out, key, Name::key);
  }
}

bool append_text(std::string& out, std::string_view text) {
  out += '"';
  const std::size_t limit = out.size() + k_max_text;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (end < text.size() && !k_text_care[static_cast<unsigned char>(text[end])]) ++end;
    const std::string_view run = text.substr(at, end - at);
    const std::string_view fits = cut(run, limit - std::min(limit, out.size()));
    out += fits;
    // The longest of what follows takes three bytes.
    if (fits.size() < run.size() || (end < text.size() && out.size() + 3 > limit)) {
      out += '"';
      return false;
    }
    if (end == text.size()) break;
    out += '\\';
    out += text[end] == '\n' ? "\\n" : text.substr(end, 1);
    at = end + 1;
  }
  out += '"';
  return true;
}

bool append_number(std::string& out, double value) {
  if (!std::isfinite(value)) return false;
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end);
  return true;
}

bool is_plain_decimal(std::string_view token) {
  // 1e309 is no double; nobody writes that without an exponent.
  if (token.size() > 300) return false;
  std::size_t at = token.starts_with('-') ? 1 : 0;
  const std::size_t whole = at;
  while (at < token.size() && is_digit(token[at])) ++at;
  if (at == whole) return false;
  if (at == token.size()) return true;
  if (token[at] != '.') return false;
  const std::size_t fraction = ++at;
  while (at < token.size() && is_digit(token[at])) ++at;
  return at == token.size() && at > fraction;
}

bool append_number_token(std::string& out, std::string_view token) {
  if (is_plain_decimal(token)) {
    out += token;
    return true;
  }
  double value = 0;
  const char* const end = token.data() + token.size();
  const auto read = std::from_chars(token.data(), end, value);
  if (read.ec == std::errc::result_out_of_range && read.ptr == end) {
    // Too large is no number; too small is zero, as every server and Python have it.
    const std::size_t exponent = token.find_first_of("eE");
    if (exponent == std::string_view::npos || token.substr(exponent + 1, 1) != "-") return false;
    out += token.starts_with('-') ? "-0" : "0";
    return true;
  }
  if (read.ec != std::errc{} || read.ptr != end) return false;
  return append_number(out, value);
}

void Fields::name(std::string_view key) {
  out_ += any_ ? ',' : ' ';
  any_ = true;
  append_key(out_, key);
  out_ += '=';
}

void Fields::text(std::string_view key, std::string_view value) {
  name(key);
  append_text(out_, value);
}

void Fields::number(std::string_view key, double value) {
  if (!std::isfinite(value)) return;
  name(key);
  append_number(out_, value);
}

void Fields::number_token(std::string_view key, std::string_view token) {
  const std::size_t before = out_.size();
  const bool any = any_;
  name(key);
  if (append_number_token(out_, token)) return;
  out_.resize(before);
  any_ = any;
}

void Fields::integer(std::string_view key, std::int64_t value) {
  name(key);
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out_.append(digits.data(), end);
  out_ += 'i';
}

void Fields::boolean(std::string_view key, bool value) {
  name(key);
  out_ += value ? "true" : "false";
}

bool fits(base::Timestamp moment) {
  // Nanoseconds in 64 bits less one at each end (facts of InfluxDB: ±9223372036854775806).
  constexpr std::int64_t k_most = 9'223'372'036'854'775;
  const std::int64_t microseconds = moment.time_since_epoch().count();
  return microseconds >= -k_most && microseconds <= k_most;
}

void append_time(std::string& out, base::Timestamp moment) {
  std::array<char, 32> digits{};
  char* const begin = digits.data();
  *begin = ' ';
  const std::int64_t microseconds = moment.time_since_epoch().count();
  char* end = std::to_chars(begin + 1, begin + 24, microseconds).ptr;
  if (microseconds != 0) end = std::fill_n(end, 3, '0');
  *end++ = '\n';
  out.append(begin, end);
}

}  // namespace haingest::influx
