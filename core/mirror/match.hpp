// SPDX-License-Identifier: MIT
// Which stored row is the one that a snapshot's record speaks of.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/table.hpp"

namespace haingest::mirror {

struct Match {
  // A record of the snapshot: the stored row's index; none: new here.
  std::vector<std::optional<std::size_t>> stored_of;
  // A record of the snapshot that another one of the same identity or key has replaced.
  std::vector<bool> skipped;
  // A stored row that no record speaks of.
  std::vector<bool> unmatched;
  std::vector<std::string> notes;
};

// By primary key; entities by registry id, then by entity_id among rows without a registry id,
// then, for rows that no HA has confirmed yet, by platform and unique_id.
[[nodiscard]] Match match(const model::Table& records, const model::Table& stored);

// The same for records that a client sends, which need not have an id: those go by entity_id alone.
[[nodiscard]] Match match_upsert(const model::Table& records, const model::Table& stored);
// The stored rows that no record speaks of and whose primary key one of them takes.
[[nodiscard]] std::vector<std::size_t> dispossessed(const model::Table& records,
                                                    const model::Table& stored, const Match& match);

// Whether HA's registry lists the entity: one that only has a state has no platform and no id.
[[nodiscard]] bool is_registered(model::Row entity);
[[nodiscard]] bool is_confirmed(model::Kind kind, model::Row row);
// Entities that only have a state come and go with it: no changes, no tombstones, no guard.
[[nodiscard]] bool is_state_only(model::Kind kind, model::Row row);

}  // namespace haingest::mirror
