// SPDX-License-Identifier: MIT
#include "cli/history_copy.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>

#include "cli/targets.hpp"
#include "core/base/log.hpp"
#include "core/base/span.hpp"

namespace haingest::cli {
namespace {

std::optional<std::int64_t> moment_of(const Settings& settings, Key key) {
  if (!settings.given(key)) return std::nullopt;
  const std::string text = settings.text(key);
  auto moment = base::parse_timestamp(text);
  if (!moment) moment = base::parse_timestamp(text + " 00:00:00");
  if (!moment) {
    settings.refuse(key, text, "is no moment; write 2025-01-31 or 2025-01-31T08:30:00Z");
  }
  return migrate::nanoseconds_since_1970(*moment);
}

// Where the flag names one; what the environment and the file name is where points go today.
std::string policy_of(const Settings& settings) {
  return settings.by_flag(Key::influx_retention_policy)
             ? settings.text(Key::influx_retention_policy)
             : "";
}

migrate::Texts texts_of(const Settings& settings) {
  const std::string word = settings.one_of(Key::strings, {"map", "drop", "label"});
  if (word == "drop") return migrate::Texts::drop;
  return word == "label" ? migrate::Texts::label : migrate::Texts::map;
}

bool is_url(const std::string& text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

// "influx.local:8086", "ftp://…"
bool is_meant_for_url(const std::string& text) {
  if (text.find("://") != std::string::npos) return true;
  const std::size_t colon = text.find(':');
  const std::size_t slash = std::min(text.find('/'), text.size());
  if (colon == std::string::npos || colon + 1 >= slash) return false;
  return text.find_first_not_of("0123456789", colon + 1) >= slash;
}

constexpr TargetKeys k_history_keys{Key::history_to,
                                    Key::history_org,
                                    Key::history_bucket,
                                    Key::history_database,
                                    Key::history_retention_policy,
                                    Key::history_token_file,
                                    Key::history_token,
                                    Key::history_username,
                                    Key::history_password_file,
                                    Key::history_password};

// On a terminal a line that changes, else one a minute in the log.
class CopyProgressLine {
 public:
  explicit CopyProgressLine(const Context& context) : context_(context) {}
  ~CopyProgressLine() { context_.progress(""); }
  CopyProgressLine(const CopyProgressLine&) = delete;
  CopyProgressLine& operator=(const CopyProgressLine&) = delete;

  void show(const migrate::CopyProgress& progress, std::uint64_t of) {
    const auto now = std::chrono::steady_clock::now();
    if (began_ == Clock::time_point{}) {
      began_ = shown_ = now;
      first_ = progress.points;
    }
    const auto every = context_.terminal.rewrites ? k_on_terminal : k_in_log;
    if (now - shown_ < every) return;
    shown_ = now;
    const std::string line = line_of(progress, of, now);
    context_.terminal.rewrites ? context_.progress(line) : base::log::info(line);
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds k_on_terminal{200};
  static constexpr std::chrono::milliseconds k_in_log{60'000};

  // "1234567 points, 45000/s, 38%, 4 min left, at power"
  [[nodiscard]] std::string line_of(const migrate::CopyProgress& progress, std::uint64_t of,
                                    Clock::time_point now) const {
    const double seconds = std::chrono::duration<double>(now - began_).count();
    const double rate = seconds > 0 ? static_cast<double>(progress.points - first_) / seconds : 0;
    std::string line = std::to_string(progress.points) + " points";
    if (rate >= 1) line += ", " + std::to_string(static_cast<std::uint64_t>(rate)) + "/s";
    if (of > progress.points && rate >= 1) {
      const std::chrono::duration<double> left(static_cast<double>(of - progress.points) / rate);
      line += ", " + std::to_string(progress.points * 100 / of) + "%, " +
              base::roughly(std::chrono::floor<std::chrono::microseconds>(left)) + " left";
    }
    return line + ", at " + progress.part->measurement->name;
  }

  const Context& context_;
  Clock::time_point began_{};
  Clock::time_point shown_{};
  std::uint64_t first_ = 0;
};

}  // namespace

jobs::CopyHistoryOptions history_copy_of(const Context& context,
                                         const jobs::OldInfluxOptions& source) {
  const Settings& settings = context.settings;
  jobs::CopyHistoryOptions options;
  options.source = source;
  options.tls = source.tls;
  options.timeout = source.timeout;
  const std::string to = settings.text(Key::history_to);
  if (is_url(to)) {
    options.server = target_of(settings, k_history_keys, "history");
  } else {
    if (is_meant_for_url(to)) {
      throw base::Failure(base::ErrorKind::usage, "--history-to: " + to +
                                                      " is neither http:// nor https://; write ./" +
                                                      to + " if it is the name of a file");
    }
    if (to != "-" && std::filesystem::exists(to)) {
      throw base::Failure(
          base::ErrorKind::usage,
          "--history-to: " + to + " is there already; name another file, or take it away");
    }
    options.file = to;
    if (settings.on(Key::verify_only)) {
      throw base::Failure(base::ErrorKind::usage,
                          "--verify-only counts what a server holds, and --history-to names none");
    }
  }
  options.filter = {settings.list(Key::measurement), moment_of(settings, Key::since),
                    moment_of(settings, Key::until), policy_of(settings)};
  if (options.filter.span().begin >= options.filter.span().end) {
    settings.refuse(Key::until, settings.text(Key::until),
                    "is not behind --since; nothing would be copied");
  }
  options.texts = texts_of(settings);
  options.restart = settings.on(Key::restart);
  options.dry_run = settings.on(Key::dry_run);
  options.verify_only = settings.on(Key::verify_only);
  return options;
}

void refuse_without_history(const Settings& settings) {
  for (const Key key :
       {Key::since, Key::until, Key::measurement, Key::restart, Key::verify_only, Key::strings}) {
    if (!settings.given(key)) continue;
    throw base::Failure(base::ErrorKind::usage,
                        settings.of(key).origin +
                            " is about the history, and without --history-to "
                            "none is copied");
  }
}

void leave_beside(const std::string& database, jobs::CopyHistoryOptions& options) {
  // The standard output cannot be gone on with.
  if (options.file != "-") {
    options.database_path = database;
    options.checkpoint_path = database + "-copy";
  }
  options.rejects_path = database + "-rejects";
}

jobs::CopyHistoryReport copy_in_sight(const Context& context, jobs::CopyHistoryOptions options,
                                      const std::optional<migrate::TargetLook>& target) {
  CopyProgressLine line(context);
  options.progress = [&line](const migrate::CopyProgress& progress, std::uint64_t of) {
    line.show(progress, of);
  };
  return jobs::copy_history(options, target);
}

}  // namespace haingest::cli
