// SPDX-License-Identifier: MIT
#include "core/mirror/planner.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/json_object.hpp"
#include "core/mirror/diff.hpp"
#include "core/mirror/overlay.hpp"

namespace haingest::mirror {
namespace {

using model::Action;
using model::Change;
using model::Kind;
using model::Row;
using model::Table;
using model::Value;

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

}  // namespace

Planner::Planner(const model::Stored& stored, const store::RemovedIds& removed,
                 base::Timestamp said)
    : stored_(stored), removed_(removed) {
  for (const Kind kind : model::k_kinds) {
    plan_.totals[model::index_of(kind)] = static_cast<std::int64_t>(stored.of(kind).size());
  }
  said_text_ = text_of(said);
}

void Planner::apply_records(const Table& records, const Match& match, bool confirmed) {
  const Kind kind = records.kind();
  Table& inserted = plan_.inserted[model::index_of(kind)];
  inserted.reserve(records.size());  // costs nothing until it is written
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (match.skipped[i]) continue;
    const model::MutableRow row = inserted.adopt(records.row(i));
    if (!confirmed) row[model::tail_of(kind).confirmed] = Value{"0"};
    if (!match.stored_of[i]) {
      add(kind, row, {said_text_, said_text_});
    } else if (!update(kind, row, stored_.of(kind).row(*match.stored_of[i]), confirmed)) {
      inserted.drop_last();
    }
  }
}

void Planner::remove(Kind kind, Row row, std::string_view why, const model::Alias* alias) {
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

void Planner::add_past(Kind kind, Row record) {
  const model::Tail tail = model::tail_of(kind);
  const model::MutableRow row = plan_.inserted[model::index_of(kind)].adopt(record);
  row[tail.confirmed] = Value{"0"};
  add(kind, row, {record[tail.first_seen], record[tail.last_seen]});
}

void Planner::update_past(Kind kind, Row record, Row stored) {
  const model::Tail tail = model::tail_of(kind);
  Table& inserted = plan_.inserted[model::index_of(kind)];
  const model::MutableRow row = inserted.adopt(record);
  row[tail.confirmed] = stored[tail.confirmed];
  lay_over(kind, row, stored, inserted);
  Difference difference = merge(kind, row, stored);
  // SQLite's UTC text sorts as the moments do.
  const bool is_older = record[tail.first_seen].text() < stored[tail.first_seen].text();
  const bool is_newer = record[tail.last_seen].text() > stored[tail.last_seen].text();
  if (is_older) row[tail.first_seen] = record[tail.first_seen];
  if (is_newer) row[tail.last_seen] = record[tail.last_seen];
  if (!difference.to_write && !is_older && !is_newer) {
    inserted.drop_last();
    return;
  }
  plan_.erased.emplace_back(kind, stored[model::k_key_column].text());
  if (!difference.changed) return;
  Change change = make_change(kind, row, Action::updated);
  change.before = std::move(difference.before);
  change.after = std::move(difference.after);
  plan_.changes.push_back(std::move(change));
}

void Planner::backdate(Kind kind, Row stored, Value first_seen) {
  const model::Tail tail = model::tail_of(kind);
  if (first_seen.text() >= stored[tail.first_seen].text()) return;
  const model::MutableRow row = plan_.inserted[model::index_of(kind)].adopt(stored);
  row[tail.first_seen] = first_seen;
  plan_.erased.emplace_back(kind, stored[model::k_key_column].text());
}

void Planner::bury_past(Kind kind, Row record, std::string_view successor) {
  plan_.buried.push_back(
      {kind, record, successor.empty() ? "gone" : "superseded", std::string{successor}});
}

void Planner::would_stop(const base::Error& refusal) {
  if (!plan_.refusal) plan_.refusal = refusal;
}

Value Planner::text_of(base::Timestamp moment) {
  return plan_.inserted.front().keep(base::to_sqlite_text(moment));
}

void Planner::add(Kind kind, model::MutableRow row, Seen seen) {
  settle_new(kind, row);
  const model::Tail tail = model::tail_of(kind);
  row[tail.first_seen] = seen.first;
  row[tail.last_seen] = seen.last;
  ++total(kind);
  if (!is_state_only(kind, row)) arrive(kind, row);
}

// A record that was not there: a new one, or one that is back.
void Planner::arrive(Kind kind, model::MutableRow row) {
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

bool Planner::update(Kind kind, model::MutableRow row, Row stored, bool confirmed) {
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
    Change change = make_change(kind, row, difference.renamed ? Action::renamed : Action::updated);
    change.before = std::move(difference.before);
    change.after = std::move(difference.after);
    plan_.changes.push_back(std::move(change));
  }
  return true;
}

}  // namespace haingest::mirror
