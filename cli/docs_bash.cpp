// SPDX-License-Identifier: MIT
#include <algorithm>
#include <vector>

#include "cli/command.hpp"
#include "cli/docs_completions.hpp"
#include "cli/options.hpp"

namespace haingest::cli {
namespace {

using Completion = Setting::Completion;

// Every option of every command, once.
std::vector<Setting> known_options() {
  std::vector<Setting> options = common_options();
  for (const Command& command : commands()) {
    for (const Setting& option : own_options(command)) {
      const bool known = std::ranges::any_of(
          options, [&](const Setting& each) { return each.flag == option.flag; });
      if (!known) options.push_back(option);
    }
  }
  return options;
}

std::string names_of(const std::vector<Setting>& options, std::string_view between) {
  std::string names;
  for (const Setting& option : options) {
    if (!names.empty()) names += between;
    if (option.letter != 0) (names += short_name(option)) += between;
    names += long_name(option);
  }
  return names;
}

template <class Wanted>
std::string patterns_of(Wanted wanted) {
  std::vector<Setting> options = known_options();
  std::erase_if(options, [&](const Setting& option) { return !wanted(option); });
  return names_of(options, " | ");
}

// What the option before the cursor may be followed by.
std::string value_cases() {
  std::string cases;
  for (const Setting& option : known_options()) {
    if (words_of(option).empty()) continue;
    cases += "    " + names_of({option}, " | ") + ") _haingest_reply " + joined(words_of(option)) +
             "; return ;;\n";
  }
  cases +=
      "    " +
      patterns_of([](const Setting& option) { return option.completion == Completion::file; }) +
      ")\n"
      "      compopt -o filenames 2>/dev/null\n"
      "      mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
      "      return ;;\n";
  cases += "    " + patterns_of([](const Setting& option) {
             return takes_value(option) && option.completion != Completion::file &&
                    words_of(option).empty();
           }) +
           ") return ;;\n";
  return cases;
}

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> names;
  for (const Command& command : commands()) names.push_back(command.name);
  return names;
}

std::string argument_case() {
  std::vector<std::string_view> words;
  for (const Command& command : commands()) {
    words.insert(words.end(), command.argument_words.begin(), command.argument_words.end());
  }
  if (words.empty()) return "";
  return "      " + joined(words, " | ") + ") argument=${COMP_WORDS[i]} ;;\n";
}

std::string command_cases() {
  std::string cases;
  for (const Command& command : commands()) {
    cases += "    " + std::string(command.name) + ")\n      options=(" +
             names_of(all_options(command), " ") + ")\n";
    if (!command.argument_words.empty()) {
      cases += "      [[ -n $argument ]] || words=(" + joined(command.argument_words) + ")\n";
    }
    cases += "      ;;\n";
  }
  return cases + "    *)\n      options=(" + names_of(common_options(), " ") + ")\n      words=(" +
         joined(command_names()) + ")\n      ;;\n";
}

}  // namespace

std::string bash_completion() {
  return R"(# shellcheck shell=bash
# Completion of haingest for bash. Written by haingest-gendocs out of cli/; `make docs` writes it anew.

_haingest_reply() { mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur"); }

_haingest() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' argument='' i options=() words=()
  COMPREPLY=()

  # bash takes "--output=json" for three words.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $prev in
)" + value_cases() +
         R"(  esac

  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      )" +
         patterns_of(takes_value) + R"()
        [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))
        ((i++)) ;;
      )" +
         joined(command_names(), " | ") + R"() command=${command:-${COMP_WORDS[i]}} ;;
)" + argument_case() +
         R"(    esac
  done
  case $command in
)" + command_cases() +
         R"(  esac
  if [[ $cur == -* ]]; then _haingest_reply "${options[@]}"; else _haingest_reply "${words[@]}"; fi
}

complete -F _haingest haingest
)";
}

}  // namespace haingest::cli
