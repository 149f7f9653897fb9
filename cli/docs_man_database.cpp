// SPDX-License-Identifier: MIT
// haingest(1), DATABASE. tests/integration/docs_test.cpp compares the columns with those of a
// database.
#include "cli/docs_man.hpp"

namespace haingest::cli {

void write_database_section(Mdoc& page) {
  page.section("DATABASE");
  page.text(
      "`devices`, `entities`, `areas`, `floors`, `labels` and `config_entries` hold what Home "
      "Assistant says now. `confirmed` is 1 once Home Assistant itself has listed the record; one "
      "that was adopted or came by a bulk upsert is 0 until then, and no guard counts it. "
      "`extra` keeps, as JSON, each field of Home Assistant's record that has no column. "
      "`first_seen` and `last_seen` are when Home Assistant first listed the record, as far as is "
      "known here, and when it listed it as it stands, at its last change.");
  page.begin_list();
  page.item("Li changes",
            "One row a change, in the order of `seq`: `run`, `at`, `kind`, `id`, `action` "
            "and, as JSON, `before` and `after`: the fields that changed, or the whole record of "
            "what was added or removed.");
  page.item("Li removed",
            "What Home Assistant no longer lists: `kind`, `id`, `name`, `record` (the whole row as "
            "JSON), `removed_at`, `why` and `successor`. `why` is `gone` (no longer listed), "
            "`superseded` (Home Assistant put other devices in its place, the `successor` first) "
            "or `cleared` (somebody asked the data API to clear everything). A record that comes "
            "back leaves this table.");
  page.item("Li sync_runs",
            "One row a run, or for unchanged runs that follow one another, counted in `times`: "
            "`run`, `command`, `source`, `ha_version`, `ha_when` (when Home Assistant said what "
            "the run brought, as an old snapshot tells), `started_at`, `finished_at`, "
            "`duration_ms`, "
            "`outcome`, `detail`; how many records were `added`, `updated`, `renamed`, `removed`, "
            "`restored` and `superseded`; and how many `devices`, `entities`, `areas`, `floors`, "
            "`labels` and `config_entries` there were then. `outcome` is `complete`, `partial` (a "
            "registry did not answer) or `starting` (Home Assistant was, so nothing was removed); "
            "`detail` says which registry, and what was held back.");
  page.item("Li device_aliases",
            "Device ids that Home Assistant has retired, kept for ever: `old_id`, `new_id` (one "
            "row for each device that took its place), `is_primary` (the one that the old id "
            "leads to), `inferred` (1 where Home Assistant does not say so and haingest concluded "
            "it) and `first_seen`.");
  page.item("Li migrations",
            "One row a step of the tables' layout: `version`, `at`, and by which version of "
            "`haingest`.");
  page.end_list();
  page.text(
      "Times are UTC. The database is SQLite in WAL mode: any program may read it while haingest "
      "has it open, or where it may write beside it, because SQLite makes metadata.db-wal and "
      "metadata.db-shm there. Who may not reads it with `haingest discover --stored`, or, while "
      "nobody writes, as `file:/var/lib/haingest/metadata.db?immutable=1`. Write through haingest "
      "alone.");
}

}  // namespace haingest::cli
