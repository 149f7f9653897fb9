// SPDX-License-Identifier: MIT
#include "core/mirror/mirror.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/mirror/import.hpp"
#include "core/mirror/overlay.hpp"

namespace haingest::mirror {
namespace {

void write_rows(store::Transaction& transaction, const Plan& plan, base::Timestamp now) {
  for (const Burial& burial : plan.buried) {
    transaction.bury(burial.kind, burial.row, now, burial.why, burial.successor);
  }
  for (const auto& [kind, id] : plan.unburied) transaction.unbury(kind, id);
  // All keys go before any comes: two entities may have swapped theirs.
  for (const auto& [kind, key] : plan.erased) transaction.erase(kind, key);
  for (const model::Table& table : plan.inserted) {
    for (std::size_t i = 0; i < table.size(); ++i) transaction.insert(table.kind(), table.row(i));
  }
  for (const model::Alias& alias : plan.aliases) transaction.put_alias(alias, now);
}

std::string join(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += (text.empty() ? "" : "; ") + sentence;
  return text;
}

std::string detail_of(const Report& report) {
  std::vector<std::string> sentences = report.held;
  for (const auto& [part, code] : report.failed) {
    sentences.push_back(model::explain_failed(part, code));
  }
  return join(sentences);
}

void finish_run(Report& report, Plan& plan, const base::Clock& clock) {
  model::Run& run = report.run;
  run.finished_at = clock();
  run.duration_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(run.finished_at - run.started_at)
          .count();
  run.totals = plan.totals;
  run.detail = detail_of(report);
  for (const model::Change& change : plan.changes) {
    ++run.counts[static_cast<std::size_t>(change.action)];
  }
}

// A run belongs into the file when it is a sync's, or when it changed something.
enum class Record { always, when_changed };

void apply(store::Transaction& transaction, Plan plan, Record record, Report& report,
           const base::Clock& clock) {
  report.held = plan.held;
  report.notes.insert(report.notes.end(), plan.notes.begin(), plan.notes.end());
  finish_run(report, plan, clock);
  write_rows(transaction, plan, report.run.finished_at);
  if (record == Record::always || !plan.quiet()) report.run.id = transaction.put_run(report.run);
  for (model::Change& change : plan.changes) {
    transaction.put_change(report.run.id, report.run.finished_at, change);
  }
  report.changes = std::move(plan.changes);
}

// Nothing was said after it was heard, whatever the clock says of the machine that asked.
std::optional<base::Timestamp> said_at(const model::Snapshot& snapshot, base::Timestamp now) {
  if (snapshot.ha.when == base::Timestamp{}) return std::nullopt;
  return std::min(snapshot.ha.when, now);
}

void note_age(const model::Stored& stored, Report& report) {
  const auto& said = report.run.ha_when;
  if (!said || !stored.confirmed_at || *said >= *stored.confirmed_at) return;
  report.notes.push_back("the snapshot is of " + base::to_iso_text(*said) +
                         ", older than what the store had (" +
                         base::to_iso_text(*stored.confirmed_at) +
                         "): what has changed in between is taken back until the next sync");
}

Report start(const Requester& requester, const base::Clock& clock) {
  Report report;
  report.run.command = requester.command;
  report.run.source = requester.source;
  report.run.started_at =
      requester.started_at == base::Timestamp{} ? clock() : requester.started_at;
  report.run.outcome = "complete";
  return report;
}

// A dry run's numbers were given in a copy only.
void forget_numbers(Report& report) {
  report.run.id = 0;
  for (model::Change& change : report.changes) change.seq = 0;
}

}  // namespace

Report synchronise(store::Database& database, const model::Snapshot& snapshot, const Policy& policy,
                   const Requester& requester, const base::Clock& clock) {
  Report report;
  database.transact([&](store::Transaction& transaction) {
    report = start(requester, clock);
    const base::Timestamp now = clock();
    report.run.ha_version = snapshot.ha.version;
    report.run.ha_when = said_at(snapshot, now);
    report.failed = snapshot.failed;
    report.notes = snapshot.notes;
    const model::Stored stored = transaction.read_all();
    note_age(stored, report);
    const store::RemovedIds removed = transaction.read_removed_ids();
    Plan plan =
        reconcile(snapshot, stored, removed, policy, report.run.ha_when.value_or(now)).value();
    report.partial = plan.partial;
    report.refusal = plan.refusal;
    if (plan.refusal) {
      report.run.outcome = "refused";
    } else if (!snapshot.ha.running()) {
      report.run.outcome = "starting";
    } else if (plan.partial) {
      report.run.outcome = "partial";
    }
    const Record record = policy.record_unchanged ? Record::always : Record::when_changed;
    apply(transaction, std::move(plan), record, report, clock);
    transaction.prune(report.run.finished_at - policy.keep_history);
  });
  if (policy.dry_run) forget_numbers(report);
  return report;
}

Report upsert(store::Database& database, const model::Table& records, const Requester& requester,
              const base::Clock& clock) {
  Report report;
  database.transact([&](store::Transaction& transaction) {
    report = start(requester, clock);
    const model::Stored stored = transaction.read_all();
    const model::Table sequence = one_after_another(records, stored.of(records.kind()));
    const store::RemovedIds removed = transaction.read_removed_ids();
    apply(transaction, reconcile_upsert(sequence, stored, removed, clock()), Record::when_changed,
          report, clock);
  });
  return report;
}

Imported import_past(store::Database& database, const std::vector<model::Table>& past,
                     const Requester& requester, bool dry_run, const base::Clock& clock) {
  Imported imported;
  database.transact([&](store::Transaction& transaction) {
    imported.report = start(requester, clock);
    const model::Stored stored = transaction.read_all();
    const store::RemovedIds removed = transaction.read_removed_ids();
    Import import = reconcile_import(past, stored, removed, clock());
    imported.dead = import.dead;
    imported.unknown = import.unknown;
    apply(transaction, std::move(import.plan), Record::when_changed, imported.report, clock);
  });
  if (dry_run) forget_numbers(imported.report);
  return imported;
}

Cleared clear(store::Database& database, const Requester& requester, const base::Clock& clock) {
  Cleared cleared;
  database.transact([&](store::Transaction& transaction) {
    cleared.report = start(requester, clock);
    const model::Stored stored = transaction.read_all();
    for (const model::Kind kind : model::k_kinds) {
      cleared.rows[model::index_of(kind)] = static_cast<std::int64_t>(stored.of(kind).size());
    }
    apply(transaction, reconcile_clear(stored), Record::when_changed, cleared.report, clock);
  });
  return cleared;
}

}  // namespace haingest::mirror
