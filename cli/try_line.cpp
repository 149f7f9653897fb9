// SPDX-License-Identifier: MIT
#include "cli/try_line.hpp"

#include <algorithm>
#include <array>

#include "cli/options.hpp"
#include "cli/values.hpp"

namespace haingest::cli {
namespace {

constexpr std::array k_where_things_are{
    Key::config,         Key::ha_url, Key::ha_token_file, Key::db,   Key::timeout, Key::ca_file,
    Key::api_token_file, Key::stored, Key::insecure,      Key::from, Key::to};

// The options of the command that a line "haingest NAME ..." calls.
std::vector<Setting> options_of(const std::string& line) {
  for (const Command& command : commands()) {
    if (line.starts_with("haingest " + std::string(command.name))) return all_options(command);
  }
  return {};
}

// Home Assistant is asked for what `discover` prints, unless it is told otherwise.
bool needs_database(const std::string& line, const Layer& flags) {
  return !line.starts_with("haingest discover") || flags.contains(Key::stored);
}

// " --db /srv/m.db"
std::string repeated(const Setting& option, const std::vector<std::string>& texts) {
  std::string name = " " + long_name(option);
  if (option.shape == Setting::Shape::on_off) return texts.back() == "true" ? name : "";
  if (texts.empty()) return name;
  std::string words;
  for (const std::string& text : texts) words += name + " " + shell_word(masked(text));
  return words;
}

}  // namespace

std::string completed(std::string command, const Layer& flags) {
  if (command.ends_with(" --help")) return command;
  for (const Setting& option : options_of(command)) {
    const auto given = flags.find(option.key);
    const bool named = (command + " ").find(" " + long_name(option) + " ") != std::string::npos;
    const bool wanted =
        std::ranges::find(k_where_things_are, option.key) != k_where_things_are.end();
    if (option.key == Key::db && !needs_database(command, flags)) continue;
    if (wanted && !named && given != flags.end()) command += repeated(option, given->second);
  }
  return command;
}

std::string shell_word(const std::string& text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? R"('\'')" : std::string(1, c);
  return word + "'";
}

}  // namespace haingest::cli
