// SPDX-License-Identifier: MIT
#include "cli/config_file.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "cli/options.hpp"
#include "core/base/atomic_file.hpp"
#include "core/base/text.hpp"
#include "core/influx/spool.hpp"

namespace haingest::cli {
namespace {

using Shape = Setting::Shape;
constexpr std::string_view k_target_table = "influx";

// What the library says, by a word of it, in ours. A release that says it otherwise gets the last.
std::string what_is_wrong(std::string_view description) {
  struct Words {
    std::string_view theirs;
    std::string_view ours;
  };
  constexpr std::array<Words, 11> all{{
      {"' as ", "the key stands here twice; [name] is one table, [[name]] each of several"},
      {"redefine", "the key stands here twice"},
      {"expected '='", "a key without its value; write key = value"},
      {"utf-8", "these bytes are no UTF-8"},
      {"escape sequence",
       "\\ begins an escape in double quotes; write \\\\, or take single quotes"},
      {"control characters", "the text has no closing quote on its line"},
      {"parsing date", "there is no such date; a text stands in quotes"},
      {"parsing time", "there is no such time; a text stands in quotes"},
      {"table header", "a table is written [name]"},
      {"end-of-file", "it ends in the middle of a value; close the quote or the list"},
      {"value", "the value is missing or wrong; a text stands in quotes, a list in [ ]"},
  }};
  for (const Words& each : all) {
    if (description.find(each.theirs) != std::string_view::npos) return std::string(each.ours);
  }
  return "write key = value, one a line, a text in quotes";
}

// A key that one other table has stands in the wrong one.
std::string meant_key(const std::string& key, const std::vector<std::string>& known) {
  const auto last_word = [](std::string_view each) { return each.substr(each.rfind('.') + 1); };
  const auto same = [&](const std::string& each) { return last_word(each) == last_word(key); };
  if (std::ranges::count_if(known, same) == 1) return *std::ranges::find_if(known, same);
  return base::closest_to(key, known);
}

class Parser {
 public:
  explicit Parser(const std::string& path) : path_(path) {}

  ConfigText parse(std::string_view text) {
    try {
      const toml::table table = toml::parse(text, path_);
      read_table(table, "", config_.values);
    } catch (const toml::parse_error& error) {
      const auto& at = error.source().begin;
      throw base::Failure(base::ErrorKind::usage,
                          path_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) +
                              ": this is no TOML: " + what_is_wrong(error.description()));
    }
    return std::move(config_);
  }

 private:
  [[noreturn]] void refuse(std::uint32_t line, const std::string& what) const {
    throw base::Failure(base::ErrorKind::usage, path_ + ":" + std::to_string(line) + ": " + what);
  }

  void read_table(const toml::table& table, const std::string& prefix, Layer& values) {
    for (const auto& [name, node] : table) {
      const std::string key = prefix + std::string(name.str());
      if (const toml::table* const inner = node.as_table()) {
        read_table(*inner, key + ".", values);
      } else if (key == k_target_table && node.is_array_of_tables()) {
        read_targets(*node.as_array());
      } else {
        read_value(key, node, values);
      }
    }
  }

  // One alone is as [influx] would be.
  void read_targets(const toml::array& tables) {
    std::set<std::string> names;
    for (const toml::node& node : tables) {
      Layer values;
      read_table(*node.as_table(), std::string(k_target_table) + ".", values);
      if (tables.size() == 1) return config_.values.merge(values);
      const std::uint32_t line = node.source().begin.line;
      const std::string name = new_name(values, names, line);
      if (!values.contains(Key::influx_url)) {
        refuse(line, "the target " + name +
                         " has no url; write where its points go, as in url = "
                         "\"http://localhost:8086\"");
      }
      config_.targets.push_back(std::move(values));
      if (config_.targets.size() > influx::k_most_targets) {
        refuse(line, "this is one [[influx]] table too many; there may be " +
                         std::to_string(influx::k_most_targets));
      }
    }
  }

  // One of several may be without a name, as the target of a file with one table is.
  std::string new_name(const Layer& values, std::set<std::string>& names,
                       std::uint32_t line) const {
    const auto given = values.find(Key::influx_name);
    const bool named = given != values.end();
    const std::string usual(setting_of(Key::influx_name).fallback);
    const std::string& name = named ? given->second.back() : usual;
    if (names.insert(name).second) return name;
    refuse(line, named ? "another target is called " + name + ", too; each needs a name of its own"
                       : "this [[influx]] table needs a name, as in name = \"archive\"; " + usual +
                             ", as it would be called without, is another");
  }

  void read_value(const std::string& key, const toml::node& node, Layer& values) {
    const auto all = settings();
    const auto known = std::ranges::find_if(
        all, [&](const Setting& each) { return !each.file_key.empty() && each.file_key == key; });
    if (known == all.end()) return take_unknown(key, node);
    values[known->key] = texts_of(*known, key, node);
    if (known->key == Key::influx_name) check_name(values[known->key].back(), node);
  }

  void check_name(std::string_view name, const toml::node& node) const {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    constexpr std::size_t longest = 32;
    if (!name.empty() && name.size() <= longest &&
        name.find_first_not_of(letters) == std::string_view::npos) {
      return;
    }
    refuse(node.source().begin.line,
           "influx.name takes a short word: at most 32 of a-z, 0-9, _ and -");
  }

  void take_unknown(const std::string& key, const toml::node& node) {
    const std::uint32_t line = node.source().begin.line;
    const auto retired = std::ranges::find(retired_keys(), key, &RetiredKey::file_key);
    if (retired != retired_keys().end()) {
      config_.warnings.push_back(path_ + ":" + std::to_string(line) + ": " + key +
                                 " is retired and was ignored; set " +
                                 std::string(retired->advice) + " instead");
      return;
    }
    if (means_a_secret(key)) refuse_secret(line, key);
    std::vector<std::string> known;
    for (const Setting& setting : settings()) {
      if (!setting.file_key.empty()) known.emplace_back(setting.file_key);
      if (setting.file_key.starts_with(key + ".")) refuse_table(line, key);
    }
    const std::string meant = meant_key(key, known);
    refuse(line,
           "there is no setting " + key + (meant.empty() ? "" : "; did you mean " + meant + "?"));
  }

  [[noreturn]] void refuse_table(std::uint32_t line, const std::string& key) const {
    const bool several = key == k_target_table;
    refuse(line, key + " is a table, which is written [" + key + "]" +
                     (several ? ", or [[" + key + "]] for each of several" : ""));
  }

  // "ha.token" has its "ha.token_file"; other names are guesses at one of the two.
  [[noreturn]] void refuse_secret(std::uint32_t line, const std::string& key) const {
    const auto all = settings();
    const auto file = std::ranges::find(all, key + "_file", &Setting::file_key);
    refuse(line, key +
                     " would show a token to everyone who may read this file; put it into a file "
                     "of its own and name that with " +
                     (file != all.end() ? std::string(file->file_key)
                                        : "ha.token_file or api.token_file"));
  }

  std::vector<std::string> texts_of(const Setting& setting, const std::string& key,
                                    const toml::node& node) const {
    if (const toml::array* const array = node.as_array()) {
      if (setting.shape != Shape::list) {
        refuse(node.source().begin.line, key + " takes one value, not a list");
      }
      std::vector<std::string> texts;
      for (const toml::node& element : *array) texts.push_back(text_of(setting, element));
      return texts;
    }
    return {text_of(setting, node)};
  }

  std::string text_of(const Setting& setting, const toml::node& node) const {
    if (const auto text = node.value_exact<std::string>()) return *text;
    if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
    if (const auto on = node.value_exact<bool>()) return *on ? "true" : "false";
    refuse(node.source().begin.line, std::string(setting.file_key) + " takes " + type_of(setting));
  }

  const std::string& path_;
  ConfigText config_;
};

std::vector<std::string> usual_paths(const Environment& environment) {
  std::vector<std::string> paths{"/etc/haingest/haingest.toml"};
  if (const auto folder = environment("XDG_CONFIG_HOME")) {
    paths.push_back(*folder + "/haingest/haingest.toml");
  } else if (const auto home = environment("HOME")) {
    paths.push_back(*home + "/.config/haingest/haingest.toml");
  }
  return paths;
}

std::string read_config(const std::string& path) {
  try {
    return base::read_whole_file(path);
  } catch (const base::Failure& failure) {
    throw base::Failure(base::ErrorKind::usage,
                        failure.error().message +
                            "; it is a configuration file, make it readable or name another one "
                            "with --config");
  }
}

}  // namespace

ConfigText parse_config(std::string_view toml, const std::string& path) {
  return Parser(path).parse(toml);
}

std::vector<FileLayer> read_config_files(const std::string& named, const Environment& environment,
                                         std::vector<std::string>& warnings) {
  std::vector<std::string> paths{named};
  if (named.empty()) {
    paths = usual_paths(environment);
  }
  std::vector<FileLayer> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (named.empty() && !std::filesystem::exists(path, error) && !error) {
      files.push_back({path, {}, false});
      continue;
    }
    ConfigText config = parse_config(read_config(path), path);
    std::ranges::move(config.warnings, std::back_inserter(warnings));
    files.push_back({path, std::move(config.values), true, std::move(config.targets)});
  }
  return files;
}

}  // namespace haingest::cli
