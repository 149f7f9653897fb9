// SPDX-License-Identifier: MIT
#include "cli/migrated.hpp"

#include <ostream>
#include <string>
#include <utility>

#include "cli/report.hpp"
#include "core/base/counted.hpp"
#include "core/base/json_object.hpp"
#include "core/base/span.hpp"

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

std::string moment(std::int64_t nanoseconds) {
  return base::to_iso_text(base::Timestamp{std::chrono::microseconds{nanoseconds / 1'000}});
}

Cell number_cell(std::uint64_t number) { return json_cell(std::to_string(number)); }

// Each measurement with what is there, or of a copy with what was written.
Rows history_rows(const jobs::CopyHistoryReport& history) {
  if (history.copied) {
    Rows rows{{"database", "policy", "measurement", "points", "values", "rejected"}, {}};
    for (const auto& [part, done] : history.copied->parts) {
      rows.cells.push_back({text_cell(part.database->name), text_cell(part.policy->name),
                            text_cell(part.measurement->name), number_cell(done.points),
                            number_cell(done.values), number_cell(done.rejected)});
    }
    return rows;
  }
  Rows rows{
      {"database", "policy", "measurement", "series", "points", "values", "bytes", "first", "last"},
      {}};
  for (const auto& [part, extent, series, bytes] : history.plan.parts) {
    if (!extent) continue;
    rows.cells.push_back(
        {text_cell(part.database->name), text_cell(part.policy->name),
         text_cell(part.measurement->name), series ? number_cell(*series) : json_cell("null"),
         number_cell(extent->points), number_cell(extent->values), number_cell(bytes),
         text_cell(moment(extent->first)), text_cell(moment(extent->last))});
  }
  return rows;
}

// A window and field in which the two count otherwise.
Rows difference_rows(const jobs::CopyHistoryReport& history) {
  Rows rows{{"database", "policy", "measurement", "field", "from", "to", "source", "target"}, {}};
  if (!history.proof) return rows;
  for (const migrate::PartProof& proof : *history.proof) {
    for (const migrate::Difference& each : proof.differences) {
      rows.cells.push_back({text_cell(proof.part.database->name),
                            text_cell(proof.part.policy->name),
                            text_cell(proof.part.measurement->name), text_cell(each.field),
                            text_cell(moment(each.span.begin)), text_cell(moment(each.span.end)),
                            number_cell(each.source), number_cell(each.target)});
    }
  }
  return rows;
}

// For people; programs get all of them.
constexpr std::size_t k_shown_differences = 20;

// "600003 values in 3 windows counted on both sides: no difference."
std::string proof_line(const jobs::CopyHistoryReport& history) {
  std::uint64_t values = 0;
  std::uint64_t windows = 0;
  for (const migrate::PartProof& proof : *history.proof) {
    values += proof.values;
    windows += proof.windows;
  }
  const std::uint64_t differences = history.differences();
  return std::to_string(values) + " values in " + std::to_string(windows) +
         " windows counted on both sides: " +
         (differences == 0 ? "no difference." : base::counted(differences, "difference") + ".");
}

// "900 kB", "1.4 GB"
std::string size_text(std::uint64_t bytes) {
  if (bytes < 1'000'000) return std::to_string((bytes + 999) / 1'000) + " kB";
  if (bytes < 1'000'000'000) return std::to_string((bytes + 500'000) / 1'000'000) + " MB";
  const std::uint64_t tenths = (bytes + 50'000'000) / 100'000'000;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " GB";
}

// "1234 points in 3 measurements copied.": what was, or would be.
std::string history_line(const jobs::CopyHistoryReport& history) {
  std::uint64_t points = 0;
  std::size_t measurements = 0;
  const auto add = [&](std::uint64_t of_one) {
    points += of_one;
    if (of_one > 0) ++measurements;
  };
  if (history.copied) {
    for (const migrate::PartReport& part : history.copied->parts) add(part.done.points);
  } else {
    for (const migrate::PartPlan& part : history.plan.parts) {
      add(part.extent ? part.extent->points : 0);
    }
  }
  std::string text = base::counted(points, "point") + " in " +
                     base::counted(measurements, "measurement") + " " +
                     (history.copied ? "copied" : "would be copied");
  if (history.copied && history.copied->rejected > 0) {
    text += ", " + std::to_string(history.copied->rejected) + " of them rejected";
  }
  if (history.copied && history.copied->dropped_texts > 0) {
    text += ", " + std::to_string(history.copied->dropped_texts) + " texts left out";
  }
  if (!history.copied && points > 0) {
    text += ": about " + size_text(history.plan.bytes) + " of line protocol, and " +
            base::roughly(history.estimated_time);
  }
  return text + ".";
}

void write_history(std::ostream& out, const jobs::CopyHistoryReport& history, std::size_t width) {
  write_rows(out, history_rows(history), Format::table, width);
  if (!history.copied) {
    for (const std::string& warning : history.plan.warnings) out << warning << '\n';
  }
  if (!history.copied && history.proof) {
    out << proof_line(history) << '\n';
  } else {
    out << history_line(history) << '\n';
    if (history.proof) out << proof_line(history) << '\n';
  }
  if (history.differences() == 0) return;
  Rows rows = difference_rows(history);
  if (rows.cells.size() > k_shown_differences) rows.cells.resize(k_shown_differences);
  const std::uint64_t more = history.differences() - rows.cells.size();
  write_rows(out, rows, Format::table, width);
  if (more > 0) out << "... and " << more << " more; -o json has them.\n";
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
  write_history(out, *migrated.history, width);
}

void write_history_json(std::ostream& out, const jobs::CopyHistoryReport& history) {
  out << "{\"measurements\":";
  write_rows(out, history_rows(history), Format::json, 0);
  if (history.copied) {
    out << ",\"complete\":" << (history.copied->complete ? "true" : "false")
        << ",\"rejected\":" << history.copied->rejected
        << ",\"dropped_texts\":" << history.copied->dropped_texts;
  } else {
    out << ",\"estimated_bytes\":" << history.plan.bytes
        << ",\"estimated_seconds\":" << history.estimated_time.count();
  }
  if (history.proof) {
    out << ",\"differences\":";
    write_rows(out, difference_rows(history), Format::json, 0);
  }
  out << ",\"warnings\":[";
  const char* separator = "";
  for (const std::string& warning : history.plan.warnings) {
    out << std::exchange(separator, ",") << text_cell(warning).json;
  }
  out << "]}";
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
  if (migrated.report) {
    write_report(out, migrated.report->imported.report, migrated.dry_run, format, width);
  }
  if (migrated.synced && format == Format::ndjson) {
    write_report(out, *migrated.synced, migrated.dry_run, format, width);
  }
}

}  // namespace haingest::cli
