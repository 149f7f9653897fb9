// SPDX-License-Identifier: MIT
#include "tests/fakes/recorder.hpp"

#include <algorithm>
#include <utility>

namespace haingest::fakes {
namespace {

// About 100 MB; the oldest rows go.
constexpr std::size_t k_most_rows = 200'000;

}  // namespace

void Recorder::record(const Json& state) {
  const auto updated = base::parse_timestamp(text_in(state, "last_updated"));
  if (!updated) return;
  HistoryRow row;
  row.state = text_in(state, "state");
  row.attributes = text_of(state.value("attributes", Json::object()));
  row.last_updated = *updated;
  row.last_changed = base::parse_timestamp(text_in(state, "last_changed")).value_or(*updated);
  add(text_in(state, "entity_id"), std::move(row));
}

void Recorder::record_removal(std::string_view entity_id, base::Timestamp at) {
  if (knows(entity_id)) add(entity_id, HistoryRow{0, std::nullopt, "{}", at, at});
}

void Recorder::add(std::string_view entity_id, HistoryRow row) {
  if (excluded_.contains(entity_id)) return;
  std::uint64_t& file = files_[std::string(entity_id)];
  if (file == 0) file = next_file_++;
  row.file = file;
  newest_ = std::max(newest_, row.last_updated);
  if (holding_) {
    uncommitted_.push_back(std::move(row));
    return;
  }
  rows_.push_back(std::move(row));
  if (rows_.size() > k_most_rows) rows_.pop_front();
}

void Recorder::rename(std::string_view entity_id, std::string_view new_entity_id,
                      OldRows old_rows) {
  if (old_rows == OldRows::stay || !knows(entity_id) || knows(new_entity_id)) return;
  auto file = files_.extract(files_.find(entity_id));
  file.key() = new_entity_id;
  files_.insert(std::move(file));
}

void Recorder::exclude(std::string_view entity_id) {
  excluded_.emplace(entity_id);
  const auto file = files_.find(entity_id);
  if (file == files_.end()) return;
  erase_rows([number = file->second](const HistoryRow& row) { return row.file == number; });
}

void Recorder::commit() {
  holding_ = false;
  for (HistoryRow& row : std::exchange(uncommitted_, {})) rows_.push_back(std::move(row));
  while (rows_.size() > k_most_rows) rows_.pop_front();
}

void Recorder::forget(base::Timestamp before) {
  erase_rows([before](const HistoryRow& row) { return row.last_updated < before; });
}

// An entity_id without any row is forgotten, too: a rename to it moves rows again.
template <class Gone>
void Recorder::erase_rows(Gone gone) {
  std::erase_if(rows_, gone);
  std::erase_if(uncommitted_, gone);
  std::set<std::uint64_t> used;
  for (const HistoryRow& row : rows_) used.insert(row.file);
  for (const HistoryRow& row : uncommitted_) used.insert(row.file);
  std::erase_if(files_, [&](const auto& file) { return !used.contains(file.second); });
}

std::vector<const HistoryRow*> Recorder::rows_of(std::string_view entity_id) const {
  std::vector<const HistoryRow*> found;
  const auto file = files_.find(entity_id);
  if (file == files_.end()) return found;
  for (const HistoryRow& row : rows_) {
    if (row.file == file->second) found.push_back(&row);
  }
  std::ranges::stable_sort(found, {}, &HistoryRow::last_updated);
  return found;
}

}  // namespace haingest::fakes
