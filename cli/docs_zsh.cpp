// SPDX-License-Identifier: MIT
#include <vector>

#include "cli/command.hpp"
#include "cli/docs_completions.hpp"
#include "cli/options.hpp"

namespace haingest::cli {
namespace {

// Within single quotes, with a backslash before each of `special`.
std::string quoted(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      if (special.find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string action_of(const Setting& option) {
  if (option.completion == Setting::Completion::file) return "_files";
  const std::vector<std::string_view> words = words_of(option);
  return words.empty() ? " " : '(' + joined(words) + ')';
}

// '(-o --output)'{-o+,--output=}'[auto, table, …]:FORMAT:(auto table)'
std::string spec_of(const Setting& option) {
  const bool optional = option.shape == Setting::Shape::optional_value;
  const bool value = takes_value(option) || optional;
  const bool ends = option.key == Key::count;
  const std::string name = long_name(option) + (value ? "=" : "");
  std::string before = repeatable(option) ? "*" : "";
  if (ends) before = "(- *)";
  std::string rest = '[' + quoted(option.help, "[]\\") + ']';
  if (value) {
    rest += (optional ? "::" : ":") + quoted(option.placeholder, ":\\") + ':' + action_of(option);
  }
  if (option.letter == 0) return '\'' + before + name + rest + '\'';
  if (before.empty()) before = '(' + short_name(option) + ' ' + long_name(option) + ')';
  const std::string letter = short_name(option) + (value ? "+" : "");
  return '\'' + before + "'{" + letter + ',' + name + "}'" + rest + '\'';
}

std::string specs_of(const std::vector<Setting>& options, const std::string& indent) {
  std::string specs;
  for (const Setting& option : options) specs += indent + spec_of(option) + '\n';
  return specs;
}

std::string command_case(const Command& command) {
  std::string text = "        " + std::string(command.name) + ")\n          own=(\n" +
                     specs_of(own_options(command), "            ");
  if (!command.argument.empty()) {
    text += "            '1:" + quoted(command.argument, ":\\") + ":(" +
            joined(command.argument_words) + ")'\n";
  }
  return text + "          )\n          ;;\n";
}

}  // namespace

std::string zsh_completion() {
  std::string names;
  std::string cases;
  for (const Command& command : commands()) {
    names += "        '" + std::string(command.name) + ':' + quoted(command.summary, "\\") + "'\n";
    cases += command_case(command);
  }
  return R"(#compdef haingest
# Completion of haingest for zsh. Written by haingest-gendocs out of cli/; `make docs` writes it anew.

_haingest() {
  local curcontext=$curcontext state state_descr line
  local -A opt_args
  local -a every own names
  every=(
)" + specs_of(common_options(), "    ") +
         R"(  )
  _arguments -C -s $every '1:command:->command' '*::argument:->argument' && return
  case $state in
    command)
      names=(
)" + names +
         R"(      )
      _describe command names
      ;;
    argument)
      case $words[1] in
)" + cases +
         R"(      esac
      _arguments -s $every $own
      ;;
  esac
}

if [[ $funcstack[1] == _haingest ]]; then
  _haingest "$@"
else
  compdef _haingest haingest
fi
)";
}

}  // namespace haingest::cli
