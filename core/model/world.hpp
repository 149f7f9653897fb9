// SPDX-License-Identifier: MIT
// The whole store in memory: what the data API answers from and what points take their device tags
// from. Built once, then immutable: shared by pointer between threads.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/timestamp.hpp"
#include "core/model/snapshot.hpp"
#include "core/model/table.hpp"

namespace haingest::model {

// The six tables and the aliases as they are stored.
struct Stored {
  Stored();

  std::vector<Table> tables;  // in the order of Kind
  std::vector<Alias> aliases;
  // HA's last confirmation of everything that is confirmed: when it said what the last complete
  // run brought (Run::ha_when), which an old file does not make any younger.
  std::optional<base::Timestamp> confirmed_at;
  bool has_import = false;  // rows of it came out of an old InfluxDB

  [[nodiscard]] Table& of(Kind kind) { return tables[index_of(kind)]; }
  [[nodiscard]] const Table& of(Kind kind) const { return tables[index_of(kind)]; }
};

class World {
 public:
  explicit World(Stored stored);

  [[nodiscard]] const Table& of(Kind kind) const { return stored_.of(kind); }
  [[nodiscard]] const Stored& stored() const { return stored_; }

  // By primary key (an entity by entity_id).
  [[nodiscard]] std::optional<Row> find(Kind kind, std::string_view key) const;
  // The device of that id, or the living successor of a retired one.
  [[nodiscard]] std::optional<Row> find_device_or_successor(std::string_view id) const;
  // Indexes into of(Kind::entity).
  [[nodiscard]] const std::vector<std::size_t>& entities_of_device(std::string_view id) const;

  // The area people see: the entity's own, else its device's, else that of the device's parent.
  [[nodiscard]] Value effective_area(Row entity) const;
  // A device's own area, else its parent's (child devices of HA 2026.9).
  [[nodiscard]] Value effective_device_area(Row device) const;

 private:
  using ByKey = std::unordered_map<std::string_view, std::size_t>;

  Stored stored_;
  std::vector<ByKey> by_key_;
  std::unordered_map<std::string_view, std::vector<std::size_t>> by_device_;
  std::unordered_map<std::string_view, std::size_t> alias_by_old_id_;
};

}  // namespace haingest::model
