// SPDX-License-Identifier: MIT
// Everything that can be set, as one table: the flags, the environment, the configuration file, the
// defaults, help, the man pages and the completions all read it. A new setting is one new row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace haingest::cli {

enum class Key : std::size_t {
  config,
  ha_url,
  ha_token_file,
  ha_token,
  supervisor_token,
  nabu_casa_url,
  nabu_casa_token,
  db,
  output,
  columns,
  quiet,
  verbose,
  log_level,
  log_format,
  timeout,
  ca_file,
  insecure,
  show_config,
  api_token_file,
  api_token,
  where,
  save,
  stored,
  from,
  dry_run,
  exit_code,
  to,
  data_api_url,
  max_removals,
  new_house,
  prune_after,
  history,
  listen,
  private_reads,
  cors_origin,
  allowed_host,
  with_watch,
  no_influx,
  influx_name,
  influx_url,
  influx_token_file,
  influx_token,
  influx_org,
  influx_bucket,
  influx_database,
  influx_retention_policy,
  influx_username,
  influx_password_file,
  influx_password,
  layout,
  include,
  exclude,
  tag,
  backfill,
  device_history,
  durability,
  spool_max_bytes,
  spool_max_age,
  letter_id,
  no_sync,
  history_to,
  history_token_file,
  history_token,
  history_org,
  history_bucket,
  history_database,
  history_retention_policy,
  history_username,
  history_password_file,
  history_password,
  since,
  until,
  measurement,
  restart,
  verify_only,
  strings,
  count
};
inline constexpr std::size_t k_setting_count = static_cast<std::size_t>(Key::count);

// The commands a setting belongs to, as bits.
enum CommandSet : std::uint8_t {
  k_discover = 1,
  k_sync = 2,
  k_serve = 4,
  k_watch = 8,
  k_dead_letters = 16,
  k_migrate = 32,
  k_watches = k_watch | k_serve,
  k_writes_points = k_watches | k_sync,
  k_talks_influx = k_writes_points | k_migrate,
  k_every_command = 255
};

struct Setting {
  enum class Shape {
    value,           // the last one given counts
    list,            // repeatable; the environment separates by commas
    on_off,          // a switch
    counted,         // a switch that may be repeated
    optional_value,  // with or without a value
    secret,          // never a flag, never shown
  };
  enum class Completion { none, file, kind, output };

  Key key{};
  std::string_view flag = {};  // "ha-url"; empty: not on the command line
  char letter = 0;             // 'o'
  Shape shape = Shape::value;
  std::string_view placeholder = {};  // "URL"
  std::string_view file_key = {};     // "ha.url"; empty: not in the configuration file
  std::string_view environment = {};  // further variables, separated by spaces
  std::string_view fallback = {};     // the default's text
  std::uint8_t commands = k_every_command;
  std::string_view help = {};
  Completion completion = Completion::none;
};

// In the order of Key.
[[nodiscard]] std::span<const Setting> settings();
[[nodiscard]] const Setting& setting_of(Key key);
// Of the one target that flags and environment can name, and of each [[influx]] table: the keys of
// [influx] and the secrets.
[[nodiscard]] bool is_of_a_target(Key key);
// The variables that set it, the first that is set counts: HAINGEST_ and the flag's name, then
// those that people already have.
[[nodiscard]] std::vector<std::string> environment_names(const Setting& setting);

// Keys of the configuration file that no longer do anything, and what took their place.
struct RetiredKey {
  std::string_view file_key;
  std::string_view advice;
};
[[nodiscard]] std::span<const RetiredKey> retired_keys();

}  // namespace haingest::cli
