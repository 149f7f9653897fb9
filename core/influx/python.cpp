// SPDX-License-Identifier: MIT
#include "core/influx/python.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

namespace haingest::influx {
namespace {

struct Range {
  char32_t first, last;
};

// The zeros of the sets of ten decimal digits beyond ASCII (Unicode 14, general category Nd).
constexpr std::array<char32_t, 65> k_zeros{
    0x660,   0x6F0,   0x7C0,   0x966,   0x9E6,   0xA66,   0xAE6,   0xB66,   0xBE6,   0xC66,
    0xCE6,   0xD66,   0xDE6,   0xE50,   0xED0,   0xF20,   0x1040,  0x1090,  0x17E0,  0x1810,
    0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,  0xA8D0,
    0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066, 0x110F0,
    0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950,
    0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC,
    0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0};

// White space beyond ASCII (str.isspace).
constexpr std::array<Range, 8> k_spaces{{{0x85, 0x85},
                                         {0xA0, 0xA0},
                                         {0x1680, 0x1680},
                                         {0x2000, 0x200A},
                                         {0x2028, 0x2029},
                                         {0x202F, 0x202F},
                                         {0x205F, 0x205F},
                                         {0x3000, 0x3000}}};

// What repr() escapes beyond ASCII: the categories Cc, Cf, Zs, Zl, Zp and Co.
constexpr std::array<Range, 26> k_not_printable{
    {{0x80, 0xA0},       {0xAD, 0xAD},       {0x600, 0x605},     {0x61C, 0x61C},
     {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},     {0x8E2, 0x8E2},
     {0x1680, 0x1680},   {0x180E, 0x180E},   {0x2000, 0x200F},   {0x2028, 0x202F},
     {0x205F, 0x2064},   {0x2066, 0x206F},   {0x3000, 0x3000},   {0xE000, 0xF8FF},
     {0xFEFF, 0xFEFF},   {0xFFF9, 0xFFFB},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD},
     {0x13430, 0x13438}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0001, 0xE0001},
     {0xE0020, 0xE007F}, {0xF0000, 0x10FFFF}}};

template <std::size_t size>
bool is_in(const std::array<Range, size>& ranges, char32_t c) {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), c,
                                      [](char32_t one, const Range& r) { return one < r.first; });
  return after != ranges.begin() && c <= std::prev(after)->last;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The ASCII digit of a decimal digit of any script, 0 for what is none.
char decimal_of(char32_t c) {
  if (c < 0x80) return is_digit(static_cast<char>(c)) ? static_cast<char>(c) : '\0';
  const auto after = std::upper_bound(k_zeros.begin(), k_zeros.end(), c);
  if (after == k_zeros.begin() || c - *std::prev(after) > 9) return '\0';
  return static_cast<char>('0' + (c - *std::prev(after)));
}

// Takes the next character off `text`; the JSON reader has seen to it that there are only whole
// ones. Anything else comes out byte by byte.
char32_t next_character(std::string_view& text) {
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t c = lead;
  if (length > 1 && length <= text.size()) {
    c = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) c = c << 6U | (byte(i) & 0x3FU);
  }
  text.remove_prefix(std::min(length, text.size()));
  return c;
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view stripped(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

// Unsigned. The grammar is checked here, from_chars takes words and more besides.
std::optional<double> read_decimal(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - begin;
  };
  std::size_t count = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    count += digits();
  }
  if (count == 0) return std::nullopt;
  bool tiny = false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) tiny = text[at++] == '-';
    if (digits() == 0) return std::nullopt;
  }
  if (at != text.size()) return std::nullopt;
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc::result_out_of_range) {
    // 0.0…01 with hundreds of zeros is tiny without an exponent.
    tiny = tiny || text.find_first_not_of("0.") > text.find('.');
    return tiny ? 0 : std::numeric_limits<double>::infinity();
  }
  return value;
}

std::optional<double> read_float(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::optional<double> value;
  if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) {
    value = std::numeric_limits<double>::infinity();
  } else if (equals_ignoring_case(text, "nan")) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    value = read_decimal(text);
  }
  if (value && negative) value = -*value;
  return value;
}

// With decimal digits and white space of all scripts as ASCII ones; none where Python finds a
// character that stands in no number.
std::optional<std::string> in_ascii(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const char32_t c = next_character(text);
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (is_in(k_spaces, c)) {
      out += ' ';
    } else if (const char digit = decimal_of(c); digit != '\0') {
      out += digit;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

// None where an underscore stands elsewhere than between two digits.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out += text[i];
    } else if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) {
      return std::nullopt;
    }
  }
  return out;
}

// Most texts are no number by their first character.
bool may_be_number(std::string_view text) {
  if (text.empty()) return false;
  const auto c = static_cast<unsigned char>(text.front());
  return c >= 0x80 || is_digit(text.front()) ||
         std::string_view{"+-.iInN"}.find(text.front()) != std::string_view::npos;
}

// --- str() ---

void append_hex(std::string& out, char32_t c) {
  constexpr std::string_view hex = "0123456789abcdef";
  const std::size_t digits = c <= 0xFF ? 2 : c <= 0xFFFF ? 4 : 8;
  out += digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U";
  for (std::size_t i = digits; i-- > 0;) out += hex[c >> (4 * i) & 15U];
}

void append_character(std::string& out, char32_t c, char quote, std::string_view as_it_stands) {
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
      if (c == '\\' || c == static_cast<unsigned char>(quote)) {
        out += '\\';
        out += static_cast<char>(c);
      } else if (c < 0x20 || c == 0x7F || (c >= 0x80 && is_in(k_not_printable, c))) {
        append_hex(out, c);
      } else {
        out += as_it_stands;
      }
  }
}

void append_repr(std::string& out, std::string_view text) {
  const bool single = text.find('\'') != std::string_view::npos;
  const bool twice = text.find('"') != std::string_view::npos;
  const char quote = single && !twice ? '"' : '\'';
  out += quote;
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t c = next_character(text);
    append_character(out, c, quote, before.substr(0, before.size() - text.size()));
  }
  out += quote;
}

void append_utf8(std::string& out, char32_t c) {
  const auto byte = [&out](char32_t value) { out += static_cast<char>(value); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0U | c >> 6U);
    byte(0x80U | (c & 0x3FU));
  } else if (c < 0x10000) {
    byte(0xE0U | c >> 12U);
    byte(0x80U | (c >> 6U & 0x3FU));
    byte(0x80U | (c & 0x3FU));
  } else {
    byte(0xF0U | c >> 18U);
    byte(0x80U | (c >> 12U & 0x3FU));
    byte(0x80U | (c >> 6U & 0x3FU));
    byte(0x80U | (c & 0x3FU));
  }
}

constexpr char32_t k_no_unit = 0xFFFFFFFF;

// The code unit of "uXXXX" at the front of `text`.
char32_t code_unit(std::string_view text) {
  if (text.size() < 5 || text[0] != 'u') return k_no_unit;
  std::uint32_t unit = 0;
  const auto read = std::from_chars(text.data() + 1, text.data() + 5, unit, 16);
  return read.ptr == text.data() + 5 ? unit : k_no_unit;
}

// Appends what the escape behind a backslash stands for, and takes it off `text`. Half a surrogate
// pair is U+FFFD, as everywhere here.
void append_unescaped(std::string& out, std::string_view& text) {
  constexpr std::string_view letters = "bfnrt";
  constexpr std::string_view meant = "\b\f\n\r\t";
  char32_t unit = code_unit(text);
  if (unit == k_no_unit) {
    if (text.empty()) return;
    const std::size_t letter = letters.find(text.front());
    out += letter == std::string_view::npos ? text.front() : meant[letter];
    text.remove_prefix(1);
    return;
  }
  text.remove_prefix(5);
  if (unit >= 0xD800 && unit < 0xDC00 && text.starts_with('\\')) {
    const char32_t low = code_unit(text.substr(1));
    if (low >= 0xDC00 && low < 0xE000) {
      unit = 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00);
      text.remove_prefix(6);
    }
  }
  append_utf8(out, unit >= 0xD800 && unit < 0xE000 ? 0xFFFD : unit);
}

// Takes a JSON string off `json`, which begins behind its opening quote.
std::string take_string(std::string_view& json) {
  std::string text;
  while (!json.empty()) {
    const std::size_t plain = std::min(json.find_first_of("\"\\"), json.size());
    text.append(json, 0, plain);
    json.remove_prefix(plain);
    if (json.empty()) break;
    const bool end = json.front() == '"';
    json.remove_prefix(1);
    if (end) break;
    append_unescaped(text, json);
  }
  return text;
}

// repr(float): digits as few as read back the same, an exponent from 1e16 on and below 1e-4.
void append_float(std::string& out, double value) {
  std::array<char, 40> text{};
  const double size = std::fabs(value);
  const bool fixed = size == 0 || (size >= 1e-4 && size < 1e16);
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), value,
                    fixed ? std::chars_format::fixed : std::chars_format::scientific);
  const std::string_view digits{text.data(), static_cast<std::size_t>(end - text.data())};
  out += digits;
  if (fixed && digits.find('.') == std::string_view::npos) out += ".0";
}

void append_token(std::string& out, std::string_view token) {
  if (token == "true") {
    out += "True";
  } else if (token == "false") {
    out += "False";
  } else if (token == "null") {
    out += "None";
  } else if (token.find_first_of(".eE") != std::string_view::npos) {
    const std::optional<double> value = read_float(token);
    if (value && std::isfinite(*value)) {
      append_float(out, *value);
    } else if (value) {
      out += *value < 0 ? "-inf" : "inf";
    } else {
      out += token;
    }
  } else {
    out += token == "-0" ? "0" : token;
  }
}

}  // namespace

std::optional<double> python_float(std::string_view text) {
  text = stripped(text);
  if (!may_be_number(text)) return std::nullopt;
  std::optional<std::string> ascii;
  if (std::any_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; })) {
    ascii = in_ascii(text);
    if (!ascii) return std::nullopt;
    text = stripped(*ascii);
  }
  if (text.find('_') == std::string_view::npos) return read_float(text);
  const std::optional<std::string> joined = without_underscores(text);
  return joined ? read_float(*joined) : std::nullopt;
}

void append_python_str(std::string& out, std::string_view json) {
  // Between the values Python differs from JSON in blanks alone, so nothing has to be nested here.
  while (!json.empty()) {
    const char c = json.front();
    if (c == '"') {
      json.remove_prefix(1);
      append_repr(out, take_string(json));
    } else if (c == ',' || c == ':') {
      out += c;
      out += ' ';
      json.remove_prefix(1);
    } else if (c == '[' || c == ']' || c == '{' || c == '}') {
      out += c;
      json.remove_prefix(1);
    } else if (is_space(c)) {
      json.remove_prefix(1);
    } else {
      const std::size_t end = std::min(json.find_first_of("\",:[]{} \t\r\n\v\f"), json.size());
      append_token(out, json.substr(0, end));
      json.remove_prefix(end);
    }
  }
}

std::optional<double> scraped_number(std::string_view text) {
  const bool plain =
      std::none_of(text.begin(), text.end(), [](char c) { return is_digit(c) || (c & 0x80) != 0; });
  if (plain) return std::nullopt;
  // More digits than these are no double, or no more than its last bits behind the dot.
  std::array<char, 512> digits{};
  std::size_t count = 0;
  bool pair = false;  // two digits together
  std::size_t dots = 0;
  char before = '\0';
  char two_before = '\0';
  bool digit_dot_digit = false;
  while (!text.empty()) {
    const char32_t c = next_character(text);
    const char one = c == '.' ? '.' : decimal_of(c);
    if (one == '.' && ++dots > 1) return std::nullopt;
    if (one != '\0' && count < digits.size()) {
      digits[count++] = one;
    } else if (one != '\0' && dots == 0) {
      return std::nullopt;
    }
    if (one != '\0' && one != '.') {
      pair = pair || is_digit(before);
      digit_dot_digit = digit_dot_digit || (before == '.' && is_digit(two_before));
    }
    two_before = before;
    before = one;
  }
  if (!(dots == 1 ? digit_dot_digit : pair)) return std::nullopt;
  const std::optional<double> value = read_decimal({digits.data(), count});
  return value && std::isfinite(*value) ? value : std::nullopt;
}

}  // namespace haingest::influx
