// SPDX-License-Identifier: MIT
#include "cli/options.hpp"

namespace haingest::cli {
namespace {

using Shape = Setting::Shape;

// What CLI11 answers by itself: options without a setting behind them.
constexpr Setting k_help{.key = Key::count,
                         .flag = "help",
                         .letter = 'h',
                         .shape = Shape::on_off,
                         .help = "Print help and end"};
constexpr Setting k_version{.key = Key::count,
                            .flag = "version",
                            .shape = Shape::on_off,
                            .help = "Print the version and end"};

}  // namespace

std::vector<Setting> own_options(const Command& command) {
  std::vector<Setting> options;
  for (const Setting& setting : settings()) {
    const bool own = setting.commands != k_every_command && (setting.commands & command.bit) != 0;
    if (own && !setting.flag.empty()) options.push_back(setting);
  }
  return options;
}

std::vector<Setting> common_options() {
  std::vector<Setting> options;
  for (const Setting& setting : settings()) {
    if (setting.commands == k_every_command && !setting.flag.empty()) options.push_back(setting);
  }
  options.push_back(k_help);
  options.push_back(k_version);
  return options;
}

std::vector<Setting> all_options(const Command& command) {
  std::vector<Setting> options = own_options(command);
  const std::vector<Setting> common = common_options();
  options.insert(options.end(), common.begin(), common.end());
  return options;
}

std::string long_name(const Setting& option) { return "--" + std::string(option.flag); }

std::string short_name(const Setting& option) {
  return option.letter == 0 ? "" : std::string{'-', option.letter};
}

std::string spelled(const Setting& option) {
  std::string text = option.letter == 0 ? "" : short_name(option) + ", ";
  text += long_name(option);
  if (option.placeholder.empty()) return text;
  const std::string value(option.placeholder);
  return text + (option.shape == Shape::optional_value ? " [" + value + "]" : " " + value);
}

bool takes_value(const Setting& option) {
  return option.shape == Shape::value || option.shape == Shape::list;
}

bool repeatable(const Setting& option) {
  return option.shape == Shape::list || option.shape == Shape::counted;
}

std::vector<std::string_view> words_of(const Setting& option) {
  if (option.completion == Setting::Completion::output) {
    return {"auto", "table", "json", "ndjson", "csv"};
  }
  if (option.key == Key::log_format) return {"text", "json"};
  return {};
}

std::string_view shown_default(const Setting& setting) {
  return setting.shape == Shape::on_off || setting.shape == Shape::counted ? "" : setting.fallback;
}

std::string type_of(const Setting& setting) {
  if (setting.shape == Shape::on_off) return "true or false";
  if (setting.placeholder == "TIME")
    return "a text like \"30s\", \"5m\" or \"90d\", or a number of seconds";
  if (setting.placeholder == "N|P%") return "a number, or a text like \"20%\"";
  const std::vector<std::string_view> words = words_of(setting);
  if (!words.empty()) return "one of the texts " + joined(words, ", ");
  const std::string one = setting.placeholder == "FILE" || setting.placeholder == "PATH"
                              ? "a text, the path of a file"
                              : "a text";
  return setting.shape == Shape::list ? one + ", or a list of texts" : one;
}

std::string joined(const std::vector<std::string_view>& words, std::string_view between) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += between;
    text += words[i];
  }
  return text;
}

}  // namespace haingest::cli
