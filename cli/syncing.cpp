// SPDX-License-Identifier: MIT
#include "cli/syncing.hpp"

#include <string>

#include "cli/policy.hpp"
#include "core/base/log.hpp"

namespace haingest::cli {

jobs::SyncOptions sync_options_of(const Context& context) {
  jobs::SyncOptions options;
  options.ha = context.connect_options();
  options.policy = policy_of(context.settings);
  options.policy.dry_run = context.settings.on(Key::dry_run);
  return options;
}

mirror::Report sync_in_sight(const Context& context, const jobs::SyncOptions& options) {
  const Progress progress(
      context, options.from ? "Reading " + *options.from + " …" : "Asking Home Assistant …");
  return jobs::sync(options, context.in);
}

void explain(const mirror::Report& report, const jobs::SyncOptions& options) {
  const std::string saved = jobs::snapshot_name(options);
  for (const auto& [part, code] : report.failed) {
    std::string line = model::explain_failed(part, code, saved, options.ha.request_timeout);
    line += ": nothing of it was removed or blanked";
    if (saved.empty()) line += "; " + std::string(model::advise_on_failed(code));
    base::log::error(line);
  }
  for (const std::string& held : report.held) base::log::error(held);
  for (const std::string& note : report.notes) base::log::info(note);
}

}  // namespace haingest::cli
