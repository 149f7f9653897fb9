// SPDX-License-Identifier: MIT
#include "core/migrate/statement.hpp"

#include <algorithm>
#include <variant>

#include "core/base/text.hpp"

namespace haingest::migrate {
namespace {

// Go's regular expressions read each byte that is no UTF-8 as U+FFFD and match it with that.
std::string as_pattern(std::string_view name) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string pattern = "/^";
  const std::string repaired = base::repair_utf8(name);
  for (std::size_t at = 0; at < repaired.size(); ++at) {
    if (std::string_view(repaired).substr(at).starts_with(base::k_replacement)) {
      constexpr std::string_view k_any = R"(\x{FFFD}+)";
      if (!pattern.ends_with(k_any)) pattern += k_any;
      at += base::k_replacement.size() - 1;
      continue;
    }
    const char c = repaired[at];
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        byte >= 0x80U || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (plain) {
      pattern += c;
    } else {
      pattern += {'\\', 'x', k_digits[byte >> 4U], k_digits[byte & 15U]};
    }
  }
  return pattern + "$/";
}

const influx::Cell* cell_of(const Row& row, std::string_view column) {
  const auto found = std::ranges::find(row.columns, column);
  if (found == row.columns.end()) return nullptr;
  return &row.cells[static_cast<std::size_t>(found - row.columns.begin())];
}

}  // namespace

bool can_be_quoted(std::string_view name) {
  return name.find('\0') == std::string_view::npos && base::repair_utf8(name) == name;
}

std::string from_clause(std::string_view policy, std::string_view measurement) {
  return influx::quoted_name(policy) + "." +
         (can_be_quoted(measurement) ? influx::quoted_name(measurement) : as_pattern(measurement));
}

std::string from_all(std::string_view policy) { return influx::quoted_name(policy) + "./(?s)./"; }

std::string where_between(std::int64_t begin, std::int64_t end) {
  return " WHERE time >= " + std::to_string(begin) + " AND time < " + std::to_string(end);
}

std::string Row::text(std::string_view column) const {
  const influx::Cell* cell = cell_of(*this, column);
  const auto* text = cell == nullptr ? nullptr : std::get_if<std::string>(cell);
  return text == nullptr ? "" : *text;
}

std::int64_t Row::number(std::string_view column) const {
  const influx::Cell* cell = cell_of(*this, column);
  const auto* number = cell == nullptr ? nullptr : std::get_if<std::int64_t>(cell);
  return number == nullptr ? 0 : *number;
}

bool Row::flag(std::string_view column) const {
  const influx::Cell* cell = cell_of(*this, column);
  const auto* flag = cell == nullptr ? nullptr : std::get_if<bool>(cell);
  return flag != nullptr && *flag;
}

base::Result<std::vector<Row>> rows_of(influx::QueryClient& client, const influx::Scope& scope,
                                       const std::string& statement) {
  std::vector<Row> rows;
  influx::Series series;
  influx::AnswerHandlers handlers;
  handlers.series = [&](const influx::Series& next) { series = next; };
  handlers.row = [&](const std::vector<influx::Cell>& cells) {
    rows.push_back({series.name, series.columns, cells});
  };
  const auto asked = client.ask(scope, statement, handlers);
  if (!asked) return asked.error();
  return rows;
}

}  // namespace haingest::migrate
