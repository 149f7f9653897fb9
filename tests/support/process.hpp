// SPDX-License-Identifier: MIT
// Starts a program and sees what a shell would see of it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace haingest::test {

struct Outcome {
  int exit_code = -1;  // 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

struct Command {
  std::vector<std::string> argv;                   // argv[0] is a path
  std::map<std::string, std::string> environment;  // the whole of it; nothing is inherited
  std::string input;
};

// Runs to the end; kills and throws after `deadline`.
[[nodiscard]] Outcome run(const Command& command,
                          std::chrono::seconds deadline = std::chrono::seconds(60));

// A program in the background; killed and reaped at the end of its scope.
class Background {
 public:
  explicit Background(const Command& command);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  // What it has written so far.
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;
  // Waits until stdout (or stderr) holds `text`; throws with both at the deadline or its end.
  void wait_for_out(const std::string& text,
                    std::chrono::seconds deadline = std::chrono::seconds(20)) const;
  void wait_for_err(const std::string& text,
                    std::chrono::seconds deadline = std::chrono::seconds(20)) const;
  void signal(int number) const;
  // Waits for its end; kills and throws after `deadline`.
  Outcome wait(std::chrono::seconds deadline = std::chrono::seconds(60));

 private:
  pid_t pid_ = -1;
  std::string out_path_;
  std::string err_path_;
  std::optional<int> exit_code_;
};

}  // namespace haingest::test
