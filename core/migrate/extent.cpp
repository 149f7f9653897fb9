// SPDX-License-Identifier: MIT
#include "core/migrate/extent.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>
#include <unordered_set>
#include <variant>
#include <vector>

#include "core/migrate/pieces.hpp"
#include "core/migrate/statement.hpp"

namespace haingest::migrate {
namespace {

using influx::quoted_name;

// What is selected to see every value, each between `before` and `behind`: "count(" and ")".
std::string all_values(const Measurement& measurement, std::string_view before,
                       std::string_view behind) {
  const auto& fields = measurement.fields;
  const bool all_quotable =
      std::ranges::all_of(fields, [](const Field& field) { return can_be_quoted(field.name); });
  if (!measurement.has_clash() || !all_quotable) {
    return std::string(before) + "*" + std::string(behind);
  }
  std::string list;
  for (const Field& field : fields) {
    for (const FieldType type : casts_of(field)) {
      list += list.empty() ? "" : ", ";
      list.append(before).append(quoted_name(field.name)).append("::").append(word_of(type));
      list += behind;
    }
  }
  return list;
}

// The first or the last point of a span.
base::Result<std::optional<std::int64_t>> edge_of(influx::QueryClient& client,
                                                  const influx::Scope& scope,
                                                  const Measurement& measurement, const Span& whole,
                                                  Order order) {
  const std::string select = "SELECT " + all_values(measurement, "", "") + " FROM " +
                             from_clause(scope.retention_policy, measurement.name);
  const std::string end =
      order == Order::oldest_first ? " ORDER BY time ASC LIMIT 1" : " ORDER BY time DESC LIMIT 1";
  std::optional<std::int64_t> edge;
  const auto asked = ask_in_pieces(whole, order, [&](const Span& span) -> base::Result<bool> {
    const auto rows = rows_of(client, scope, select + within(span) + end);
    if (!rows) return rows.error();
    const auto row = std::ranges::find(*rows, measurement.name, &Row::series);
    if (row != rows->end()) edge = row->number("time");
    return !edge;
  });
  if (!asked) return asked.error();
  return edge;
}

// Adds up what count() says of each series, or of all of them together.
class Counter {
 public:
  explicit Counter(const Measurement& measurement) : measurement_(measurement) {}

  void begin(const influx::Series& series) {
    wanted_ = series.name == measurement_.name;
    columns_ = series.columns;
    tags_.clear();
    for (const auto& [key, value] : series.tags) tags_ += key + '\0' + value + '\0';
  }

  void row(const std::vector<influx::Cell>& cells) {
    if (!wanted_) return;
    std::uint64_t values = 0;
    for (std::size_t i = 1; i < cells.size(); ++i) {
      const auto* count = std::get_if<std::int64_t>(&cells[i]);
      if (count == nullptr) continue;
      values += static_cast<std::uint64_t>(*count);
      of_piece_[columns_[i]] += static_cast<std::uint64_t>(*count);
    }
    values_ += values;
    // In several pieces a series comes several times.
    if (values > 0) series_.insert(std::hash<std::string>{}(tags_));
  }

  void piece_done() {
    std::uint64_t most = 0;
    for (const auto& [column, count] : of_piece_) most = std::max(most, count);
    points_ += most;
    of_piece_.clear();
  }

  [[nodiscard]] std::uint64_t values() const { return values_; }
  [[nodiscard]] std::uint64_t points() const { return points_; }
  [[nodiscard]] std::uint64_t series() const { return series_.size(); }

 private:
  const Measurement& measurement_;
  bool wanted_ = false;
  std::vector<std::string> columns_;
  std::string tags_;
  std::map<std::string, std::uint64_t> of_piece_;  // by column
  std::uint64_t values_ = 0;
  std::uint64_t points_ = 0;
  std::unordered_set<std::size_t> series_;
};

base::Result<Counter> count(influx::QueryClient& client, const influx::Scope& scope,
                            const Measurement& measurement, const Span& whole, CountSeries series) {
  const std::string select = "SELECT " + all_values(measurement, "count(", ")") + " FROM " +
                             from_clause(scope.retention_policy, measurement.name);
  const std::string end = series == CountSeries::yes ? " GROUP BY *" : "";
  Counter counter(measurement);
  influx::AnswerHandlers handlers;
  handlers.series = [&](const influx::Series& next) { counter.begin(next); };
  handlers.row = [&](const std::vector<influx::Cell>& cells) { counter.row(cells); };
  const auto asked =
      ask_in_pieces(whole, Order::oldest_first, [&](const Span& span) -> base::Result<bool> {
        const auto counted = client.ask(scope, select + within(span) + end, handlers);
        if (!counted) return counted.error();
        counter.piece_done();
        return true;
      });
  if (!asked) return asked.error();
  return counter;
}

}  // namespace

base::Result<std::optional<Extent>> extent_of(influx::QueryClient& client,
                                              const std::string& database,
                                              const std::string& policy,
                                              const Measurement& measurement, const Span& within,
                                              CountSeries series) {
  const influx::Scope scope{database, policy};
  const auto first = edge_of(client, scope, measurement, within, Order::oldest_first);
  if (!first) return first.error();
  if (!*first) return std::optional<Extent>{};
  const auto last = edge_of(client, scope, measurement, within, Order::newest_first);
  if (!last) return last.error();
  const auto counted = count(client, scope, measurement, within, series);
  if (!counted) return counted.error();
  Extent extent{**first, last->value_or(**first), counted->values(), counted->points()};
  if (series == CountSeries::yes) extent.series = counted->series();
  return std::optional(extent);
}

base::Result<std::optional<std::int64_t>> next_point(influx::QueryClient& client,
                                                     const std::string& database,
                                                     const std::string& policy,
                                                     const Measurement& measurement,
                                                     std::int64_t from) {
  return edge_of(client, {database, policy}, measurement, {from, k_end}, Order::oldest_first);
}

}  // namespace haingest::migrate
