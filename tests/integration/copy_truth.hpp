// SPDX-License-Identifier: MIT
// A history that says by itself what it holds: each of its points follows from its number, so that
// what servers have can be compared with it, a measurement at a time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/integration/migrate_lines.hpp"

namespace haingest::test {

struct TruthSize {
  int measurements = 8;
  int points = 5'000;  // of each, with four values
  int weeks = 2;
};

// A measurement as a line of it begins, with its escapes.
inline std::string measurement_of(std::string_view line) {
  std::size_t end = 0;
  while ((line[end] != ',' && line[end] != ' ') || (end > 0 && line[end - 1] == '\\')) ++end;
  return std::string(line.substr(0, end));
}

// InfluxDB's shards begin with the year 1, a Monday.
inline std::int64_t shard_number(std::int64_t moment, int days) {
  constexpr std::int64_t k_days_to_1970 = 719'162;
  const std::int64_t day = moment / k_day - (moment % k_day < 0 ? 1 : 0);
  return (day + k_days_to_1970) / days;
}

class CopyTruth {
 public:
  static constexpr const char* k_long_term = "long term";
  static constexpr int k_series = 10;  // of a measurement
  static constexpr int k_values = 4;   // of a point, three at least are texts

  explicit CopyTruth(const TruthSize& size) : size_(size) {
    for (const std::string& line : hostile_lines()) {
      const std::string name = measurement_of(line);
      hostile_["autogen"][name].push_back(line);
      // Both policies have measurements of these names, and of the other ones' are no two alike.
      if (name == "types" || name == "texts" || name == "same" || name == "moments") {
        hostile_[k_long_term][name].push_back(line);
      }
    }
    for (int i = 0; i < size.measurements; ++i) {
      numbers_[policy_of(i)][name_of(i)] = i;
    }
  }

  static int shard_days(const std::string& policy) { return policy == k_long_term ? 28 : 7; }

  [[nodiscard]] std::vector<std::string> policies() const { return {"autogen", k_long_term}; }
  [[nodiscard]] std::vector<std::string> measurements(const std::string& policy) const {
    std::vector<std::string> names;
    for (const auto& [name, number] : numbers_.at(policy)) names.push_back(name);
    for (const auto& [name, lines] : hostile_.at(policy)) names.push_back(name);
    return names;
  }

  // In no order that matters.
  void each_line(const std::string& policy, const std::string& measurement,
                 const std::function<void(const std::string&)>& on_line) const {
    const auto hostile = hostile_.at(policy).find(measurement);
    if (hostile != hostile_.at(policy).end()) {
      for (const std::string& line : hostile->second) on_line(line);
      return;
    }
    const int number = numbers_.at(policy).at(measurement);
    for (int i = 0; i < size_.points; ++i) on_line(line_of(number, i));
  }
  [[nodiscard]] Lines lines(const std::string& policy, const std::string& measurement) const {
    Lines all;
    each_line(policy, measurement, [&](const std::string& line) { all.push_back(line); });
    return all;
  }

  [[nodiscard]] std::uint64_t points() const {
    std::uint64_t count =
        static_cast<std::uint64_t>(size_.measurements) * static_cast<std::uint64_t>(size_.points);
    for (const auto& [policy, measurements] : hostile_) {
      for (const auto& [name, lines] : measurements) count += lines.size();
    }
    return count;
  }
  // About so many windows does a copy have.
  [[nodiscard]] int windows() const { return size_.measurements * size_.weeks * 5 / 8; }

 private:
  static std::string policy_of(int measurement) {
    return measurement % 2 == 0 ? "autogen" : k_long_term;
  }

  static std::string name_of(int measurement) {
    static const std::array<std::string, 8> k_shapes{
        "plain", "sp\\ ace", "com\\,ma", "e=qual", "quo\"te", "b\\ack", "gr\xc3\xbc\xc3\x9f", "'p'",
    };
    const auto number = static_cast<std::size_t>(measurement);
    return k_shapes[number % k_shapes.size()] + std::to_string(measurement);
  }

  // splitmix64
  static std::uint64_t mixed(std::uint64_t seed) {
    std::uint64_t z = seed * 0x9e37'79b9'7f4a'7c15U + 0x1234'5678'9abc'def1U;
    z = (z ^ (z >> 30U)) * 0xbf58'476d'1ce4'e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d0'49bb'1331'11ebU;
    return z ^ (z >> 31U);
  }

  static std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out + '"';
  }

  static std::string note(std::uint64_t random) {
    static const std::array<std::string, 16> k_pieces{
        "",
        "on",
        "two\nlines",
        "\"quoted\"",
        "back\\slash",
        "a, b=c",
        "\t",
        "\r\n",
        "gr\xc3\xbc\xc3\x9f \xe2\x82\xac",
        "\xf0\x9f\x8f\xa0",
        "\\\"",
        "'",
        " ",
        "\xff no UTF-8",
        "1i",
        "ends with \\",
    };
    std::string text;
    for (std::uint64_t pieces = random % 4; pieces > 0; --pieces) {
      random /= 16;
      text += k_pieces[random % k_pieces.size()];
    }
    return text;
  }

  static std::string state(std::uint64_t random) {
    static const std::array<const char*, 8> k_states{"on", "off",  "21.5", "unavailable",
                                                     "",   "true", "1i",   "\xc2\xb0\x43"};
    return k_states[random % k_states.size()];
  }

  static std::string attributes(std::uint64_t random) {
    std::string text = R"({"friendly_name":"Lamp )" + std::to_string(random % 997) +
                       R"(","path":)" + R"("C:\\house\\)" + std::to_string(random % 31) + "\"}";
    if (random % 1'009 == 0) text.append(3'000 + random % 5'000, 'x');
    return text;
  }

  // Of one type in a shard.
  static std::string value(int measurement, std::int64_t shard, std::uint64_t random) {
    const bool odd = shard % 2 != 0;
    const std::string sign = random % 2 == 0 ? "" : "-";
    const std::string sixteenths[] = {".0625", ".1875", ".3125", ".4375", ".5625", ".6875"};
    const std::string floating = sign + std::to_string(random % 100'003) + sixteenths[random % 6];
    const std::string integer = sign + std::to_string(1 + (random >> 2U)) + "i";
    switch (measurement / 2 % 4) {
      case 0:
        return odd ? quoted(floating) : floating;
      case 1:
        return odd ? integer : floating;
      case 2:
        return random % 3 == 0 ? "true" : "false";
      default:
        return integer;
    }
  }

  [[nodiscard]] std::string line_of(int measurement, int point) const {
    const std::uint64_t random =
        mixed((static_cast<std::uint64_t>(measurement) << 32U) + static_cast<std::uint64_t>(point));
    // Over before any of it is copied: what is not may get more.
    const std::int64_t begin = k_monday - std::int64_t{29} * 7 * k_day;
    const std::int64_t step = std::int64_t{size_.weeks} * 7 * k_day / size_.points;
    const std::int64_t moment =
        begin + step * point + static_cast<std::int64_t>(random % static_cast<std::uint64_t>(step));
    const std::string series = std::to_string(point % k_series);
    const int days = shard_days(policy_of(measurement));
    return name_of(measurement) + ",entity\\ id=sensor.s\\," + series + ",room=\xc2\xb0\\ " +
           series + " attributes=" + quoted(attributes(random)) +
           ",note=" + quoted(note(mixed(random))) + ",state=" + quoted(state(random >> 8U)) +
           ",value=" + value(measurement, shard_number(moment, days), random) + at(moment);
  }

  const TruthSize size_;
  std::map<std::string, std::map<std::string, Lines>> hostile_;  // by policy and measurement
  std::map<std::string, std::map<std::string, int>> numbers_;    // likewise
};

}  // namespace haingest::test
