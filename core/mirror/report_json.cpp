// SPDX-License-Identifier: MIT
// The report as JSON: what `sync -o json` prints and a remote data API answers.
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/mirror/mirror.hpp"

namespace haingest::mirror {
namespace {

// A field keeps its place: the answer of a remote store is printed like that of a local one.
using json = nlohmann::ordered_json;

void append_text(std::string& out, std::string_view key, std::string_view text) {
  out += out.back() == '{' ? "\"" : ",\"";
  out += key;
  out += "\":";
  base::append_json_string(out, text);
}

void append_raw(std::string& out, std::string_view key, std::string_view raw) {
  out += out.back() == '{' ? "\"" : ",\"";
  out += key;
  out += "\":";
  out += raw;
}

std::string list_of(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    base::append_json_string(out, text);
  }
  return out + "]";
}

std::string run_json(const model::Run& run) {
  std::string out = "{";
  append_raw(out, "run", run.id == 0 ? "null" : std::to_string(run.id));
  append_text(out, "command", run.command);
  append_text(out, "source", run.source);
  append_text(out, "ha_version", run.ha_version);
  append_text(out, "started_at", base::to_iso_text(run.started_at));
  append_text(out, "finished_at", base::to_iso_text(run.finished_at));
  append_raw(out, "duration_ms", std::to_string(run.duration_ms));
  append_text(out, "outcome", run.outcome);
  append_text(out, "detail", run.detail);
  return out + "}";
}

std::string summary_json(const Report& report) {
  std::string out = "{";
  for (const model::Action action : model::k_actions) {
    append_raw(out, model::name_of(action),
               std::to_string(report.run.counts[static_cast<std::size_t>(action)]));
  }
  std::string totals = "{";
  for (const model::Kind kind : model::k_kinds) {
    append_raw(totals, model::plural_of(kind),
               std::to_string(report.run.totals[model::index_of(kind)]));
  }
  append_raw(out, "totals", totals + "}");
  std::string failed = "{";
  for (const auto& [part, code] : report.failed) append_text(failed, part, code);
  append_raw(out, "failed", failed + "}");
  append_raw(out, "held", list_of(report.held));
  append_raw(out, "notes", list_of(report.notes));
  append_raw(out, "partial", report.partial ? "true" : "false");
  return out + "}";
}

template <class Names>
auto named(const Names& all, const std::string& name) {
  for (const auto value : all) {
    if (model::name_of(value) == name) return value;
  }
  throw base::Failure(base::ErrorKind::failure, "unknown word " + name);
}

model::Change parse_change(const json& object) {
  model::Change change;
  change.seq = object.at("seq").is_null() ? 0 : object.at("seq").get<std::int64_t>();
  change.kind = named(model::k_kinds, object.at("kind").get<std::string>());
  change.id = object.at("id").get<std::string>();
  change.action = named(model::k_actions, object.at("action").get<std::string>());
  change.name = object.value("name", "");
  if (!object.at("before").is_null()) change.before = object.at("before").dump();
  if (!object.at("after").is_null()) change.after = object.at("after").dump();
  return change;
}

base::Timestamp moment(const json& object, const char* key) {
  return base::parse_timestamp(object.at(key).get<std::string>()).value_or(base::Timestamp{});
}

void parse_run(const json& object, model::Run& run) {
  run.id = object.at("run").is_null() ? 0 : object.at("run").get<std::int64_t>();
  run.command = object.at("command").get<std::string>();
  run.source = object.at("source").get<std::string>();
  run.ha_version = object.at("ha_version").get<std::string>();
  run.started_at = moment(object, "started_at");
  run.finished_at = moment(object, "finished_at");
  run.duration_ms = object.at("duration_ms").get<std::int64_t>();
  run.outcome = object.at("outcome").get<std::string>();
  run.detail = object.at("detail").get<std::string>();
}

void parse_summary(const json& object, Report& report) {
  for (const model::Action action : model::k_actions) {
    report.run.counts[static_cast<std::size_t>(action)] =
        object.at(std::string{model::name_of(action)}).get<std::int64_t>();
  }
  for (const model::Kind kind : model::k_kinds) {
    report.run.totals[model::index_of(kind)] =
        object.at("totals").at(std::string{model::plural_of(kind)}).get<std::int64_t>();
  }
  for (const auto& [part, code] : object.at("failed").items()) {
    report.failed.emplace(part, code.get<std::string>());
  }
  report.held = object.at("held").get<std::vector<std::string>>();
  report.notes = object.at("notes").get<std::vector<std::string>>();
  report.partial = object.at("partial").get<bool>();
}

}  // namespace

std::string to_json(const model::Change& change) {
  std::string out = "{";
  append_raw(out, "seq", change.seq == 0 ? "null" : std::to_string(change.seq));
  append_text(out, "kind", model::name_of(change.kind));
  append_text(out, "id", change.id);
  append_text(out, "action", model::name_of(change.action));
  append_text(out, "name", change.name);
  append_raw(out, "before", change.before.empty() ? "null" : change.before);
  append_raw(out, "after", change.after.empty() ? "null" : change.after);
  return out + "}";
}

std::string to_json(const Report& report) {
  std::string out = "{\"run\":" + run_json(report.run) + ",\"changes\":[";
  for (const model::Change& change : report.changes) {
    if (out.back() != '[') out += ",\n";
    out += to_json(change);
  }
  return out + "],\"summary\":" + summary_json(report) + "}\n";
}

base::Result<Report> parse_report(std::string_view text) {
  try {
    const json object = json::parse(text);
    Report report;
    parse_run(object.at("run"), report.run);
    for (const json& change : object.at("changes")) report.changes.push_back(parse_change(change));
    parse_summary(object.at("summary"), report);
    return report;
  } catch (const std::exception& error) {
    return base::Error{base::ErrorKind::failure,
                       std::string{"the answer is no report of a sync: "} + error.what()};
  }
}

}  // namespace haingest::mirror
