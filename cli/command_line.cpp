// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>
#include <stdexcept>

#include "cli/help.hpp"
#include "cli/options.hpp"
#include "cli/terminal.hpp"
#include "cli/values.hpp"
#include "core/base/text.hpp"

namespace haingest::cli {
namespace {

using Shape = Setting::Shape;

std::string names_of(const Setting& option) {
  return option.letter == 0 ? long_name(option) : short_name(option) + "," + long_name(option);
}

std::string help_command(const Command* command) {
  return command == nullptr ? "haingest --help"
                            : "haingest " + std::string(command->name) + " --help";
}

// "--quiet: 'maybe'", the first switch that has been given something else than true or false.
std::string wrong_switch(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const std::size_t equals = std::min(word.find('='), word.size());
    const bool is_switch = std::ranges::any_of(settings(), [&](const Setting& setting) {
      const bool may_be = setting.shape == Shape::on_off || setting.shape == Shape::counted;
      return may_be && word.substr(0, equals) == long_name(setting);
    });
    if (!is_switch || equals == word.size() || parse_switch(word.substr(equals + 1))) continue;
    return std::string(word.substr(0, equals)) + ": '" + std::string(word.substr(equals + 1)) + "'";
  }
  return "the value of a switch";
}

class CommandLine {
 public:
  CommandLine();

  Invocation parse(int argc, const char* const* argv);

 private:
  static void add_ends(CLI::App& app);
  void add_options(CLI::App& app, const std::vector<Setting>& options);
  void add_option(CLI::App& app, const Setting& setting);
  void add_command(const Command& command);
  [[nodiscard]] const Command* chosen() const;
  static void refuse_empty_words(int argc, const char* const* argv);
  [[nodiscard]] std::vector<std::string> leftovers() const;
  static std::string help_about(const Command* command);
  [[noreturn]] void refuse_leftover(const std::string& word, const Command* command) const;
  [[noreturn]] void refuse_option(const std::string& name, const Command* command) const;
  static void refuse_early_option(const std::string& name, const Command& command);

  CLI::App app_;
  Invocation invocation_;
};

CommandLine::CommandLine() {
  app_.require_subcommand(0, 1);
  app_.allow_extras();
  add_ends(app_);
  add_options(app_, common_options());
  for (const Command& command : commands()) add_command(command);
}

// What ends the program wherever it stands; cli/help has the text.
void CommandLine::add_ends(CLI::App& app) {
  app.set_help_flag("-h,--help");
  app.set_version_flag("--version", "haingest " HAINGEST_VERSION);
}

void CommandLine::add_command(const Command& command) {
  CLI::App* const app = app_.add_subcommand(std::string(command.name));
  app->allow_extras();
  if (!command.argument.empty()) {
    app->add_option(std::string(command.argument), invocation_.argument);
  }
  add_ends(*app);
  add_options(*app, all_options(command));
}

void CommandLine::add_options(CLI::App& app, const std::vector<Setting>& options) {
  for (const Setting& option : options) {
    if (option.key != Key::count) add_option(app, option);  // else --help and --version
  }
}

// Only what was given gets into the layer. Before and behind the command it is the same option.
void CommandLine::add_option(CLI::App& app, const Setting& setting) {
  const std::string names = names_of(setting);
  Layer& flags = invocation_.flags;
  const Key key = setting.key;
  if (setting.shape == Shape::on_off) {
    app.add_flag_function(
        names, [&flags, key](std::int64_t on) { flags[key] = {on > 0 ? "true" : "false"}; });
    return;
  }
  if (setting.shape == Shape::counted) {
    app.add_flag_function(
        names, [&flags, key](std::int64_t times) { flags[key] = {std::to_string(times)}; });
    return;
  }
  const bool list = setting.shape == Shape::list;
  CLI::Option* const option = app.add_option_function<std::vector<std::string>>(
      names, [&flags, key, list](std::vector<std::string> given) {
        std::erase(given, "");  // CLI11's word for an optional value that was left out
        std::vector<std::string>& texts = flags[key];
        if (!list) texts.clear();
        texts.insert(texts.end(), given.begin(), given.end());
      });
  option->allow_extra_args(false);
  option->expected(setting.shape == Shape::optional_value ? 0 : 1, 1);
  option->multi_option_policy(list ? CLI::MultiOptionPolicy::TakeAll
                                   : CLI::MultiOptionPolicy::TakeLast);
}

const Command* CommandLine::chosen() const {
  for (const Command& command : commands()) {
    if (app_.got_subcommand(std::string(command.name))) return &command;
  }
  return nullptr;
}

// What the command has and was left over stood before it.
void CommandLine::refuse_early_option(const std::string& name, const Command& command) {
  for (const Setting& option : own_options(command)) {
    if (name != long_name(option) && name != short_name(option)) continue;
    const std::string line = "haingest " + std::string(command.name) + " " + name;
    throw base::Failure(
        base::ErrorKind::usage,
        name + " is an option of " + std::string(command.name) + " and belongs behind it: " + line,
        takes_value(option) ? line + " " + std::string(option.placeholder) : line);
  }
}

void CommandLine::refuse_option(const std::string& name, const Command* command) const {
  const std::string help = help_command(command);
  if (means_a_secret(name)) {
    throw base::Failure(base::ErrorKind::usage,
                        "a token on the command line can be read by everyone on this machine; put "
                        "it into a file (--ha-token-file, --api-token-file) or into the "
                        "environment (HA_TOKEN, API_KEY)",
                        help);
  }
  if (command != nullptr) refuse_early_option(name, *command);
  std::vector<std::string> known;
  for (const Setting& option : command == nullptr ? common_options() : all_options(*command)) {
    known.push_back(long_name(option));
  }
  const std::string meant = base::closest_to(name, known);
  const std::string whose =
      command == nullptr ? "haingest" : "haingest " + std::string(command->name);
  throw base::Failure(
      base::ErrorKind::usage,
      whose + " has no option " + name + (meant.empty() ? "" : "; did you mean " + meant + "?"),
      help);
}

std::vector<std::string> CommandLine::leftovers() const {
  std::vector<std::string> words = app_.remaining(true);
  std::erase(words, "--");  // ends the options; CLI11 leaves it over
  return words;
}

std::string CommandLine::help_about(const Command* command) {
  const std::size_t columns = look_at_terminal(process_environment()).width;
  return command == nullptr ? program_help(columns) : command_help(*command, columns);
}

void CommandLine::refuse_leftover(const std::string& word, const Command* command) const {
  if (word.starts_with('-')) refuse_option(word.substr(0, word.find('=')), command);
  if (command != nullptr) {
    throw base::Failure(
        base::ErrorKind::usage,
        "haingest " + std::string(command->name) + " does not know what to do with '" + word + "'",
        help_command(command));
  }
  std::vector<std::string> known;
  for (const Command& each : commands()) known.emplace_back(each.name);
  const std::string meant = base::closest_to(word, known);
  throw base::Failure(
      base::ErrorKind::usage,
      "there is no command '" + word + "'" + (meant.empty() ? "" : "; did you mean " + meant + "?"),
      "haingest --help");
}

// An empty word is a shell variable that nobody has set: taken as a value it would mean a default.
void CommandLine::refuse_empty_words(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const std::string_view before = i > 1 ? argv[i - 1] : "";
    std::string whose;
    if (word.starts_with('-') && word.find('=') == word.size() - 1) {
      whose = word.substr(0, word.size() - 1);
    } else if (word.empty()) {
      whose =
          before.starts_with('-') && before.find('=') == std::string_view::npos ? before : "a word";
    } else {
      continue;
    }
    throw base::Failure(base::ErrorKind::usage,
                        whose + (whose == "a word" ? " of the command line" : ": its value") +
                            " is empty (a variable that is not set?); fill it or leave it out",
                        "haingest --help");
  }
}

Invocation CommandLine::parse(int argc, const char* const* argv) {
  refuse_empty_words(argc, argv);
  try {
    app_.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    invocation_.text = help_about(chosen());
    return std::move(invocation_);
  } catch (const CLI::CallForVersion&) {
    invocation_.text = "haingest " HAINGEST_VERSION "\n";
    return std::move(invocation_);
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string_view what = error.what();
    throw base::Failure(base::ErrorKind::usage,
                        std::string(what.substr(0, what.find(':'))) + " needs a value",
                        help_command(chosen()));
  } catch (const CLI::ParseError& error) {
    throw base::Failure(base::ErrorKind::usage, error.what(), help_command(chosen()));
  } catch (const std::logic_error&) {
    // What CLI11 lets through when a switch is given a value that it cannot read.
    throw base::Failure(
        base::ErrorKind::usage,
        wrong_switch(argc, argv) + " is neither true nor false; leave the value out",
        help_command(chosen()));
  }
  invocation_.command = chosen();
  std::vector<std::string> words = leftovers();
  // `haingest help sync`, as git and cargo have it.
  const bool help = !words.empty() && words.front() == "help";
  if (help) words.erase(words.begin());
  if (!words.empty()) refuse_leftover(words.front(), invocation_.command);
  if (help) invocation_.text = help_about(invocation_.command);
  return std::move(invocation_);
}

}  // namespace

Invocation parse_command_line(int argc, const char* const* argv) {
  return CommandLine().parse(argc, argv);
}

}  // namespace haingest::cli
