// SPDX-License-Identifier: MIT
#include "core/migrate/reading.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "core/influx/field_keys.hpp"
#include "core/influx/line.hpp"
#include "core/migrate/exact_line.hpp"
#include "core/migrate/pieces.hpp"
#include "core/migrate/statement.hpp"

namespace haingest::migrate {
namespace {

using influx::Cell;

// " FROM … WHERE time …"
std::string points_of(const Window& window, const Span& span) {
  return " FROM " + from_clause(window.policy, window.measurement->name) + within(span);
}

// Below 128 MessagePack writes integers of both kinds alike, and a field may be of the one kind in
// this shard and of the other in the next. Arithmetic tells: below 0 an unsigned one wraps round.
base::Result<bool> is_unsigned_here(influx::QueryClient& client, const Window& window,
                                    const std::string& field) {
  const auto rows = rows_of(client, {window.database, window.policy},
                            "SELECT " + influx::quoted_name(field) + " * 0 - 1" +
                                points_of(window, window.span) + " LIMIT 1");
  if (!rows) return rows.error();
  if (rows->empty() || rows->front().cells.size() < 2) return false;
  return std::holds_alternative<std::uint64_t>(rows->front().cells[1]);
}

// The fields whose integers are unsigned in this window.
base::Result<std::vector<std::string>> unsigned_fields(influx::QueryClient& client,
                                                       const Window& window) {
  std::vector<std::string> names;
  for (const Field& field : window.measurement->fields) {
    if (!field.may_be(FieldType::unsigned_integer)) continue;
    if (field.may_be(FieldType::integer) && can_be_quoted(field.name)) {
      const auto here = is_unsigned_here(client, window, field.name);
      if (!here) return here.error();
      if (!*here) continue;
    }
    names.push_back(field.name);
  }
  return names;
}

// What ends the reading of an answer.
struct Objection {
  std::string sentence;
};
// A row without a time, or a float that is none: no InfluxDB stores that.
[[noreturn]] void refuse_answer() { throw Objection{"the answer is not what InfluxDB sends"}; }

// Makes a line of every row. What a series' lines have in common is written once.
class LineWriter {
 public:
  LineWriter(const Window& window, influx::Flavour flavour, Spelling spelling,
             std::vector<std::string> unsigned_names,
             const std::function<void(const PointLine&)>& on_point)
      : window_(window),
        is_3_(flavour == influx::Flavour::influxdb3),
        spelling_(spelling),
        unsigned_(std::move(unsigned_names)),
        on_point_(on_point) {}

  void begin(const influx::Series& series) {
    wanted_ = series.name == window_.measurement->name;
    if (!wanted_) return;
    if (series.columns.empty() || series.columns.front() != "time") {
      refuse_answer();
    }
    line_.clear();
    spelling_ == Spelling::exact ? begin_exact(series) : begin_shared(series);
    prefix_ = line_.size();
  }

  void row(const std::vector<Cell>& cells) {
    if (!wanted_) return;
    const auto* time = std::get_if<std::int64_t>(&cells.front());
    if (time == nullptr) {
      refuse_answer();
    }
    line_.resize(prefix_);
    std::size_t values = 0;
    for (std::size_t i = 1; i < cells.size(); ++i) {
      if (std::holds_alternative<std::monostate>(cells[i])) continue;
      line_ += values++ == 0 ? ' ' : ',';
      line_ += columns_[i].key;
      append(cells[i], columns_[i].number);
    }
    if (values == 0) return;
    std::array<char, 24> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), *time);
    line_ += ' ';
    line_.append(digits.data(), end);
    line_ += '\n';
    ++amount_.points;
    amount_.values += values;
    on_point_({line_, values, *time});
  }

  [[nodiscard]] const Amount& amount() const { return amount_; }

 private:
  struct Column {
    std::string key;                        // as it is written, with its `=`
    FieldType number = FieldType::integer;  // what its integers are
  };

  // A tag that the series lacks comes as an empty one.
  void begin_exact(const influx::Series& series) {
    append_exact_measurement(line_, series.name);
    for (const auto& [key, value] : series.tags) {
      if (value.empty()) continue;
      line_ += ',';
      append_exact_name(line_, key);
      line_ += '=';
      append_exact_name(line_, value);
    }
    columns_.assign(1, {});
    for (std::size_t i = 1; i < series.columns.size(); ++i) {
      Column column{{}, number_of(series.columns[i])};
      append_exact_field_key(column.key, series.columns[i]);
      column.key += '=';
      columns_.push_back(std::move(column));
    }
  }

  // Two names may become one; then the later gets a `_`.
  void begin_shared(const influx::Series& series) {
    influx::FieldKeys keys;
    std::vector<std::pair<std::string, std::string_view>> tags;
    for (const auto& [key, value] : series.tags) {
      if (!value.empty()) tags.emplace_back(keys.add(key), value);
    }
    std::ranges::sort(tags);
    influx::append_measurement(line_, series.name);
    for (const auto& [key, value] : tags) influx::append_tag(line_, key, value);
    columns_.assign(1, {});
    for (std::size_t i = 1; i < series.columns.size(); ++i) {
      Column column{{}, number_of(series.columns[i])};
      influx::append_key(column.key, keys.add(series.columns[i]));
      column.key += '=';
      columns_.push_back(std::move(column));
    }
  }

  [[nodiscard]] FieldType number_of(const std::string& name) const {
    if (std::ranges::find(unsigned_, name) != unsigned_.end()) return FieldType::unsigned_integer;
    if (!is_3_) return FieldType::integer;
    // InfluxDB 3 sends a float without a fraction as an integer; a field has one type there.
    const Field* field = window_.measurement->find(name);
    if (field == nullptr) {
      throw Objection{
          "the field " + name + " of " + window_.measurement->name +
          " has come since the fields were asked for; the same command goes on with it"};
    }
    return field->types.front();
  }

  void append(const Cell& cell, FieldType type) {
    if (const auto* text = std::get_if<std::string>(&cell)) {
      append_exact_text(line_, *text);
    } else if (const auto* number = std::get_if<double>(&cell)) {
      if (!influx::append_number(line_, *number)) refuse_answer();
    } else if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
      append_whole(*integer, type);
    } else if (const auto* large = std::get_if<std::uint64_t>(&cell)) {
      append_unsigned_integer(line_, *large);
    } else if (const auto* flag = std::get_if<bool>(&cell)) {
      line_ += *flag ? "true" : "false";
    }
  }

  void append_whole(std::int64_t number, FieldType type) {
    if (type == FieldType::unsigned_integer) {
      append_unsigned_integer(line_, static_cast<std::uint64_t>(number));
    } else if (type == FieldType::floating) {
      influx::append_number(line_, static_cast<double>(number));
    } else {
      append_integer(line_, number);
    }
  }

  const Window& window_;
  const bool is_3_;
  const Spelling spelling_;
  const std::vector<std::string> unsigned_;
  const std::function<void(const PointLine&)>& on_point_;
  bool wanted_ = false;
  std::vector<Column> columns_;
  std::string line_;
  std::size_t prefix_ = 0;
  Amount amount_;
};

// Of one row of count(*), by field.
void add_counts(const Row& row, std::map<std::string, std::uint64_t>& sums) {
  constexpr std::string_view k_prefix = "count_";
  for (std::size_t i = 1; i < row.cells.size(); ++i) {
    const auto* count = std::get_if<std::int64_t>(&row.cells[i]);
    if (count == nullptr || *count == 0) continue;
    const std::string& column = row.columns[i];
    sums[column.substr(std::min(k_prefix.size(), column.size()))] +=
        static_cast<std::uint64_t>(*count);
  }
}

// `limits` end the statement.
base::Result<Amount> read(influx::QueryClient& client, const Window& window, Spelling spelling,
                          std::string_view limits,
                          const std::function<void(const PointLine&)>& on_point) {
  auto unsigned_names = unsigned_fields(client, window);
  if (!unsigned_names) return unsigned_names.error();
  LineWriter writer(window, client.flavour(), spelling, std::move(*unsigned_names), on_point);
  influx::AnswerHandlers handlers;
  handlers.series = [&](const influx::Series& series) { writer.begin(series); };
  handlers.row = [&](const std::vector<Cell>& cells) { writer.row(cells); };
  const auto ask = [&](const Span& span) -> base::Result<bool> {
    // GROUP BY * keeps a tag and a field of the same name apart.
    const auto asked = client.ask(
        {window.database, window.policy},
        "SELECT *" + points_of(window, span) + " GROUP BY *" + std::string(limits), handlers);
    if (!asked) return asked.error();
    return true;
  };
  try {
    const auto asked = ask_in_pieces(window.span, Order::oldest_first, ask);
    if (!asked) return asked.error();
  } catch (const Objection& objection) {
    return base::Error{base::ErrorKind::failure, objection.sentence, {}};
  }
  return writer.amount();
}

}  // namespace

base::Result<Amount> read_window(influx::QueryClient& client, const Window& window,
                                 Spelling spelling,
                                 const std::function<void(const PointLine&)>& on_point) {
  return read(client, window, spelling, "", on_point);
}

base::Result<double> line_length_in(influx::QueryClient& client, const Window& window) {
  // InfluxDB 3 has no SLIMIT.
  const bool is_3 = client.flavour() == influx::Flavour::influxdb3;
  std::size_t bytes = 0;
  const auto amount =
      read(client, window, Spelling::exact, is_3 ? " LIMIT 20" : " LIMIT 20 SLIMIT 50",
           [&](const PointLine& point) { bytes += point.line.size(); });
  if (!amount) return amount.error();
  if (amount->points == 0) return 0;
  return static_cast<double>(bytes) / static_cast<double>(amount->points);
}

base::Result<std::vector<FieldCount>> count_window(influx::QueryClient& client,
                                                   const Window& window) {
  std::map<std::string, std::uint64_t> sums;
  const auto asked =
      ask_in_pieces(window.span, Order::oldest_first, [&](const Span& span) -> base::Result<bool> {
        const auto rows = rows_of(client, {window.database, window.policy},
                                  "SELECT count(*)" + points_of(window, span));
        if (!rows) return rows.error();
        for (const Row& row : *rows) {
          if (row.series == window.measurement->name) add_counts(row, sums);
        }
        return true;
      });
  if (!asked) return asked.error();
  std::vector<FieldCount> counts;
  counts.reserve(sums.size());
  for (auto& [field, values] : sums) counts.push_back({field, values});
  return counts;
}

}  // namespace haingest::migrate
