// SPDX-License-Identifier: MIT
// `haingest serve`: the data API, until a signal ends it.
#include "cli/command.hpp"
#include "cli/context.hpp"
#include "cli/watching.hpp"
#include "core/base/log.hpp"
#include "core/jobs/serve.hpp"

namespace haingest::cli {
namespace {

std::vector<api::Listen> listen_of(const Settings& settings) {
  std::vector<api::Listen> all;
  for (const std::string& text : settings.list(Key::listen)) {
    const base::Result<api::Listen> listen = api::parse_listen(text);
    if (!listen) {
      throw base::Failure(base::ErrorKind::usage,
                          settings.of(Key::listen).origin + ": " + listen.error().message,
                          listen.error().try_command);
    }
    all.push_back(*listen);
  }
  return all;
}

jobs::ServeOptions options_of(const Context& context) {
  const Settings& settings = context.settings;
  jobs::ServeOptions options;
  options.on_question = answerer_of(context);
  options.data_api.listen = listen_of(settings);
  options.data_api.api_token = settings.secret(Key::api_token_file, Key::api_token);
  options.data_api.private_reads = settings.on(Key::private_reads);
  options.data_api.cors_origins = settings.list(Key::cors_origin);
  options.data_api.allowed_hosts = settings.list(Key::allowed_host);
  options.data_api.lock_timeout = settings.duration(Key::timeout);
  options.data_api.database_path = context.writable_database_path();
  if (options.data_api.private_reads && options.data_api.api_token.empty()) {
    throw base::Failure(base::ErrorKind::usage,
                        "--private needs an API token, or nobody could read; give one with "
                        "--api-token-file or API_KEY");
  }
  if (settings.on(Key::with_watch)) {
    options.watch = watch_options_of(context);
    options.on_report = printer_of(context);
  }
  return options;
}

ExitCode run_serve(Context& context) {
  const jobs::ServeOptions options = options_of(context);
  net::StopSignal stop;
  const auto ready = [&](const std::vector<std::string>& urls) {
    for (const std::string& url : urls) {
      base::log::info("serving " + options.data_api.database_path + " at " + url);
    }
  };
  jobs::serve(options, ready, stop).value();
  base::log::info("stopped");
  return ExitCode::fine;
}

}  // namespace

Command serve_command() {
  return {
      .name = "serve",
      .bit = k_serve,
      .summary = "Answer the data API over HTTP",
      .text =
          "Answers /api/devices, /api/entities and the other routes out of the database, "
          "whoever writes it, until SIGINT or SIGTERM: the first lets requests in flight "
          "finish, the second ends at once.",
      .examples = {{"haingest serve", "at http://127.0.0.1:8006, for this machine"},
                   {"haingest serve --listen 0.0.0.0:8006 --api-token-file /etc/haingest/api-token",
                    "for the network; writes need the token"},
                   {"curl -s http://127.0.0.1:8006/api/devices | jq .total", "how many devices"}},
      .log_level = "info",
      .run = run_serve,
  };
}

}  // namespace haingest::cli
