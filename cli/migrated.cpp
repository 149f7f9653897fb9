// SPDX-License-Identifier: MIT
#include "cli/migrated.hpp"

#include <ostream>
#include <string>
#include <utility>

#include "cli/history_report.hpp"
#include "cli/report.hpp"
#include "core/base/counted.hpp"
#include "core/base/json_object.hpp"

namespace haingest::cli {
namespace {

using PerKind = std::array<std::int64_t, model::k_kind_count>;

// To the minute for people.
Cell moment_cell(base::Timestamp moment) {
  const std::string iso = base::to_iso_text(moment);
  Cell cell = text_cell(iso);
  cell.text = iso.substr(0, 10) + ' ' + iso.substr(11, 5);
  return cell;
}

Rows found_rows(const jobs::MigrateReport& report) {
  Rows rows{{"layout", "kind", "database", "policy", "records", "newest"}, {}};
  for (const migrate::Found& found : report.found) {
    rows.cells.push_back({text_cell(name_of(found.layout)), text_cell(model::name_of(found.kind)),
                          text_cell(found.database), text_cell(found.policy),
                          json_cell(std::to_string(found.records)), moment_cell(found.newest)});
  }
  return rows;
}

// "3 devices and 12 entities"; "" for none.
std::string counted(const PerKind& counts) {
  std::string text;
  for (const model::Kind kind : model::k_kinds) {
    const std::int64_t count = counts[model::index_of(kind)];
    if (count == 0) continue;
    text += (text.empty() ? "" : " and ") + model::counted(kind, count);
  }
  return text;
}

std::string counts_json(const PerKind& counts) {
  base::JsonObject object;
  for (const model::Kind kind : {model::Kind::device, model::Kind::entity}) {
    object.number(model::plural_of(kind), counts[model::index_of(kind)]);
  }
  return object.done();
}

void write_devices(std::ostream& out, const jobs::MigrateReport& report, bool dry_run,
                   std::size_t width) {
  if (report.layout) {
    out << report.source << ", layout " << name_of(*report.layout) << ":\n";
    write_rows(out, found_rows(report), Format::table, width);
    out << '\n';
    write_report(out, report.imported.report, dry_run, Format::table, width);
  } else {
    out << report.source << ": no devices and entities.\n";
  }
  if (const std::string dead = counted(report.imported.dead); !dead.empty()) {
    out << "Home Assistant no longer has " << dead << ": kept as removed.\n";
  }
  if (const std::string unknown = counted(report.imported.unknown); !unknown.empty()) {
    out << "Neither Home Assistant nor InfluxDB knows " << unknown << ": removed.\n";
  }
}

void write_table(std::ostream& out, const Migrated& migrated, std::size_t width) {
  if (migrated.report) write_devices(out, *migrated.report, migrated.dry_run, width);
  if (migrated.synced) {
    out << "\nThen a sync with Home Assistant:\n";
    write_report(out, *migrated.synced, migrated.dry_run, Format::table, width);
  }
  if (migrated.sync_would_follow) out << "A sync with Home Assistant would follow.\n";
  if (!migrated.history) return;
  if (migrated.report) out << '\n';
  write_history_table(out, *migrated.history, width);
}

void write_devices_json(std::ostream& out, const jobs::MigrateReport& report) {
  out << ",\"layout\":" << (report.layout ? text_cell(name_of(*report.layout)).json : "null")
      << ",\"found\":";
  write_rows(out, found_rows(report), Format::json, 0);
  out << ",\"dead\":" << counts_json(report.imported.dead)
      << ",\"unknown\":" << counts_json(report.imported.unknown) << ",\"store\":";
  mirror::write_json(out, report.imported.report);
}

void write_json(std::ostream& out, const Migrated& migrated) {
  const auto& report = migrated.report;
  out << "{\"source\":" << text_cell(report ? report->source : migrated.history->source_name).json
      << ",\"version\":"
      << text_cell(report ? report->server.version : migrated.history->server.version).json;
  if (report) {
    write_devices_json(out, *report);
  } else {
    out << R"(,"layout":null,"found":null,"dead":null,"unknown":null,"store":null)";
  }
  out << ",\"sync\":";
  if (migrated.synced) {
    mirror::write_json(out, *migrated.synced);
  } else {
    out << "null";
  }
  out << ",\"history\":";
  if (migrated.history) {
    write_history_json(out, *migrated.history);
  } else {
    out << "null";
  }
  out << "}\n";
}

}  // namespace

void write_migrated(std::ostream& out, const Migrated& migrated, Format format, std::size_t width) {
  if (format == Format::json) return write_json(out, migrated);
  if (format == Format::table) return write_table(out, migrated, width);
  // Of CSV one table: whoever copies wants to know what became of that.
  if (format == Format::csv && migrated.history) return write_history_csv(out, *migrated.history);
  if (migrated.report) {
    write_report(out, migrated.report->imported.report, migrated.dry_run, format, width);
  }
  if (format == Format::csv) return;
  if (migrated.synced) write_report(out, *migrated.synced, migrated.dry_run, format, width);
  if (migrated.history) write_history_ndjson(out, *migrated.history);
}

}  // namespace haingest::cli
