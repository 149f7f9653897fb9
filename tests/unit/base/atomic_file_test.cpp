// SPDX-License-Identifier: MIT
#include "core/base/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>

#include "core/base/error.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/left_out.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
namespace fs = std::filesystem;

namespace {

std::size_t files_in(const test::TempDir& dir) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(dir.path()), {}));
}

struct stat about(const std::string& path) {
  struct stat found {};
  REQUIRE(::lstat(path.c_str(), &found) == 0);
  return found;
}

}  // namespace

TEST_CASE("atomic_file: replaces a file whole and leaves nothing beside it") {
  const test::TempDir dir;
  const std::string path = dir.file("a.json");
  base::write_file_atomically(path, "one");
  base::write_file_atomically(path, std::string_view{"t\0o", 3});
  CHECK(base::read_whole_file(path) == std::string_view{"t\0o", 3});
  CHECK(files_in(dir) == 1);
}

TEST_CASE("atomic_file: a file that is there keeps its mode, a new one has the umask's") {
  const test::TempDir dir;
  const std::string path = dir.file("a.json");
  const mode_t mask = ::umask(027);
  base::write_file_atomically(path, "one");
  ::umask(mask);
  CHECK((about(path).st_mode & 0777U) == 0640);
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  base::write_file_atomically(path, "two");
  CHECK((about(path).st_mode & 0777U) == 0600);
  CHECK(base::read_whole_file(path) == "two");
}

TEST_CASE("atomic_file: a link is followed, whether its file is there or not") {
  const test::TempDir dir;
  fs::create_directory(dir.file("far"));
  test::write_file(dir.file("far/real.json"), "old");
  REQUIRE(::chmod(dir.file("far/real.json").c_str(), 0604) == 0);
  fs::create_symlink("far/real.json", dir.file("near.json"));
  fs::create_symlink(dir.file("near.json"), dir.file("again.json"));
  base::write_file_atomically(dir.file("again.json"), "new");
  CHECK(fs::is_symlink(dir.file("again.json")));
  CHECK(fs::is_symlink(dir.file("near.json")));
  CHECK(base::read_whole_file(dir.file("far/real.json")) == "new");
  CHECK((about(dir.file("far/real.json")).st_mode & 0777U) == 0604);
  fs::remove(dir.file("far/real.json"));
  base::write_file_atomically(dir.file("near.json"), "made");
  CHECK(fs::is_symlink(dir.file("near.json")));
  CHECK(base::read_whole_file(dir.file("far/real.json")) == "made");
  CHECK(std::distance(fs::directory_iterator(dir.file("far")), {}) == 1);
}

TEST_CASE("atomic_file: a pipe is written into, and stays one") {
  const test::TempDir dir;
  const std::string path = dir.file("pipe");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  base::write_file_atomically(path, "through");
  char text[16] = {};
  CHECK(::read(reader, text, sizeof text) == 7);
  CHECK(std::string(text) == "through");
  ::close(reader);
  CHECK(S_ISFIFO(about(path).st_mode));
  CHECK(files_in(dir) == 1);
}

TEST_CASE("atomic_file: a device is written into, and stays one") {
  const test::TempDir dir;
  // Nodes of our own: a mistake must not cost the machine its /dev/full.
  const std::string full = dir.file("full");
  const std::string null = dir.file("null");
  const bool made = ::mknod(full.c_str(), S_IFCHR | 0600, ::makedev(1, 7)) == 0 &&
                    ::mknod(null.c_str(), S_IFCHR | 0600, ::makedev(1, 3)) == 0;
  if (!made || ::access(null.c_str(), W_OK) != 0 ||
      ::close(::open(null.c_str(), O_WRONLY | O_CLOEXEC)) != 0) {
    return test::left_out("writing into devices", "this user may not make them here");
  }
  base::write_file_atomically(null, "nothing");
  CHECK(S_ISCHR(about(null).st_mode));
  CHECK_THROWS_WITH(base::write_file_atomically(full, "x"),
                    "cannot write " + full + ": No space left on device");
  CHECK(S_ISCHR(about(full).st_mode));
  CHECK(about(full).st_rdev == ::makedev(1, 7));
  CHECK(files_in(dir) == 2);
}

TEST_CASE("atomic_file: a place that cannot be written is named, with the reason") {
  const test::TempDir dir;
  const std::string path = dir.file("none/a.json");
  CHECK_THROWS_WITH(base::write_file_atomically(path, "x"),
                    "cannot write " + path + ": No such file or directory");
  CHECK_THROWS_WITH(base::read_whole_file(path),
                    "cannot read " + path + ": No such file or directory");
}
