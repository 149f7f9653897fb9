// SPDX-License-Identifier: MIT
#include "core/mirror/match.hpp"

#include <unordered_map>
#include <unordered_set>

namespace haingest::mirror {
namespace {

using model::Kind;
using model::Row;
using model::Table;

using Index = std::unordered_map<std::string_view, std::size_t>;

Index index_by(const Table& table, std::size_t column) {
  Index index;
  index.reserve(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table.row(i)[column].has_text()) index.emplace(table.row(i)[column].text(), i);
  }
  return index;
}

// Two records that claim the same value of `column`: the later one is what HA says.
void skip_doubles(const Table& records, std::size_t column, Match& match) {
  Index seen;
  seen.reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const model::Value value = records.row(i)[column];
    if (!value.has_text() || match.skipped[i]) continue;
    const auto [place, fresh] = seen.emplace(value.text(), i);
    if (fresh) continue;
    match.skipped[place->second] = true;
    place->second = i;
    match.notes.push_back("the " + std::string{model::name_of(records.kind())} +
                          " registry lists " +
                          std::string{model::columns_of(records.kind())[column].name} + " " +
                          std::string{value.text()} + " twice; the later record counts");
  }
}

class Matcher {
 public:
  Matcher(const Table& records, const Table& stored, Match& match)
      : records_(records), stored_(stored), match_(match) {}

  // `usable` says which stored rows may be found this way; an empty key finds nothing.
  template <class KeyOf, class Usable>
  void by(KeyOf key_of, Usable usable) {
    by(key_of, key_of, usable);
  }
  template <class KeyOfRecord, class KeyOf, class Usable>
  void by(KeyOfRecord key_of_record, KeyOf key_of, Usable usable) {
    std::unordered_map<std::string, std::size_t> index;
    for (std::size_t i = 0; i < stored_.size(); ++i) {
      if (!match_.unmatched[i] || !usable(stored_.row(i))) continue;
      if (std::string key = key_of(stored_.row(i)); !key.empty()) index.emplace(std::move(key), i);
    }
    if (index.empty()) return;
    for (std::size_t i = 0; i < records_.size(); ++i) {
      if (match_.skipped[i] || match_.stored_of[i]) continue;
      const auto found = index.find(key_of_record(records_.row(i)));
      if (found == index.end() || !match_.unmatched[found->second]) continue;
      take(i, found->second);
    }
  }

  void by_column(std::size_t column) {
    const Index index = index_by(stored_, column);
    for (std::size_t i = 0; i < records_.size(); ++i) {
      const model::Value value = records_.row(i)[column];
      if (match_.skipped[i] || match_.stored_of[i] || !value.has_text()) continue;
      const auto found = index.find(value.text());
      if (found != index.end() && match_.unmatched[found->second]) take(i, found->second);
    }
  }

 private:
  void take(std::size_t record, std::size_t stored) {
    match_.stored_of[record] = stored;
    match_.unmatched[stored] = false;
  }

  const Table& records_;
  const Table& stored_;
  Match& match_;
};

std::string entity_key(Row row) { return std::string{row[model::entity::entity_id].text()}; }

std::string unique_key(Row row) {
  if (row[model::entity::platform].text().empty() || row[model::entity::unique_id].text().empty()) {
    return {};
  }
  // unique_id is unique within a domain and platform only.
  return std::string{row[model::entity::domain].text()} + '\n' +
         std::string{row[model::entity::platform].text()} + '\n' +
         std::string{row[model::entity::unique_id].text()};
}

bool has_no_registry_id(Row row) { return !row[model::entity::registry_id].has_text(); }

}  // namespace

bool is_registered(Row entity) {
  return entity[model::entity::registry_id].has_text() ||
         entity[model::entity::platform].has_text();
}

bool is_confirmed(Kind kind, Row row) { return row[model::tail_of(kind).confirmed].text() == "1"; }

bool is_state_only(Kind kind, Row row) {
  return kind == Kind::entity && is_confirmed(kind, row) && !is_registered(row);
}

Match match(const Table& records, const Table& stored) {
  Match match{std::vector<std::optional<std::size_t>>(records.size()),
              std::vector<bool>(records.size()),
              std::vector<bool>(stored.size(), true),
              {}};
  const Kind kind = records.kind();
  if (kind == Kind::entity) skip_doubles(records, model::identity_column(kind), match);
  skip_doubles(records, model::k_key_column, match);
  Matcher matcher(records, stored, match);
  if (kind != Kind::entity) {
    matcher.by_column(model::k_key_column);
    return match;
  }
  matcher.by_column(model::identity_column(kind));
  matcher.by(entity_key, has_no_registry_id);
  matcher.by(unique_key,
             [](Row row) { return has_no_registry_id(row) && !is_confirmed(Kind::entity, row); });
  return match;
}

Match match_upsert(const Table& records, const Table& stored) {
  Match found = match(records, stored);
  if (records.kind() != Kind::entity) return found;
  Matcher(records, stored, found)
      .by([](Row row) { return has_no_registry_id(row) ? entity_key(row) : std::string{}; },
          entity_key, [](Row) { return true; });
  return found;
}

std::vector<std::size_t> dispossessed(const Table& records, const Table& stored,
                                      const Match& match) {
  std::unordered_set<std::string_view> taken;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!match.skipped[i]) taken.insert(records.row(i)[model::k_key_column].text());
  }
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const std::string_view key = stored.row(i)[model::k_key_column].text();
    if (match.unmatched[i] && taken.contains(key)) rows.push_back(i);
  }
  return rows;
}

}  // namespace haingest::mirror
