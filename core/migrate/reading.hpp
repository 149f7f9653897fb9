// SPDX-License-Identifier: MIT
// One measurement of one span out of an old InfluxDB, as line protocol, while it streams: with
// every field's type and every byte of names and texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/influx/query.hpp"
#include "core/migrate/source.hpp"

namespace haingest::migrate {

// How names are written.
enum class Spelling {
  exact,   // InfluxDB 1 and 2 store the same bytes that were read
  shared,  // InfluxDB 3 and VictoriaMetrics take them, too: see influx::append_measurement
};

struct Window {
  std::string database;
  std::string policy;
  const Measurement* measurement = nullptr;
  Span span;  // inside one shard (spans_of), or types get lost
};

// Valid until the next.
struct PointLine {
  std::string_view line;  // with its '\n'
  std::size_t values = 0;
  std::int64_t time = 0;  // nanoseconds
};

struct Amount {
  std::uint64_t points = 0;
  std::uint64_t values = 0;
};

// Points come series by series, each in the order of time, and where the server has answered in
// pieces (ask_in_pieces) piece by piece. They count only when this returns
// without an error, see influx::QueryClient::ask. `on_point` may throw.
[[nodiscard]] base::Result<Amount> read_window(
    influx::QueryClient& client, const Window& window, Spelling spelling,
    const std::function<void(const PointLine&)>& on_point);

// How long the window's lines are on average, in bytes: of a thousand of them at most, of an
// InfluxDB 3 of twenty a series. 0 where it
// has no points.
[[nodiscard]] base::Result<double> line_length_in(influx::QueryClient& client,
                                                  const Window& window);

// What the server counts in a window, field by field as they are named there, without those of
// which there are none.
struct FieldCount {
  std::string field;
  std::uint64_t values = 0;
  bool operator==(const FieldCount&) const = default;
};
[[nodiscard]] base::Result<std::vector<FieldCount>> count_window(influx::QueryClient& client,
                                                                 const Window& window);

}  // namespace haingest::migrate
