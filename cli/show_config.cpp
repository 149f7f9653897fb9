// SPDX-License-Identifier: MIT
#include "cli/show_config.hpp"

#include "cli/values.hpp"

namespace haingest::cli {
namespace {

std::string name_of(const Setting& setting) {
  if (!setting.flag.empty()) return std::string(setting.flag);
  if (!setting.file_key.empty()) return std::string(setting.file_key);
  return environment_names(setting).front();
}

std::string text_of(const Context& context, const Command* command, const Settings& settings,
                    const Setting& setting) {
  const Settings::Value& value = settings.of(setting.key);
  if (setting.shape == Setting::Shape::secret) return value.given ? "********" : "";
  if (setting.key == Key::db && !value.given) return context.database_path();
  if (setting.key == Key::log_level && !value.given) return std::string(log_level_of(command));
  std::string text;
  for (const std::string& each : value.texts) text += (text.empty() ? "" : ",") + masked(each);
  return text;
}

void add_row(Rows& rows, const std::string& setting, const std::string& text,
             const std::string& origin) {
  Cell value = text_cell(text);
  if (text.empty()) value.json = "null";
  rows.cells.push_back({text_cell(setting), std::move(value), text_cell(origin)});
}

// "influx-url of archive", for each of several targets.
void show_targets(const Context& context, const Command* command, Rows& rows) {
  for (const Settings& target : context.settings.targets()) {
    const std::string of_it = " of " + target.text(Key::influx_name);
    for (const Setting& setting : settings()) {
      if (!is_of_a_target(setting.key) || setting.shape == Setting::Shape::secret) continue;
      add_row(rows, name_of(setting) + of_it, text_of(context, command, target, setting),
              target.of(setting.key).origin);
    }
  }
}

}  // namespace

void show_config(const Context& context, const Command* command,
                 const std::vector<FileLayer>& files) {
  Rows rows{{"setting", "value", "origin"}, {}};
  for (const FileLayer& file : files) {
    rows.cells.push_back({text_cell("config"), text_cell(file.path),
                          text_cell(context.settings.of(Key::config).origin +
                                    (file.there ? ", read" : ", not there"))});
  }
  for (const Setting& setting : settings()) {
    const bool shown = command == nullptr || (setting.commands & command->bit) != 0;
    if (!shown || setting.key == Key::show_config || setting.key == Key::config) continue;
    if (setting.key == Key::influx_name) show_targets(context, command, rows);
    // What is given all the same is why watch refuses to begin.
    const bool several = is_of_a_target(setting.key) && !context.settings.targets().empty();
    if (several && !context.settings.given(setting.key)) continue;
    add_row(rows, name_of(setting), text_of(context, command, context.settings, setting),
            context.settings.of(setting.key).origin);
  }
  context.write(rows);
}

}  // namespace haingest::cli
