// SPDX-License-Identifier: MIT
// Around a copy that is killed again and again: faults before its target, and what it asks of its
// source, sends to its target and writes into its checkpoint.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "core/influx/batch.hpp"
#include "core/migrate/statement.hpp"
#include "tests/fakes/faulty_proxy.hpp"
#include "tests/integration/copy_truth.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temp_dir.hpp"

namespace haingest::test {

using fakes::FaultyProxy;
using fakes::ProxiedRequest;
using fakes::ProxyFault;
using fakes::ProxyPlan;

// What of a measurement is done, by policy and name, in nanoseconds.
using Recorded = std::map<std::pair<std::string, std::string>, std::int64_t>;

inline std::string unescaped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
    i += 2;
  }
  return out;
}

inline Recorded recorded_in(const std::string& checkpoint) {
  Recorded recorded;
  if (!std::filesystem::exists(checkpoint)) return recorded;
  const std::string content = read_file(checkpoint);
  // What follows the last line feed is being written.
  std::istringstream lines(content.substr(0, content.rfind('\n') + 1));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string database, policy, measurement, until;
    std::getline(fields, database, '\t');
    std::getline(fields, policy, '\t');
    std::getline(fields, measurement, '\t');
    std::getline(fields, until, '\t');
    recorded[{unescaped(policy), unescaped(measurement)}] = std::stoll(until);
  }
  return recorded;
}

// Each fault in so many of the writes.
class Weather {
 public:
  Weather(FaultyProxy& proxy, int one_in) : proxy_(proxy), one_in_(one_in) {
    proxy_.plan([this](const ProxiedRequest& request) { return plan_of(request); });
  }
  ~Weather() { proxy_.plan({}); }
  Weather(const Weather&) = delete;
  Weather& operator=(const Weather&) = delete;

  static bool is_write(const ProxiedRequest& request) {
    return request.target.starts_with("/write") || request.target.starts_with("/api/v2/write");
  }

  // Every 2 ms or so: cuts what hangs, and refuses for longer than a writer waits before its next
  // try when that was due.
  void tend() {
    constexpr int k_hang = 50;
    constexpr int k_refuse = 400;
    if (refusal_is_due_.exchange(false)) {
      proxy_.refuse();
      refusing_ = k_refuse;
    }
    if (refusing_ > 0) {
      if (--refusing_ == 0) proxy_.listen();
    } else if (++ticks_ % k_hang == 0) {
      proxy_.release();
    }
  }
  // Nothing of a run that was killed is on its way behind this.
  void settle() {
    proxy_.refuse();
    proxy_.listen();
    refusing_ = 0;
    refusal_is_due_ = false;
  }
  [[nodiscard]] int writes() const { return writes_; }
  [[nodiscard]] int faults() const { return faults_; }

 private:
  ProxyPlan plan_of(const ProxiedRequest& request) {
    if (!is_write(request)) return {};
    ++writes_;
    if (random_() % static_cast<unsigned>(one_in_) != 0) return {};
    constexpr std::size_t k_refusal = 3;
    const std::array<ProxyPlan, 11> plans{{
        {.fault = ProxyFault::swallow},
        {.fault = ProxyFault::answer, .status = 503},
        {.fault = ProxyFault::hang_answered},
        {.fault = ProxyFault::reset_before_body},  // and refuses then
        {.fault = ProxyFault::reset_after_body},
        {.fault = ProxyFault::truncate},
        {.fault = ProxyFault::answer, .status = 429, .headers = "Retry-After: 1\r\n"},
        {.fault = ProxyFault::change,
         .change = [this](const std::string& answer) { return slowly(answer); }},
        {.fault = ProxyFault::reset_before_body},
        {.fault = ProxyFault::answer, .status = 500},
        {.fault = ProxyFault::hang},
    }};
    const std::size_t number = static_cast<std::size_t>(faults_++) % plans.size();
    if (number == k_refusal) refusal_is_due_ = true;
    return plans[number];
  }

  // Not before the other writer has sent something.
  std::string slowly(const std::string& answer) const {
    static_cast<void>(eventually([this, before = writes_.load()] { return writes_ > before; },
                                 std::chrono::milliseconds(300)));
    return answer;
  }

  FaultyProxy& proxy_;
  const int one_in_;
  std::minstd_rand random_{7};
  std::atomic<int> writes_ = 0;
  std::atomic<int> faults_ = 0;
  std::atomic<bool> refusal_is_due_ = false;
  int refusing_ = 0;
  int ticks_ = 0;
};

// In how many runs a day was sent to the target: windows are of one or more, see span_at().
class Sent {
 public:
  explicit Sent(FaultyProxy& proxy) {
    proxy.observe([this](const ProxiedRequest& request, const std::string& body) {
      if (Weather::is_write(request)) note(request.target, body);
    });
  }
  void next_run() { ++run_; }
  [[nodiscard]] std::size_t most() const {
    std::size_t most = 0;
    for (const auto& [window, runs] : runs_) most = std::max(most, runs.size());
    return most;
  }

 private:
  void note(const std::string& target, std::string_view body) {
    const bool is_long = target.find("long") != std::string::npos;
    const std::string policy = is_long ? CopyTruth::k_long_term : "autogen";
    while (!body.empty()) {
      const std::string_view line = influx::next_line(body);
      std::int64_t moment = 0;
      std::from_chars(line.data() + line.rfind(' ') + 1, line.data() + line.size(), moment);
      const std::int64_t day = shard_number(moment, 1);
      runs_[{policy + "/" + measurement_of(line), day}].insert(run_);
    }
  }

  std::atomic<int> run_ = 0;
  // By the proxy alone while there are requests.
  std::map<std::pair<std::string, std::int64_t>, std::set<int>> runs_;
};

// What was read of the source, by FROM clause. The reader runs ahead of the writers, so that a
// window may be read again after each of several kills; what is recorded must not be.
class Asked {
 public:
  explicit Asked(FaultyProxy& proxy) {
    proxy.observe(
        [this](const ProxiedRequest&, const std::string& body) { note(unescaped(body)); });
  }
  // Nothing that is recorded is to be read again from now on. False when that was not read before,
  // which cannot be.
  [[nodiscard]] bool next_run(const Recorded& recorded) {
    done_.clear();
    for (const auto& [name, until] : recorded) {
      done_[migrate::from_clause(name.first, name.second)] = until;
    }
    return std::ranges::all_of(done_,
                               [this](const auto& one) { return edges_.contains(one.first); });
  }
  [[nodiscard]] int windows() const { return windows_; }
  [[nodiscard]] int again() const { return again_; }
  // How often the moment was read that was read most often.
  [[nodiscard]] int most() const {
    int most = 0;
    for (const auto& [from, edges] : edges_) {
      int now = 0;
      for (const auto& [moment, change] : edges) most = std::max(most, now += change);
    }
    return most;
  }

 private:
  void note(const std::string& form) {
    const std::string begin = "q=SELECT * FROM ";
    const std::string where = " WHERE time >= ";
    const std::string and_where = " AND time < ";
    const std::size_t where_at = form.rfind(where);
    if (!form.starts_with(begin) || !form.ends_with(" GROUP BY *") ||
        where_at == std::string::npos) {
      return;
    }
    const std::string from = form.substr(begin.size(), where_at - begin.size());
    const std::int64_t first = std::stoll(form.substr(where_at + where.size()));
    const std::int64_t end = std::stoll(form.substr(form.rfind(and_where) + and_where.size()));
    ++windows_;
    ++edges_[from][first];
    --edges_[from][end];
    const auto done = done_.find(from);
    if (done != done_.end() && first < done->second) ++again_;
  }

  // By the proxy alone while there are requests.
  std::map<std::string, std::int64_t> done_;
  std::map<std::string, std::map<std::int64_t, int>> edges_;  // how many begin there, less ends
  int windows_ = 0;
  int again_ = 0;
};

}  // namespace haingest::test
