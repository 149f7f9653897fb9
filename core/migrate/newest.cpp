// SPDX-License-Identifier: MIT
#include "core/migrate/newest.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <variant>

#include "core/migrate/pieces.hpp"
#include "core/migrate/statement.hpp"

namespace haingest::migrate {
namespace {

using influx::Cell;
using influx::quoted_name;

// What is selected: "" names what need not be told.
struct Selected {
  std::string name;
  std::string expression;
};

void select_field(const Measurement& measurement, std::string_view key, const std::string& name,
                  std::vector<Selected>& selection) {
  const Field* field = measurement.find(key);
  if (field == nullptr || !can_be_quoted(key)) return;
  for (const FieldType cast : casts_of(*field)) {
    selection.push_back({name, quoted_name(key) + "::" + std::string(word_of(cast))});
  }
}

std::vector<Selected> selection_of(const Question& question) {
  const Measurement& measurement = *question.measurement;
  std::vector<Selected> selection;
  for (const std::string& name : question.wanted) {
    if (std::ranges::find(measurement.tags, name) != measurement.tags.end()) {
      selection.push_back({name, quoted_name(name) + "::tag"});
    }
    select_field(measurement, name, name, selection);
  }
  for (const std::string& name : question.present) {
    const bool is_wanted = std::ranges::find(question.wanted, name) != question.wanted.end();
    if (!is_wanted) select_field(measurement, name, "", selection);
  }
  return selection;
}

// Names of our own, since those of fields and tags may be the same.
std::string alias_of(std::size_t index) { return "c" + std::to_string(index); }

std::string text_of(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  std::array<char, 32> digits{};
  char* end = digits.data();
  const auto write = [&](auto number) {
    end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  };
  if (const auto* number = std::get_if<std::int64_t>(&cell)) write(*number);
  if (const auto* number = std::get_if<std::uint64_t>(&cell)) write(*number);
  if (const auto* number = std::get_if<double>(&cell)) write(*number);
  return {digits.data(), end};
}

}  // namespace

std::string_view GroupRow::group(std::string_view tag) const {
  for (const auto& [key, value] : *groups_) {
    if (key == tag) return value;
  }
  return {};
}

std::string GroupRow::text(std::string_view name) const {
  for (const auto& [column, at] : *columns_) {
    if (column != name) continue;
    std::string text = text_of((*cells_)[at]);
    if (!text.empty()) return text;
  }
  return {};
}

std::optional<bool> GroupRow::flag(std::string_view name) const {
  for (const auto& [column, at] : *columns_) {
    const auto* flag = std::get_if<bool>(&(*cells_)[at]);
    if (column == name && flag != nullptr) return *flag;
  }
  return std::nullopt;
}

// Reads an answer, in all its pieces.
class GroupReader {
 public:
  GroupReader(const Question& question, std::vector<Selected> selection, std::uint64_t limit,
              const OnGroupRow& on_row)
      : question_(question), selection_(std::move(selection)), limit_(limit), on_row_(on_row) {
    row_.groups_ = &groups_;
    row_.columns_ = &columns_;
  }

  void begin(const influx::Series& series) {
    // Another measurement may match, too, where the name cannot be quoted.
    wanted_ = series.name == question_.measurement->name && !series.columns.empty() &&
              series.columns.front() == "time";
    if (!wanted_) return;
    if (rows_ == 0 || series.tags != groups_) {
      groups_ = series.tags;
      rows_ = 0;
    }
    columns_.clear();
    for (std::size_t i = 0; i < selection_.size(); ++i) {
      const auto found = std::ranges::find(series.columns, alias_of(i));
      if (selection_[i].name.empty() || found == series.columns.end()) continue;
      columns_.emplace_back(selection_[i].name,
                            static_cast<std::size_t>(found - series.columns.begin()));
    }
  }

  void row(const std::vector<Cell>& cells) {
    const auto* time = wanted_ ? std::get_if<std::int64_t>(&cells.front()) : nullptr;
    if (time == nullptr) return;
    if (rows_++ > 0 && *time != row_.time_) return;
    if (rows_ == limit_) cut_ = true;
    row_.time_ = *time;
    row_.cells_ = &cells;
    on_row_(row_);
  }

  // Whether there may be more rows of a group's first moment than were asked for.
  [[nodiscard]] bool is_cut() const { return cut_; }

 private:
  const Question& question_;
  const std::vector<Selected> selection_;
  const std::uint64_t limit_;
  const OnGroupRow& on_row_;
  std::vector<std::pair<std::string, std::string>> groups_;
  std::vector<std::pair<std::string, std::size_t>> columns_;
  GroupRow row_;
  std::uint64_t rows_ = 0;  // of this group
  bool wanted_ = false;
  bool cut_ = false;
};

namespace {

base::Result<bool> ask(influx::QueryClient& client, const Question& question, Order order,
                       std::uint64_t limit, const OnGroupRow& on_row) {
  const std::vector<Selected> selection = selection_of(question);
  std::string list;
  for (std::size_t i = 0; i < selection.size(); ++i) {
    list += list.empty() ? "" : ", ";
    list += selection[i].expression + " AS " + alias_of(i);
  }
  if (list.empty()) return false;
  std::string groups;
  for (const std::string& tag : question.groups) {
    groups += (groups.empty() ? "" : ", ") + quoted_name(tag);
  }
  GroupReader reader(question, selection, limit, on_row);
  influx::AnswerHandlers handlers;
  handlers.series = [&reader](const influx::Series& series) { reader.begin(series); };
  handlers.row = [&reader](const std::vector<Cell>& cells) { reader.row(cells); };
  const std::string select =
      "SELECT " + list + " FROM " + from_clause(question.policy, question.measurement->name);
  const std::string rest = " GROUP BY " + groups + " ORDER BY time " +
                           (order == Order::oldest_first ? "ASC" : "DESC") + " LIMIT " +
                           std::to_string(limit);
  const auto asked = ask_in_pieces(k_all_times, order, [&](const Span& span) -> base::Result<bool> {
    const auto read =
        client.ask({question.database, question.policy}, select + within(span) + rest, handlers);
    if (!read) return read.error();
    return true;
  });
  if (!asked) return asked.error();
  return reader.is_cut();
}

}  // namespace

std::vector<Question> questions_of(const Source& source, bool (*is_it)(const Measurement&)) {
  std::vector<Question> questions;
  for (const Database& database : source.databases) {
    for (const Policy& policy : database.policies) {
      for (const Measurement& measurement : policy.measurements) {
        if (!is_it(measurement)) continue;
        questions.push_back({database.name, policy.name, &measurement, {}, {}, {}});
      }
    }
  }
  return questions;
}

base::Result<void> newest_rows(influx::QueryClient& client, const Question& question,
                               const OnGroupRow& on_row) {
  constexpr std::uint64_t k_usual = 8;
  for (std::uint64_t limit = k_usual;; limit *= k_usual) {
    const auto cut = ask(client, question, Order::newest_first, limit, on_row);
    if (!cut) return cut.error();
    if (!*cut) return {};
  }
}

base::Result<void> oldest_rows(influx::QueryClient& client, const Question& question,
                               const OnGroupRow& on_row) {
  const auto asked = ask(client, question, Order::oldest_first, 1, on_row);
  if (!asked) return asked.error();
  return {};
}

}  // namespace haingest::migrate
