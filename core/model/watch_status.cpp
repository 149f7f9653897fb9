// SPDX-License-Identifier: MIT
#include "core/model/watch_status.hpp"

#include <nlohmann/json.hpp>

#include "core/base/counted.hpp"
#include "core/base/json_object.hpp"
#include "core/model/kind.hpp"

namespace haingest::model {
namespace {

using Json = nlohmann::json;

std::string moment_json(const std::optional<base::Timestamp>& moment) {
  return moment ? '"' + base::to_iso_text(*moment) + '"' : "null";
}

std::string text_in(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

std::vector<std::string> texts_in(const Json& object, const char* key) {
  std::vector<std::string> texts;
  const auto at = object.find(key);
  if (at == object.end() || !at->is_array()) return texts;
  for (const Json& each : *at) {
    if (each.is_string()) texts.push_back(each.get<std::string>());
  }
  return texts;
}

std::optional<base::Timestamp> moment_in(const Json& object, const char* key) {
  return base::parse_timestamp(text_in(object, key));
}

template <class Number>
Number number_in(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number_integer() ? at->get<Number>() : Number{0};
}

Json part_of(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_object() ? *at : Json::object();
}

void read_connection(const Json& connection, WatchStatus& status) {
  status.connection = text_in(connection, "state");
  status.url = text_in(connection, "url");
  status.ha_version = text_in(connection, "ha_version");
  status.ha_state = text_in(connection, "ha_state");
  status.connection_since = moment_in(connection, "since");
  status.connections = number_in<std::uint64_t>(connection, "connections");
  status.last_error = text_in(connection, "last_error");
  status.events = number_in<std::uint64_t>(connection, "events");
  status.last_event_at = moment_in(connection, "last_event_at");
}

TargetStatus read_target(const Json& object) {
  TargetStatus target;
  target.name = text_in(object, "name");
  target.url = text_in(object, "url");
  target.server = text_in(object, "server");
  target.state = text_in(object, "state");
  target.last_error = text_in(object, "last_error");
  target.failing_since = moment_in(object, "failing_since");
  target.last_stored_at = moment_in(object, "last_stored_at");
  target.stored = number_in<std::uint64_t>(object, "stored");
  target.refused = number_in<std::uint64_t>(object, "refused");
  target.expired = number_in<std::uint64_t>(object, "expired");
  target.repeated = number_in<std::uint64_t>(object, "repeated");
  target.waiting = number_in<std::uint64_t>(object, "waiting");
  target.waiting_bytes = number_in<std::uint64_t>(object, "waiting_bytes");
  target.oldest_waiting = moment_in(object, "oldest_waiting");
  return target;
}

void read_backfill(const Json& backfill, WatchStatus& status) {
  status.backfill_open = number_in<std::uint64_t>(backfill, "open");
  status.backfill_since = moment_in(backfill, "since");
  status.backfill_error = text_in(backfill, "error");
  status.backfilled = number_in<std::uint64_t>(backfill, "points");
  status.unverified = number_in<std::uint64_t>(backfill, "unverified");
}

void read_points(const Json& points, WatchStatus& status) {
  status.spool_error = text_in(points, "error");
  status.spooled = number_in<std::uint64_t>(points, "spooled");
  status.unwanted = number_in<std::uint64_t>(points, "unwanted");
  status.collisions = number_in<std::uint64_t>(points, "collisions");
  status.future = number_in<std::uint64_t>(points, "future");
  status.given_up = number_in<std::uint64_t>(points, "given_up");
  status.damaged = number_in<std::uint64_t>(points, "damaged");
  status.dead_letters = number_in<std::uint64_t>(points, "dead_letters");
  read_backfill(part_of(points, "backfill"), status);
  const auto targets = points.find("targets");
  if (targets == points.end() || !targets->is_array()) return;
  for (const Json& each : *targets) {
    if (each.is_object()) status.targets.push_back(read_target(each));
  }
}

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::string target_json(const TargetStatus& target) {
  return base::JsonObject{}
      .text("name", target.name)
      .text("url", target.url)
      .text("server", target.server)
      .text("state", target.state)
      .text("last_error", target.last_error)
      .json("failing_since", moment_json(target.failing_since))
      .json("last_stored_at", moment_json(target.last_stored_at))
      .number("stored", number(target.stored))
      .number("refused", number(target.refused))
      .number("expired", number(target.expired))
      .number("repeated", number(target.repeated))
      .number("waiting", number(target.waiting))
      .number("waiting_bytes", number(target.waiting_bytes))
      .json("oldest_waiting", moment_json(target.oldest_waiting))
      .done();
}

std::string backfill_json(const WatchStatus& status) {
  return base::JsonObject{}
      .number("open", number(status.backfill_open))
      .json("since", moment_json(status.backfill_since))
      .text("error", status.backfill_error)
      .number("points", number(status.backfilled))
      .number("unverified", number(status.unverified))
      .done();
}

std::string points_json(const WatchStatus& status) {
  if (status.targets.empty()) return "null";
  std::string targets;
  for (const TargetStatus& target : status.targets) {
    targets += (targets.empty() ? "" : ",") + target_json(target);
  }
  return base::JsonObject{}
      .text("error", status.spool_error)
      .number("spooled", number(status.spooled))
      .number("unwanted", number(status.unwanted))
      .number("collisions", number(status.collisions))
      .number("future", number(status.future))
      .number("given_up", number(status.given_up))
      .number("damaged", number(status.damaged))
      .number("dead_letters", number(status.dead_letters))
      .json("backfill", backfill_json(status))
      .json("targets", '[' + targets + ']')
      .done();
}

std::string points(std::uint64_t count) { return base::counted(count, "point"); }

void add_problems(const WatchStatus& status, std::vector<std::string>& sentences) {
  if (!status.spool_error.empty()) {
    sentences.push_back("State changes cannot be spooled: " + status.spool_error);
  }
  for (const TargetStatus& target : status.targets) {
    if (target.state != "retrying" && target.state != "held") continue;
    sentences.push_back("Target " + target.name + ": " + target.last_error + "; " +
                        points(target.waiting) + (target.waiting == 1 ? " waits" : " wait"));
  }
  if (status.given_up > 0) {
    sentences.push_back(points(status.given_up) +
                        " were given up because the spool had reached its bound");
  }
  if (status.damaged > 0) {
    sentences.push_back(points(status.damaged) + " were lost with a damaged part of the spool");
  }
  if (!status.backfill_error.empty()) {
    sentences.push_back("What was not heard cannot be asked for: " + status.backfill_error);
  }
  if (status.dead_letters > 0) {
    sentences.push_back(points(status.dead_letters) +
                        " refused by a target: see haingest dead-letters");
  }
}

std::string connection_line(const WatchStatus& status) {
  if (status.connection != "connected") {
    return status.connection + (status.last_error.empty() ? "" : " (" + status.last_error + ")");
  }
  std::string line = "connected with Home Assistant " + status.ha_version + " at " + status.url;
  if (status.connection_since) line += " since " + base::to_iso_text(*status.connection_since);
  return line;
}

std::string target_line(const TargetStatus& target) {
  std::string line = target.name + " " + target.state + ", " + points(target.stored) + " stored, " +
                     std::to_string(target.waiting) + " waiting";
  if (target.oldest_waiting) line += " since " + base::to_iso_text(*target.oldest_waiting);
  if (!target.last_error.empty()) line += " (" + target.last_error + ")";
  return line;
}

void read_store(const Json& store, WatchStatus& status) {
  status.confirmed_at = moment_in(store, "confirmed_at");
  status.store_error = text_in(store, "error");
  status.held = texts_in(store, "held");
  status.incomplete = texts_in(store, "incomplete");
}

}  // namespace

std::vector<std::string> WatchStatus::problems() const {
  std::vector<std::string> sentences;
  if (!running) return sentences;
  if (connection != "connected") {
    sentences.push_back(last_error.empty() ? "watch is connecting with Home Assistant at " + url
                                           : "Home Assistant is away: " + last_error);
  } else if (!ha_state.empty() && ha_state != "RUNNING") {
    sentences.push_back("Home Assistant is " + ha_state + ", so nothing is removed");
  }
  if (!store_error.empty()) sentences.push_back("The database cannot be written: " + store_error);
  sentences.insert(sentences.end(), incomplete.begin(), incomplete.end());
  sentences.insert(sentences.end(), held.begin(), held.end());
  add_problems(*this, sentences);
  return sentences;
}

std::string WatchStatus::line() const {
  std::string line = connection_line(*this) + "; " + base::counted(events, "state change");
  if (last_event_at) line += ", the last at " + base::to_iso_text(*last_event_at);
  for (const TargetStatus& target : targets) line += "; " + target_line(target);
  if (backfill_open > 0) {
    line += "; " + counted(Kind::entity, number(backfill_open)) + " to be filled";
    if (backfill_since) line += " since " + base::to_iso_text(*backfill_since);
  }
  if (dead_letters > 0) line += "; " + std::to_string(dead_letters) + " dead letters";
  return line;
}

std::string to_json(const WatchStatus& status) {
  const std::string connection = base::JsonObject{}
                                     .text("state", status.connection)
                                     .text("url", status.url)
                                     .text("ha_version", status.ha_version)
                                     .text("ha_state", status.ha_state)
                                     .json("since", moment_json(status.connection_since))
                                     .number("connections", number(status.connections))
                                     .text("last_error", status.last_error)
                                     .number("events", number(status.events))
                                     .json("last_event_at", moment_json(status.last_event_at))
                                     .done();
  const std::string store = base::JsonObject{}
                                .json("confirmed_at", moment_json(status.confirmed_at))
                                .text("error", status.store_error)
                                .json("held", base::json_list(status.held))
                                .json("incomplete", base::json_list(status.incomplete))
                                .done();
  return base::JsonObject{}
      .number("pid", status.pid)
      .flag("running", status.running)
      .text("started_at", base::to_iso_text(status.started_at))
      .text("written_at", base::to_iso_text(status.written_at))
      .json("connection", connection)
      .json("store", store)
      .json("points", points_json(status))
      .done();
}

std::optional<WatchStatus> parse_watch_status(std::string_view json) {
  const Json object = Json::parse(json, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  const auto started_at = moment_in(object, "started_at");
  const auto written_at = moment_in(object, "written_at");
  if (!started_at || !written_at) return std::nullopt;
  WatchStatus status;
  status.pid = number_in<std::int64_t>(object, "pid");
  status.running = object.value("running", Json(true)) != Json(false);
  status.started_at = *started_at;
  status.written_at = *written_at;
  read_connection(part_of(object, "connection"), status);
  read_store(part_of(object, "store"), status);
  read_points(part_of(object, "points"), status);
  return status;
}

std::string watch_status_path(const std::string& database_path) {
  return database_path + "-status";
}

}  // namespace haingest::model
