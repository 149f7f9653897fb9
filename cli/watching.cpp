// SPDX-License-Identifier: MIT
#include "cli/watching.hpp"

#include <algorithm>
#include <ostream>

#include "cli/policy.hpp"
#include "cli/report.hpp"
#include "cli/values.hpp"
#include "core/base/log.hpp"
#include "core/influx/encoder.hpp"
#include "core/mirror/mirror.hpp"
#include "core/net/url.hpp"

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

std::vector<std::string> rules_of(const Settings& settings, Key key) {
  for (const std::string& rule : settings.list(key)) {
    const base::Result<void> checked = influx::check_rule(rule);
    if (!checked) settings.refuse(key, rule, checked.error().message);
  }
  return settings.list(key);
}

influx::EncoderOptions encoder_of(const Settings& settings) {
  influx::EncoderOptions encoder;
  const std::string layout = settings.one_of(Key::layout, {"ha-ingestor", "home-assistant"});
  if (layout == "home-assistant") encoder.layout = influx::Layout::home_assistant;
  encoder.selection = {rules_of(settings, Key::include), rules_of(settings, Key::exclude)};
  for (const std::string& tag : settings.list(Key::tag)) {
    const auto equals = std::min(tag.find('='), tag.size());
    const std::string key = tag.substr(0, equals);
    const std::string value = equals < tag.size() ? tag.substr(equals + 1) : "";
    const base::Result<void> checked = influx::check_tag(encoder.layout, key, value);
    if (!checked) settings.refuse(Key::tag, tag, checked.error().message);
    encoder.tags.emplace_back(key, value);
  }
  return encoder;
}

influx::Target target_of(const Settings& settings) {
  const base::Result<net::Url> url = net::parse_url(settings.text(Key::influx_url));
  if (!url) {
    throw base::Failure(base::ErrorKind::usage,
                        settings.of(Key::influx_url).origin + ": " + url.error().message);
  }
  influx::Target target;
  target.name = settings.text(Key::influx_name);
  target.url = settings.text(Key::influx_url);
  target.org = settings.text(Key::influx_org);
  target.bucket = settings.text(Key::influx_bucket);
  target.database = settings.text(Key::influx_database);
  target.retention_policy = settings.text(Key::influx_retention_policy);
  target.token = settings.secret(Key::influx_token_file, Key::influx_token);
  target.username = settings.text(Key::influx_username);
  target.password = settings.secret(Key::influx_password_file, Key::influx_password);
  return target;
}

// Flags and variables are for one target; which of several one that is set means cannot be told.
void refuse_single(const Settings& settings) {
  for (const Setting& setting : cli::settings()) {
    if (!is_of_a_target(setting.key) || !settings.given(setting.key)) continue;
    std::string names;
    for (const Settings& target : settings.targets()) {
      names += (names.empty() ? "" : ", ") + target.text(Key::influx_name);
    }
    throw base::Failure(base::ErrorKind::usage,
                        settings.of(setting.key).origin +
                            " is for a single target, but the configuration file has several (" +
                            names +
                            "); leave it out: what a target needs stands in its [[influx]] table");
  }
}

std::vector<influx::Target> targets_of(const Settings& settings) {
  if (settings.targets().empty()) return {target_of(settings)};
  refuse_single(settings);
  std::vector<influx::Target> targets;
  for (const Settings& each : settings.targets()) targets.push_back(target_of(each));
  return targets;
}

std::optional<jobs::PointsOptions> points_of(const Settings& settings) {
  if (settings.on(Key::no_influx)) return std::nullopt;
  if (settings.targets().empty() && !settings.given(Key::influx_url)) {
    base::log::info(
        "no InfluxDB is configured, so the registries are mirrored and state changes go nowhere; "
        "give --influx-url, or --no-influx to leave it at that");
    return std::nullopt;
  }
  jobs::PointsOptions points;
  points.encoder = encoder_of(settings);
  points.targets = targets_of(settings);
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
