// SPDX-License-Identifier: MIT
// `haingest migrate-from-influx`: what an old InfluxDB tells of the house, once.
#include <atomic>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "cli/command.hpp"
#include "cli/context.hpp"
#include "cli/history_copy.hpp"
#include "cli/migrated.hpp"
#include "cli/syncing.hpp"
#include "cli/targets.hpp"
#include "core/base/counted.hpp"
#include "core/base/log.hpp"
#include "core/net/stop_signal.hpp"

namespace haingest::cli {
namespace {

// Where the flag names one. What the environment names is where points go today; the old service
// kept devices in other buckets as well.
std::vector<std::string> databases_of(const Settings& settings) {
  for (const Key key : {Key::influx_database, Key::influx_bucket}) {
    if (settings.by_flag(key)) return {settings.text(key)};
  }
  return {};
}

// points.layout of the file is what watch writes, and does not say what an old service wrote.
std::optional<migrate::Layout> layout_of(const Settings& settings) {
  const std::string word = settings.one_of(Key::layout, {"auto", "ha-ingestor", "home-assistant"});
  if (!settings.by_flag(Key::layout) || word == "auto") return std::nullopt;
  return word == "ha-ingestor" ? migrate::Layout::ha_ingestor : migrate::Layout::home_assistant;
}

jobs::OldInfluxOptions source_of(const Settings& settings, const std::atomic<bool>& cancel) {
  jobs::OldInfluxOptions source;
  source.target = only_target_of(settings);
  source.tls = {settings.text(Key::ca_file), !settings.on(Key::insecure)};
  source.timeout = settings.duration(Key::timeout);
  source.databases = databases_of(settings);
  source.cancel = &cancel;
  return source;
}

jobs::MigrateOptions options_of(const Context& context, const jobs::OldInfluxOptions& source) {
  const Settings& settings = context.settings;
  jobs::MigrateOptions options;
  options.source = source;
  options.layout = layout_of(settings);
  options.lock_timeout = source.timeout;
  options.dry_run = settings.on(Key::dry_run);
  options.history_follows = settings.given(Key::history_to);
  return options;
}

// None where Home Assistant is not configured, or not to be asked.
std::optional<jobs::SyncOptions> sync_of(const Context& context) {
  if (context.settings.on(Key::no_sync) || context.settings.on(Key::verify_only)) {
    return std::nullopt;
  }
  jobs::SyncOptions options = sync_options_of(context);
  if (options.ha.endpoints.empty()) return std::nullopt;
  return options;
}

void import_and_sync(const Context& context, const jobs::MigrateOptions& options,
                     const std::optional<jobs::SyncOptions>& sync, Migrated& migrated) {
  {
    const Progress progress(context, "Asking InfluxDB …");
    migrated.report = jobs::migrate(options);
  }
  if (sync) migrated.synced = sync_in_sight(context, *sync);
}

void print(const Context& context, const Migrated& migrated) {
  // There the points are.
  if (context.settings.text(Key::history_to) == "-" && !migrated.dry_run) return;
  const bool changed = migrated.history ||
                       (migrated.report && migrated.report->imported.report.changed()) ||
                       (migrated.synced && migrated.synced->changed());
  if (!changed && context.settings.on(Key::quiet)) return;
  write_migrated(context.out, migrated, context.format(), context.terminal.width);
}

ExitCode end_of(const Migrated& migrated, const jobs::CopyHistoryOptions& copy) {
  const bool is_partial = migrated.synced && migrated.synced->partial;
  if (!migrated.history) return is_partial ? ExitCode::partial : ExitCode::fine;
  const std::uint64_t differences = migrated.history->differences();
  if (differences > 0) {
    const bool refused = migrated.history->copied && migrated.history->copied->rejected > 0;
    base::log::error(
        "source and target do not count the same: " + base::counted(differences, "difference") +
        (refused ? ", what the target has refused among them" : ""));
  }
  const std::size_t missed = migrated.dry_run ? 0 : migrated.history->missed_shards;
  if (missed > 0) {
    base::log::error("the source shows nothing of " + base::counted(missed, "shard") +
                     ", see above: what they hold is missing");
  }
  std::uint64_t rejected = 0;
  if (const auto& copied = migrated.history->copied) {
    if (!copied->complete) {
      throw base::Failure(base::ErrorKind::failure,
                          "the copy was stopped; the same command goes on where it was");
    }
    rejected = copied->rejected;
  }
  if (!migrated.history->proof_is_whole) {
    throw base::Failure(base::ErrorKind::failure,
                        "the counting was stopped; --verify-only does it again");
  }
  if (rejected > 0) {
    base::log::error("the target has refused " + std::to_string(rejected) +
                     " points; they are in " + copy.rejects_path + ", each with the reason");
  }
  const bool lacks = rejected > 0 || differences > 0 || missed > 0;
  return is_partial || lacks ? ExitCode::partial : ExitCode::fine;
}

ExitCode run_migrate(Context& context) {
  if (context.settings.given(Key::columns)) {
    context.settings.refuse(Key::columns, context.settings.text(Key::columns),
                            "is for lists, and what this command prints is none");
  }
  std::atomic<bool> cancel = false;
  const jobs::OldInfluxOptions source = source_of(context.settings, cancel);
  jobs::MigrateOptions options = options_of(context, source);
  const bool with_history = context.settings.given(Key::history_to);
  jobs::CopyHistoryOptions copy;
  if (with_history) {
    copy = history_copy_of(context, source);
  } else {
    refuse_without_history(context.settings);
  }
  std::optional<jobs::SyncOptions> sync = sync_of(context);
  Migrated migrated;
  migrated.dry_run = options.dry_run;
  migrated.sync_would_follow = options.dry_run && sync;
  if (options.dry_run) sync.reset();
  // A folder is made for it when everything else is known to be right.
  options.database_path =
      copy.verify_only ? context.database_path() : context.database_path_to_change();
  if (sync) sync->database_path = options.database_path;
  leave_beside(options.database_path, copy);
  std::optional<net::StopSignal> stop;
  if (with_history) {
    stop.emplace();
    stop->listen([&cancel](int times) {
      cancel = true;
      if (times > 1) std::_Exit(static_cast<int>(ExitCode::failure));
    });
  }
  std::optional<base::Error> failed;
  try {
    std::optional<migrate::TargetLook> target;
    if (with_history) target = jobs::look_at_target(copy);
    if (!copy.verify_only) import_and_sync(context, options, sync, migrated);
    if (with_history) migrated.history = copy_in_sight(context, copy, target);
  } catch (const base::Failure& failure) {
    if (!migrated.report) throw;
    failed = failure.error();
    if (!migrated.synced && sync) {
      failed->message =
          "the devices and entities of InfluxDB are in the database, but the sync behind that "
          "failed: " +
          failed->message;
    }
  }
  print(context, migrated);
  if (failed) throw base::Failure(*failed);
  if (migrated.synced) explain(*migrated.synced, *sync);
  return end_of(migrated, copy);
}

}  // namespace

Command migrate_command() {
  return {
      .name = "migrate-from-influx",
      .bit = k_migrate,
      .summary = "Take devices, entities and the history out of an old InfluxDB, once",
      .text =
          "Reads what an InfluxDB 1, 2 or 3 tells of devices and entities, in the layout of "
          "ha-ingestor (measurements devices and entities, in whatever bucket) or in that of "
          "Home Assistant's own integration (entities alone), and makes rows of the database of "
          "them, in one transaction. The source is only ever read. A second run changes "
          "nothing.\n\n"
          "What Home Assistant has said stays as it is, but for an earlier first_seen; what it "
          "no longer has is kept as removed and never becomes a live row. Rows that neither Home "
          "Assistant nor InfluxDB knows are removed by the first such run: mock devices, for "
          "instance.\n\n"
          "Where Home Assistant is configured, a sync follows.\n\n"
          "With --history-to every point of every database, or of the one that is named, is "
          "copied then, with the types of its fields and every byte of its texts: to a server, "
          "whose databases, retention policies and buckets are made where they are missing, or as "
          "line protocol into a file. An end in the middle, kill -9 included, costs one window: "
          "the same command goes on behind it. Points that the target refuses for good are kept "
          "in a file beside the database, each with the reason; the exit code is 6 then.",
      .examples = {{"haingest migrate-from-influx --influx-url http://localhost:8086 --dry-run",
                    "what would change"},
                   {"haingest migrate-from-influx --influx-url http://localhost:8086 "
                    "--influx-token-file token",
                    "an InfluxDB 2; then a sync with HA_URL"},
                   {"haingest migrate-from-influx --layout home-assistant --no-sync",
                    "out of Home Assistant's own integration's points"},
                   {"haingest migrate-from-influx --no-sync --history-to http://new.local:8086 "
                    "--history-org home --history-token-file token",
                    "and the whole history into an InfluxDB 2"},
                   {"haingest migrate-from-influx --no-sync --history-to history.lp.gz",
                    "into a file"}},
      .log_level = "info",
      .run = run_migrate,
  };
}

}  // namespace haingest::cli
