// SPDX-License-Identifier: MIT
// GET /health, / and /api/info.
#include <algorithm>
#include <chrono>

#include "core/api/views.hpp"
#include "core/base/error.hpp"
#include "core/base/json_object.hpp"

namespace haingest::api {
namespace {

using base::JsonObject;
using model::Kind;

std::string run_json(const model::Run& run) {
  return JsonObject{}
      .number("run", run.id)
      .text("command", run.command)
      .text("source", run.source)
      .text("ha_version", run.ha_version)
      .text("finished_at", base::to_iso_text(run.finished_at))
      .text("outcome", run.outcome)
      .text("detail", run.detail)
      .done();
}

std::string stored_json(const model::World& world) {
  JsonObject stored;
  for (const Kind kind : model::k_kinds) {
    stored.number(model::plural_of(kind), static_cast<std::int64_t>(world.of(kind).size()));
  }
  return stored.done();
}

// A database that nobody confirms looks as healthy as one that is right. A day's timer and an hour.
constexpr std::chrono::hours k_stale_after{25};

using Watch = std::optional<model::WatchStatus>;

// Whether a `watch` follows Home Assistant for this database just now: then no run need be recent.
bool is_watched(const Watch& watch, base::Timestamp now) {
  return watch && watch->running && now - watch->written_at < model::WatchStatus::k_stale_after;
}

std::vector<std::string> staleness_of(const model::Run& run, base::Timestamp now) {
  const auto age = std::chrono::floor<std::chrono::hours>(now - run.finished_at);
  if (age < k_stale_after) return {};
  return {"The last complete sync is of " + base::to_iso_text(run.finished_at) + ", " +
          std::to_string(age.count()) + " hours ago: check that what starts haingest sync still " +
          "does."};
}

// What an operator has to know, a sentence each; nothing of it makes the service unhealthy.
std::vector<std::string> worries_of(const store::Reader::FileInfo& file,
                                    const std::optional<model::Run>& run, base::Timestamp now) {
  if (!file.exists) {
    return {"Nothing has been received yet: the database does not exist. Run \"haingest sync\"."};
  }
  if (!run) return {"Nothing has been received yet: run \"haingest sync\"."};
  const std::string when = base::to_iso_text(run->finished_at);
  const std::string detail = run->detail.empty() ? "." : ": " + run->detail + ".";
  if (run->outcome == "starting") {
    return {"Home Assistant was still starting when it was last asked (" + when +
            "), so nothing was removed" + detail};
  }
  if (run->outcome != "complete" || !run->detail.empty()) {
    return {"The last sync (" + when + ") was not complete" + detail};
  }
  return staleness_of(*run, now);
}

// The same of a `watch`: it knows better than the runs do.
std::vector<std::string> worries_of(const Watch& watch, base::Timestamp now) {
  if (!watch || !watch->running) return {};
  if (is_watched(watch, now)) return watch->problems();
  return {"watch (process " + std::to_string(watch->pid) + ") has not been heard of since " +
          base::to_iso_text(watch->written_at) + ": start it again."};
}

std::string watch_json(const Watch& watch, base::Timestamp now) {
  if (!watch) return "null";
  model::WatchStatus status = *watch;
  status.running = is_watched(watch, now);
  return model::to_json(status);
}

bool is_connected(const model::TargetStatus& target) {
  return !target.server.empty() && target.last_error.empty();
}

// The keys that ha-ingestor's clients read. Nothing of `serve` itself talks to InfluxDB: what is
// known is what `watch` says of its targets, of several the first that is not well.
std::string influx_json(const Watch& watch, base::Timestamp now) {
  const bool configured = is_watched(watch, now) && !watch->targets.empty();
  JsonObject influx;
  if (configured) {
    const auto unwell = std::ranges::find_if_not(watch->targets, is_connected);
    const bool connected = unwell == watch->targets.end();
    influx.text("status", connected ? "connected" : "disconnected")
        .flag("configured", true)
        .text("url", connected ? watch->targets.front().url : unwell->url);
  } else {
    influx.text("status", "disconnected").flag("configured", false);
    influx.json("url", "null");
  }
  return influx.number("query_count", 0)
      .number("avg_query_time_ms", 0)
      .number("success_rate", 0)
      .done();
}

std::string sqlite_json(const store::Reader::FileInfo& file) {
  constexpr double megabyte = 1024.0 * 1024.0;
  return JsonObject{}
      .text("status", "healthy")
      .flag("exists", file.exists)
      .text("journal_mode", file.journal_mode)
      .decimal("database_size_mb", static_cast<double>(file.bytes) / megabyte)
      .flag("wal_enabled", file.journal_mode == "wal")
      .done();
}

JsonObject opened(std::string_view status, const ServiceState& state) {
  const auto uptime = std::chrono::duration<double>(state.now - state.started_at).count();
  JsonObject object;
  object.text("status", status)
      .text("service", "haingest")
      .text("version", HAINGEST_VERSION)
      .text("timestamp", base::to_iso_text(state.now))
      .decimal("uptime_seconds", uptime);
  return object;
}

std::string authentication_json(const ServiceState& state) {
  return JsonObject{}.flag("enabled", state.authentication).done();
}

HealthAnswer unhealthy(const ServiceState& state, const std::string& sentence) {
  const std::string sqlite =
      JsonObject{}.text("status", "unhealthy").text("error", sentence).done();
  JsonObject object = opened("unhealthy", state);
  object.json(
      "dependencies",
      JsonObject{}.json("influxdb", influx_json({}, state.now)).json("sqlite", sqlite).done());
  object.json("authentication", authentication_json(state));
  object.json("problems", base::json_list({sentence}));
  return {503, object.done()};
}

}  // namespace

HealthAnswer health_view(const ServiceState& state, Library& library) {
  try {
    static_cast<void>(library.version());
    const auto file = library.file_info();
    const auto run = library.last_run();
    const auto world = library.world();
    const Watch watch = library.watch_status();
    std::vector<std::string> worries = worries_of(watch, state.now);
    if (!is_watched(watch, state.now)) {
      const auto more = worries_of(file, library.last_snapshot_run(), state.now);
      worries.insert(worries.end(), more.begin(), more.end());
    }
    JsonObject object = opened(worries.empty() ? "healthy" : "degraded", state);
    object.json("dependencies", JsonObject{}
                                    .json("influxdb", influx_json(watch, state.now))
                                    .json("sqlite", sqlite_json(file))
                                    .done());
    object.json("authentication", authentication_json(state));
    object.json("problems", base::json_list(worries));
    object.json("stored", stored_json(*world));
    object.json("last_run", run ? run_json(*run) : "null");
    object.json("watch", watch_json(watch, state.now));
    return {200, object.done()};
  } catch (const base::Failure& failure) {
    return unhealthy(state, failure.what());
  }
}

std::string info_view(std::string_view message, const ServiceState& state) {
  const std::string data =
      JsonObject{}
          .text("service", "haingest")
          .text("title", "haingest data API")
          .text("description",
                "Devices, entities, areas, floors, labels and integrations of Home Assistant")
          .text("version", HAINGEST_VERSION)
          .text("status", "running")
          .json("authentication", authentication_json(state))
          .json("endpoints", base::json_list({"/health", "/api/info", "/api/devices",
                                              "/api/entities", "/api/integrations", "/api/areas",
                                              "/api/floors", "/api/labels", "/api/changes"}))
          .done();
  return JsonObject{}
      .flag("success", true)
      .json("data", data)
      .text("message", message)
      .text("timestamp", base::to_iso_text(state.now))
      .done();
}

}  // namespace haingest::api
