// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>

#include "core/base/text.hpp"

namespace haingest::cli {
namespace {

using Shape = Setting::Shape;

constexpr const char* k_global_group = "Everywhere";

std::string names_of(const Setting& setting) {
  const std::string name = "--" + std::string(setting.flag);
  return setting.letter == 0 ? name : std::string{'-', setting.letter, ','} + name;
}

class CommandLine {
 public:
  CommandLine();

  Invocation parse(int argc, const char* const* argv);
  [[nodiscard]] std::string help() { return app_.help(); }

 private:
  void add_settings(CLI::App& app, std::uint8_t commands);
  void add_setting(CLI::App& app, const Setting& setting);
  void add_command(const Command& command);
  [[nodiscard]] const Command* chosen() const;
  void refuse_leftovers(const Command* command) const;
  [[noreturn]] void refuse_option(const std::string& name, const Command* command) const;

  CLI::App app_{"Home Assistant's devices and entities, kept in SQLite and served over HTTP"};
  Invocation invocation_;
};

CommandLine::CommandLine() {
  app_.name("haingest");
  app_.set_help_flag("-h,--help", "Print this help and end");
  app_.set_version_flag("--version", "haingest " HAINGEST_VERSION, "Print the version and end");
  app_.require_subcommand(0, 1);
  app_.allow_extras();
  add_settings(app_, k_every_command);
  for (const Command& command : commands()) add_command(command);
  app_.footer(
      "haingest COMMAND --help tells about one command; man haingest about everything.\n"
      "Example: HA_TOKEN=… haingest sync --ha-url http://homeassistant.local:8123");
}

void CommandLine::add_command(const Command& command) {
  CLI::App* const app =
      app_.add_subcommand(std::string(command.name), std::string(command.summary));
  app->allow_extras();
  if (!command.argument.empty()) {
    app->add_option(std::string(command.argument), invocation_.argument,
                    std::string(command.argument_help))
        ->option_text(" ");
  }
  add_settings(*app, command.bit);
  std::string footer = std::string(command.text) + "\n\nExamples:";
  for (const Example& example : command.examples) {
    footer += "\n  " + std::string(example.command) + "\n      " + std::string(example.says);
  }
  app->footer(footer);
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
  const std::string help(setting.help);
  const std::string names = names_of(setting);
  std::vector<std::string>& texts = invocation_.flags[setting.key];
  const bool list = setting.shape == Shape::list;
  CLI::Option* option = nullptr;
  if (setting.shape == Shape::on_off) {
    option = app.add_flag_function(
        names, [&texts](std::int64_t on) { texts = {on > 0 ? "true" : "false"}; }, help);
  } else if (setting.shape == Shape::counted) {
    option = app.add_flag_function(
        names, [&texts](std::int64_t times) { texts = {std::to_string(times)}; }, help);
  } else {
    option = app.add_option_function<std::vector<std::string>>(
        names,
        [&texts, list](const std::vector<std::string>& given) {
          if (!list) texts.clear();
          texts.insert(texts.end(), given.begin(), given.end());
        },
        help);
    option->allow_extra_args(false)->option_text(std::string(setting.placeholder));
    if (setting.shape == Shape::optional_value) {
      option->expected(0, 1)->option_text("[" + std::string(setting.placeholder) + "]");
    } else {
      option->expected(1);
    }
    option->multi_option_policy(list ? CLI::MultiOptionPolicy::TakeAll
                                     : CLI::MultiOptionPolicy::TakeLast);
  }
  if (setting.commands == k_every_command) option->group(k_global_group);
}

const Command* CommandLine::chosen() const {
  for (const Command& command : commands()) {
    if (app_.got_subcommand(std::string(command.name))) return &command;
  }
  return nullptr;
}

void CommandLine::refuse_option(const std::string& name, const Command* command) const {
  const std::string help =
      command == nullptr ? "haingest --help" : "haingest " + std::string(command->name) + " --help";
  for (const std::string_view secret : {"--ha-token", "--token", "--api-token", "--api-key"}) {
    if (name != secret) continue;
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
  const std::vector<std::string> leftovers = app_.remaining(true);
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

Invocation CommandLine::parse(int argc, const char* const* argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    invocation_.text = app_.help();
    return std::move(invocation_);
  } catch (const CLI::CallForVersion&) {
    invocation_.text = "haingest " HAINGEST_VERSION "\n";
    return std::move(invocation_);
  } catch (const CLI::ParseError& error) {
    const Command* const command = chosen();
    throw base::Failure(base::ErrorKind::usage, error.what(),
                        command == nullptr ? "haingest --help"
                                           : "haingest " + std::string(command->name) + " --help");
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

std::string help_text() { return CommandLine().help(); }

}  // namespace haingest::cli
