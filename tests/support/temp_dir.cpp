// SPDX-License-Identifier: MIT
#include "tests/support/temp_dir.hpp"

#include <cstdlib>

#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace haingest::test {

TempDir::TempDir() : uncaught_(std::uncaught_exceptions()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "haingest-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern);
  path_ = pattern;
}

TempDir::~TempDir() {
  // Catch2 leaves a failed REQUIRE by an exception: then what the case left is worth a look.
  if (std::uncaught_exceptions() > uncaught_) {
    std::cerr << "kept: " << path_.string() << '\n';
    return;
  }
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << content;
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace haingest::test
