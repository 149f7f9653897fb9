// SPDX-License-Identifier: MIT
// The spool on a disk that is full: a small tmpfs.
#include <filesystem>

#include "core/influx/spool.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/small_disk.hpp"

using namespace haingest;
using influx::Spool;

namespace {

influx::SpoolOptions options() {
  influx::SpoolOptions options;
  options.targets = {"a"};
  options.min_free_disk_bytes = 0;
  return options;
}

influx::SpoolCommit commit_of(int number) {
  influx::SpoolCommit commit;
  influx::NewBlock block;
  block.count = 400;
  for (int i = 0; i < 400; ++i) {
    block.lines += "m,n=" + std::to_string(number) + " i=" + std::to_string(i) + ",text=\"" +
                   std::string(200, 'x') + "\" 1700000000000000000\n";
  }
  commit.blocks.push_back(block);
  commit.marks.push_back(
      {"sensor.s" + std::to_string(number), base::Timestamp{std::chrono::seconds(number)}});
  return commit;
}

std::vector<influx::Block> waiting(Spool& spool) {
  return spool.read("a", 0, 1'000'000'000, std::size_t{1} << 30U);
}

}  // namespace

TEST_CASE("spool: on a full disk nothing is taken, and later again when there is room") {
  test::SmallDisk disk;
  if (!disk.mount("12m")) return;
  const std::string path = disk.file("spool");
  Spool spool = Spool::open(path, options(), base::system_now);
  // Another program takes the rest of the disk in the middle of it.
  test::write_file(disk.file("other"), std::string(4 << 20, 'o'));
  int taken = 0;
  std::string why;
  while (why.empty()) {
    const auto answer = spool.commit(commit_of(taken + 1));
    if (answer.has_error()) {
      why = answer.error().message;
    } else {
      ++taken;
    }
    REQUIRE(taken < 1000);
  }
  CHECK(why ==
        path + " cannot grow: the disk is full; nothing was changed, make room and try again");
  CHECK(taken > 10);
  CHECK(waiting(spool).size() == static_cast<std::size_t>(taken));
  CHECK(spool.depth("a").blocks == static_cast<std::uint64_t>(taken));
  CHECK(spool.marks().size() == static_cast<std::size_t>(taken));
  CHECK(spool.losses().given_up_lines == 0);
  CHECK(spool.commit(commit_of(taken + 1)).has_error());

  SECTION("the other program gives it back") {
    std::filesystem::remove(disk.file("other"));
    REQUIRE(spool.commit(commit_of(taken + 1)).value() == taken + 1);
  }
  SECTION("the target takes what waits; that holds, but may be written only when there is room") {
    std::vector<std::int64_t> ids;
    for (const influx::Block& block : waiting(spool)) ids.push_back(block.id);
    const auto answer = spool.acknowledge("a", ids);
    if (answer.has_error()) CHECK(answer.error().message == why);
    CHECK(waiting(spool).empty());
    std::filesystem::remove(disk.file("other"));
    REQUIRE(spool.commit(commit_of(taken + 1)).value() == taken + 1);
    CHECK(waiting(spool).size() == 1);
  }
  { const Spool closed = std::move(spool); }
  Spool again = Spool::open(path, options(), base::system_now);
  CHECK(again.report().empty());
  CHECK(waiting(again).back().id == taken + 1);
  const bool whole = waiting(again).back().lines == commit_of(taken + 1).blocks[0].lines;
  CHECK(whole);
  CHECK(again.marks().size() == static_cast<std::size_t>(taken + 1));
}
