// SPDX-License-Identifier: MIT
#include "core/base/atomic_file.hpp"

#include <filesystem>

#include "core/base/error.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;

TEST_CASE("atomic_file: replaces a file whole and leaves nothing beside it") {
  const test::TempDir dir;
  const std::string path = dir.file("a.json");
  base::write_file_atomically(path, "one");
  base::write_file_atomically(path, std::string_view{"t\0o", 3});
  CHECK(base::read_whole_file(path) == std::string_view{"t\0o", 3});
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 1);
}

TEST_CASE("atomic_file: a place that cannot be written is named, with the reason") {
  const test::TempDir dir;
  const std::string path = dir.file("none/a.json");
  CHECK_THROWS_WITH(base::write_file_atomically(path, "x"),
                    "cannot write " + path + ": No such file or directory");
  CHECK_THROWS_WITH(base::read_whole_file(path),
                    "cannot read " + path + ": No such file or directory");
}
