// SPDX-License-Identifier: MIT
#include "cli/config_file.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>

#include "cli/options.hpp"
#include "core/base/atomic_file.hpp"
#include "core/base/text.hpp"

namespace haingest::cli {
namespace {

using Shape = Setting::Shape;

// What the library says, by a word of it, in ours. A release that says it otherwise gets the last.
std::string what_is_wrong(std::string_view description) {
  struct Words {
    std::string_view theirs;
    std::string_view ours;
  };
  constexpr std::array<Words, 10> all{{
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

class Parser {
 public:
  explicit Parser(const std::string& path) : path_(path) {}

  ConfigText parse(std::string_view text) {
    try {
      const toml::table table = toml::parse(text, path_);
      read_table(table, "");
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

  void read_table(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const std::string key = prefix + std::string(name.str());
      if (const toml::table* const inner = node.as_table()) {
        read_table(*inner, key + ".");
      } else {
        read_value(key, node);
      }
    }
  }

  void read_value(const std::string& key, const toml::node& node) {
    const auto all = settings();
    const auto known = std::ranges::find_if(
        all, [&](const Setting& each) { return !each.file_key.empty() && each.file_key == key; });
    if (known == all.end()) return take_unknown(key, node);
    config_.values[known->key] = texts_of(*known, key, node);
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
    }
    const std::string meant = base::closest_to(key, known);
    refuse(line,
           "there is no setting " + key + (meant.empty() ? "" : "; did you mean " + meant + "?"));
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
    files.push_back({path, std::move(config.values)});
  }
  return files;
}

}  // namespace haingest::cli
