// SPDX-License-Identifier: MIT
// What the fake of an InfluxDB stores, and which lines it refuses in which words. Private to the
// fakes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/influx_server.hpp"

namespace haingest::fakes {

struct StoreLine {
  std::string text;  // without '\n'
  std::string measurement;
  std::string series;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string time;
};
// What is wrong with the line; "" when nothing is.
[[nodiscard]] std::string parse_line(std::string_view text, StoreLine& line, InfluxKind kind);

// What credentials get that are not those.
[[nodiscard]] InfluxAnswer not_let_in(InfluxKind kind);

// "float", "integer", "string", "boolean"
[[nodiscard]] std::string type_of(std::string_view value);

class InfluxStore {
 public:
  explicit InfluxStore(InfluxKind kind) : kind_(kind) {}

  // Stores what the kind stores of it, and says what the kind says.
  [[nodiscard]] InfluxAnswer write(const std::string& body);

  std::int64_t expired_before = INT64_MIN;
  InfluxRows rows;
  std::vector<std::string> samples;
  std::size_t flushed = 0;  // of `samples`

 private:
  struct Refused {
    std::size_t number = 0;
    std::string text;
    std::string why;
  };

  void keep(const StoreLine& line);
  [[nodiscard]] std::string conflict_of(const StoreLine& line);
  [[nodiscard]] InfluxAnswer write_influxdb1(const std::vector<StoreLine>& lines,
                                             const std::vector<Refused>& unparsed);
  [[nodiscard]] InfluxAnswer write_influxdb2(const std::vector<StoreLine>& lines,
                                             const std::vector<Refused>& unparsed);
  [[nodiscard]] InfluxAnswer write_influxdb3(const std::vector<StoreLine>& lines,
                                             std::vector<Refused> refused,
                                             const std::vector<std::size_t>& numbers);
  [[nodiscard]] InfluxAnswer write_victoria_metrics(const std::vector<StoreLine>& lines);
  // Stores what it can; the first conflict, how many lines it dropped, and how many were too old.
  struct Partial {
    std::string conflict;
    std::size_t dropped = 0;
    std::size_t expired = 0;
  };
  [[nodiscard]] Partial write_partially(const std::vector<StoreLine>& lines);

  InfluxKind kind_;
  std::map<std::string, std::string> types_;  // by "measurement field week"
};

}  // namespace haingest::fakes
