// SPDX-License-Identifier: MIT
// `haingest sync`: one snapshot into the database, or to a remote data API.
#include <algorithm>
#include <optional>
#include <ostream>
#include <vector>

#include "cli/command.hpp"
#include "cli/context.hpp"
#include "cli/report.hpp"
#include "cli/syncing.hpp"
#include "cli/targets.hpp"
#include "cli/values.hpp"
#include "core/base/log.hpp"
#include "core/jobs/history.hpp"
#include "core/jobs/sync.hpp"

namespace haingest::cli {
namespace {

std::string remote_url(const Settings& settings) {
  const std::string own = settings.text(Key::to);
  return own.empty() ? settings.text(Key::data_api_url) : own;
}

jobs::SyncOptions options_of(const Context& context) {
  const Settings& settings = context.settings;
  jobs::SyncOptions options = sync_options_of(context);
  if (settings.given(Key::from)) options.from = settings.text(Key::from);
  if (!settings.given(Key::to)) {
    options.database_path = context.database_path_to_change();
    return options;
  }
  options.to = {remote_url(settings), settings.secret(Key::api_token_file, Key::api_token)};
  if (settings.given(Key::db) && settings.of(Key::db).origin == "--db") {
    throw base::Failure(base::ErrorKind::usage,
                        "--to sends to a remote data API and --db names a local database; give "
                        "one of them");
  }
  return options;
}

void print(const Context& context, const mirror::Report& report, bool dry_run) {
  if (context.settings.given(Key::columns)) return context.write(change_rows(report));
  write_report(context.out, report, dry_run, context.format(), context.terminal.width);
}

// None without --history; without the database.
std::optional<jobs::HistoryOptions> history_of(const Settings& settings) {
  if (!settings.on(Key::history)) return std::nullopt;
  if (settings.given(Key::to)) {
    throw base::Failure(base::ErrorKind::usage,
                        "--history writes what a local database holds, and --to has none; leave "
                        "one of them out");
  }
  if (!has_target(settings)) {
    throw base::Failure(base::ErrorKind::usage,
                        "--history writes to InfluxDB, and none is configured; give --influx-url, "
                        "or INFLUXDB_URL in the environment");
  }
  jobs::HistoryOptions options;
  options.encoder = encoder_of(settings);
  options.targets = targets_of(settings);
  options.tls = {settings.text(Key::ca_file), !settings.on(Key::insecure)};
  options.request_timeout = settings.duration(Key::timeout);
  return options;
}

std::size_t rank_of_error(const base::Error& error) { return rank_of(exit_code_of(error.kind)); }

// Of several targets' errors the one that decides the exit code is the last word, and is returned.
std::optional<base::Error> write_in_sight(const Context& context,
                                          const jobs::HistoryOptions& options) {
  std::vector<base::Error> errors;
  {
    const Progress progress(context, "Writing the device history …");
    errors = jobs::write_history(options);
  }
  if (errors.empty()) return std::nullopt;
  const auto last = std::ranges::min_element(errors, {}, rank_of_error);
  for (auto each = errors.begin(); each != errors.end(); ++each) {
    if (each != last) base::log::error(each->message);
  }
  return *last;
}

ExitCode run_sync(Context& context) {
  const Settings& settings = context.settings;
  if (settings.given(Key::columns)) {
    static_cast<void>(only(change_rows({}), split_list(settings.text(Key::columns))));
  }
  // Before a folder is made for the database.
  std::optional<jobs::HistoryOptions> history = history_of(settings);
  const jobs::SyncOptions options = options_of(context);
  if (history) history->database_path = options.database_path;
  const mirror::Report report = sync_in_sight(context, options);
  explain(report, options);
  if (report.changed() || !settings.on(Key::quiet)) print(context, report, options.policy.dry_run);
  if (report.refusal) throw base::Failure(*report.refusal);
  std::optional<base::Error> unwritten;
  if (history && !options.policy.dry_run) unwritten = write_in_sight(context, *history);
  if (unwritten) {
    const bool is_last_word = rank_of_error(*unwritten) < rank_of(ExitCode::partial);
    if (is_last_word || !report.partial) throw base::Failure(*unwritten);
    base::log::error(unwritten->message);
  }
  if (report.partial) return ExitCode::partial;
  return report.changed() && settings.on(Key::exit_code) ? ExitCode::differences : ExitCode::fine;
}

}  // namespace

Command sync_command() {
  return {
      .name = "sync",
      .bit = k_sync,
      .summary = "Bring the database up to date with Home Assistant, once",
      .text =
          "Takes one snapshot, from Home Assistant or from a file, and makes the database say "
          "the same, in one transaction; prints the changes and a summary. A snapshot that "
          "would remove more than 20% of a kind (and more than 5), or that is of another "
          "house, stops everything with exit code 7.",
      .examples = {{"haingest sync --dry-run", "what would change"},
                   {"haingest sync -q", "for cron: prints changes only"},
                   {"haingest discover --save s.json; haingest sync --from s.json", "in two steps"},
                   {"haingest sync --to http://store.local:8006",
                    "into another machine's database"},
                   {"haingest sync --history --influx-url http://localhost:8086",
                    "and a point of every device"}},
      .run = run_sync,
  };
}

}  // namespace haingest::cli
