// SPDX-License-Identifier: MIT
// What the tests of the command line share: an environment of their own, and what an error says.
#pragma once

#include <map>
#include <string>

#include "cli/settings.hpp"
#include "core/base/error.hpp"

namespace haingest::test {

using Variables = std::map<std::string, std::string>;

// As process_environment() sees it: an empty variable is not set.
inline cli::Environment environment_of(Variables variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto at = variables.find(name);
    if (at == variables.end() || at->second.empty()) return std::nullopt;
    return at->second;
  };
}

inline cli::Settings settings_from(const cli::Layer& flags, Variables variables = {},
                                   const std::vector<cli::FileLayer>& files = {}) {
  return {flags, environment_of(std::move(variables)), files};
}

// The line that `work` fails with, its Try line behind " | "; "" when it does not fail. Every
// failure must be one of `usage`.
template <class Work>
std::string usage_error(Work work) {
  try {
    work();
  } catch (const base::Failure& failure) {
    const base::Error& error = failure.error();
    if (error.kind != base::ErrorKind::usage) return "of another kind: " + error.message;
    return error.try_command.empty() ? error.message : error.message + " | " + error.try_command;
  }
  return "";
}

}  // namespace haingest::test
