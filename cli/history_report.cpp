// SPDX-License-Identifier: MIT
#include "cli/history_report.hpp"

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "cli/output.hpp"
#include "core/base/counted.hpp"
#include "core/base/span.hpp"

namespace haingest::cli {
namespace {

std::string moment(std::int64_t nanoseconds) {
  return base::to_iso_text(base::Timestamp{std::chrono::microseconds{nanoseconds / 1'000}});
}

constexpr std::size_t k_day = std::string_view("2025-10-14").size();

Cell number_cell(std::uint64_t number) { return json_cell(std::to_string(number)); }

Cell series_cell(const migrate::Extent& extent) {
  return extent.series ? number_cell(*extent.series) : json_cell("null");
}

// "900 kB", "1.4 GB"
std::string size_text(std::uint64_t bytes) {
  if (bytes < 1'000'000) return std::to_string((bytes + 999) / 1'000) + " kB";
  if (bytes < 1'000'000'000) return std::to_string((bytes + 500'000) / 1'000'000) + " MB";
  const std::uint64_t tenths = (bytes + 50'000'000) / 100'000'000;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " GB";
}

// A row about a measurement begins with what it is called.
Rows part_rows(const std::vector<std::string>& more) {
  Rows rows{{"database", "policy", "measurement"}, {}};
  rows.columns.insert(rows.columns.end(), more.begin(), more.end());
  return rows;
}

void add_row(Rows& rows, const migrate::Part& part, const std::vector<Cell>& more) {
  std::vector<Cell>& row = rows.cells.emplace_back();
  for (const std::string& name :
       {part.database->own_name, part.policy->name, part.measurement->name}) {
    row.push_back(text_cell(name));
  }
  row.insert(row.end(), more.begin(), more.end());
}

Rows copied_rows(const jobs::CopyHistoryReport& history) {
  Rows rows = part_rows({"points", "values", "rejected"});
  for (const auto& [part, done] : history.copied->parts) {
    add_row(rows, part,
            {number_cell(done.points), number_cell(done.values), number_cell(done.rejected)});
  }
  return rows;
}

Rows plan_rows(const jobs::CopyHistoryReport& history) {
  Rows rows = part_rows({"series", "points", "values", "bytes", "first", "last"});
  for (const auto& [part, extent, bytes] : history.plan.parts) {
    if (!extent) continue;
    add_row(
        rows, part,
        {series_cell(*extent), number_cell(extent->points), number_cell(extent->values),
         number_cell(bytes), text_cell(moment(extent->first)), text_cell(moment(extent->last))});
  }
  return rows;
}

// What fits 80 columns.
Rows plan_table(const jobs::CopyHistoryReport& history) {
  Rows rows = part_rows({"series", "points", "size", "first", "last"});
  for (const auto& [part, extent, bytes] : history.plan.parts) {
    if (!extent) continue;
    add_row(rows, part,
            {series_cell(*extent), number_cell(extent->points), text_cell(size_text(bytes)),
             text_cell(moment(extent->first).substr(0, k_day)),
             text_cell(moment(extent->last).substr(0, k_day))});
  }
  return rows;
}

// Each measurement with what is there, or of a copy with what was written.
Rows history_rows(const jobs::CopyHistoryReport& history) {
  return history.copied ? copied_rows(history) : plan_rows(history);
}

// A window and field in which the two count otherwise.
Rows difference_rows(const jobs::CopyHistoryReport& history) {
  Rows rows = part_rows({"field", "from", "to", "source", "target"});
  if (!history.proof) return rows;
  for (const migrate::PartProof& proof : *history.proof) {
    for (const migrate::Difference& each : proof.differences) {
      add_row(
          rows, proof.part,
          {text_cell(each.field), text_cell(moment(each.span.begin)),
           text_cell(moment(each.span.end)), number_cell(each.source), number_cell(each.target)});
    }
  }
  return rows;
}

// For people; programs get a thousand of each measurement.
constexpr std::uint64_t k_shown_differences = 20;

// "house.autogen.power, value, from 2025-10-13T00:00:00.000000+00:00 to 2025-10-20T…: 600 in the
// source, 599 in the target", as --since and --until take it, to the microsecond.
std::uint64_t write_difference_lines(std::ostream& out, const jobs::CopyHistoryReport& history) {
  std::uint64_t shown = 0;
  for (const migrate::PartProof& proof : *history.proof) {
    for (const migrate::Difference& each : proof.differences) {
      if (shown == k_shown_differences) return shown;
      ++shown;
      out << on_one_line(name_of(proof.part) + ", " + each.field) << ", from "
          << moment(each.span.begin) << " to " << moment(each.span.end) << ": " << each.source
          << " in the source, " << each.target << " in the target\n";
    }
  }
  return shown;
}

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

}  // namespace

void write_history_table(std::ostream& out, const jobs::CopyHistoryReport& history,
                         std::size_t width) {
  write_rows(out, history.copied ? copied_rows(history) : plan_table(history), Format::table,
             width);
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
  const std::uint64_t shown = write_difference_lines(out, history);
  const std::uint64_t more = history.differences() - shown;
  if (more > 0) out << "... and " << more << " more; -o json has them.\n";
}

void write_history_csv(std::ostream& out, const jobs::CopyHistoryReport& history) {
  const bool only_counted = history.proof && !history.copied;
  write_rows(out, only_counted ? difference_rows(history) : history_rows(history), Format::csv, 0);
}

void write_history_ndjson(std::ostream& out, const jobs::CopyHistoryReport& history) {
  write_rows(out, history_rows(history), Format::ndjson, 0);
  write_rows(out, difference_rows(history), Format::ndjson, 0);
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

}  // namespace haingest::cli
