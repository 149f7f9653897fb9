// SPDX-License-Identifier: MIT
// A folder of its own for a test case; deleted at the end, kept and named when the case has failed.
#pragma once

#include <filesystem>
#include <string>

namespace haingest::test {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
  int uncaught_;
};

void write_file(const std::string& path, const std::string& content);
[[nodiscard]] std::string read_file(const std::string& path);

}  // namespace haingest::test
