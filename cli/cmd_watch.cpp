// SPDX-License-Identifier: MIT
// `haingest watch`: Home Assistant followed, until a signal ends it.
#include "cli/command.hpp"
#include "cli/context.hpp"
#include "cli/watching.hpp"
#include "core/base/log.hpp"

namespace haingest::cli {
namespace {

ExitCode run_watch(Context& context) {
  const jobs::WatchOptions options = watch_options_of(context);
  const jobs::OnReport on_report = printer_of(context);
  net::StopSignal stop;
  base::log::info("watching for " + options.database_path);
  jobs::watch(options, on_report, answerer_of(context), stop).value();
  base::log::info("stopped");
  return ExitCode::fine;
}

}  // namespace

Command watch_command() {
  return {
      .name = "watch",
      .bit = k_watch,
      .summary = "Follow Home Assistant: its registries into the database, its states to InfluxDB",
      .text =
          "Stays connected with Home Assistant: takes a whole snapshot on every connection, "
          "then what its events say has changed, each within a second and in one transaction, "
          "as sync would. Comes back by itself whenever the connection is lost.\n\n"
          "With an InfluxDB every state change is committed to the spool beside the database "
          "before it counts as taken, and leaves it when InfluxDB has answered that it stored "
          "it. Points that are refused for good are kept as dead letters.\n\n"
          "Removals that a sync would refuse are held back, shown by /health, and the rest goes "
          "on. A refused token (4), another house and a newer schema (7) end it. SIGINT and "
          "SIGTERM finish what has come and end with 0; SIGUSR1 prints how it is, in one line.\n\n"
          "One watch a database. serve --watch does both in one process.",
      .examples = {{"haingest watch", "until a signal"},
                   {"haingest watch --influx-url http://localhost:8086 --influx-database ha",
                    "states to an InfluxDB 1"},
                   {"haingest watch -o ndjson | jq -r .action", "each change as it is committed"}},
      .log_level = "info",
      .run = run_watch,
  };
}

}  // namespace haingest::cli
