// SPDX-License-Identifier: MIT
#include "core/mirror/import.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/mirror/match.hpp"
#include "core/mirror/planner.hpp"

namespace haingest::mirror {
namespace {

using model::Kind;
using model::Row;
using model::Table;
using model::Value;

// The stored rows of a kind, by what a record of the past may call them.
class Known {
 public:
  explicit Known(const Table& stored) : stored_(stored) {
    for (std::size_t i = 0; i < stored.size(); ++i) {
      const Row row = stored.row(i);
      by_key_.emplace(row[model::k_key_column].text(), i);
      if (!is_confirmed(stored.kind(), row)) continue;
      has_confirmed_ = true;
      if (const auto name = own_name_of(row)) by_own_name_.emplace(*name, i);
    }
  }

  [[nodiscard]] bool has_confirmed() const { return has_confirmed_; }
  [[nodiscard]] std::optional<std::size_t> find(Row record) const {
    if (const auto found = by_key_.find(record[model::k_key_column].text());
        found != by_key_.end()) {
      return found->second;
    }
    const auto name = own_name_of(record);
    if (!name) return std::nullopt;
    const auto renamed = by_own_name_.find(*name);
    return renamed == by_own_name_.end() ? std::nullopt : std::optional{renamed->second};
  }

 private:
  using OwnName = std::pair<std::string_view, std::string_view>;

  // What an entity is called by its integration, whatever its entity_id is.
  [[nodiscard]] std::optional<OwnName> own_name_of(Row row) const {
    if (stored_.kind() != Kind::entity) return std::nullopt;
    const Value platform = row[model::entity::platform];
    const Value unique_id = row[model::entity::unique_id];
    if (!platform.has_text() || !unique_id.has_text()) return std::nullopt;
    return OwnName{platform.text(), unique_id.text()};
  }

  const Table& stored_;
  bool has_confirmed_ = false;
  std::map<std::string_view, std::size_t> by_key_;
  std::map<OwnName, std::size_t> by_own_name_;  // of confirmed rows
};

class Importer {
 public:
  Importer(const model::Stored& stored, const store::RemovedIds& removed, base::Timestamp now)
      : stored_(stored), removed_(removed), planner_(stored, removed, now) {
    for (const model::Alias& alias : stored.aliases) {
      successors_.emplace(alias.old_id, alias.primary_id);
    }
  }

  void take(const Table& past) {
    if (past.empty()) return;
    const Kind kind = past.kind();
    const Table& mine = stored_.of(kind);
    const Known known(mine);
    // An entity that was renamed has several records, its row is written once.
    std::map<std::size_t, Value> since;
    std::vector<bool> is_known(mine.size());
    for (std::size_t i = 0; i < past.size(); ++i) {
      const Row record = past.row(i);
      const auto at = known.find(record);
      if (!at) {
        take_new(kind, record, known.has_confirmed());
        continue;
      }
      is_known[*at] = true;
      const Row row = mine.row(*at);
      if (!is_confirmed(kind, row)) {
        planner_.update_past(kind, record, row);
        continue;
      }
      const Value first = record[model::tail_of(kind).first_seen];
      const auto [earliest, is_first] = since.emplace(*at, first);
      if (!is_first && first.text() < earliest->second.text()) earliest->second = first;
    }
    for (const auto& [at, first] : since) planner_.backdate(kind, mine.row(at), first);
    for (std::size_t i = 0; i < mine.size(); ++i) {
      if (stored_.has_import || is_known[i] || is_confirmed(kind, mine.row(i))) continue;
      planner_.remove(kind, mine.row(i), "gone");
      ++import_.unknown[model::index_of(kind)];
    }
  }

  Import finish() {
    import_.plan = std::move(planner_.plan());
    return std::move(import_);
  }

 private:
  void take_new(Kind kind, Row record, bool has_confirmed) {
    const std::string id{record[model::k_key_column].text()};
    const auto successor = kind == Kind::device ? successors_.find(id) : successors_.end();
    const bool is_retired = successor != successors_.end();
    if (!is_retired && !has_confirmed) {
      planner_.add_past(kind, record);
      return;
    }
    if (removed_.contains({kind, id})) return;
    planner_.bury_past(kind, record, is_retired ? successor->second : "");
    ++import_.dead[model::index_of(kind)];
  }

  const model::Stored& stored_;
  const store::RemovedIds& removed_;
  Planner planner_;
  std::map<std::string_view, std::string_view> successors_;  // of composite devices
  Import import_;
};

}  // namespace

Import reconcile_import(const std::vector<Table>& past, const model::Stored& stored,
                        const store::RemovedIds& removed, base::Timestamp now) {
  Importer importer(stored, removed, now);
  for (const Table& table : past) importer.take(table);
  return importer.finish();
}

}  // namespace haingest::mirror
