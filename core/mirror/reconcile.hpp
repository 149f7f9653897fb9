// SPDX-License-Identifier: MIT
// The pure centre: what must change so that the store says what Home Assistant says. Removals,
// restores, renames, swaps, retired (composite) devices and partial snapshots are decided here and
// nowhere else. No I/O; the time is given.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/model/change.hpp"
#include "core/model/snapshot.hpp"
#include "core/model/table.hpp"
#include "core/model/world.hpp"
#include "core/store/database.hpp"

namespace haingest::mirror {

// How many records of a kind a snapshot may remove before the guard fires.
struct RemovalLimit {
  enum class Unit { records, percent };
  double amount = 20;
  Unit unit = Unit::percent;

  // A number of records is exact; of a share, five may go in any case.
  [[nodiscard]] std::int64_t allowed(std::int64_t confirmed) const;
};

struct Policy {
  RemovalLimit max_removals;
  bool new_house = false;        // --new-house: the snapshot may share no device with the store
  bool hold_removals = false;    // `watch` goes on without the removals that the guard would refuse
  bool dry_run = false;          // on a copy; a guard that fires stops nothing, see Plan::refusal
  bool record_unchanged = true;  // a run that changed nothing leaves its row, too
  // How long `changes`, `sync_runs` and `removed` are kept (--prune-after).
  std::chrono::hours keep_history{std::chrono::hours(24 * 365)};
};

// A row to take out, to bury, or to put in. Rows are views into the snapshot and into Stored: both
// must outlive the plan.
struct Burial {
  model::Kind kind{};
  model::Row row;
  std::string why;
  std::string successor;
};

struct Plan {
  Plan();

  std::vector<std::pair<model::Kind, std::string_view>> erased;  // primary keys, before any insert
  std::vector<model::Table> inserted;                            // in the order of Kind
  std::vector<Burial> buried;
  std::vector<std::pair<model::Kind, std::string>> unburied;
  std::vector<model::Alias> aliases;  // new or changed
  std::vector<model::Change> changes;
  std::array<std::int64_t, model::k_kind_count> totals{};  // records afterwards
  std::vector<std::string> held;       // sentences: removals that were held back and why
  std::vector<std::string> notes;      // sentences: records that were not taken as they came
  bool partial = false;                // parts failed, or HA is still starting
  std::optional<base::Error> refusal;  // dry run: the first guard that would have stopped it

  // Nothing to write but the run itself.
  [[nodiscard]] bool quiet() const;
};

// Fails with `guard` when a guard fires (but in a dry run); nothing may be written then. `said` is
// when Home Assistant said it: the last_seen of every row that is written, and the first_seen of a
// new one.
[[nodiscard]] base::Result<Plan> reconcile(const model::Snapshot& snapshot,
                                           const model::Stored& stored,
                                           const store::RemovedIds& removed, const Policy& policy,
                                           base::Timestamp said);

// A bulk upsert: adds and updates, removes nothing; absent cells, and fields of `extra` that a
// record does not name, keep what is stored; new rows are not confirmed. Of two records of one
// thing the later counts alone: one_after_another() comes before.
[[nodiscard]] Plan reconcile_upsert(const model::Table& records, const model::Stored& stored,
                                    const store::RemovedIds& removed, base::Timestamp now);

// Everything into `removed`.
[[nodiscard]] Plan reconcile_clear(const model::Stored& stored);

}  // namespace haingest::mirror
