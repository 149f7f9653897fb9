// SPDX-License-Identifier: MIT
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "tests/support/sql.hpp"
#include "tests/unit/influx/spool_fixture.hpp"

using namespace haingest;
using influx::Mark;
using influx::Spool;
using influx::SpoolCommit;
using influx::SpoolOptions;
using std::chrono_literals::operator""ms;
using test::acknowledge;
using test::block_of;
using test::commit_of;
using test::ids_waiting;
using test::moment;
using test::take;

namespace {

struct Fixture {
  [[nodiscard]] Spool open() { return Spool::open(path, options, clock.clock()); }
  [[nodiscard]] std::string open_error() {
    try {
      const Spool spool = open();
    } catch (const base::Failure& failure) {
      kind = failure.error().kind;
      return failure.error().message;
    }
    return "none";
  }

  test::TempDir dir;
  std::string path = dir.file("metadata.db-spool");
  SpoolOptions options = make_options();
  test::ManualClock clock;
  base::ErrorKind kind = base::ErrorKind::failure;

  static SpoolOptions make_options() {
    SpoolOptions options;
    options.targets = {"a"};
    return options;
  }
};

std::string depth_text(Spool& spool, const std::string& target) {
  const auto depth = spool.depth(target);
  return std::to_string(depth.blocks) + " " + std::to_string(depth.lines) + " " +
         std::to_string(depth.bytes) + " " +
         (depth.oldest ? base::to_iso_text(*depth.oldest) : "-");
}

std::string gaps_text(Spool& spool) {
  std::string text;
  for (const influx::Gap& gap : spool.gaps()) {
    text += std::to_string(gap.id) + " " + base::to_iso_text(gap.to) + ":";
    for (const influx::GapEntity& entity : gap.open) {
      text += " " + entity.entity_id + "@" + base::to_iso_text(entity.from).substr(11, 8);
    }
    text += "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("spool: what was committed is read in order, with its fields, after a restart, too") {
  Fixture f;
  {
    Spool spool = f.open();
    CHECK(take(spool, commit_of(block_of(2, "one"))) == 1);
    f.clock.now = moment("2026-11-25T12:00:01Z");
    influx::NewBlock second = block_of(1, "two");
    second.alone = true;
    CHECK(take(spool, commit_of(second)) == 2);
    CHECK(spool.report().empty());
  }
  Spool spool = f.open();
  CHECK(spool.report().empty());
  const auto blocks = test::waiting(spool, "a");
  REQUIRE(blocks.size() == 2);
  CHECK(blocks[0].lines == "one value=0\none value=1\n");
  CHECK(blocks[0].count == 2);
  CHECK_FALSE(blocks[0].alone);
  CHECK(blocks[0].taken_at == moment("2026-11-25T12:00:00Z"));
  CHECK(blocks[1].id == 2);
  CHECK(blocks[1].alone);
  CHECK(depth_text(spool, "a") == "2 3 36 2026-11-25T12:00:00.000000+00:00");
}

TEST_CASE("spool: a read keeps to its limits and gives at least one block") {
  Fixture f;
  Spool spool = f.open();
  for (int i = 0; i < 4; ++i) take(spool, commit_of(block_of(10)));
  CHECK(spool.read("a", 0, 25, 1'000'000).size() == 2);
  CHECK(spool.read("a", 0, 1, 1).size() == 1);
  CHECK(spool.read("a", 0, 1000, block_of(10).lines.size() * 3).size() == 3);
  const auto rest = spool.read("a", 3, 1000, 1'000'000);
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].id == 4);
  CHECK(spool.read("a", 4, 1000, 1'000'000).empty());
}

TEST_CASE("spool: a block leaves when every target has it, in any order") {
  Fixture f;
  f.options.targets = {"a", "b"};
  {
    Spool spool = f.open();
    for (int i = 0; i < 4; ++i) take(spool, commit_of(block_of(1)));
    acknowledge(spool, "a", {2});
    CHECK(ids_waiting(spool, "a") == "1 3 4");
    CHECK(ids_waiting(spool, "b") == "1 2 3 4");
    acknowledge(spool, "a", {1, 3});
    acknowledge(spool, "b", {1, 2, 2, 77});
    CHECK(ids_waiting(spool, "a") == "4");
    CHECK(ids_waiting(spool, "b") == "3 4");
    CHECK(depth_text(spool, "a") == "1 1 10 2026-11-25T12:00:00.000000+00:00");
  }
  CHECK(test::query(f.path, "SELECT id FROM blocks") == "3\n4\n");
  CHECK(test::query(f.path, "SELECT name, acknowledged FROM targets") == "a|3\nb|2\n");
  Spool spool = f.open();
  CHECK(ids_waiting(spool, "a") == "4");
  CHECK(ids_waiting(spool, "b") == "3 4");
}

TEST_CASE("spool: ids are not used again when all blocks have left") {
  Fixture f;
  {
    Spool spool = f.open();
    CHECK(take(spool, commit_of(block_of(1))) == 1);
    acknowledge(spool, "a", {1});
  }
  CHECK(test::query(f.path, "SELECT count(*) FROM blocks") == "0\n");
  Spool spool = f.open();
  CHECK(depth_text(spool, "a") == "0 0 0 -");
  CHECK(take(spool, commit_of(block_of(1))) == 2);
}

TEST_CASE("spool: a block for one target waits for no other") {
  Fixture f;
  f.options.targets = {"a", "b"};
  Spool spool = f.open();
  influx::NewBlock only = block_of(1, "again");
  only.only_target = "b";
  take(spool, commit_of(only));
  take(spool, commit_of(block_of(1)));
  CHECK(ids_waiting(spool, "a") == "2");
  CHECK(ids_waiting(spool, "b") == "1 2");
  only.only_target = "c";
  const auto refused = spool.commit(commit_of(only));
  REQUIRE(refused.has_error());
  CHECK(refused.error().message == "the spool has no target \"c\"");
  CHECK(ids_waiting(spool, "b") == "1 2");
}

TEST_CASE("spool: acknowledgements are written with 64 of them, not one by one") {
  Fixture f;
  Spool spool = f.open();
  std::vector<std::int64_t> first;
  for (int i = 1; i <= 63; ++i) first.push_back(take(spool, commit_of(block_of(1))));
  take(spool, commit_of(block_of(1)));
  struct stat before {};
  struct stat after {};
  REQUIRE(::stat((f.path + "-wal").c_str(), &before) == 0);
  acknowledge(spool, "a", first);
  REQUIRE(::stat((f.path + "-wal").c_str(), &after) == 0);
  CHECK(before.st_size == after.st_size);
  acknowledge(spool, "a", {64});
  REQUIRE(::stat((f.path + "-wal").c_str(), &after) == 0);
  CHECK(before.st_size < after.st_size);
}

TEST_CASE("spool: a new target starts with what is there, a forgotten one holds nothing back") {
  Fixture f;
  f.options.targets = {"a", "b"};
  {
    Spool spool = f.open();
    for (int i = 0; i < 3; ++i) take(spool, commit_of(block_of(2)));
    acknowledge(spool, "a", {1, 2});
  }
  f.options.targets = {"a", "c"};
  {
    Spool spool = f.open();
    REQUIRE(spool.report().size() == 1);
    CHECK(spool.report()[0] ==
          "target \"b\" is no longer configured and is forgotten; 3 blocks with 6 lines waited for "
          "it");
    CHECK(ids_waiting(spool, "a") == "3");
    CHECK(ids_waiting(spool, "c") == "1 2 3");
    acknowledge(spool, "a", {3});
    acknowledge(spool, "c", {1, 2, 3});
  }
  CHECK(test::query(f.path, "SELECT count(*) FROM blocks") == "0\n");
  CHECK(f.open().report().empty());
}

TEST_CASE("spool: marks are the newest, whether their blocks are there or gone") {
  Fixture f;
  const auto early = moment("2026-11-25T10:00:00.123456Z");
  const auto late = moment("2026-11-25T11:00:00Z");
  {
    Spool spool = f.open();
    take(spool,
         commit_of(block_of(1), {{"sensor.x", early}, {"sensor.x", late}, {"sensor.y", early}}));
    take(spool, commit_of(block_of(1), {{"sensor.x", early}}));
    SpoolCommit marks_only;
    marks_only.marks = {{"sensor.z", late}};
    take(spool, marks_only);
    const std::map<std::string, base::Timestamp, std::less<>> wanted{
        {"sensor.x", late}, {"sensor.y", early}, {"sensor.z", late}};
    CHECK(spool.marks() == wanted);
    acknowledge(spool, "a", {1});
  }
  {
    Spool spool = f.open();
    CHECK(spool.marks().at("sensor.x") == late);
    CHECK(spool.marks().at("sensor.y") == early);
    acknowledge(spool, "a", {2});
  }
  CHECK(test::query(f.path, "SELECT count(*) FROM blocks") == "0\n");
  Spool spool = f.open();
  CHECK(spool.marks().size() == 3);
  CHECK(spool.marks().at("sensor.x") == late);
  CHECK(spool.marks().at("sensor.z") == late);
}

TEST_CASE("spool: a gap is struck out entity by entity, in the commit that fills it") {
  Fixture f;
  SpoolCommit commit;
  influx::Gap gap;
  gap.to = moment("2026-11-25T12:00:00Z");
  gap.noticed = gap.to;
  gap.open = {{"sensor.b", moment("2026-11-25T10:00:00Z")},
              {"sensor.a", moment("2026-11-25T11:00:00Z")}};
  commit.new_gap = gap;
  {
    Spool spool = f.open();
    take(spool, commit);
    take(spool, commit);
    CHECK(gaps_text(spool) ==
          "1 2026-11-25T12:00:00.000000+00:00: sensor.a@11:00:00 sensor.b@10:00:00\n"
          "2 2026-11-25T12:00:00.000000+00:00: sensor.a@11:00:00 sensor.b@10:00:00\n");
    SpoolCommit filled = commit_of(block_of(1));
    filled.filled = {{1, {"sensor.a", "sensor.unknown"}}, {2, {"sensor.a", "sensor.b"}}};
    take(spool, filled);
  }
  Spool spool = f.open();
  CHECK(gaps_text(spool) == "1 2026-11-25T12:00:00.000000+00:00: sensor.b@10:00:00\n");
  CHECK(ids_waiting(spool, "a") == "1");
}

TEST_CASE("spool: a gap of 10 000 entities is quick") {
  Fixture f;
  Spool spool = f.open();
  SpoolCommit commit;
  commit.new_gap.emplace();
  for (int i = 0; i < 10'000; ++i) {
    commit.new_gap->open.push_back({"sensor.some_longish_name_" + std::to_string(i), f.clock.now});
  }
  const auto start = std::chrono::steady_clock::now();
  take(spool, commit);
  CHECK(spool.gaps().at(0).open.size() == 10'000);
  CHECK(std::chrono::steady_clock::now() - start < 2000ms);
}

TEST_CASE("spool: at the bound of bytes the oldest are given up, and counted") {
  Fixture f;
  f.options.targets = {"a", "b"};
  f.options.max_bytes = 5 * block_of(10).lines.size();
  {
    Spool spool = f.open();
    for (int i = 0; i < 5; ++i) take(spool, commit_of(block_of(10)));
    acknowledge(spool, "a", {1});
    CHECK(spool.losses().given_up_lines == 0);
    take(spool, commit_of(block_of(10)));
    CHECK(ids_waiting(spool, "a") == "2 3 4 5 6");
    CHECK(ids_waiting(spool, "b") == "2 3 4 5 6");
    CHECK(spool.losses().given_up_lines == 10);  // only b had waited for the first
    SpoolCommit two = commit_of(block_of(10));
    two.blocks.push_back(block_of(10));
    take(spool, two);
    CHECK(ids_waiting(spool, "a") == "4 5 6 7 8");
    CHECK(spool.losses().given_up_lines == 50);
  }
  Spool spool = f.open();
  CHECK(spool.losses().given_up_lines == 50);
  CHECK(ids_waiting(spool, "b") == "4 5 6 7 8");
}

TEST_CASE("spool: what is too old is given up, but not what a clock without time has stamped") {
  Fixture f;
  f.options.max_age = std::chrono::hours(24);
  f.clock.now = moment("1970-01-01T00:00:10Z");
  Spool spool = f.open();
  take(spool, commit_of(block_of(1)));
  f.clock.now = moment("2026-11-25T12:00:00Z");
  take(spool, commit_of(block_of(1)));
  f.clock.now = moment("2026-11-26T12:00:01Z");
  CHECK(ids_waiting(spool, "a") == "1 2");
  acknowledge(spool, "a", {1});
  take(spool, commit_of(block_of(1)));
  CHECK(ids_waiting(spool, "a") == "3");
  CHECK(spool.losses().given_up_lines == 1);
}

TEST_CASE("spool: below the floor of free disk the file does not grow") {
  Fixture f;
  {
    Spool spool = f.open();
    for (int i = 0; i < 3; ++i) take(spool, commit_of(block_of(1000)));
  }
  f.options.min_free_disk_bytes = UINT64_MAX;
  Spool spool = f.open();
  take(spool, commit_of(block_of(1000)));
  CHECK(ids_waiting(spool, "a") == "2 3 4");
  CHECK(spool.losses().given_up_lines == 1000);
}

TEST_CASE("spool: waiting ends with a block, with wake() or with the time") {
  Fixture f;
  Spool spool = f.open();
  CHECK_FALSE(spool.wait("a", 0, 1ms));
  bool got = false;
  std::thread waiter([&] { got = spool.wait("a", 0, 20'000ms); });
  take(spool, commit_of(block_of(1)));
  waiter.join();
  CHECK(got);
  CHECK(spool.wait("a", 0, 0ms));
  got = true;
  waiter = std::thread([&] { got = spool.wait("a", 1, 20'000ms); });
  spool.wake();
  const auto start = std::chrono::steady_clock::now();
  waiter.join();
  CHECK_FALSE(got);
  // This thread has not waited since: the wake counts for it, too.
  CHECK_FALSE(spool.wait("a", 1, 20'000ms));
  CHECK(std::chrono::steady_clock::now() - start < 10'000ms);
}

TEST_CASE("spool: a second one is refused at once, by the first one's pid") {
  Fixture f;
  {
    const Spool first = f.open();
    const auto start = std::chrono::steady_clock::now();
    CHECK(f.open_error() == f.path + " is in use by process " + std::to_string(::getpid()) +
                                "; only one `haingest watch` can run on a database, stop that one "
                                "first");
    CHECK(std::chrono::steady_clock::now() - start < 1000ms);
    CHECK(f.kind == base::ErrorKind::failure);
  }
  CHECK(f.open_error() == "none");
}

TEST_CASE("spool: a newer layout is refused and left as it is") {
  Fixture f;
  { Spool spool = f.open(); }
  test::execute(f.path, "PRAGMA user_version = 2; UPDATE state SET layout = 2");
  const std::string before = test::read_file(f.path);
  CHECK(f.open_error() == f.path +
                              " has layout 2, made by a newer haingest; this one knows up to "
                              "1 and left it as it is, install the newer version");
  CHECK(f.kind == base::ErrorKind::guard);
  CHECK(test::read_file(f.path) == before);
}

TEST_CASE("spool: another program's database is refused and left as it is") {
  Fixture f;
  test::execute(f.path, "CREATE TABLE devices (a); INSERT INTO devices VALUES (1)");
  const std::string before = test::read_file(f.path);
  CHECK(f.open_error() == f.path +
                              " is a SQLite database of another program; it was left as it is, "
                              "choose another file with --db");
  CHECK(f.kind == base::ErrorKind::failure);
  CHECK(test::read_file(f.path) == before);
  f.path = f.dir.path().string();
  CHECK(f.open_error() == f.path + " is a folder, no database; choose another database with --db");
}

TEST_CASE("spool: a file takes owner and mode of the database, and has no -shm") {
  Fixture f;
  f.options.database = f.dir.file("metadata.db");
  test::write_file(f.options.database, "");
  REQUIRE(::chmod(f.options.database.c_str(), 0640) == 0);
  Spool spool = f.open();
  take(spool, commit_of(block_of(1)));
  struct stat about {};
  REQUIRE(::stat(f.path.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777U) == 0640);
  REQUIRE(::stat((f.path + "-wal").c_str(), &about) == 0);
  CHECK((about.st_mode & 0777U) == 0640);
  CHECK(::stat((f.path + "-shm").c_str(), &about) != 0);
}

TEST_CASE("spool: after an outage the file becomes small again") {
  Fixture f;
  struct stat full {};
  struct stat later {};
  {
    Spool spool = f.open();
    std::string big(900'000, 'x');
    for (int i = 0; i < 60; ++i) {
      influx::NewBlock block;
      block.lines = big + "\n";
      block.count = 1;
      take(spool, commit_of(block));
    }
  }
  REQUIRE(::stat(f.path.c_str(), &full) == 0);
  CHECK(full.st_size > 50'000'000);
  f.options.durability = influx::Durability::process;
  {
    Spool spool = f.open();
    for (std::int64_t id = 1; id <= 60; ++id) acknowledge(spool, "a", {id});
    for (int i = 0; i < 13 * 64; ++i) {
      acknowledge(spool, "a", {take(spool, commit_of(block_of(1)))});
    }
  }
  REQUIRE(::stat(f.path.c_str(), &later) == 0);
  CHECK(later.st_size < 20'000'000);
}
