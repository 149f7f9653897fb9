// SPDX-License-Identifier: MIT
// The report as JSON: what `sync -o json` prints and a remote data API answers.
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>
#include <utility>

#include "core/base/json_object.hpp"
#include "core/base/text.hpp"
#include "core/mirror/guard.hpp"
#include "core/mirror/mirror.hpp"

namespace haingest::mirror {
namespace {

using base::JsonObject;
// A field keeps its place: the answer of a remote store is printed like that of a local one.
using json = nlohmann::ordered_json;

// A number that a dry run does not have.
std::string number_or_null(std::int64_t number) {
  return number == 0 ? "null" : std::to_string(number);
}

std::string run_json(const model::Run& run) {
  return JsonObject{}
      .json("run", number_or_null(run.id))
      .text("command", run.command)
      .text("source", run.source)
      .text("ha_version", run.ha_version)
      .text("started_at", base::to_iso_text(run.started_at))
      .text("finished_at", base::to_iso_text(run.finished_at))
      .number("duration_ms", run.duration_ms)
      .text("outcome", run.outcome)
      .text("detail", run.detail)
      .done();
}

std::string summary_json(const Report& report) {
  JsonObject summary;
  for (const model::Action action : model::k_actions) {
    summary.number(model::name_of(action), report.run.counts[static_cast<std::size_t>(action)]);
  }
  JsonObject totals;
  for (const model::Kind kind : model::k_kinds) {
    totals.number(model::plural_of(kind), report.run.totals[model::index_of(kind)]);
  }
  JsonObject failed;
  for (const auto& [part, code] : report.failed) failed.text(part, code);
  std::string refused;
  if (report.refusal) base::append_json_string(refused, report.refusal->message);
  return summary.json("totals", totals.done())
      .json("failed", failed.done())
      .json("held", base::json_list(report.held))
      .json("notes", base::json_list(report.notes))
      .json("refused", refused)
      .flag("partial", report.partial)
      .done();
}

template <class Names>
auto named(const Names& all, const std::string& name) {
  for (const auto value : all) {
    if (model::name_of(value) == name) return value;
  }
  throw base::Failure(base::ErrorKind::failure, "unknown word " + name);
}

// The library would cast a decimal of any size.
std::int64_t number(const json& value) {
  if (!value.is_number_integer()) {
    throw base::Failure(base::ErrorKind::failure, value.dump() + " is no whole number");
  }
  return value.get<std::int64_t>();
}

std::int64_t number_or_zero(const json& value) { return value.is_null() ? 0 : number(value); }

model::Change parse_change(const json& object) {
  model::Change change;
  change.seq = number_or_zero(object.at("seq"));
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
  run.id = number_or_zero(object.at("run"));
  run.command = object.at("command").get<std::string>();
  run.source = object.at("source").get<std::string>();
  run.ha_version = object.at("ha_version").get<std::string>();
  run.started_at = moment(object, "started_at");
  run.finished_at = moment(object, "finished_at");
  run.duration_ms = number(object.at("duration_ms"));
  run.outcome = object.at("outcome").get<std::string>();
  run.detail = object.at("detail").get<std::string>();
}

void parse_summary(const json& object, Report& report) {
  for (const model::Action action : model::k_actions) {
    report.run.counts[static_cast<std::size_t>(action)] =
        number(object.at(std::string{model::name_of(action)}));
  }
  for (const model::Kind kind : model::k_kinds) {
    report.run.totals[model::index_of(kind)] =
        number(object.at("totals").at(std::string{model::plural_of(kind)}));
  }
  for (const auto& [part, code] : object.at("failed").items()) {
    report.failed.emplace(part, code.get<std::string>());
  }
  report.held = object.at("held").get<std::vector<std::string>>();
  report.notes = object.at("notes").get<std::vector<std::string>>();
  if (const json& refused = object.at("refused"); !refused.is_null()) {
    const auto sentence = refused.get<std::string>();
    report.refusal = base::Error{base::ErrorKind::guard, sentence, guard_try_command(sentence)};
  }
  report.partial = object.at("partial").get<bool>();
}

}  // namespace

std::string to_json(const model::Change& change) {
  return JsonObject{}
      .json("seq", number_or_null(change.seq))
      .text("kind", model::name_of(change.kind))
      .text("id", change.id)
      .text("action", model::name_of(change.action))
      .text("name", change.name)
      .json("before", change.before)
      .json("after", change.after)
      .done();
}

void write_json(std::ostream& out, const Report& report) {
  out << "{\"run\":" << run_json(report.run) << ",\"changes\":[";
  const char* separator = "";
  for (const model::Change& change : report.changes) {
    out << std::exchange(separator, ",\n") << to_json(change);
  }
  out << "],\"summary\":" << summary_json(report) << "}\n";
}

std::string to_json(const Report& report) {
  std::ostringstream out;
  write_json(out, report);
  return std::move(out).str();
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
