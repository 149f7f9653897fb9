// SPDX-License-Identifier: MIT
#include "cli/migrated.hpp"

#include <ostream>
#include <string>

#include "cli/report.hpp"
#include "core/base/json_object.hpp"

namespace haingest::cli {
namespace {

using PerKind = std::array<std::int64_t, model::k_kind_count>;

Rows found_rows(const jobs::MigrateReport& report) {
  Rows rows{{"layout", "kind", "database", "policy", "records", "newest"}, {}};
  for (const migrate::Found& found : report.found) {
    rows.cells.push_back({text_cell(name_of(found.layout)), text_cell(model::name_of(found.kind)),
                          text_cell(found.database), text_cell(found.policy),
                          json_cell(std::to_string(found.records)),
                          text_cell(base::to_iso_text(found.newest))});
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

void write_table(std::ostream& out, const jobs::MigrateReport& report,
                 const std::optional<mirror::Report>& synced, bool dry_run, std::size_t width) {
  out << report.source << ", layout " << name_of(*report.layout) << ":\n";
  write_rows(out, found_rows(report), Format::table, width);
  out << '\n';
  write_report(out, report.imported.report, dry_run, Format::table, width);
  if (const std::string dead = counted(report.imported.dead); !dead.empty()) {
    out << "Home Assistant no longer has " << dead << ": kept as removed.\n";
  }
  if (const std::string unknown = counted(report.imported.unknown); !unknown.empty()) {
    out << "Neither Home Assistant nor InfluxDB knows " << unknown << ": removed.\n";
  }
  if (!synced) return;
  out << "\nThen a sync with Home Assistant:\n";
  write_report(out, *synced, dry_run, Format::table, width);
}

void write_json(std::ostream& out, const jobs::MigrateReport& report,
                const std::optional<mirror::Report>& synced) {
  out << "{\"source\":" << text_cell(report.source).json
      << ",\"version\":" << text_cell(report.server.version).json
      << ",\"layout\":" << text_cell(name_of(*report.layout)).json << ",\"found\":";
  write_rows(out, found_rows(report), Format::json, 0);
  out << ",\"dead\":" << counts_json(report.imported.dead)
      << ",\"unknown\":" << counts_json(report.imported.unknown) << ",\"store\":";
  mirror::write_json(out, report.imported.report);
  out << ",\"sync\":";
  if (synced) {
    mirror::write_json(out, *synced);
  } else {
    out << "null";
  }
  out << "}\n";
}

}  // namespace

void write_migrated(std::ostream& out, const jobs::MigrateReport& report,
                    const std::optional<mirror::Report>& synced, bool dry_run, Format format,
                    std::size_t width) {
  if (format == Format::json) return write_json(out, report, synced);
  if (format == Format::table) return write_table(out, report, synced, dry_run, width);
  write_report(out, report.imported.report, dry_run, format, width);
  if (synced && format == Format::ndjson) write_report(out, *synced, dry_run, format, width);
}

}  // namespace haingest::cli
