// SPDX-License-Identifier: MIT
// A history of known points, written to a server, and compared with what one has.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/migrate/copy_plan.hpp"
#include "tests/integration/copy_truth.hpp"
#include "tests/integration/influx_source.hpp"
#include "tests/support/catch.hpp"

namespace haingest::test {

inline std::string encoded(const std::string& policy) {
  return policy == CopyTruth::k_long_term ? "long%20term" : "";
}

inline void fill(const InfluxSource& source, const CopyTruth& truth) {
  constexpr int k_lines = 5'000;
  source.make("house");
  source.make("house", CopyTruth::k_long_term, "672h");
  for (const std::string& policy : truth.policies()) {
    std::string body;
    int lines = 0;
    const auto flush = [&] {
      if (lines > 0) source.write(body, "house", encoded(policy));
      body.clear();
      lines = 0;
    };
    for (const std::string& measurement : truth.measurements(policy)) {
      truth.each_line(policy, measurement, [&](const std::string& line) {
        body += line;
        if (++lines == k_lines) flush();
      });
    }
    flush();
  }
}

struct Amounts {
  std::uint64_t points = 0;
  std::uint64_t values = 0;
};

inline Lines stored_lines(influx::QueryClient& client, const std::string& database,
                          const migrate::Policy& policy, const migrate::Measurement& measurement,
                          Amounts& amounts) {
  Lines lines;
  const migrate::Database in{database, database, {}};
  const migrate::Part part{&in, &policy, &measurement, {}};
  migrate::Windows windows(part, {}, std::nullopt);
  for (;;) {
    const auto window = windows.next(client);
    INFO((window ? std::string() : window.error().message));
    REQUIRE(window.has_value());
    if (!*window) break;
    const auto amount = migrate::read_window(
        client, **window, migrate::Spelling::exact,
        [&](const migrate::PointLine& point) { lines.emplace_back(point.line); });
    INFO((amount ? std::string() : amount.error().message));
    REQUIRE(amount.has_value());
    windows.had((*window)->span, amount->points);
    amounts.points += amount->points;
    amounts.values += amount->values;
  }
  return sorted(std::move(lines));
}

inline Lines first_of(Lines lines) {
  constexpr std::size_t k_shown = 3;
  lines.resize(std::min(lines.size(), k_shown));
  return lines;
}

// Every point is there as often as it should be, and no other.
inline Amounts same_as(const CopyTruth& truth, const InfluxSource& at,
                       const std::string& database) {
  Amounts amounts;
  influx::QueryClient client(at.options());
  const auto found = migrate::look_at(client, {database});
  INFO((found ? std::string() : found.error().message));
  REQUIRE(found.has_value());
  REQUIRE(found->databases.size() == 1);
  CHECK(found->databases[0].policies.size() == truth.policies().size());
  for (const std::string& name : truth.policies()) {
    INFO("policy " << name);
    const migrate::Policy* policy = found->databases[0].find(name);
    REQUIRE(policy != nullptr);
    std::set<std::string> known;
    for (const migrate::Measurement& measurement : policy->measurements) {
      INFO("measurement " << measurement.name);
      const Lines after = stored_lines(client, database, *policy, measurement, amounts);
      REQUIRE_FALSE(after.empty());
      known.insert(measurement_of(after.front()));
      const auto names = truth.measurements(name);
      REQUIRE(std::ranges::count(names, measurement_of(after.front())) == 1);
      const Lines before = sorted(truth.lines(name, measurement_of(after.front())));
      if (before == after) continue;
      const Lines lost = without(before, after);
      const Lines invented = without(after, before);
      INFO(lost.size() << " are lost, " << invented.size() << " are invented");
      CHECK(first_of(lost) == Lines{});
      CHECK(first_of(invented) == Lines{});
    }
    CHECK(known.size() == truth.measurements(name).size());
  }
  CHECK(amounts.points == truth.points());
  return amounts;
}

}  // namespace haingest::test
