// SPDX-License-Identifier: MIT
#include "cli/show_config.hpp"

#include <algorithm>

namespace haingest::cli {
namespace {

std::string name_of(const Setting& setting) {
  if (!setting.flag.empty()) return std::string(setting.flag);
  if (!setting.file_key.empty()) return std::string(setting.file_key);
  return environment_names(setting).front();
}

// An address may carry a password although it should not.
std::string masked(std::string text) {
  const auto scheme = text.find("://");
  const auto at = text.find('@');
  if (scheme == std::string::npos || at == std::string::npos) return text;
  if (text.find('/', scheme + 3) < at) return text;
  return text.replace(scheme + 3, at - scheme - 3, "********");
}

std::string text_of(const Context& context, const Setting& setting) {
  const Settings::Value& value = context.settings.of(setting.key);
  if (setting.shape == Setting::Shape::secret) return value.given ? "********" : "";
  if (setting.key == Key::db && !value.given) return context.database_path();
  std::string text;
  for (const std::string& each : value.texts) text += (text.empty() ? "" : ",") + masked(each);
  return text;
}

}  // namespace

void show_config(const Context& context, const Command* command) {
  Rows rows{{"setting", "value", "origin"}, {}};
  for (const Setting& setting : settings()) {
    const bool shown = command == nullptr || (setting.commands & command->bit) != 0;
    if (!shown || setting.key == Key::show_config) continue;
    const std::string text = text_of(context, setting);
    Cell value = text_cell(text);
    if (text.empty()) value.json = "null";
    rows.cells.push_back({text_cell(name_of(setting)), std::move(value),
                          text_cell(context.settings.of(setting.key).origin)});
  }
  context.write(rows);
}

}  // namespace haingest::cli
