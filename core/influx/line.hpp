// SPDX-License-Identifier: MIT
// Line protocol, only the grammar that InfluxDB 1, 2, 3 and VictoriaMetrics share. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/timestamp.hpp"

namespace haingest::influx {

// Longer names are cut between two characters: a series' key with its field may have 65 535 bytes
// on InfluxDB 1 and 2, a label 16 KiB on VictoriaMetrics.
inline constexpr std::size_t k_max_name = 4'096;
// So are longer texts; InfluxDB 1.13, 2 and 3 refuse a point with one of more than 1 MiB. Counted
// with the escapes.
inline constexpr std::size_t k_max_text = 1'000'000;

// A line is built in this order: one measurement, tags by the bytes of their keys, fields, time.
// A leading `#` of a measurement would make the line a comment; it becomes a U+FF03.
void append_measurement(std::string& out, std::string_view name);
// ",key=value"; nothing for an empty key or value, which no server takes.
void append_tag(std::string& out, std::string_view key, std::string_view value);

// The parts that a line's fields are made of. A key; "_" for an empty one, which no server takes.
void append_key(std::string& out, std::string_view key);
// In quotes. False when it had to be cut.
bool append_text(std::string& out, std::string_view text);
// Shortest form that reads back the same; false and nothing for NaN and the infinities.
bool append_number(std::string& out, double value);
// A JSON number's token, copied where every server reads it as it stands; false and nothing for one
// that no double holds.
bool append_number_token(std::string& out, std::string_view token);
// Digits with a sign and a fraction at most, nothing else: every server reads it as it stands.
[[nodiscard]] bool is_plain_decimal(std::string_view token);

// Writes the separators itself; a line without a field is none, see `any`.
class Fields {
 public:
  explicit Fields(std::string& out) : out_(out) {}
  void text(std::string_view key, std::string_view value);
  // Nothing for NaN and the infinities.
  void number(std::string_view key, double value);
  // Always a float; nothing for what no double holds.
  void number_token(std::string_view key, std::string_view token);
  void integer(std::string_view key, std::int64_t value);
  void boolean(std::string_view key, bool value);
  [[nodiscard]] bool any() const { return any_; }

 private:
  void name(std::string_view key);

  std::string& out_;
  bool any_ = false;
};

// Whether line protocol has that moment.
[[nodiscard]] bool fits(base::Timestamp moment);
// " 1700000000123456000\n"
void append_time(std::string& out, base::Timestamp moment);

// One of our own lines, taken apart again; views into it, still escaped.
struct Line {
  struct Field {
    std::string_view key;
    std::string_view value;
  };
  std::string_view series;  // measurement and tags
  std::vector<Field> fields;
  std::string_view time;
};
// False for what is no line.
[[nodiscard]] bool split_line(std::string_view line, Line& parts);
// A tag's value with its escapes undone; "" where there is none.
[[nodiscard]] std::string tag_of(std::string_view series, std::string_view key);
// The line (with '\n') without that field, given as it stands in the line or unescaped; "" when no
// field would be left.
[[nodiscard]] std::string without_field(std::string_view line, std::string_view field);
// What VictoriaMetrics can store of the line: numbers and booleans as they are, the texts "on",
// "off" and their like as 1 and 0, no other text (it would make a 0 of it); "" when nothing is
// left.
[[nodiscard]] std::string numbers_only(std::string_view line);

}  // namespace haingest::influx
