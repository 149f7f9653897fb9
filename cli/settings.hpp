// SPDX-License-Identifier: MIT
// What holds for this invocation: flags over environment over file over defaults, each value with
// its origin.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/setting.hpp"
#include "core/base/error.hpp"
#include "core/base/secret.hpp"

namespace haingest::cli {

// One layer: what it says of a setting. A switch that is on is {"true"}, one that is counted is
// {"2"}, an optional value that was left out is {}.
using Layer = std::map<Key, std::vector<std::string>>;

struct FileLayer {
  std::string path;
  Layer values;
  bool there = true;  // one that is not there was looked for all the same
  // What its [[influx]] tables say, where it has several; `values` has nothing of a target then.
  std::vector<Layer> targets = {};
};

// Reads one variable; none when it is not set. An empty one counts as not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
[[nodiscard]] Environment process_environment();
// All of them, each as "NAME=value".
[[nodiscard]] std::vector<std::string> process_variables();

// Throws Failure `usage` for a variable that begins with HAINGEST_ and sets nothing, as for an
// unknown key of the configuration file: a mistyped HAINGEST_DRY_RUN must not write.
void refuse_unknown_variables(const std::vector<std::string>& variables);

// Whether a name, of an option or a key, sounds like that of a token.
[[nodiscard]] bool means_a_secret(std::string_view name);

class Settings {
 public:
  struct Value {
    std::vector<std::string> texts;
    std::string origin = "default";  // "--ha-url", "HA_URL", "/etc/…/haingest.toml: ha.url"
    bool given = false;              // by anyone: not the default
  };

  // `files` in rising order of weight. File names that begin with ~/ come out as in the home
  // folder: a shell does that for some words only, and nobody does it for the other layers. Throws
  // Failure `usage` for one without HOME, and for an [influx] table above [[influx]] tables.
  Settings(const Layer& flags, const Environment& environment, const std::vector<FileLayer>& files);

  [[nodiscard]] const Value& of(Key key) const { return values_[static_cast<std::size_t>(key)]; }

  [[nodiscard]] bool given(Key key) const { return of(key).given; }
  // On the command line, not in the environment or a file.
  [[nodiscard]] bool by_flag(Key key) const { return of(key).origin.starts_with("--"); }
  [[nodiscard]] std::string text(Key key) const;
  [[nodiscard]] const std::vector<std::string>& list(Key key) const { return of(key).texts; }
  // The ones below throw Failure `usage` with the setting's origin for a text that does not fit.
  [[nodiscard]] bool on(Key key) const;
  [[nodiscard]] int count(Key key) const;
  [[nodiscard]] std::chrono::milliseconds duration(Key key) const;
  [[nodiscard]] std::string one_of(Key key, const std::vector<std::string>& words) const;

  // Throws Failure `usage`: "ORIGIN: 'text' …".
  [[noreturn]] void refuse(Key key, std::string_view text, std::string_view why) const;

  // The token in the file that `file_key` names, else what `token_key` holds; empty when neither is
  // set. The more explicit layer wins where both are.
  [[nodiscard]] base::Secret secret(Key file_key, Key token_key) const;
  [[nodiscard]] base::Secret secret(Key token_key) const;

  // These settings as they hold for each of the file's several targets; empty where it has not
  // several. What flags and environment say of a target is then in none of them.
  [[nodiscard]] const std::vector<Settings>& targets() const { return targets_; }

 private:
  void reset(const Setting& setting);
  void forget_target();
  // Returns the file whose [[influx]] tables hold, or none.
  const FileLayer* take_files(const std::vector<FileLayer>& files);
  [[nodiscard]] Settings for_target(const Layer& table, const std::string& path) const;
  void take_environment(const Setting& setting, const Environment& environment);
  void take_listen(const Environment& environment);
  void expand_homes(const Environment& environment);

  std::array<Value, k_setting_count> values_;
  std::array<int, k_setting_count> weights_{};  // 3 flag, 2 environment, 1 file, 0 default
  std::vector<Settings> targets_;
};

}  // namespace haingest::cli
