// SPDX-License-Identifier: MIT
// haingest-gendocs OUTDIR: writes man/ and completions/ there, out of the tables of commands and
// settings and nothing else. What it writes is checked in; a test compares.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/docs_completions.hpp"
#include "cli/docs_man.hpp"

namespace {

using haingest::cli::GeneratedFile;

std::vector<GeneratedFile> all_files() {
  std::vector<GeneratedFile> files = haingest::cli::man_pages();
  files.push_back({"completions/haingest.bash", haingest::cli::bash_completion()});
  files.push_back({"completions/_haingest", haingest::cli::zsh_completion()});
  files.push_back({"completions/haingest.fish", haingest::cli::fish_completion()});
  return files;
}

void write(const std::filesystem::path& path, const std::string& content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content << std::flush;
  if (!file) throw std::runtime_error("cannot write " + path.string());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || argv[1][0] == '-') {
    std::cerr << "Usage: haingest-gendocs OUTDIR\n";
    return 2;
  }
  try {
    for (const GeneratedFile& file : all_files()) {
      write(std::filesystem::path(argv[1]) / file.path, file.content);
    }
  } catch (const std::exception& error) {
    std::cerr << "haingest-gendocs: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
