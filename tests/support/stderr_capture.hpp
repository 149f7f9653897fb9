// SPDX-License-Identifier: MIT
// What the process writes to stderr (the log) while the object lives. One at a time.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <string>

#include "tests/support/temp_dir.hpp"

namespace haingest::test {

class StderrCapture {
 public:
  StderrCapture() : saved_(::dup(STDERR_FILENO)) {
    const int file = ::open(path().c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    if (saved_ < 0 || file < 0) throw std::runtime_error("stderr cannot be captured");
    std::fflush(stderr);
    ::dup2(file, STDERR_FILENO);
    ::close(file);
  }
  ~StderrCapture() {
    std::fflush(stderr);
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
  }
  StderrCapture(const StderrCapture&) = delete;
  StderrCapture& operator=(const StderrCapture&) = delete;

  [[nodiscard]] std::string text() const {
    std::fflush(stderr);
    return read_file(path());
  }

 private:
  [[nodiscard]] std::string path() const { return folder_.file("stderr"); }

  TempDir folder_;
  int saved_;
};

}  // namespace haingest::test
