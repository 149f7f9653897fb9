// SPDX-License-Identifier: MIT
// The configuration file: TOML whose keys are those of the settings' table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/settings.hpp"

namespace haingest::cli {

struct ConfigText {
  Layer values;
  std::vector<Layer> targets;         // of several [[influx]] tables, each with a URL
  std::vector<std::string> warnings;  // retired keys
};

// Throws Failure `usage` with path and line for what is no TOML, a key that nobody knows (with the
// one that was probably meant), a token, a value of the wrong type, and for one of several
// [[influx]] tables without a name of its own or a URL.
[[nodiscard]] ConfigText parse_config(std::string_view toml, const std::string& path);

// The files that hold here, in rising order of weight: the one named, else the system's and the
// user's, each of which may be missing. Warnings go to `warnings`. Throws as parse_config does, and
// for a file that is there and cannot be read.
[[nodiscard]] std::vector<FileLayer> read_config_files(const std::string& named,
                                                       const Environment& environment,
                                                       std::vector<std::string>& warnings);

}  // namespace haingest::cli
