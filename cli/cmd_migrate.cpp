// SPDX-License-Identifier: MIT
// `haingest migrate-from-influx`: what an old InfluxDB tells of the house, once.
#include <optional>
#include <string>
#include <utility>

#include "cli/command.hpp"
#include "cli/context.hpp"
#include "cli/migrated.hpp"
#include "cli/syncing.hpp"
#include "cli/targets.hpp"

namespace haingest::cli {
namespace {

// Where the flag names one. What the environment names is where points go today; the old service
// kept devices in other buckets as well.
std::vector<std::string> databases_of(const Settings& settings) {
  for (const Key key : {Key::influx_database, Key::influx_bucket}) {
    if (settings.given(key) && settings.of(key).origin.starts_with("--")) {
      return {settings.text(key)};
    }
  }
  return {};
}

// points.layout of the file is what watch writes, and does not say what an old service wrote.
std::optional<migrate::Layout> layout_of(const Settings& settings) {
  const std::string word = settings.one_of(Key::layout, {"auto", "ha-ingestor", "home-assistant"});
  if (!settings.of(Key::layout).origin.starts_with("--") || word == "auto") return std::nullopt;
  return word == "ha-ingestor" ? migrate::Layout::ha_ingestor : migrate::Layout::home_assistant;
}

jobs::MigrateOptions options_of(const Context& context) {
  const Settings& settings = context.settings;
  jobs::MigrateOptions options;
  options.source = only_target_of(settings);
  options.tls = {settings.text(Key::ca_file), !settings.on(Key::insecure)};
  options.timeout = settings.duration(Key::timeout);
  options.lock_timeout = options.timeout;
  options.databases = databases_of(settings);
  options.layout = layout_of(settings);
  options.dry_run = settings.on(Key::dry_run);
  options.database_path = context.database_path_to_change();
  return options;
}

jobs::MigrateReport migrate_in_sight(const Context& context, const jobs::MigrateOptions& options) {
  const Progress progress(context, "Asking InfluxDB …");
  return jobs::migrate(options);
}

// None where Home Assistant is not configured, or not to be asked.
std::optional<jobs::SyncOptions> sync_of(const Context& context, const std::string& database) {
  if (context.settings.on(Key::no_sync) || context.settings.on(Key::dry_run)) return std::nullopt;
  jobs::SyncOptions options = sync_options_of(context, database);
  if (options.ha.endpoints.empty()) return std::nullopt;
  return options;
}

ExitCode run_migrate(Context& context) {
  const jobs::MigrateOptions options = options_of(context);
  const auto sync = sync_of(context, options.database_path);
  const jobs::MigrateReport report = migrate_in_sight(context, options);
  std::optional<mirror::Report> synced;
  std::optional<base::Error> failed;
  if (sync) {
    try {
      synced = sync_in_sight(context, *sync);
    } catch (const base::Failure& failure) {
      failed = failure.error();
      failed->message =
          "the devices and entities of InfluxDB are in the database, but the sync behind that "
          "failed: " +
          failed->message;
    }
  }
  const bool changed = report.imported.report.changed() || (synced && synced->changed());
  if (changed || !context.settings.on(Key::quiet)) {
    write_migrated(context.out, report, synced, options.dry_run, context.format(),
                   context.terminal.width);
  }
  if (failed) throw base::Failure(*failed);
  if (!synced) return ExitCode::fine;
  explain(*synced, *sync);
  return synced->partial ? ExitCode::partial : ExitCode::fine;
}

}  // namespace

Command migrate_command() {
  return {
      .name = "migrate-from-influx",
      .bit = k_migrate,
      .summary = "Take devices and entities out of an old InfluxDB, once",
      .text =
          "Reads what an InfluxDB 1 or 2 tells of devices and entities, in the layout of "
          "ha-ingestor (measurements devices and entities, in whatever bucket) or in that of "
          "Home Assistant's own integration (entities alone), and makes rows of the database of "
          "them, in one transaction. The source is only ever read. A second run changes "
          "nothing.\n\n"
          "What Home Assistant has said stays as it is, but for an earlier first_seen; what it "
          "no longer has is kept as removed and never becomes a live row. Rows that neither Home "
          "Assistant nor InfluxDB knows are removed: mock devices, for instance.\n\n"
          "Where Home Assistant is configured, a sync follows.",
      .examples = {{"haingest migrate-from-influx --influx-url http://localhost:8086 --dry-run",
                    "what would change"},
                   {"haingest migrate-from-influx --influx-url http://localhost:8086 "
                    "--influx-token-file token",
                    "an InfluxDB 2; then a sync with HA_URL"},
                   {"haingest migrate-from-influx --layout home-assistant --no-sync",
                    "out of Home Assistant's own integration's points"}},
      .run = run_migrate,
  };
}

}  // namespace haingest::cli
