// SPDX-License-Identifier: MIT
#include "cli/settings.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "cli/values.hpp"
#include "core/base/atomic_file.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"

namespace haingest::cli {
namespace {

using Shape = Setting::Shape;
constexpr int k_from_default = 0;
constexpr int k_from_file = 1;
constexpr int k_from_environment = 2;
constexpr int k_from_flag = 3;
constexpr std::string_view k_prefix = "HAINGEST_";
// What else may stand behind that prefix: the variables of `make`, and those that Kubernetes and
// Docker set for a service of this name.
constexpr std::array<std::string_view, 7> k_foreign{
    "TEST_", "BENCH_CACHE=", "PARTS_CACHE=", "NO_INSTALL=", "SERVICE_", "PORT_", "PORT=tcp://"};

std::size_t index_of(Key key) { return static_cast<std::size_t>(key); }

bool all_of(std::string_view text, bool (*wanted)(unsigned char)) {
  return std::ranges::all_of(text, wanted);
}

// "HA_TOKEN=…", out of a shell's or Docker's file of variables. Tokens have no = but at their end,
// where base64 puts it.
bool is_assignment(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  return text.substr(equals).find_first_not_of('=') != std::string_view::npos &&
         all_of(text.substr(0, equals), [](unsigned char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

// Its mode lets everybody, and so do all the folders above it.
bool readable_by_everyone(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path place = fs::canonical(path, error);
  const auto lets = [&](fs::perms wanted) {
    return (fs::status(place, error).permissions() & wanted) != fs::perms::none && !error;
  };
  if (error || !fs::is_regular_file(place, error) || !lets(fs::perms::others_read)) return false;
  while (place != place.root_path()) {
    place = place.parent_path();
    if (!lets(fs::perms::others_exec)) return false;
  }
  return true;
}

// A token is one word of printable ASCII: anything else is a wrong file, or would break a header.
base::Secret token_of(std::string_view text, const std::string& origin) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  const auto refuse = [&](const std::string& why) {
    throw base::Failure(base::ErrorKind::usage,
                        origin + " " + why + "; it must hold the token and nothing else");
  };
  if (first == std::string_view::npos) refuse("holds no token");
  text = text.substr(first, text.find_last_not_of(blanks) - first + 1);
  if (text.front() == '"' || text.front() == '\'') {
    refuse("holds a token in quotes; take them away");
  }
  if (is_assignment(text)) refuse("holds NAME=VALUE, as a shell takes it; leave VALUE alone");
  if (!all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; })) {
    refuse("holds more than one word, or bytes that no token has");
  }
  return base::Secret(std::string(text));
}

bool sets_something(std::string_view name) {
  return std::ranges::any_of(settings(), [&](const Setting& setting) {
    const std::vector<std::string> names = environment_names(setting);
    return std::ranges::find(names, name) != names.end();
  });
}

bool is_foreign(std::string_view variable) {
  const std::string_view rest = variable.substr(k_prefix.size());
  return std::ranges::any_of(k_foreign,
                             [&](std::string_view start) { return rest.starts_with(start); });
}

// Of the part behind the prefix, or everything would be close to everything.
std::string meant_variable(const std::string& mistyped) {
  std::vector<std::string> known;
  for (const Setting& setting : settings()) {
    for (const std::string& name : environment_names(setting)) {
      if (name.starts_with(k_prefix)) known.push_back(name.substr(k_prefix.size()));
    }
  }
  const std::string meant = base::closest_to(mistyped.substr(k_prefix.size()), known);
  return meant.empty() ? "unset it" : "did you mean " + std::string(k_prefix) + meant + "?";
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const text = std::getenv(name.c_str());
    if (text == nullptr || *text == '\0') return std::nullopt;
    return text;
  };
}

std::vector<std::string> process_variables() {
  std::vector<std::string> variables;
  for (char** each = ::environ; each != nullptr && *each != nullptr; ++each) {
    variables.emplace_back(*each);
  }
  return variables;
}

void refuse_unknown_variables(const std::vector<std::string>& variables) {
  for (const std::string& variable : variables) {
    const std::string name = variable.substr(0, variable.find('='));
    const bool empty = name.size() + 1 >= variable.size();
    if (!name.starts_with(k_prefix) || empty || sets_something(name) || is_foreign(variable)) {
      continue;
    }
    throw base::Failure(
        base::ErrorKind::usage,
        "the environment has " + name + ", which is no setting; " + meant_variable(name));
  }
}

bool means_a_secret(std::string_view name) {
  std::string plain(name);
  std::ranges::replace_if(
      plain, [](char c) { return c == '_' || c == '.'; }, '-');
  constexpr std::array<std::string_view, 4> endings{"token", "password", "api-key", "secret"};
  return std::ranges::any_of(endings, [&](std::string_view end) { return plain.ends_with(end); });
}

Settings::Settings(const Layer& flags, const Environment& environment,
                   const std::vector<FileLayer>& files) {
  for (const Setting& setting : settings()) reset(setting);
  const FileLayer* const listing = take_files(files);
  for (const Setting& setting : settings()) take_environment(setting, environment);
  take_listen(environment);
  for (const auto& [key, texts] : flags) {
    values_[index_of(key)] = {texts, "--" + std::string(setting_of(key).flag), true};
    weights_[index_of(key)] = k_from_flag;
  }
  expand_homes(environment);
  if (listing == nullptr) return;
  std::vector<Settings> targets;
  for (const Layer& table : listing->targets) {
    targets.push_back(for_target(table, listing->path));
    targets.back().expand_homes(environment);
  }
  targets_ = std::move(targets);
}

void Settings::reset(const Setting& setting) {
  Value& value = values_[index_of(setting.key)];
  value = {};
  if (!setting.fallback.empty()) value.texts = {std::string(setting.fallback)};
  weights_[index_of(setting.key)] = k_from_default;
}

void Settings::forget_target() {
  for (const Setting& setting : settings()) {
    if (is_of_a_target(setting.key)) reset(setting);
  }
}

// A list of targets replaces what the files under it say of one, as every list does.
const FileLayer* Settings::take_files(const std::vector<FileLayer>& files) {
  const FileLayer* listing = nullptr;
  for (const FileLayer& file : files) {
    if (!file.targets.empty()) {
      listing = &file;
      forget_target();
    }
    for (const auto& [key, texts] : file.values) {
      const std::string name(setting_of(key).file_key);
      if (listing != nullptr && is_of_a_target(key)) {
        throw base::Failure(base::ErrorKind::usage,
                            file.path + ": " + name + ": which of the [[influx]] tables of " +
                                listing->path +
                                " it is for cannot be told; write whole [[influx]] tables here, "
                                "which replace those");
      }
      values_[index_of(key)] = {texts, file.path + ": " + name, true};
      weights_[index_of(key)] = k_from_file;
    }
  }
  return listing;
}

Settings Settings::for_target(const Layer& table, const std::string& path) const {
  Settings target = *this;
  target.forget_target();
  const bool named = table.contains(Key::influx_name);
  const std::string name =
      named ? table.at(Key::influx_name).back() : target.text(Key::influx_name);
  for (const auto& [key, texts] : table) {
    const std::string origin = path + ": " + std::string(setting_of(key).file_key) + " of " + name;
    target.values_[index_of(key)] = {texts, origin, true};
    target.weights_[index_of(key)] = k_from_file;
  }
  return target;
}

void Settings::take_environment(const Setting& setting, const Environment& environment) {
  for (const std::string& name : environment_names(setting)) {
    const std::optional<std::string> text = environment(name);
    if (!text) continue;
    const bool list = setting.shape == Shape::list;
    values_[index_of(setting.key)] = {list ? split_list(*text) : std::vector{*text}, name, true};
    weights_[index_of(setting.key)] = k_from_environment;
    return;
  }
}

void Settings::expand_homes(const Environment& environment) {
  for (const Setting& setting : settings()) {
    if (setting.completion != Setting::Completion::file) continue;
    for (std::string& path : values_[index_of(setting.key)].texts) {
      if (path != "~" && !path.starts_with("~/")) continue;
      const std::optional<std::string> home = environment("HOME");
      if (!home) {
        refuse(setting.key, path, "begins with ~, but HOME is not set; write the whole path");
      }
      path.replace(0, 1, *home);
    }
  }
}

// The old service had the two halves of --listen apart.
void Settings::take_listen(const Environment& environment) {
  const std::optional<std::string> host = environment("DATA_API_HOST");
  const std::optional<std::string> port = environment("DATA_API_PORT");
  if (weights_[index_of(Key::listen)] == k_from_environment || (!host && !port)) return;
  const bool ipv6 = host && host->find(':') != std::string::npos && !host->starts_with('[');
  const std::string left = host ? (ipv6 ? "[" + *host + "]" : *host) : "127.0.0.1";
  const std::string origin =
      !port ? "DATA_API_HOST" : (host ? "DATA_API_HOST, DATA_API_PORT" : "DATA_API_PORT");
  values_[index_of(Key::listen)] = {{left + ":" + port.value_or("8006")}, origin, true};
  weights_[index_of(Key::listen)] = k_from_environment;
}

std::string Settings::text(Key key) const {
  const std::vector<std::string>& texts = of(key).texts;
  return texts.empty() ? "" : texts.back();
}

void Settings::refuse(Key key, std::string_view text, std::string_view why) const {
  const std::string& origin = of(key).origin;
  throw base::Failure(base::ErrorKind::usage,
                      origin + ": '" + std::string(text) + "' " + std::string(why));
}

bool Settings::on(Key key) const {
  const std::optional<bool> on = parse_switch(text(key));
  if (!on) refuse(key, text(key), "is neither true nor false");
  return *on;
}

int Settings::count(Key key) const {
  const std::string number = text(key);
  if (number.size() == 1 && number[0] >= '0' && number[0] <= '9') return number[0] - '0';
  const std::optional<bool> on = parse_switch(number);
  if (!on) refuse(key, number, "is no number from 0 to 9");
  return *on ? 1 : 0;
}

std::chrono::milliseconds Settings::duration(Key key) const {
  const auto span = parse_duration(text(key));
  if (!span) refuse(key, text(key), "is no time; write 30 (seconds), 250ms, 30s, 5m, 2h or 90d");
  return *span;
}

std::string Settings::one_of(Key key, const std::vector<std::string>& words) const {
  std::string word = text(key);
  if (std::ranges::find(words, word) == words.end()) {
    std::string choice;
    for (const std::string& each : words) {
      if (!choice.empty()) choice += &each == &words.back() ? " or " : ", ";
      choice += each;
    }
    refuse(key, word, "is none of " + choice);
  }
  return word;
}

base::Secret Settings::secret(Key token_key) const {
  if (!given(token_key)) return {};
  return token_of(text(token_key), of(token_key).origin);
}

base::Secret Settings::secret(Key file_key, Key token_key) const {
  const bool file_wins =
      weights_[index_of(file_key)] >= weights_[index_of(token_key)] && given(file_key);
  if (!file_wins) return secret(token_key);
  const std::string path = text(file_key);
  const std::string origin = of(file_key).origin + ": ";
  std::string content;
  try {
    content = base::read_whole_file(path);
  } catch (const base::Failure& failure) {
    throw base::Failure(base::ErrorKind::usage, origin + failure.error().message +
                                                    "; it must hold the token and nothing else");
  }
  base::Secret token = token_of(content, origin + path);
  if (readable_by_everyone(path)) {
    base::log::warning(origin + "everybody on this machine can read the token in " + path +
                       "; run: chmod 600 " + path);
  }
  return token;
}

}  // namespace haingest::cli
