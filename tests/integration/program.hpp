// SPDX-License-Identifier: MIT
// The real binary with a folder and an environment of its own, as a user without any configuration
// would start it.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/secret.hpp"
#include "tests/fakes/ha_server.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace haingest::test {

using Words = std::vector<std::string>;

class Program {
 public:
  explicit Program(std::map<std::string, std::string> variables = {})
      : environment(std::move(variables)) {
    environment["HOME"] = folder.file("home");
  }

  // Home Assistant's address and token, in the environment.
  void talk_to(const fakes::HaServer& server) {
    environment["HA_URL"] = server.url();
    environment["HA_TOKEN"] = std::string(server.token().reveal());
  }

  [[nodiscard]] Command command(Words words, const std::string& input = "") const {
    words.insert(words.begin(), HAINGEST_BINARY);
    return {std::move(words), environment, input};
  }
  [[nodiscard]] Outcome run(const Words& words, const std::string& input = "") const {
    return test::run(command(words, input), std::chrono::seconds(120));
  }

  [[nodiscard]] std::string file(const std::string& name) const { return folder.file(name); }

  TempDir folder;
  std::map<std::string, std::string> environment;
};

// What a command that fails in one line prints.
inline std::string error_line(const std::string& message, const std::string& try_command = "") {
  const std::string line = "haingest: error: " + message + "\n";
  return try_command.empty() ? line : line + "Try: " + try_command + "\n";
}

inline fakes::ServerOptions with_faults(const Words& faults) {
  fakes::ServerOptions options;
  for (const std::string& fault : faults) fakes::add_fault(options.faults, fault);
  return options;
}

// A log's lines without their times: "warning what happened".
inline std::string without_times(const std::string& log) {
  std::string out;
  std::size_t at = 0;
  while (at < log.size()) {
    const std::size_t end = log.find('\n', at);
    std::string line = log.substr(at, end == std::string::npos ? end : end - at);
    const bool dated = line.size() > 30 && line[4] == '-' && line[10] == 'T' && line[23] == '+';
    out += (dated ? line.substr(30) : line) + "\n";
    at = end == std::string::npos ? log.size() : end + 1;
  }
  return out;
}

// `serve` in the background, on a free port.
class Serving {
 public:
  Serving(const Program& program, const std::string& database, Words words = {})
      : process_(command(program, database, std::move(words))) {
    const std::string before = "serving " + database + " at ";
    process_.wait_for_err("\n", std::chrono::seconds(60));
    process_.wait_for_err(before, std::chrono::seconds(60));
    const std::string log = process_.err();
    const std::size_t at = log.find(before) + before.size();
    url_ = log.substr(at, log.find('\n', at) - at);
  }

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] const Background& process() const { return process_; }
  Outcome stop(int signal) {
    process_.signal(signal);
    return process_.wait();
  }

 private:
  static Command command(const Program& program, const std::string& database, Words words) {
    const Words fixed{"serve", "--db", database, "--listen", "127.0.0.1:0"};
    words.insert(words.begin(), fixed.begin(), fixed.end());
    return program.command(std::move(words));
  }

  Background process_;
  std::string url_;
};

}  // namespace haingest::test
