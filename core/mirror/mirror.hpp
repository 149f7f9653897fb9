// SPDX-License-Identifier: MIT
// The one door for all writes to metadata.db: read, reconcile and apply in one locked transaction.
// Used by `sync`, `watch`, the API's writes and the migration alike.
#pragma once

#include <array>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/timestamp.hpp"
#include "core/mirror/reconcile.hpp"
#include "core/model/change.hpp"
#include "core/model/snapshot.hpp"
#include "core/store/database.hpp"

namespace haingest::mirror {

// Who asks for the write, for `sync_runs`.
struct Requester {
  std::string command;  // "sync", "api", …
  std::string source;   // HA's URL, a file, a client's address
  base::Timestamp started_at{};
};

struct Report {
  model::Run run;                                          // as written (id 0 in a dry run)
  std::vector<model::Change> changes;                      // with their seq
  std::map<std::string, std::string, std::less<>> failed;  // part -> HA's code
  std::vector<std::string> notes;      // records that were not taken as they came
  std::vector<std::string> held;       // removals held back
  bool partial = false;                // exit 6
  std::optional<base::Error> refusal;  // dry run: the guard that would have stopped it

  [[nodiscard]] bool changed() const { return !changes.empty(); }
};

// Throws Failure: `guard` when a guard fired (nothing written; a dry run goes on, see
// Report::refusal), else what the store says. What the snapshot writes has the moment at which Home
// Assistant said it (`ha.when`, but no later than now): last_seen, first_seen of what is new, and
// the run's ha_when, from which the store's age is told. The run itself, its changes and the
// tombstones have the time of the run. A snapshot older than what the store has is taken, with a
// note.
[[nodiscard]] Report synchronise(store::Database& database, const model::Snapshot& snapshot,
                                 const Policy& policy, const Requester& requester,
                                 const base::Clock& clock);
// The records count one after another, also where several are of one thing.
[[nodiscard]] Report upsert(store::Database& database, const model::Table& records,
                            const Requester& requester, const base::Clock& clock);
// Devices and entities out of the past, see reconcile_import().
struct Imported {
  Report report;
  std::array<std::int64_t, model::k_kind_count> dead{};     // in `removed` now, never live
  std::array<std::int64_t, model::k_kind_count> unknown{};  // rows that nobody knows: removed
};
[[nodiscard]] Imported import_past(store::Database& database, const std::vector<model::Table>& past,
                                   const Requester& requester, bool dry_run,
                                   const base::Clock& clock);
// What clear() took out: rows by kind, the entities without a change (states) among them.
struct Cleared {
  Report report;
  std::array<std::int64_t, model::k_kind_count> rows{};
};
[[nodiscard]] Cleared clear(store::Database& database, const Requester& requester,
                            const base::Clock& clock);

// The report as `sync -o json` prints it and POST /internal/snapshot answers it:
// {"run":{…},"changes":[…],"summary":{…}}.
void write_json(std::ostream& out, const Report& report);
[[nodiscard]] std::string to_json(const Report& report);
[[nodiscard]] std::string to_json(const model::Change& change);
// The inverse of the report's, for `sync --to`; fails on anything else.
[[nodiscard]] base::Result<Report> parse_report(std::string_view text);

}  // namespace haingest::mirror
