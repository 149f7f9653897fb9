// SPDX-License-Identifier: MIT
#include "cli/watching.hpp"

#include <ostream>

#include "cli/policy.hpp"
#include "cli/report.hpp"
#include "cli/targets.hpp"
#include "cli/values.hpp"
#include "core/base/log.hpp"
#include "core/mirror/mirror.hpp"

namespace haingest::cli {
namespace {

void log_report(const mirror::Report& report) {
  if (report.changed()) {
    base::log::info(counts_of(report) + " (run " + std::to_string(report.run.id) + ")");
  }
  for (const std::string& note : report.notes) base::log::debug(note);
}

std::uint64_t bytes_of(const Settings& settings, Key key) {
  const auto bytes = parse_bytes(settings.text(key));
  if (!bytes) settings.refuse(key, settings.text(key), "is no size; write 500MB or 1GiB");
  return *bytes;
}

std::optional<jobs::PointsOptions> points_of(const Settings& settings) {
  if (settings.on(Key::no_influx)) return std::nullopt;
  if (!has_target(settings)) {
    base::log::info(
        "no InfluxDB is configured, so the registries are mirrored and state changes go nowhere; "
        "give --influx-url, or --no-influx to leave it at that");
    return std::nullopt;
  }
  jobs::PointsOptions points;
  points.encoder = encoder_of(settings);
  points.targets = targets_of(settings);
  points.device_history = settings.on(Key::device_history);
  if (settings.given(Key::backfill)) points.first_backfill = settings.duration(Key::backfill);
  const bool power = settings.one_of(Key::durability, {"power", "process"}) == "power";
  points.spool.durability = power ? influx::Durability::power : influx::Durability::process;
  points.spool.max_bytes = bytes_of(settings, Key::spool_max_bytes);
  points.spool.max_age =
      std::chrono::ceil<std::chrono::hours>(settings.duration(Key::spool_max_age));
  points.tls = {settings.text(Key::ca_file), !settings.on(Key::insecure)};
  points.request_timeout = settings.duration(Key::timeout);
  return points;
}

}  // namespace

jobs::WatchOptions watch_options_of(const Context& context) {
  jobs::WatchOptions options;
  options.live.connect = context.connect_options();
  options.database_path = context.writable_database_path();
  options.lock_timeout = context.settings.duration(Key::timeout);
  options.policy = policy_of(context.settings);
  options.points = points_of(context.settings);
  return options;
}

jobs::OnQuestion answerer_of(const Context& context) {
  return [&context](const std::string& line) { context.tell(line); };
}

jobs::OnReport printer_of(const Context& context) {
  const Settings& settings = context.settings;
  const std::string format = settings.text(Key::output);
  if (format == "auto") return log_report;
  if (format != "ndjson") {
    settings.refuse(Key::output, format,
                    "is no format for changes that come one after the other; give ndjson");
  }
  return [&out = context.out](const mirror::Report& report) {
    log_report(report);
    for (const model::Change& change : report.changes) out << mirror::to_json(change) << '\n';
    out.flush();
  };
}

}  // namespace haingest::cli
