// SPDX-License-Identifier: MIT
#include "core/mirror/overlay.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/model/extra.hpp"

namespace haingest::mirror {
namespace {

using model::Kind;
using model::Row;
using model::Table;
using model::Value;

class Folder {
 public:
  explicit Folder(const Table& stored)
      : kind_(stored.kind()), identity_(model::identity_column(kind_)), folded_(kind_) {
    for (std::size_t i = 0; i < stored.size(); ++i) {
      const Row row = stored.row(i);
      if (row[identity_].has_text()) holders_[row[model::k_key_column].text()] = row[identity_];
    }
  }

  void take(Row record) {
    std::optional<std::size_t> place = place_of(record);
    if (place) {
      forget_key(*place);
      fold(record, folded_.row(*place));
    } else {
      name_holder(folded_.adopt(record));
      place = folded_.size() - 1;
    }
    const Row row = folded_.row(*place);
    if (row[identity_].has_text()) by_id_[row[identity_].text()] = *place;
    by_key_[row[model::k_key_column].text()] = *place;
  }

  Table done() { return std::move(folded_); }

 private:
  using Places = std::unordered_map<std::string_view, std::size_t>;

  [[nodiscard]] static std::optional<std::size_t> find(const Places& places, Value value) {
    const auto found = places.find(value.text());
    return found == places.end() ? std::nullopt : std::optional{found->second};
  }

  // The record that this one goes over.
  [[nodiscard]] std::optional<std::size_t> place_of(Row record) const {
    const bool has_id = record[identity_].has_text();
    if (has_id) {
      if (const auto place = find(by_id_, record[identity_])) return place;
    }
    const auto place = find(by_key_, record[model::k_key_column]);
    // Two registry ids are two entities, though the later takes the entity_id over.
    if (place && has_id && folded_.row(*place)[identity_].has_text()) return std::nullopt;
    return place;
  }

  // A record without an id speaks of whoever holds its key now: in the store, if that one has not
  // got another key by a record before.
  void name_holder(model::MutableRow row) const {
    const auto holder = holders_.find(row[model::k_key_column].text());
    if (row[identity_].has_text() || holder == holders_.end()) return;
    if (!by_id_.contains(holder->second.text())) row[identity_] = holder->second;
  }

  void forget_key(std::size_t place) {
    const auto found = by_key_.find(folded_.row(place)[model::k_key_column].text());
    if (found != by_key_.end() && found->second == place) by_key_.erase(found);
  }

  void fold(Row later, model::MutableRow row) {
    std::vector<Value> cells{later.begin(), later.end()};
    lay_over(kind_, cells, row, folded_);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (!cells[i].is_absent()) row[i] = cells[i];
    }
  }

  Kind kind_;
  std::size_t identity_;
  Table folded_;
  std::unordered_map<std::string_view, Value> holders_;  // ids by key, as stored
  Places by_id_;
  Places by_key_;
};

}  // namespace

void lay_over(Kind kind, model::MutableRow row, Row below, Table& room) {
  const std::size_t extra = model::tail_of(kind).extra;
  if (!below[extra].has_text()) return;
  const std::string merged = model::extra_over(kind, row, below[extra].text());
  row[extra] = merged.empty() ? Value{} : room.keep(merged);
}

Table one_after_another(const Table& records, const Table& stored) {
  Folder folder(stored);
  for (std::size_t i = 0; i < records.size(); ++i) folder.take(records.row(i));
  return folder.done();
}

}  // namespace haingest::mirror
