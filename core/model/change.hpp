// SPDX-License-Identifier: MIT
// What a run did to the store.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/timestamp.hpp"
#include "core/model/kind.hpp"

namespace haingest::model {

enum class Action { added, updated, renamed, removed, restored, superseded };
inline constexpr std::array k_actions{Action::added,   Action::updated,  Action::renamed,
                                      Action::removed, Action::restored, Action::superseded};
[[nodiscard]] std::string_view name_of(Action action);

struct Change {
  std::int64_t seq = 0;  // its number in `changes`; 0 in a dry run
  Kind kind{};
  std::string id;
  Action action{};
  std::string name;    // for people: the record's name, an entity's entity_id
  std::string before;  // JSON object: the changed fields, the whole record when removed; "" = null
  std::string after;   // JSON object: the changed fields, the whole record when added
};

// One row of `sync_runs`.
struct Run {
  std::int64_t id = 0;
  std::string command;     // "sync", "watch", "api", "migrate-from-influx"
  std::string source;      // HA's URL, a file's name, "-" or the API's client
  std::string ha_version;  // empty when no HA was asked
  // When HA said what the run brought: its snapshot's `ha.when`, never after the run. None: no
  // snapshot, or one that does not say.
  std::optional<base::Timestamp> ha_when;
  base::Timestamp started_at{};
  base::Timestamp finished_at{};
  std::int64_t duration_ms = 0;
  std::int64_t times = 1;  // how many runs without a change this row stands for
  std::string outcome;     // "complete", "partial", "starting"; "refused" in a dry run only
  std::string detail;      // which parts failed, which removals were held back
  std::array<std::int64_t, k_actions.size()> counts{};  // by Action
  std::array<std::int64_t, k_kind_count> totals{};      // records stored after it, by Kind
};

}  // namespace haingest::model
