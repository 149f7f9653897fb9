// SPDX-License-Identifier: MIT
#include <vector>

#include "cli/command.hpp"
#include "cli/docs_completions.hpp"
#include "cli/options.hpp"

namespace haingest::cli {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string value_of(const Setting& option) {
  if (!takes_value(option)) return "";
  if (option.completion == Setting::Completion::file) return " -r -F";
  const std::vector<std::string_view> words = words_of(option);
  return words.empty() ? " -x" : " -x -a " + quoted(joined(words));
}

std::string line_of(const std::string& condition, const Setting& option) {
  std::string line = "complete -c haingest" + condition + " -l " + std::string(option.flag);
  if (option.letter != 0) line += std::string(" -s ") + option.letter;
  return line + value_of(option) + " -d " + quoted(option.help) + '\n';
}

std::string condition_of(const Command& command) {
  return " -n '__fish_seen_subcommand_from " + std::string(command.name) + '\'';
}

std::string argument_line(const Command& command) {
  if (command.argument_words.empty()) return "";
  const std::string words = joined(command.argument_words);
  return "complete -c haingest -n '__fish_seen_subcommand_from " + std::string(command.name) +
         "; and not __fish_seen_subcommand_from " + words + "' -a " + quoted(words) + " -d " +
         quoted(command.argument) + '\n';
}

}  // namespace

std::string fish_completion() {
  std::vector<std::string_view> names;
  for (const Command& command : commands()) names.push_back(command.name);
  std::string out =
      "# Completion of haingest for fish. Written by haingest-gendocs out of cli/; `make docs` "
      "writes it anew.\n"
      "complete -c haingest -f\n\n";
  for (const Command& command : commands()) {
    out += "complete -c haingest -n 'not __fish_seen_subcommand_from " + joined(names) + "' -a " +
           std::string(command.name) + " -d " + quoted(command.summary) + '\n';
  }
  out += '\n';
  for (const Setting& option : common_options()) out += line_of("", option);
  for (const Command& command : commands()) {
    out += '\n' + argument_line(command);
    for (const Setting& option : own_options(command))
      out += line_of(condition_of(command), option);
  }
  return out;
}

}  // namespace haingest::cli
