// SPDX-License-Identifier: MIT
#include "core/migrate/records.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

#include "core/base/text.hpp"
#include "core/model/kind.hpp"

namespace haingest::migrate {
namespace {

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

// SQLite keeps NUL, but its functions take it for the end.
bool can_be_id(std::string_view text) {
  return !text.empty() && !has_nul(text) && base::repair_utf8(text) == text;
}

void repair(std::string& text) {
  std::string repaired = base::repair_utf8(text);
  if (!has_nul(repaired)) {
    text = std::move(repaired);
    return;
  }
  text.clear();
  for (const char c : repaired) {
    text += c == '\0' ? base::k_replacement : std::string_view(&c, 1);
  }
}

base::Timestamp moment_of(std::int64_t nanoseconds) {
  return base::Timestamp{
      std::chrono::floor<std::chrono::microseconds>(std::chrono::nanoseconds{nanoseconds})};
}

// Whether one row of a moment counts rather than another one.
bool tells_more(const std::vector<std::string>& cells, const std::vector<std::string>& others) {
  const auto rest = std::ranges::count(cells, "");
  const auto others_rest = std::ranges::count(others, "");
  return std::tie(others_rest, cells) > std::tie(rest, others);
}

}  // namespace

Records::Records(Layout layout, model::Kind kind, std::vector<std::size_t> columns)
    : layout_(layout), kind_(kind), columns_(std::move(columns)) {}

void Records::enter(const std::string& database, const std::string& policy) {
  const bool is_same =
      !places_.empty() && places_.back().database == database && places_.back().policy == policy;
  if (is_same) return;
  places_.push_back({layout_, kind_, database, policy, 0, {}});
}

void Records::see(std::string_view id, std::int64_t nanoseconds, std::vector<std::string> cells) {
  if (!can_be_id(id)) return;
  for (std::string& cell : cells) repair(cell);
  const auto [at, is_new] = by_id_.try_emplace(std::string(id));
  Record& record = at->second;
  if (is_new || nanoseconds > record.newest ||
      (nanoseconds == record.newest && tells_more(cells, record.cells))) {
    record.newest = nanoseconds;
    record.cells = std::move(cells);
  }
  record.first = is_new ? nanoseconds : std::min(record.first, nanoseconds);
  record.last = is_new ? nanoseconds : std::max(record.last, nanoseconds);
  Found& place = places_.back();
  const base::Timestamp moment = moment_of(nanoseconds);
  place.newest = place.records == 0 ? moment : std::max(place.newest, moment);
  if (std::exchange(record.counted_in, places_.size()) != places_.size()) ++place.records;
}

void Records::see_at(std::string_view id, std::int64_t nanoseconds) {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return;
  at->second.first = std::min(at->second.first, nanoseconds);
  at->second.last = std::max(at->second.last, nanoseconds);
}

std::vector<Found> Records::found() const {
  std::vector<Found> found;
  std::ranges::copy_if(places_, std::back_inserter(found),
                       [](const Found& place) { return place.records > 0; });
  return found;
}

void Records::append_to(model::Table& table) const {
  std::vector<std::string_view> ids;
  ids.reserve(by_id_.size());
  for (const auto& [id, record] : by_id_) ids.push_back(id);
  std::ranges::sort(ids);
  table.reserve(table.size() + ids.size());
  const model::Tail tail = model::tail_of(kind_);
  for (const std::string_view id : ids) {
    const Record& record = by_id_.find(id)->second;
    const model::MutableRow row = table.append(model::Value::absent());
    row[model::k_key_column] = table.keep(id);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!record.cells[i].empty()) row[columns_[i]] = table.keep(record.cells[i]);
    }
    // The store has no device without a name.
    if (kind_ == model::Kind::device && row[model::device::name].is_absent()) {
      row[model::device::name] = row[model::k_key_column];
    }
    row[tail.first_seen] = table.keep(base::to_sqlite_text(moment_of(record.first)));
    row[tail.last_seen] = table.keep(base::to_sqlite_text(moment_of(record.last)));
    row[tail.confirmed] = model::Value{"0"};
  }
}

}  // namespace haingest::migrate
