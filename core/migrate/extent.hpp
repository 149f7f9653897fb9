// SPDX-License-Identifier: MIT
// What a measurement holds within a span, over all its shards and whatever types its fields have
// there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/error.hpp"
#include "core/influx/query.hpp"
#include "core/migrate/source.hpp"

namespace haingest::migrate {

struct Extent {
  std::int64_t first = 0;  // nanoseconds, of the first and the last point
  std::int64_t last = 0;
  std::uint64_t values = 0;
  std::uint64_t points = 0;                  // at least; exact where one field is in each of them
  std::optional<std::uint64_t> series = {};  // none where they were not to be counted
};

// To count series, too, takes half as long again (1 million points of 400 series in InfluxDB 1.6:
// 0.8 s without, 1.2 s with them). Its SHOW SERIES CARDINALITY counts a series in each shard anew,
// and SHOW SERIES does not know policies.
enum class CountSeries : bool { no, yes };

// None when there are no points. Reads it once: seconds for millions of points.
[[nodiscard]] base::Result<std::optional<Extent>> extent_of(influx::QueryClient& client,
                                                            const std::string& database,
                                                            const std::string& policy,
                                                            const Measurement& measurement,
                                                            const Span& within = k_all_times,
                                                            CountSeries series = CountSeries::no);

// The first point at `from` or later; none when there is none. Behind a span without points this
// saves asking for each of the next: one wrong clock, and there are thousands.
[[nodiscard]] base::Result<std::optional<std::int64_t>> next_point(influx::QueryClient& client,
                                                                   const std::string& database,
                                                                   const std::string& policy,
                                                                   const Measurement& measurement,
                                                                   std::int64_t from);

}  // namespace haingest::migrate
