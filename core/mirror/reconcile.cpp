// SPDX-License-Identifier: MIT
#include "core/mirror/reconcile.hpp"

#include <algorithm>
#include <unordered_set>

#include "core/base/json_object.hpp"
#include "core/mirror/diff.hpp"
#include "core/mirror/guard.hpp"
#include "core/mirror/match.hpp"
#include "core/mirror/overlay.hpp"
#include "core/mirror/supersede.hpp"

namespace haingest::mirror {
namespace {

using model::Action;
using model::Change;
using model::Kind;
using model::Row;
using model::Table;
using model::Value;

// The order in which changes are told: what others refer to comes first.
constexpr std::array k_told_order{Kind::floor,        Kind::area,   Kind::label,
                                  Kind::config_entry, Kind::device, Kind::entity};

std::string name_for_people(Kind kind, Row row) {
  const std::size_t column = kind == Kind::entity ? model::k_key_column : model::name_column(kind);
  return std::string{row[column].text_or(row[model::k_key_column].text())};
}

Change make_change(Kind kind, Row row, Action action) {
  Change change;
  change.kind = kind;
  change.id = model::identity_of(kind, row);
  change.action = action;
  change.name = name_for_people(kind, row);
  return change;
}

// Builds a plan kind by kind; one rule a function.
class Planner {
 public:
  Planner(const model::Stored& stored, const store::RemovedIds& removed, base::Timestamp said)
      : stored_(stored), removed_(removed) {
    for (const Kind kind : model::k_kinds) {
      plan_.totals[model::index_of(kind)] = static_cast<std::int64_t>(stored.of(kind).size());
    }
    said_text_ = text_of(said);
  }

  // Adds and updates; rows that another record's key pushes out are told apart later.
  void apply_records(const Table& records, const Match& match, bool confirmed) {
    const Kind kind = records.kind();
    Table& inserted = plan_.inserted[model::index_of(kind)];
    inserted.reserve(records.size());  // costs nothing until it is written
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (match.skipped[i]) continue;
      const model::MutableRow row = inserted.adopt(records.row(i));
      if (!confirmed) row[model::tail_of(kind).confirmed] = Value{"0"};
      const bool keep =
          match.stored_of[i]
              ? update(kind, row, stored_.of(kind).row(*match.stored_of[i]), confirmed)
              : add(kind, row);
      if (!keep) inserted.drop_last();
    }
  }

  void remove(Kind kind, Row row, std::string_view why, const model::Alias* alias = nullptr) {
    plan_.erased.emplace_back(kind, row[model::k_key_column].text());
    --total(kind);
    if (is_state_only(kind, row)) return;
    const std::string successor = alias == nullptr ? "" : alias->primary_id;
    plan_.buried.push_back(
        {kind, row, std::string{alias == nullptr ? why : "superseded"}, successor});
    Change change = make_change(kind, row, alias == nullptr ? Action::removed : Action::superseded);
    change.before = model::to_json(kind, row);
    if (alias != nullptr) {
      change.after = base::JsonObject{}.text("device_id", successor).done();
    }
    plan_.changes.push_back(std::move(change));
  }

  // In a dry run, which goes on and tells the first of what would have stopped it.
  void would_stop(const base::Error& refusal) {
    if (!plan_.refusal) plan_.refusal = refusal;
  }

  Plan& plan() { return plan_; }

 private:
  std::int64_t& total(Kind kind) { return plan_.totals[model::index_of(kind)]; }

  Value text_of(base::Timestamp moment) {
    return plan_.inserted.front().keep(base::to_sqlite_text(moment));
  }

  bool add(Kind kind, model::MutableRow row) {
    settle_new(kind, row);
    const model::Tail tail = model::tail_of(kind);
    row[tail.first_seen] = said_text_;
    row[tail.last_seen] = said_text_;
    ++total(kind);
    if (!is_state_only(kind, row)) arrive(kind, row);
    return true;
  }

  // A record that was not there: a new one, or one that is back.
  void arrive(Kind kind, model::MutableRow row) {
    const std::string id{model::identity_of(kind, row)};
    const auto tombstone = removed_.find({kind, id});
    const bool restored = tombstone != removed_.end();
    if (restored) {
      if (!tombstone->second.empty()) {
        row[model::tail_of(kind).first_seen] = Value{tombstone->second};
      }
      plan_.unburied.emplace_back(kind, id);
    }
    Change change = make_change(kind, row, restored ? Action::restored : Action::added);
    change.after = model::to_json(kind, row);
    plan_.changes.push_back(std::move(change));
  }

  bool update(Kind kind, model::MutableRow row, Row stored, bool confirmed) {
    const model::Tail tail = model::tail_of(kind);
    if (!confirmed) {
      row[tail.confirmed] = stored[tail.confirmed];
      lay_over(kind, row, stored, plan_.inserted[model::index_of(kind)]);
    }
    const bool was_state_only = is_state_only(kind, stored);
    Difference difference = merge(kind, row, stored);
    if (!difference.to_write) return false;
    row[tail.last_seen] = said_text_;
    // What an older snapshot lists has been there before.
    if (said_text_.text() < row[tail.first_seen].text()) row[tail.first_seen] = said_text_;
    plan_.erased.emplace_back(kind, stored[model::k_key_column].text());
    if (is_state_only(kind, row)) return true;
    if (was_state_only) {
      // It got a unique_id: for the registry it is new, or back.
      arrive(kind, row);
    } else if (difference.changed) {
      Change change =
          make_change(kind, row, difference.renamed ? Action::renamed : Action::updated);
      change.before = std::move(difference.before);
      change.after = std::move(difference.after);
      plan_.changes.push_back(std::move(change));
    }
    return true;
  }

  const model::Stored& stored_;
  const store::RemovedIds& removed_;
  Plan plan_;
  Value said_text_;
};

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
