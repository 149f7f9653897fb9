// SPDX-License-Identifier: MIT
// The names that people type, export and write into files: spelled out here, so that none changes
// by accident.
#include "cli/setting.hpp"

#include <sstream>

#include "cli/command.hpp"
#include "tests/support/catch.hpp"

using namespace haingest;
using cli::Setting;

namespace {

std::string shape_name(Setting::Shape shape) {
  switch (shape) {
    case Setting::Shape::value:
      return "value";
    case Setting::Shape::list:
      return "list";
    case Setting::Shape::on_off:
      return "switch";
    case Setting::Shape::counted:
      return "counted";
    case Setting::Shape::optional_value:
      return "optional";
    case Setting::Shape::secret:
      return "secret";
  }
  return "?";
}

std::string commands_of(const Setting& setting) {
  if (setting.commands == cli::k_every_command) return "everywhere";
  std::string names;
  for (const cli::Command& command : cli::commands()) {
    if ((setting.commands & command.bit) == 0) continue;
    names += (names.empty() ? "" : "+") + std::string(command.name);
  }
  return names;
}

// "--ha-url | HAINGEST_HA_URL HA_URL | ha.url | list | everywhere | default"
std::string line_of(const Setting& setting) {
  std::string flag = setting.flag.empty() ? "-" : "--" + std::string(setting.flag);
  if (setting.letter != 0) flag += std::string(" -") + setting.letter;
  std::string variables;
  for (const std::string& name : cli::environment_names(setting)) {
    variables += (variables.empty() ? "" : " ") + name;
  }
  const auto or_dash = [](std::string_view text) {
    return text.empty() ? std::string("-") : std::string(text);
  };
  return flag + " | " + or_dash(variables) + " | " + or_dash(setting.file_key) + " | " +
         shape_name(setting.shape) + " | " + commands_of(setting) + " | " +
         or_dash(setting.fallback);
}

}  // namespace

TEST_CASE("every setting has its documented names") {
  std::string all;
  for (const Setting& setting : cli::settings()) all += line_of(setting) + "\n";
  CHECK(all ==
        "--config | HAINGEST_CONFIG | - | value | everywhere | -\n"
        "--ha-url | HAINGEST_HA_URL HA_URL HA_HTTP_URL HA_WS_URL HASS_SERVER | ha.url | list | "
        "everywhere | -\n"
        "--ha-token-file | HAINGEST_HA_TOKEN_FILE | ha.token_file | value | everywhere | -\n"
        "- | HAINGEST_HA_TOKEN HA_TOKEN HASS_TOKEN | - | secret | everywhere | -\n"
        "- | SUPERVISOR_TOKEN | - | secret | everywhere | -\n"
        "- | NABU_CASA_URL | - | value | everywhere | -\n"
        "- | NABU_CASA_TOKEN | - | secret | everywhere | -\n"
        "--db | HAINGEST_DB | db | value | everywhere | -\n"
        "--output -o | HAINGEST_OUTPUT | output.format | value | everywhere | auto\n"
        "--columns | HAINGEST_COLUMNS | - | value | everywhere | -\n"
        "--quiet -q | HAINGEST_QUIET | - | switch | everywhere | false\n"
        "--verbose -v | HAINGEST_VERBOSE | - | counted | everywhere | 0\n"
        "- | HAINGEST_LOG_LEVEL LOG_LEVEL | log.level | value | everywhere | -\n"
        "--log-format | HAINGEST_LOG_FORMAT | log.format | value | everywhere | text\n"
        "--timeout | HAINGEST_TIMEOUT | timeout | value | everywhere | 30s\n"
        "--ca-file | HAINGEST_CA_FILE | tls.ca_file | value | everywhere | -\n"
        "--insecure | HAINGEST_INSECURE | tls.insecure | switch | everywhere | false\n"
        "--show-config | HAINGEST_SHOW_CONFIG | - | switch | everywhere | false\n"
        "--api-token-file | HAINGEST_API_TOKEN_FILE | api.token_file | value | sync+serve | -\n"
        "- | HAINGEST_API_TOKEN API_KEY | - | secret | sync+serve | -\n"
        "--where | HAINGEST_WHERE | - | list | discover | -\n"
        "--save | HAINGEST_SAVE | - | value | discover | -\n"
        "--stored | HAINGEST_STORED | - | switch | discover | false\n"
        "--from | HAINGEST_FROM | - | value | sync | -\n"
        "--dry-run -n | HAINGEST_DRY_RUN | - | switch | sync+migrate-from-influx | false\n"
        "--exit-code | HAINGEST_EXIT_CODE | - | switch | sync | false\n"
        "--to | HAINGEST_TO | - | optional | sync | -\n"
        "- | HAINGEST_DATA_API_URL DATA_API_URL | sync.data_api_url | value | sync | "
        "http://127.0.0.1:8006\n"
        "--max-removals | HAINGEST_MAX_REMOVALS | sync.max_removals | value | "
        "sync+serve+watch+migrate-from-influx | 20%\n"
        "--new-house | HAINGEST_NEW_HOUSE | - | switch | sync+serve+watch+migrate-from-influx | "
        "false\n"
        "--prune-after | HAINGEST_PRUNE_AFTER | sync.prune_after | value | "
        "sync+serve+watch+migrate-from-influx | 365d\n"
        "--history | HAINGEST_HISTORY | - | switch | sync | false\n"
        "--listen | HAINGEST_LISTEN | serve.listen | list | serve | 127.0.0.1:8006\n"
        "--private | HAINGEST_PRIVATE | serve.private | switch | serve | false\n"
        "--cors-origin | HAINGEST_CORS_ORIGIN CORS_ORIGINS | serve.cors_origin | list | serve | -\n"
        "--allowed-host | HAINGEST_ALLOWED_HOST | serve.allowed_host | list | serve | -\n"
        "--watch | HAINGEST_WATCH | serve.watch | switch | serve | false\n"
        "--no-influx | HAINGEST_NO_INFLUX | - | switch | serve+watch | false\n"
        "- | - | influx.name | value | sync+serve+watch | influx\n"
        "--influx-url | HAINGEST_INFLUX_URL INFLUXDB_URL | influx.url | value | "
        "sync+serve+watch+migrate-from-influx | -\n"
        "--influx-token-file | HAINGEST_INFLUX_TOKEN_FILE | influx.token_file | value | "
        "sync+serve+watch+migrate-from-influx | -\n"
        "- | HAINGEST_INFLUX_TOKEN INFLUXDB_TOKEN | - | secret | "
        "sync+serve+watch+migrate-from-influx | -\n"
        "--influx-org | HAINGEST_INFLUX_ORG INFLUXDB_ORG | influx.org | value | "
        "sync+serve+watch+migrate-from-influx | -\n"
        "--influx-bucket | HAINGEST_INFLUX_BUCKET INFLUXDB_BUCKET | influx.bucket | value | "
        "sync+serve+watch+migrate-from-influx | home_assistant_events\n"
        "--influx-database | HAINGEST_INFLUX_DATABASE INFLUXDB_DATABASE | influx.database | value "
        "| sync+serve+watch+migrate-from-influx | -\n"
        "--influx-retention-policy | HAINGEST_INFLUX_RETENTION_POLICY | influx.retention_policy | "
        "value | sync+serve+watch+migrate-from-influx | -\n"
        "--influx-username | HAINGEST_INFLUX_USERNAME INFLUXDB_USERNAME | influx.username | value "
        "| sync+serve+watch+migrate-from-influx | -\n"
        "--influx-password-file | HAINGEST_INFLUX_PASSWORD_FILE | influx.password_file | value | "
        "sync+serve+watch+migrate-from-influx | -\n"
        "- | HAINGEST_INFLUX_PASSWORD INFLUXDB_PASSWORD | - | secret | "
        "sync+serve+watch+migrate-from-influx | -\n"
        "--layout | HAINGEST_LAYOUT | points.layout | value | serve+watch+migrate-from-influx | "
        "ha-ingestor\n"
        "--include | HAINGEST_INCLUDE | points.include | list | serve+watch | -\n"
        "--exclude | HAINGEST_EXCLUDE | points.exclude | list | serve+watch | -\n"
        "--tag | HAINGEST_TAG | points.tags | list | sync+serve+watch | -\n"
        "--backfill | HAINGEST_BACKFILL | points.backfill | value | serve+watch | -\n"
        "--device-history | HAINGEST_DEVICE_HISTORY STORE_DEVICE_HISTORY_IN_INFLUXDB "
        "TRACK_DEVICE_HISTORY | points.device_history | switch | serve+watch | false\n"
        "--durability | HAINGEST_DURABILITY | spool.durability | value | serve+watch | power\n"
        "--spool-max-bytes | HAINGEST_SPOOL_MAX_BYTES | spool.max_bytes | value | serve+watch | "
        "1GiB\n"
        "--spool-max-age | HAINGEST_SPOOL_MAX_AGE | spool.max_age | value | serve+watch | 30d\n"
        "--id | HAINGEST_ID | - | list | dead-letters | -\n"
        "--no-sync | HAINGEST_NO_SYNC | - | switch | migrate-from-influx | false\n"
        "--history-to | HAINGEST_HISTORY_TO | - | value | migrate-from-influx | -\n"
        "--history-token-file | HAINGEST_HISTORY_TOKEN_FILE | - | value | migrate-from-influx | -\n"
        "- | HAINGEST_HISTORY_TOKEN | - | secret | migrate-from-influx | -\n"
        "--history-org | HAINGEST_HISTORY_ORG | - | value | migrate-from-influx | -\n"
        "--history-bucket | HAINGEST_HISTORY_BUCKET | - | value | migrate-from-influx | -\n"
        "--history-database | HAINGEST_HISTORY_DATABASE | - | value | migrate-from-influx | -\n"
        "--history-retention-policy | HAINGEST_HISTORY_RETENTION_POLICY | - | value | "
        "migrate-from-influx | -\n"
        "--history-username | HAINGEST_HISTORY_USERNAME | - | value | migrate-from-influx | -\n"
        "--history-password-file | HAINGEST_HISTORY_PASSWORD_FILE | - | value | "
        "migrate-from-influx | -\n"
        "- | HAINGEST_HISTORY_PASSWORD | - | secret | migrate-from-influx | -\n"
        "--since | HAINGEST_SINCE | - | value | migrate-from-influx | -\n"
        "--until | HAINGEST_UNTIL | - | value | migrate-from-influx | -\n"
        "--measurement | HAINGEST_MEASUREMENT | - | list | migrate-from-influx | -\n"
        "--restart | HAINGEST_RESTART | - | switch | migrate-from-influx | false\n"
        "--verify-only | HAINGEST_VERIFY_ONLY | - | switch | migrate-from-influx | false\n"
        "--strings | HAINGEST_STRINGS | - | value | migrate-from-influx | map\n");
}

TEST_CASE("every setting says what it is for, in one sentence without a full stop") {
  for (const Setting& setting : cli::settings()) {
    INFO(line_of(setting));
    CHECK(setting.help.size() > 10);
    CHECK_FALSE(setting.help.ends_with('.'));
    const bool takes_a_value = setting.shape == Setting::Shape::value ||
                               setting.shape == Setting::Shape::list ||
                               setting.shape == Setting::Shape::optional_value;
    CHECK(setting.placeholder.empty() != takes_a_value);
  }
}

TEST_CASE("no secret is a flag or stands in the configuration file") {
  for (const Setting& setting : cli::settings()) {
    if (setting.shape != Setting::Shape::secret) continue;
    INFO(line_of(setting));
    CHECK(setting.flag.empty());
    CHECK(setting.file_key.empty());
    CHECK_FALSE(cli::environment_names(setting).empty());
  }
}

// What stands in [influx] may stand in each of several [[influx]] tables, and is its own there.
TEST_CASE("the keys of [influx] are those of one target; what holds for all has another table") {
  for (const Setting& setting : cli::settings()) {
    INFO(line_of(setting));
    const bool secret = setting.shape == Setting::Shape::secret;
    if (cli::is_of_a_target(setting.key)) {
      CHECK(setting.file_key.starts_with("influx.") != secret);
    } else {
      CHECK_FALSE(setting.file_key.starts_with("influx."));
    }
  }
}

TEST_CASE("the retired keys of the configuration file") {
  std::string all;
  for (const cli::RetiredKey& key : cli::retired_keys()) {
    all += std::string(key.file_key) + " -> " + std::string(key.advice) + "\n";
  }
  CHECK(all == "ha.http_url -> ha.url\nha.ws_url -> ha.url\n");
}
