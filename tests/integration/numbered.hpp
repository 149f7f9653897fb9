// SPDX-License-Identifier: MIT
// Changes whose states are numbers that are given once, and what a real server has of them.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/timestamp.hpp"
#include "core/net/http_client.hpp"
#include "tests/integration/program.hpp"

namespace haingest::test {

constexpr int k_first_number = 1'000'000;  // the house's own states are smaller

struct Numbered {
  std::string entity_id;
  std::int64_t moment = 0;  // microseconds since 1970
  int times = 1;
  bool operator==(const Numbered& other) const {
    return entity_id == other.entity_id && moment == other.moment;
  }
};
// By number.
using Numbers = std::map<int, Numbered>;

// A number that is at two places is at neither.
inline void add_to(Numbers& numbers, int number, const Numbered& one) {
  const auto [at, is_new] = numbers.emplace(number, one);
  if (is_new) return;
  ++at->second.times;
  if (!(at->second == one)) at->second.entity_id.clear();
}

// How many of them are not there, or elsewhere.
inline std::size_t missing_in(const Numbers& found, const Numbers& expected) {
  return static_cast<std::size_t>(std::ranges::count_if(expected, [&](const auto& one) {
    const auto at = found.find(one.first);
    return at == found.end() || !(at->second == one.second);
  }));
}

// "" unless the answer is 200.
inline std::string ask(const std::string& url, const Words& headers = {}) {
  net::HttpRequest request;
  request.url = url;
  request.headers = headers;
  request.timeout = std::chrono::seconds(60);
  request.max_response_bytes = std::size_t{1} << 30U;
  const auto answer = net::HttpClient({}).send(request);
  return answer && answer->status == 200 ? answer->body : "";
}

// A real InfluxDB's database home_assistant_events.
struct InfluxReader {
  std::string url;
  Words headers = {};

  // From one moment to before another, in microseconds since 1970.
  [[nodiscard]] Numbers read(std::int64_t from, std::int64_t to) const {
    const std::string query =
        "SELECT%20value,entity_id%20FROM%20home_assistant_events%20WHERE%20value%3E=" +
        std::to_string(k_first_number) + "%20AND%20time%3E=" + std::to_string(from) +
        "u%20AND%20time%3C" + std::to_string(to) + "u";
    const nlohmann::json answer = nlohmann::json::parse(
        ask(url + "/query?db=home_assistant_events&epoch=u&q=" + query, headers), nullptr, false);
    Numbers numbers;
    if (!answer.is_object() || !answer.contains("results")) return numbers;
    const nlohmann::json& result = answer["results"][0];
    if (!result.contains("series")) return numbers;
    for (const nlohmann::json& row : result["series"][0]["values"]) {
      add_to(numbers, static_cast<int>(row[1].get<double>()),
             {row[2].get<std::string>(), row[0].get<std::int64_t>()});
    }
    return numbers;
  }
  [[nodiscard]] Numbers read() const { return read(0, std::int64_t{1} << 52U); }
};

// All that a VictoriaMetrics has, equal samples too. It keeps milliseconds; what is not
// flushed it would show seconds later.
inline Numbers read_victoria_metrics(const std::string& url) {
  static_cast<void>(ask(url + "/internal/force_flush"));
  std::istringstream lines(
      ask(url + "/api/v1/export?reduce_mem_usage=1&match[]=home_assistant_events_value"));
  Numbers numbers;
  std::string line;
  while (std::getline(lines, line)) {
    const nlohmann::json series = nlohmann::json::parse(line);
    for (std::size_t i = 0; i < series["values"].size(); ++i) {
      const auto value = series["values"][i].get<double>();
      if (value < k_first_number) continue;
      add_to(numbers, static_cast<int>(value),
             {series["metric"]["entity_id"].get<std::string>(),
              series["timestamps"][i].get<std::int64_t>() * 1'000});
    }
  }
  return numbers;
}

// Watch tells how it is every 0.2 s instead of 10 s, as for a service manager that is impatient.
inline void tell_often(Program& program) { program.environment["WATCHDOG_USEC"] = "400000"; }

// What a watch tells, also one that was killed; no object as long as it has told nothing.
inline nlohmann::json status_told(const Program& program) {
  const std::string path = program.file("metadata.db-status");
  if (!std::filesystem::exists(path)) return {};
  return nlohmann::json::parse(read_file(path), nullptr, false);
}

// The same of the points.
inline nlohmann::json points_told(const Program& program) {
  const nlohmann::json status = status_told(program);
  return status.is_object() ? status["points"] : nlohmann::json();
}

}  // namespace haingest::test
