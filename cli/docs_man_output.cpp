// SPDX-License-Identifier: MIT
// haingest(1), OUTPUT and GUARANTEES. The fields of what is printed as JSON are a contract:
// tests/integration/docs_test.cpp compares them with what the program prints.
#include "cli/docs_man.hpp"
#include "cli/options.hpp"
#include "core/model/change.hpp"
#include "core/model/snapshot.hpp"

namespace haingest::cli {
namespace {

std::string marked(std::string_view word) { return "`" + std::string(word) + "`"; }

std::string kinds_text() {
  std::string text;
  for (const model::Kind kind : model::k_kinds) {
    text += (text.empty() ? "" : ", ") + marked(model::plural_of(kind));
  }
  return text;
}

std::string actions_text() {
  std::string text;
  for (const model::Action action : model::k_actions) {
    text += (text.empty() ? "" : ", ") + marked(name_of(action));
  }
  return text;
}

void write_discover(Mdoc& page) {
  page.subsection("discover");
  page.text("Without a KIND, one object:");
  page.begin_list();
  page.item("Li ha",
            "Who answered: `url`, `version`, `location` (the house's name), `state` (RUNNING once "
            "it has started) and `when`.");
  std::string parts;
  for (const model::Part part : model::k_parts) {
    if (part == model::Part::states) continue;
    if (!parts.empty()) parts += " , Li ";
    parts += mdoc_word(name_of(part));
  }
  page.item("Li " + parts, "The answer of each registry, exactly as Home Assistant sent it.");
  page.item("Li states",
            "Of each state its `entity_id`, `name`, `unit` and `device_class`; no values.");
  page.item("Li missing",
            "What was not answered, and Home Assistant's code for that: "
            "`{\"floors\":\"unknown_command\"}`.");
  page.end_list();
  page.text(
      "With a KIND, a list of the records as Home Assistant sent them, or one a line as ndjson; "
      "with --columns, objects with these fields. A table and CSV show what people look for. "
      "A registry that failed makes the exit status 6 where something of what is printed comes "
      "from it. "
      "Beside a record's own fields there are `display_name`, "
      "`effective_area` and `area_name` for devices and entities, and `device_name` for entities. "
      "`aliases` are `{\"old_id\",\"new_ids\",\"primary_id\"}`: a device id that Home Assistant "
      "has "
      "retired, and those that took its place.\n\n"
      "With --stored, one object: `store` (`path`, `confirmed_at`, `age_seconds`), the lists " +
      kinds_text() + ", whose records have the columns of the database, and `aliases`.");
}

void write_sync(Mdoc& page) {
  page.subsection("sync");
  page.text("One object; a remote data API answers --to with the same:");
  page.begin_list();
  page.item(
      "Li run",
      "The row of `sync_runs`: `run` (its number; null in a dry run), `command`, `source`, "
      "`ha_version`, `started_at`, `finished_at`, `duration_ms`, `outcome` (complete, partial "
      "or starting; refused in a dry run that a guard would stop) and `detail`.");
  const std::string actions = actions_text();
  page.item("Li changes",
            "One object for each change: `seq` (its number for ever; null in a dry run), `kind`, "
            "`id`, `action` (" +
                actions +
                "), `name`, `before` and `after`. These two hold the fields that changed, and the "
                "whole record of what was added or removed; the other one is null then.");
  page.item(
      "Li summary",
      "A number for each action (" + actions +
          "), `totals` (how many records of each kind there are now), `failed` (what Home "
          "Assistant did not answer, and its code), `held` (a sentence for each kind of which "
          "removals were held back, as while Home Assistant starts), `notes` "
          "(records that were not taken as they came), `refused` (what the guard says that would "
          "stop what a dry run tells, else null) and `partial`.");
  page.end_list();
  page.text("As ndjson, only the changes, one a line.");
}

void write_watch(Mdoc& page) {
  page.subsection("watch");
  page.text(
      "With `-o ndjson` each change as it is committed, one a line: an object as in `changes` of "
      "sync.");
}

void write_dead_letters(Mdoc& page) {
  page.subsection("dead-letters");
  page.text(
      "A list of `{\"id\",\"at\",\"target\",\"entity_id\",\"reason\",\"retry\",\"line\"}`: the "
      "number "
      "that --id takes, when the target refused the line for good, the target's name, whose state "
      "it is, the target's words, whether it is marked to be sent again, and the line itself.");
}

void write_migrate(Mdoc& page) {
  page.subsection("migrate-from-influx");
  page.text("One object; what was not done is null:");
  page.begin_list();
  page.item("Li source , Li version", "Which InfluxDB was read, and its version.");
  page.item("Li layout", "`ha-ingestor` or `home-assistant`; null where neither was found.");
  page.item("Li found",
            "Where records are: `layout`, `kind`, `database`, `policy` (the retention policy), "
            "`records` (how many) and `newest` (when the last was written).");
  page.item("Li dead",
            "How many `devices` and `entities` Home Assistant no longer has: they are in "
            "`removed`.");
  page.item("Li unknown", "How many of them neither Home Assistant nor InfluxDB knows: those too.");
  page.item("Li store", "What became of the database, as sync prints it.");
  page.item("Li sync", "The sync that followed, likewise.");
  page.item(
      "Li history",
      "What --history-to copied. `measurements`, each with `database`, `policy`, `measurement`, "
      "`points`, `values` and `rejected`; `complete`, `rejected` (points that the target refused), "
      "`dropped_texts` (values that it cannot hold), `warnings`, and `differences`, each with "
      "`database`, `policy`, `measurement`, `field`, `from`, `to` (not in it), `source` and "
      "`target`: how many values each side counts there; it is missing where nothing was counted. "
      "--dry-run and --verify-only have `estimated_bytes` and `estimated_seconds` in place of "
      "`complete`, `rejected` and `dropped_texts`, and of each measurement `series`, `points`, "
      "`values`, `bytes`, `first` and `last`.");
  page.end_list();
  page.text(
      "As ndjson, the changes of the database, then the measurements and the differences, one a "
      "line. CSV is one table: the changes, with --history-to the measurements, with "
      "--verify-only the differences. With `--history-to -` the lines of the history stand there "
      "and nothing else does.");
}

}  // namespace

void write_output_section(Mdoc& page) {
  page.section("OUTPUT");
  page.text(
      "Standard output has the data and nothing else; logs, progress and errors go to standard "
      "error. Within a major version, fields of the JSON are only ever added. Times are ISO 8601 "
      "in UTC; inside `before` and `after` they stand as in the database, without T and zone.");
  write_discover(page);
  write_sync(page);
  write_watch(page);
  write_dead_letters(page);
  write_migrate(page);
  page.subsection("--show-config");
  page.text(
      "A list of `{\"setting\",\"value\",\"origin\"}`, first each configuration file that was "
      "looked for and whether it was there. A token's value is `********`.");
}

void write_guarantees_section(Mdoc& page) {
  page.section("GUARANTEES");
  page.text(
      "A sync is one transaction: who reads sees the old world or the new one, and so does the "
      "database after a crash or a kill at any moment.\n\n"
      "A snapshot that would remove more than 20% of a kind (and more than 5 records) changes "
      "nothing and ends with 7, unless --max-removals allows it (a number is exact; under another "
      "share, too, 5 records may go); so does one that shares no "
      "device with the database, unless --new-house is given.\n\n"
      "While Home Assistant is still starting nothing is removed. A registry that was not "
      "answered, or not understood, loses and blanks nothing.\n\n"
      "A record that Home Assistant no longer lists is kept whole in the table `removed`, every "
      "change with what was before and after in `changes`, for as long as --prune-after says. A "
      "device id that Home Assistant has retired leads to its successor for ever.\n\n"
      "A sync that finds nothing changed writes its row of `sync_runs` and nothing else; unchanged "
      "runs that follow one another share one.\n\n"
      "There is one writer at a time; another one waits for it, as long as --timeout says. "
      "Readers never wait.\n\n"
      "A database that a newer haingest has made is not touched. One that `ha-ingestor` has made "
      "is "
      "copied before it is adopted.\n\n"
      "A token goes only to the address it was configured for and is never printed.");
}

}  // namespace haingest::cli
