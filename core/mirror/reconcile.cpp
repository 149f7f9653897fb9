// SPDX-License-Identifier: MIT
#include "core/mirror/reconcile.hpp"

#include <algorithm>
#include <unordered_set>

#include "core/mirror/guard.hpp"
#include "core/mirror/match.hpp"
#include "core/mirror/planner.hpp"
#include "core/mirror/supersede.hpp"

namespace haingest::mirror {
namespace {

using model::Kind;
using model::Row;
using model::Table;

// Why the rows of a kind that HA did not list must stay; empty when they may go.
std::string reason_to_keep(const model::Snapshot& snapshot, Kind kind) {
  const model::Registry& registry = snapshot.of(kind);
  if (registry.presence == model::Presence::absent)
    return "this Home Assistant has no such registry";
  if (registry.presence == model::Presence::failed) {
    return "the answer for " + std::string{model::plural_of(kind)} + " was not whole (" +
           registry.code + ")";
  }
  if (!snapshot.ha.running()) {
    return snapshot.name.empty()
               ? "Home Assistant is " + snapshot.ha.state
               : snapshot.name + " is of a Home Assistant that was " + snapshot.ha.state;
  }
  if (kind == Kind::device && snapshot.splits_presence == model::Presence::failed) {
    return "the list of split devices is missing";
  }
  return {};
}

// The removals of one kind: decided together, because the guard counts them.
class Removals {
 public:
  Removals(const model::Snapshot& snapshot, const model::Stored& stored, Kind kind,
           const Match& match)
      : snapshot_(snapshot), stored_(stored.of(kind)), kind_(kind), match_(match) {
    const Table& records = snapshot.of(kind).table;
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (!match.skipped[i]) taken_.insert(records.row(i)[model::k_key_column].text());
    }
  }

  // `keep` is why the rows must stay, as reason_to_keep() says. Where nothing keeps them, what goes
  // is added to `counted`, for the guard, which looks at all kinds together.
  void decide(const Policy& policy, std::string keep, Successors& successors, Planner& planner,
              std::vector<KindRemovals>& counted) {
    if (keep.empty()) {
      const KindRemovals counts = count(successors);
      if (!policy.hold_removals) {
        counted.push_back(counts);
      } else if (const auto refusal = guard_removals(snapshot_, {counts}, policy)) {
        keep = refusal->message;
      }
    }
    std::int64_t held = 0;
    for (std::size_t i = 0; i < stored_.size(); ++i) {
      if (!match_.unmatched[i]) continue;
      const Row row = stored_.row(i);
      if (!may_go(row, keep)) {
        if (!is_state_only(kind_, row)) ++held;
        continue;
      }
      planner.remove(kind_, row, "gone", kind_ == Kind::device ? successors.of(row) : nullptr);
    }
    // Of a registry that has not answered at all its failure says everything.
    const model::Registry& registry = snapshot_.of(kind_);
    const bool silent = registry.presence == model::Presence::failed && registry.table.empty();
    if (held > 0 && !silent && registry.presence != model::Presence::absent) {
      planner.plan().held.push_back("kept although not listed: " + model::counted(kind_, held) +
                                    ", because " + keep);
    }
  }

 private:
  // What the guard counts: confirmed rows, superseded ones left out.
  KindRemovals count(Successors& successors) const {
    KindRemovals counts{kind_};
    for (std::size_t i = 0; i < stored_.size(); ++i) {
      const Row row = stored_.row(i);
      if (!is_confirmed(kind_, row) || is_state_only(kind_, row)) continue;
      if (kind_ == Kind::device && match_.unmatched[i] && successors.of(row) != nullptr) continue;
      ++counts.confirmed;
      if (match_.unmatched[i]) ++counts.removals;
    }
    return counts;
  }

  bool may_go(Row row, const std::string& keep) const {
    // HA never has one entity_id twice: whoever held it in the store is dead.
    if (taken_.contains(row[model::k_key_column].text())) return true;
    if (!keep.empty()) return false;
    return !is_state_only(kind_, row) || snapshot_.states_presence == model::Presence::complete;
  }

  const model::Snapshot& snapshot_;
  const Table& stored_;
  Kind kind_;
  const Match& match_;
  std::unordered_set<std::string_view> taken_;
};

// Entities that were not listed and stay keep their entity_id: a record that has taken it waits,
// and so does one that has taken the entity_id of a record that waits. Returns how many of the
// registry's wait; a state alone waits without a word.
std::int64_t leave_to_kept(const Table& records, const Table& stored, Match& match) {
  const auto key_of = [](Row row) { return row[model::k_key_column].text(); };
  std::unordered_set<std::string_view> kept;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const Row row = stored.row(i);
    if (match.unmatched[i] && !is_state_only(Kind::entity, row)) kept.insert(key_of(row));
  }
  std::int64_t waiting = 0;
  for (bool again = !kept.empty(); again;) {
    again = false;
    for (std::size_t i = 0; i < records.size(); ++i) {
      const Row row = records.row(i);
      if (match.skipped[i] || !kept.contains(key_of(row))) continue;
      match.skipped[i] = true;
      if (is_registered(row)) ++waiting;
      if (!match.stored_of[i]) continue;
      kept.insert(key_of(stored.row(*match.stored_of[i])));
      again = true;
    }
  }
  return waiting;
}

// Devices of the store that the snapshot still speaks of, superseded ones included.
std::int64_t devices_kept(const model::Stored& stored, const Match& match, Successors& successors) {
  const Table& table = stored.of(Kind::device);
  std::int64_t kept = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (is_confirmed(Kind::device, table.row(i)) &&
        (!match.unmatched[i] || successors.of(table.row(i)) != nullptr)) {
      ++kept;
    }
  }
  return kept;
}

}  // namespace

Plan::Plan() {
  inserted.reserve(model::k_kind_count);
  for (const Kind kind : model::k_kinds) inserted.emplace_back(kind);
}

bool Plan::quiet() const {
  return erased.empty() && buried.empty() && unburied.empty() && aliases.empty() &&
         std::ranges::all_of(inserted, &Table::empty);
}

base::Result<Plan> reconcile(const model::Snapshot& snapshot, const model::Stored& stored,
                             const store::RemovedIds& removed, const Policy& policy,
                             base::Timestamp said) {
  Planner planner(stored, removed, said);
  Successors successors(snapshot, stored);
  const Match device_match = match(snapshot.of(Kind::device).table, stored.of(Kind::device));
  if (auto refusal =
          guard_house(snapshot, stored, devices_kept(stored, device_match, successors), policy)) {
    if (!policy.dry_run) return *refusal;
    planner.would_stop(*refusal);
  }
  std::vector<KindRemovals> counted;
  for (const Kind kind : k_told_order) {
    Match found =
        kind == Kind::device ? device_match : match(snapshot.of(kind).table, stored.of(kind));
    const std::string keep = reason_to_keep(snapshot, kind);
    const std::int64_t waiting =
        kind == Kind::entity && !keep.empty()
            ? leave_to_kept(snapshot.of(kind).table, stored.of(kind), found)
            : 0;
    Removals removals(snapshot, stored, kind, found);
    planner.apply_records(snapshot.of(kind).table, found, true);
    removals.decide(policy, keep, successors, planner, counted);
    if (waiting > 0) {
      planner.plan().held.push_back("waiting for the entity_id of one that is kept: " +
                                    model::counted(kind, waiting) + ", because " + keep);
    }
    planner.plan().notes.insert(planner.plan().notes.end(), found.notes.begin(), found.notes.end());
  }
  if (auto refusal = guard_removals(snapshot, counted, policy)) {
    if (!policy.dry_run) return *refusal;
    planner.would_stop(*refusal);
  }
  planner.plan().aliases = successors.news();
  planner.plan().partial = !snapshot.failed.empty() || !snapshot.ha.running();
  return std::move(planner.plan());
}

Plan reconcile_upsert(const Table& records, const model::Stored& stored,
                      const store::RemovedIds& removed, base::Timestamp now) {
  Planner planner(stored, removed, now);
  const Match found = match_upsert(records, stored.of(records.kind()));
  for (const std::size_t i : dispossessed(records, stored.of(records.kind()), found)) {
    planner.remove(records.kind(), stored.of(records.kind()).row(i), "gone");
  }
  planner.apply_records(records, found, false);
  planner.plan().notes = found.notes;
  return std::move(planner.plan());
}

Plan reconcile_clear(const model::Stored& stored) {
  const store::RemovedIds none;
  Planner planner(stored, none, base::Timestamp{});
  for (const Kind kind : k_told_order) {
    for (std::size_t i = 0; i < stored.of(kind).size(); ++i) {
      planner.remove(kind, stored.of(kind).row(i), "cleared");
    }
  }
  return std::move(planner.plan());
}

}  // namespace haingest::mirror
