// SPDX-License-Identifier: MIT
// packaging/build and what it makes of a build folder that is there.
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/catch.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
namespace fs = std::filesystem;

namespace {

// A `cmake` that builds nothing and says how it was called.
class Bench {
 public:
  Bench() {
    test::write_file(folder_.file("cmake"), "#!/bin/sh\necho \"cmake $*\"\n");
    REQUIRE(::chmod(folder_.file("cmake").c_str(), 0755) == 0);
    fs::create_directory(build());
  }

  [[nodiscard]] std::string build() const { return folder_.file("build"); }
  // The cache of a build of `project` in the tree `home`.
  void configured_for(const std::string& home, const std::string& project = "haingest") const {
    test::write_file(
        build() + "/CMakeCache.txt",
        "CMAKE_HOME_DIRECTORY:INTERNAL=" + home + "\nCMAKE_PROJECT_NAME:STATIC=" + project + "\n");
    test::write_file(build() + "/build.ninja", "");
  }
  [[nodiscard]] test::Outcome run() const {
    const std::string path = folder_.path().string() + ":/usr/bin:/bin";
    return test::run({{"/bin/bash", HAINGEST_SOURCE_DIR "/packaging/build", "haingest"},
                      {{"PATH", path}, {"BUILD", build()}},
                      ""});
  }

 private:
  test::TempDir folder_;
};

const std::string k_tree = fs::canonical(HAINGEST_SOURCE_DIR).string();

}  // namespace

TEST_CASE("build: a folder of this tree is taken as it is, a new one is configured") {
  const Bench bench;
  bench.configured_for(k_tree);
  const test::Outcome known = bench.run();
  CHECK(known.exit_code == 0);
  CHECK(known.err.empty());
  CHECK(known.out.starts_with("cmake --build " + bench.build() + " "));
  fs::remove_all(bench.build());
  CHECK(bench.run().out.starts_with("cmake -S . -B " + bench.build() + " -G Ninja "));
}

TEST_CASE("build: a folder that came with a tree from elsewhere is made anew") {
  const Bench bench;
  bench.configured_for("/elsewhere/haingest");
  const test::Outcome outcome = bench.run();
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err ==
        "build: " + bench.build() + " was configured for /elsewhere/haingest and is made anew\n");
  CHECK(outcome.out.starts_with("cmake -S . -B " + bench.build() + " -G Ninja "));
  CHECK_FALSE(fs::exists(bench.build() + "/CMakeCache.txt"));
}

TEST_CASE("build: a folder of another project is refused and left alone") {
  const Bench bench;
  bench.configured_for("/elsewhere/other", "other");
  const test::Outcome outcome = bench.run();
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out.empty());
  CHECK(outcome.err == "build: " + bench.build() +
                           " belongs to /elsewhere/other; choose another folder with BUILD=\n");
  CHECK(fs::exists(bench.build() + "/CMakeCache.txt"));
}
