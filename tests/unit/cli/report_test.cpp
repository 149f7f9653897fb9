// SPDX-License-Identifier: MIT
#include "cli/report.hpp"

#include <sstream>

#include "tests/support/catch.hpp"

using namespace haingest;
using cli::Format;
using model::Action;
using model::Kind;

namespace {

model::Change change_of(Kind kind, const std::string& id, Action action, const std::string& name,
                        const std::string& before, const std::string& after) {
  model::Change change;
  change.seq = 7;
  change.kind = kind;
  change.id = id;
  change.action = action;
  change.name = name;
  change.before = before;
  change.after = after;
  return change;
}

mirror::Report report_of(std::vector<model::Change> changes) {
  mirror::Report report;
  report.run.id = 12;
  report.run.ha_version = "2026.11.0";
  report.run.duration_ms = 34;
  report.run.outcome = "complete";
  report.run.totals = {94, 1, 8, 0, 5, 13};
  for (const model::Change& change : changes) {
    ++report.run.counts[static_cast<std::size_t>(change.action)];
  }
  report.changes = std::move(changes);
  return report;
}

std::string written(const mirror::Report& report, Format format, bool dry_run = false) {
  std::ostringstream out;
  cli::write_report(out, report, dry_run, format, 0);
  return out.str();
}

const std::string k_totals =
    "now 94 devices, 1 entity, 8 areas, 0 floors, 5 labels, 13 config_entries. Home Assistant "
    "2026.11.0, 34 ms";

}  // namespace

TEST_CASE("a sync without a change is one line") {
  CHECK(written(report_of({}), Format::table) == "nothing changed; " + k_totals + ", run 12\n");
  CHECK(written(report_of({}), Format::table, true) ==
        "Dry run, nothing written: nothing changed; " + k_totals + "\n");
  CHECK(written(report_of({}), Format::ndjson).empty());
  CHECK(written(report_of({}), Format::csv) == "action,kind,id,name,change\r\n");
}

TEST_CASE("a change says what was and what is") {
  const auto report = report_of({
      change_of(Kind::device, "d1", Action::added, "Lamp", "", R"({"device_id":"d1"})"),
      change_of(Kind::device, "d2", Action::updated, "Plug", R"({"area_id":null,"labels":["a"]})",
                R"({"area_id":"office","labels":["a","b"]})"),
      change_of(Kind::entity, "e1", Action::renamed, "light.new", R"({"entity_id":"light.old"})",
                R"({"entity_id":"light.new"})"),
      change_of(Kind::area, "x", Action::removed, "X", R"({"area_id":"x"})", ""),
  });
  CHECK(written(report, Format::table) ==
        "ACTION   KIND    ID  NAME       CHANGE\n"
        "added    device  d1  Lamp\n"
        "updated  device  d2  Plug       area_id: - -> office, labels: [\"a\"] -> [\"a\",\"b\"]\n"
        "renamed  entity  e1  light.new  entity_id: light.old -> light.new\n"
        "removed  area    x   X\n"
        "1 added, 1 updated, 1 renamed, 1 removed; " +
            k_totals + ", run 12\n");
  CHECK(
      written(report, Format::ndjson) ==
      R"({"seq":7,"kind":"device","id":"d1","action":"added","name":"Lamp","before":null,)"
      R"("after":{"device_id":"d1"}})"
      "\n"
      R"({"seq":7,"kind":"device","id":"d2","action":"updated","name":"Plug",)"
      R"("before":{"area_id":null,"labels":["a"]},"after":{"area_id":"office","labels":["a","b"]}})"
      "\n"
      R"({"seq":7,"kind":"entity","id":"e1","action":"renamed","name":"light.new",)"
      R"("before":{"entity_id":"light.old"},"after":{"entity_id":"light.new"}})"
      "\n"
      R"({"seq":7,"kind":"area","id":"x","action":"removed","name":"X",)"
      R"("before":{"area_id":"x"},"after":null})"
      "\n");
}

TEST_CASE("a partial sync says what was held back") {
  mirror::Report report = report_of({});
  report.partial = true;
  report.run.outcome = "partial";
  report.run.detail = "floors: unknown_error";
  CHECK(written(report, Format::table) ==
        "nothing changed; " + k_totals + ", run 12; floors: unknown_error\n");
  report.run.detail = "";
  report.run.outcome = "starting";
  CHECK(written(report, Format::table) == "nothing changed; " + k_totals + ", run 12; starting\n");
}

TEST_CASE("the columns of a change that can be asked for") {
  const auto report = report_of(
      {change_of(Kind::area, "x", Action::updated, "X", R"({"name":"W"})", R"({"name":"X"})")});
  std::ostringstream out;
  cli::write_rows(out, cli::change_rows(report), Format::ndjson, 0);
  CHECK(out.str() ==
        R"({"seq":7,"action":"updated","kind":"area","id":"x","name":"X","change":"name: W -> X",)"
        R"("before":{"name":"W"},"after":{"name":"X"}})"
        "\n");
}
