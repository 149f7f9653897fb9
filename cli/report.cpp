// SPDX-License-Identifier: MIT
#include "cli/report.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

namespace haingest::cli {
namespace {

using nlohmann::json;

constexpr auto k_updated = model::Action::updated;
constexpr auto k_renamed = model::Action::renamed;

std::string shown(const json& object, const std::string& field) {
  const auto value = object.find(field);
  if (value == object.end() || value->is_null()) return "-";
  return value->is_string() ? value->get<std::string>()
                            : value->dump(-1, ' ', false, json::error_handler_t::replace);
}

// "name: Lamp -> Desk lamp, area_id: - -> office"
std::string difference(const model::Change& change) {
  if (change.action != k_updated && change.action != k_renamed) return "";
  const json before = json::parse(change.before, nullptr, false);
  const json after = json::parse(change.after, nullptr, false);
  if (!before.is_object() || !after.is_object()) return "";
  json fields = before;
  fields.update(after);
  std::string text;
  for (const auto& [field, value] : fields.items()) {
    if (!text.empty()) text += ", ";
    text += field + ": " + shown(before, field) + " -> " + shown(after, field);
  }
  return text;
}

Rows rows_of(const mirror::Report& report) {
  return only(change_rows(report), {"action", "kind", "id", "name", "change"});
}

Cell json_or_null(const std::string& text) { return json_cell(text.empty() ? "null" : text); }

std::string totals_of(const mirror::Report& report) {
  std::string text;
  for (const model::Kind kind : model::k_kinds) {
    if (!text.empty()) text += ", ";
    text += model::counted(kind, report.run.totals[model::index_of(kind)]);
  }
  return text;
}

std::string summary_of(const mirror::Report& report, bool dry_run) {
  const model::Run& run = report.run;
  std::string text = dry_run ? "Dry run, nothing written: " : "";
  const std::string counts = counts_of(report);
  text += (counts.empty() ? "nothing changed" : counts) + "; now " + totals_of(report) + ".";
  if (!run.ha_version.empty()) text += " Home Assistant " + run.ha_version + ",";
  text += " " + std::to_string(run.duration_ms) + " ms";
  if (!dry_run && run.id > 0) text += ", run " + std::to_string(run.id);
  if (report.partial) text += "; " + (run.detail.empty() ? run.outcome : run.detail);
  return text;
}

}  // namespace

std::string counts_of(const mirror::Report& report) {
  std::string text;
  for (const model::Action action : model::k_actions) {
    const auto count = report.run.counts[static_cast<std::size_t>(action)];
    if (count == 0) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(name_of(action));
  }
  return text;
}

Rows change_rows(const mirror::Report& report) {
  Rows rows{{"seq", "action", "kind", "id", "name", "change", "before", "after"}, {}};
  for (const model::Change& change : report.changes) {
    rows.cells.push_back({json_cell(change.seq == 0 ? "null" : std::to_string(change.seq)),
                          text_cell(name_of(change.action)), text_cell(model::name_of(change.kind)),
                          text_cell(change.id), text_cell(change.name),
                          text_cell(difference(change)), json_or_null(change.before),
                          json_or_null(change.after)});
  }
  return rows;
}

void write_report(std::ostream& out, const mirror::Report& report, bool dry_run, Format format,
                  std::size_t width) {
  switch (format) {
    case Format::json:
      mirror::write_json(out, report);
      return;
    case Format::ndjson:
      for (const model::Change& change : report.changes) out << mirror::to_json(change) << '\n';
      return;
    case Format::csv:
      return write_rows(out, rows_of(report), format, width);
    case Format::table:
      if (report.changed()) write_rows(out, rows_of(report), format, width);
      out << summary_of(report, dry_run) << '\n';
      return;
  }
}

}  // namespace haingest::cli
