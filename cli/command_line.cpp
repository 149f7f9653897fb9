// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

#include "cli/help.hpp"
#include "cli/terminal.hpp"
#include "core/base/text.hpp"

namespace haingest::cli {
namespace {

using Shape = Setting::Shape;

std::string names_of(const Setting& setting) {
  const std::string name = "--" + std::string(setting.flag);
  return setting.letter == 0 ? name : std::string{'-', setting.letter, ','} + name;
}

std::string help_command(const Command* command) {
  return command == nullptr ? "haingest --help"
                            : "haingest " + std::string(command->name) + " --help";
}

// "--ha-token", "--password", "--api-key": whatever name somebody tries.
bool means_a_secret(const std::string& name) {
  constexpr std::array<std::string_view, 4> endings{"token", "password", "api-key", "secret"};
  return std::ranges::any_of(endings, [&](std::string_view end) { return name.ends_with(end); });
}

class CommandLine {
 public:
  CommandLine();

  Invocation parse(int argc, const char* const* argv);

 private:
  static void add_ends(CLI::App& app);
  void add_settings(CLI::App& app, std::uint8_t commands);
  void add_setting(CLI::App& app, const Setting& setting);
  void add_command(const Command& command);
  [[nodiscard]] const Command* chosen() const;
  static void refuse_empty_words(int argc, const char* const* argv);
  void refuse_leftovers(const Command* command) const;
  [[noreturn]] void refuse_option(const std::string& name, const Command* command) const;

  CLI::App app_;
  Invocation invocation_;
};

CommandLine::CommandLine() {
  app_.require_subcommand(0, 1);
  app_.allow_extras();
  add_ends(app_);
  add_settings(app_, k_every_command);
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
  add_settings(*app, command.bit);
}

// On the program itself those that every command has, on a command its own and these.
void CommandLine::add_settings(CLI::App& app, std::uint8_t commands) {
  for (const Setting& setting : settings()) {
    const bool everywhere = setting.commands == k_every_command;
    const bool own = commands != k_every_command && !everywhere && (setting.commands & commands);
    if (!setting.flag.empty() && (everywhere || own)) add_setting(app, setting);
  }
}

void CommandLine::add_setting(CLI::App& app, const Setting& setting) {
  const std::string names = names_of(setting);
  std::vector<std::string>& texts = invocation_.flags[setting.key];
  const bool list = setting.shape == Shape::list;
  if (setting.shape == Shape::on_off) {
    app.add_flag_function(names,
                          [&texts](std::int64_t on) { texts = {on > 0 ? "true" : "false"}; });
    return;
  }
  if (setting.shape == Shape::counted) {
    app.add_flag_function(names, [&texts](std::int64_t times) { texts = {std::to_string(times)}; });
    return;
  }
  CLI::Option* const option = app.add_option_function<std::vector<std::string>>(
      names, [&texts, list](const std::vector<std::string>& given) {
        if (!list) texts.clear();
        texts.insert(texts.end(), given.begin(), given.end());
      });
  option->allow_extra_args(false);
  if (setting.shape == Shape::optional_value) {
    option->expected(0, 1);
  } else {
    option->expected(1);
  }
  option->multi_option_policy(list ? CLI::MultiOptionPolicy::TakeAll
                                   : CLI::MultiOptionPolicy::TakeLast);
}

const Command* CommandLine::chosen() const {
  for (const Command& command : commands()) {
    if (app_.got_subcommand(std::string(command.name))) return &command;
  }
  return nullptr;
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
  std::vector<std::string> known{"--help", "--version"};
  for (const Setting& setting : settings()) {
    const std::uint8_t bit = command == nullptr ? 0 : command->bit;
    const bool here = setting.commands == k_every_command || (setting.commands & bit) != 0;
    if (!setting.flag.empty() && here) known.push_back("--" + std::string(setting.flag));
  }
  const std::string meant = base::closest_to(name, known);
  const std::string whose =
      command == nullptr ? "haingest" : "haingest " + std::string(command->name);
  throw base::Failure(
      base::ErrorKind::usage,
      whose + " has no option " + name + (meant.empty() ? "" : "; did you mean " + meant + "?"),
      help);
}

void CommandLine::refuse_leftovers(const Command* command) const {
  std::vector<std::string> leftovers = app_.remaining(true);
  std::erase(leftovers, "--");  // ends the options; CLI11 leaves it over
  if (leftovers.empty()) return;
  const std::string& word = leftovers.front();
  if (word.starts_with('-')) refuse_option(word.substr(0, word.find('=')), command);
  if (command != nullptr) {
    throw base::Failure(
        base::ErrorKind::usage,
        "haingest " + std::string(command->name) + " does not know what to do with '" + word + "'",
        "haingest " + std::string(command->name) + " --help");
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
    const std::size_t columns = look_at_terminal(process_environment()).width;
    const Command* const command = chosen();
    invocation_.text = command == nullptr ? program_help(columns) : command_help(*command, columns);
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
    throw base::Failure(base::ErrorKind::usage,
                        "a switch was given a value that is neither true nor false; leave the "
                        "value out",
                        help_command(chosen()));
  }
  invocation_.command = chosen();
  refuse_leftovers(invocation_.command);
  std::erase_if(invocation_.flags, [this](const auto& entry) {
    const Setting& setting = setting_of(entry.first);
    const std::string name = "--" + std::string(setting.flag);
    const auto given = [&](const CLI::App& app) {
      const CLI::Option* const option = app.get_option_no_throw(name);
      return option != nullptr && option->count() > 0;
    };
    return !given(app_) && std::ranges::none_of(app_.get_subcommands(),
                                                [&](const CLI::App* app) { return given(*app); });
  });
  for (auto& [key, texts] : invocation_.flags) std::erase(texts, "");
  return std::move(invocation_);
}

}  // namespace

Invocation parse_command_line(int argc, const char* const* argv) {
  return CommandLine().parse(argc, argv);
}

}  // namespace haingest::cli
