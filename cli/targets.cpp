// SPDX-License-Identifier: MIT
#include "cli/targets.hpp"

#include <algorithm>
#include <utility>

#include "core/influx/selection.hpp"
#include "core/net/url.hpp"

namespace haingest::cli {
namespace {

std::vector<std::string> rules_of(const Settings& settings, Key key) {
  for (const std::string& rule : settings.list(key)) {
    const base::Result<void> checked = influx::check_rule(rule);
    if (!checked) settings.refuse(key, rule, checked.error().message);
  }
  return settings.list(key);
}

influx::Target influx_of(const Settings& settings) {
  return target_of(settings, k_influx_keys, settings.text(Key::influx_name));
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

}  // namespace

influx::Target target_of(const Settings& settings, const TargetKeys& keys, std::string name) {
  influx::Target target;
  target.name = std::move(name);
  target.url = settings.text(keys.url);
  const base::Result<net::Url> url = net::parse_url(target.url);
  if (!url) {
    throw base::Failure(base::ErrorKind::usage,
                        settings.of(keys.url).origin + ": " + url.error().message);
  }
  target.org = settings.text(keys.org);
  target.bucket = settings.text(keys.bucket);
  target.database = settings.text(keys.database);
  target.retention_policy = settings.text(keys.retention_policy);
  target.token = settings.secret(keys.token_file, keys.token);
  target.username = settings.text(keys.username);
  target.password = settings.secret(keys.password_file, keys.password);
  return target;
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

bool has_target(const Settings& settings) {
  return !settings.targets().empty() || settings.given(Key::influx_url);
}

influx::Target only_target_of(const Settings& settings) {
  if (!has_target(settings)) {
    throw base::Failure(base::ErrorKind::usage,
                        "no InfluxDB is configured; give --influx-url, or INFLUXDB_URL in the "
                        "environment");
  }
  // Where points go today is seldom where they were.
  if (settings.given(Key::influx_url)) return influx_of(settings);
  std::vector<influx::Target> targets = targets_of(settings);
  if (targets.size() > 1) {
    throw base::Failure(base::ErrorKind::usage,
                        "the configuration file has " + std::to_string(targets.size()) +
                            " [[influx]] tables, and one InfluxDB is read from; name it with "
                            "--influx-url");
  }
  return std::move(targets.front());
}

std::vector<influx::Target> targets_of(const Settings& settings) {
  if (settings.targets().empty()) return {influx_of(settings)};
  refuse_single(settings);
  std::vector<influx::Target> targets;
  for (const Settings& each : settings.targets()) targets.push_back(influx_of(each));
  return targets;
}

}  // namespace haingest::cli
