// SPDX-License-Identifier: MIT
#include "cli/app.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>

#include "cli/command_line.hpp"
#include "cli/config_file.hpp"
#include "cli/context.hpp"
#include "cli/show_config.hpp"
#include "cli/try_line.hpp"
#include "cli/values.hpp"
#include "core/base/log.hpp"

namespace haingest::cli {
namespace {

using base::log::Level;

// Memory holds tokens: no core file, and /proc/PID/environ and mem for root alone.
void keep_memory_private() {
  const rlimit none{0, 0};
  static_cast<void>(::setrlimit(RLIMIT_CORE, &none));
  static_cast<void>(::prctl(PR_SET_DUMPABLE, 0));
}

Level base_level(const Settings& settings, const Command* command,
                 std::vector<std::string>& warnings) {
  const Level usual = parse_log_level(log_level_of(command)).value();
  if (!settings.given(Key::log_level)) return usual;
  const std::string word = settings.text(Key::log_level);
  if (const auto level = parse_log_level(word)) return *level;
  const std::string_view wrong = "is none of debug, info, warning or error";
  // LOG_LEVEL is of everybody's: what another program reads out of it must not stop this one.
  if (settings.of(Key::log_level).origin != "LOG_LEVEL") {
    settings.refuse(Key::log_level, word, wrong);
  }
  if (const auto level = parse_foreign_log_level(word)) return *level;
  warnings.push_back("LOG_LEVEL: '" + word + "' " + std::string(wrong) +
                     ", so it was ignored; HAINGEST_LOG_LEVEL is for haingest alone");
  return usual;
}

void configure_log(const Settings& settings, const Command* command,
                   std::vector<std::string>& warnings) {
  Level level = base_level(settings, command, warnings);
  const int more = settings.count(Key::verbose);
  if (more >= 1) level = std::min(level, Level::info);
  if (more >= 2) level = Level::debug;
  if (settings.on(Key::quiet)) level = Level::error;
  const bool json = settings.one_of(Key::log_format, {"text", "json"}) == "json";
  base::log::configure(level, json ? base::log::Format::json : base::log::Format::text);
}

struct ErrorStyle {
  bool json = false;
  bool colour = false;
};

void print_error(const base::Error& error, const ErrorStyle& style) {
  if (style.json) {
    base::log::error(error.try_command.empty() ? error.message
                                               : error.message + " Try: " + error.try_command);
    return;
  }
  const char* const red = style.colour ? "\x1b[31m" : "";
  const char* const plain = style.colour ? "\x1b[0m" : "";
  std::cerr << "haingest: " << red << "error:" << plain << ' ' << on_one_line(error.message)
            << '\n';
  if (!error.try_command.empty()) std::cerr << "Try: " << on_one_line(error.try_command) << '\n';
}

void flush_output() {
  std::cout.flush();
  if (std::cout.good()) return;
  // The write that failed may be long past: one more, for the reason alone.
  std::cout.clear();
  errno = 0;
  std::cout << std::endl;
  const std::string why = errno == 0 ? "it is closed" : std::strerror(errno);
  throw base::Failure(base::ErrorKind::failure, "cannot write to standard output: " + why +
                                                    "; what was printed is not whole");
}

ExitCode run_command(const Invocation& invocation, ErrorStyle& style) {
  const Environment environment = process_environment();
  std::vector<std::string> warnings;
  const std::string config = Settings(invocation.flags, environment, {}).text(Key::config);
  const std::vector<FileLayer> files = read_config_files(config, environment, warnings);
  const Settings settings(invocation.flags, environment, files);
  configure_log(settings, invocation.command, warnings);
  style.json = settings.text(Key::log_format) == "json";
  refuse_unknown_variables(process_variables());
  for (const std::string& warning : warnings) base::log::warning(warning);
  for (const FileLayer& file : files) {
    base::log::debug("settings: " + file.path + (file.there ? " was read" : " is not there"));
  }
  Context context(settings, invocation.argument, environment, std::cin, std::cout, std::cerr);
  if (settings.on(Key::show_config)) {
    show_config(context, invocation.command, files);
    return ExitCode::fine;
  }
  if (invocation.command == nullptr) {
    throw base::Failure(base::ErrorKind::usage, "no command was given", "haingest --help");
  }
  return invocation.command->run(context);
}

ExitCode run_guarded(int argc, const char* const* argv) {
  ErrorStyle style{false, look_at_terminal(process_environment()).colour};
  Invocation invocation;
  try {
    invocation = parse_command_line(argc, argv);
    ExitCode code = ExitCode::fine;
    if (invocation.text) {
      std::cout << *invocation.text;
    } else {
      code = run_command(invocation, style);
    }
    flush_output();
    return code;
  } catch (const base::Failure& failure) {
    base::Error error = failure.error();
    error.try_command = completed(error.try_command, invocation.flags);
    print_error(error, style);
    return exit_code_of(failure.error().kind);
  } catch (const std::bad_alloc&) {
    print_error({base::ErrorKind::failure,
                 "out of memory; give the command more, a sync that has not ended wrote nothing"},
                style);
  } catch (const std::exception& error) {
    print_error(base::unexpected(error), style);
  }
  return ExitCode::failure;
}

}  // namespace

int run(int argc, const char* const* argv) {
  keep_memory_private();
  // A file at its limit is an error like a full disk, no reason to die without a word.
  std::signal(SIGXFSZ, SIG_IGN);
  // How it is can be asked before there is somebody who answers.
  std::signal(SIGUSR1, SIG_IGN);
  std::ios::sync_with_stdio(false);
  return static_cast<int>(run_guarded(argc, argv));
}

}  // namespace haingest::cli
