// SPDX-License-Identifier: MIT
// What is in an old InfluxDB: databases, retention policies, measurements with their tags and the
// types of their fields, and where its shards end, between which a field may change its type. Of
// 2.x a bucket is a policy of a database, as InfluxQL sees it. InfluxDB 3 has no policies: what
// writes into one of 1.x's makes a database "house/two_years" there, whose only policy that is
// here.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/influx/query.hpp"

namespace haingest::migrate {

// What InfluxDB takes for a time, in nanoseconds; the end of a span may be one more.
inline constexpr std::int64_t k_earliest = std::numeric_limits<std::int64_t>::min() + 2;
inline constexpr std::int64_t k_end = std::numeric_limits<std::int64_t>::max();
// The nearest of them where a moment is none: the first shard begins before all times.
[[nodiscard]] constexpr std::int64_t nanoseconds_since_1970(base::Timestamp moment) {
  const std::int64_t microseconds = moment.time_since_epoch().count();
  if (microseconds >= k_end / 1'000) return k_end;
  if (microseconds <= k_earliest / 1'000) return k_earliest;
  return microseconds * 1'000;
}

enum class FieldType : std::uint8_t { floating, integer, unsigned_integer, text, boolean };
// As SHOW FIELD KEYS and casts have it: "float", "integer", "unsigned", "string", "boolean".
[[nodiscard]] std::string_view word_of(FieldType type);

struct Field {
  std::string name;
  std::vector<FieldType> types;  // more than one: it differs between shards

  [[nodiscard]] bool may_be(FieldType type) const;
};
// The types to ask for so that a query over several shards sees every value of a field once:
// without a cast it sees the numbers only, and with one a number of one kind is cast to that of
// another.
[[nodiscard]] std::vector<FieldType> casts_of(const Field& field);

struct Measurement {
  std::string name;
  std::vector<std::string> tags;  // none of a 2.x whose database lacks a default policy
  std::vector<Field> fields;

  [[nodiscard]] bool has_clash() const;  // a field with more than one type
  [[nodiscard]] const Field* find(std::string_view field) const;
};

// Nanoseconds since 1970; the end is not in it.
struct Span {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  bool operator==(const Span&) const = default;
};

inline constexpr Span k_all_times{k_earliest, k_end};

struct Policy {
  std::string name;
  bool is_default = false;
  std::string bucket;                          // of 2.x, where its token may list buckets
  std::chrono::seconds duration{0};            // how long data is kept; 0: for ever
  std::chrono::seconds shard_duration{0};      // of shards from now on; 0 where there are none (3)
  std::optional<std::vector<Span>> shards;     // in order; none where the server does not say
  std::vector<Measurement> measurements = {};  // by name
};

struct Database {
  std::string name;
  std::string own_name;  // without a policy: "house" of an InfluxDB 3's "house/two_years"
  std::vector<Policy> policies;

  [[nodiscard]] const Policy* find(std::string_view policy) const;
};

struct Source {
  // By name, without the server's own. Empty: there are none, or see below.
  std::vector<Database> databases;
  // False where these credentials are let in, but shown nothing at all.
  bool may_read = true;
};

// With an empty list everything, or else these databases: `failure` when one is not there. A wrong
// token or password is `credentials`.
[[nodiscard]] base::Result<Source> look_at(influx::QueryClient& client,
                                           const std::vector<std::string>& databases = {});

// What such a server may not show, a sentence each. Pure.
[[nodiscard]] std::vector<std::string> limits_of_source(influx::Flavour flavour);

// Where the measurement can be read so that its types hold: the span inside one shard that holds
// `moment`; where the server tells its shards, the next one that begins later if none does.
[[nodiscard]] std::optional<Span> span_at(const Policy& policy, const Measurement& measurement,
                                          std::int64_t moment);
// All of them from the first point to the last, in order.
[[nodiscard]] std::vector<Span> spans_of(const Policy& policy, const Measurement& measurement,
                                         std::int64_t first, std::int64_t last);
}  // namespace haingest::migrate
