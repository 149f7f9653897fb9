// SPDX-License-Identifier: MIT
#include "core/migrate/checkpoint.hpp"

#include <filesystem>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
using migrate::Checkpoint;
using migrate::Done;
using migrate::Positions;
using test::read_file;
using test::TempDir;
using test::write_file;

namespace {

const Checkpoint::Key k_power{"house", "autogen", "power"};
// Any bytes but those that no name has.
const Checkpoint::Key k_odd{"a\tb", "c\nd%41", std::string("\0\xff ", 3)};
const Done k_some{1'767'571'200'000'000'000, 10, 40, 1};
const Done k_more{-5, 11, 44, 2};

}  // namespace

TEST_CASE("checkpoint: what was done is known again") {
  const TempDir folder;
  const std::string path = folder.file("c");
  {
    Checkpoint checkpoint(path, "a to b", false);
    CHECK(checkpoint.is_new());
    CHECK_FALSE(checkpoint.find(k_power).has_value());
    checkpoint.add(k_power, k_some, {100, 7});
    checkpoint.add(k_odd, k_some, {200, 8});
    checkpoint.add(k_power, k_more, {300, 9});
    CHECK(checkpoint.find(k_power) == k_more);
  }
  CHECK(read_file(path) ==
        "haingest copy 1\ta to b\n"
        "house\tautogen\tpower\t1767571200000000000\t10\t40\t1\t100\t7\n"
        "a%09b\tc%0Ad%2541\t%00%FF \t1767571200000000000\t10\t40\t1\t200\t8\n"
        "house\tautogen\tpower\t-5\t11\t44\t2\t300\t9\n");
  const Checkpoint again(path, "a to b", false);
  CHECK_FALSE(again.is_new());
  CHECK(again.find(k_power) == k_more);
  CHECK(again.find(k_odd) == k_some);
  CHECK(again.positions() == Positions{300, 9});
  // What was replaced is gone.
  CHECK(read_file(path) ==
        "haingest copy 1\ta to b\n"
        "a%09b\tc%0Ad%2541\t%00%FF \t1767571200000000000\t10\t40\t1\t300\t9\n"
        "house\tautogen\tpower\t-5\t11\t44\t2\t300\t9\n");
}

TEST_CASE("checkpoint: cut anywhere, whole lines count") {
  const TempDir folder;
  const std::string path = folder.file("c");
  {
    Checkpoint checkpoint(path, "x", false);
    checkpoint.add(k_power, k_some, {100, 7});
    checkpoint.add(k_power, k_more, {300, 9});
  }
  const std::string content = read_file(path);
  const std::size_t first = content.find('\n') + 1;
  const std::size_t second = content.find('\n', first) + 1;
  for (std::size_t size = first; size <= content.size(); ++size) {
    INFO(size);
    write_file(path, content.substr(0, size));
    const Checkpoint cut(path, "x", false);
    CHECK(cut.is_new() == (size < second));
    if (size < second) continue;
    CHECK(cut.find(k_power) == (size < content.size() ? k_some : k_more));
    CHECK(cut.positions() == (size < content.size() ? Positions{100, 7} : Positions{300, 9}));
  }
}

TEST_CASE("checkpoint: another copy's is left alone, unless it is to be forgotten") {
  const TempDir folder;
  const std::string path = folder.file("c");
  { Checkpoint(path, "a to b", false).add(k_power, k_some, {}); }
  const std::string content = read_file(path);
  try {
    const Checkpoint other(path, "a to c", false);
    FAIL("it was taken");
  } catch (const base::Failure& failure) {
    CHECK(failure.error().kind == base::ErrorKind::guard);
    CHECK(failure.error().message ==
          path +
              " is the checkpoint of another copy (a to b, and this is a to c); finish that one, "
              "or begin this one with --restart");
  }
  CHECK(read_file(path) == content);
  Checkpoint anew(path, "a to c", true);
  CHECK(anew.is_new());
  // Until a window is done, nothing is lost of the other one.
  CHECK(read_file(path) == content);
  anew.add(k_power, k_some, {100, 7});
  CHECK(read_file(path) ==
        "haingest copy 1\ta to c\n"
        "house\tautogen\tpower\t1767571200000000000\t10\t40\t1\t100\t7\n");
}

TEST_CASE("checkpoint: what is none is left alone") {
  const TempDir folder;
  write_file(folder.file("c"), "shopping list\n");
  CHECK_THROWS_AS(Checkpoint(folder.file("c"), "x", false), base::Failure);
  CHECK(read_file(folder.file("c")) == "shopping list\n");
}

TEST_CASE("checkpoint: without a path nothing is kept, and gone it is new") {
  Checkpoint none("", "x", false);
  none.add(k_power, k_some, {1, 2});
  CHECK(none.find(k_power) == k_some);
  const TempDir folder;
  Checkpoint checkpoint(folder.file("c"), "x", false);
  CHECK_FALSE(std::filesystem::exists(folder.file("c")));
  checkpoint.add(k_power, k_some, {1, 2});
  checkpoint.forget();
  CHECK(checkpoint.is_new());
  CHECK(checkpoint.positions() == Positions{});
  CHECK_FALSE(std::filesystem::exists(folder.file("c")));
  checkpoint.add(k_power, k_some, {1, 2});
  CHECK(std::filesystem::exists(folder.file("c")));
  checkpoint.remove();
  CHECK_FALSE(std::filesystem::exists(folder.file("c")));
}
