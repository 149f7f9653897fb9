// SPDX-License-Identifier: MIT
#include "core/model/world.hpp"

#include <unordered_set>
#include <utility>

namespace haingest::model {

Stored::Stored() {
  tables.reserve(k_kind_count);
  for (const Kind kind : k_kinds) tables.emplace_back(kind);
}

World::World(Stored stored) : stored_(std::move(stored)), by_key_(k_kind_count) {
  for (const Kind kind : k_kinds) {
    const Table& table = stored_.of(kind);
    ByKey& keys = by_key_[index_of(kind)];
    keys.reserve(table.size());
    for (std::size_t i = 0; i < table.size(); ++i) {
      keys.emplace(table.row(i)[k_key_column].text(), i);
    }
  }
  const Table& entities = stored_.of(Kind::entity);
  for (std::size_t i = 0; i < entities.size(); ++i) {
    const Row row = entities.row(i);
    if (row[entity::device_id].has_text()) by_device_[row[entity::device_id].text()].push_back(i);
  }
  for (std::size_t i = 0; i < stored_.aliases.size(); ++i) {
    alias_by_old_id_.emplace(stored_.aliases[i].old_id, i);
  }
}

std::optional<Row> World::find(Kind kind, std::string_view key) const {
  const ByKey& keys = by_key_[index_of(kind)];
  const auto found = keys.find(key);
  if (found == keys.end()) return std::nullopt;
  return stored_.of(kind).row(found->second);
}

std::optional<Row> World::find_device_or_successor(std::string_view id) const {
  // A half may itself have been split later, and the chosen one may be gone while others live on.
  std::vector<std::string_view> heirs{id};
  std::unordered_set<std::string_view> asked;
  for (std::size_t i = 0; i < heirs.size(); ++i) {
    const std::string_view heir = heirs[i];
    if (!asked.insert(heir).second) continue;
    if (const auto row = find(Kind::device, heir)) return row;
    const auto alias = alias_by_old_id_.find(heir);
    if (alias == alias_by_old_id_.end()) continue;
    const Alias& split = stored_.aliases[alias->second];
    heirs.emplace_back(split.primary_id);
    heirs.insert(heirs.end(), split.new_ids.begin(), split.new_ids.end());
  }
  return std::nullopt;
}

const std::vector<std::size_t>& World::entities_of_device(std::string_view id) const {
  static const std::vector<std::size_t> none;
  const auto found = by_device_.find(id);
  return found == by_device_.end() ? none : found->second;
}

Value World::effective_device_area(Row device_row) const {
  if (device_row[device::area_id].has_text()) return device_row[device::area_id];
  const auto parent = find(Kind::device, device_row[device::parent_device_id].text());
  return parent ? (*parent)[device::area_id] : Value{};
}

Value World::effective_area(Row entity_row) const {
  if (entity_row[entity::area_id].has_text()) return entity_row[entity::area_id];
  const auto owner = find(Kind::device, entity_row[entity::device_id].text());
  return owner ? effective_device_area(*owner) : Value{};
}

}  // namespace haingest::model
