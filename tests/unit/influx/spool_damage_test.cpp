// SPDX-License-Identifier: MIT
// Real files are damaged as disks, power cuts and people do it; the spool opens, loses no more than
// what was hit, and says what.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <regex>

#include "tests/support/sql.hpp"
#include "tests/unit/influx/spool_fixture.hpp"

using namespace haingest;
using influx::Spool;
using influx::SpoolOptions;
using test::block_of;
using test::commit_of;
using test::ids_waiting;
using test::moment;
using test::read_file;
using test::take;
using test::write_file;

namespace {

constexpr std::size_t k_page = 4096;

struct Fixture {
  Fixture() {
    options.targets = {"a"};
    options.durability = influx::Durability::process;
  }
  [[nodiscard]] Spool open() { return Spool::open(path, options, clock.clock()); }

  // Blocks of 3 kB, one a page, and of 20 kB, with overflow pages, in turn; marks and a gap.
  void fill(int blocks) {
    Spool spool = open();
    for (int i = 1; i <= blocks; ++i) {
      influx::SpoolCommit commit =
          commit_of(block_of(i % 2 == 0 ? 1000 : 150, "block" + std::to_string(i)),
                    {{"sensor.s" + std::to_string(i), moment("2026-11-25T12:00:00Z")}});
      if (i == 1) {
        commit.new_gap.emplace();
        commit.new_gap->open = {{"sensor.gap", moment("2026-11-25T10:00:00Z")}};
      }
      take(spool, commit);
    }
  }

  // What the blocks hold that wait now, as it should be; false where one is wrong.
  [[nodiscard]] static bool right(Spool& spool) {
    return std::ranges::all_of(test::waiting(spool, "a"), [](const influx::Block& block) {
      return block.lines == block_of(block.count, "block" + std::to_string(block.id)).lines;
    });
  }

  [[nodiscard]] std::vector<std::string> aside() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
      const std::string name = entry.path().filename();
      if (name.find(".damaged-") != std::string::npos) names.push_back(name);
    }
    std::ranges::sort(names);
    return names;
  }

  test::TempDir dir;
  std::string path = dir.file("spool");
  SpoolOptions options;
  test::ManualClock clock;
};

// A copy as a killed process leaves it: the file and its WAL.
void copy_live(const std::string& from, const std::string& to) {
  std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::copy_file(from + "-wal", to + "-wal",
                             std::filesystem::copy_options::overwrite_existing);
}

void flip(const std::string& path, std::size_t at, unsigned bit = 0) {
  std::string bytes = read_file(path);
  bytes.at(at) = static_cast<char>(static_cast<unsigned char>(bytes.at(at)) ^ (1U << bit));
  write_file(path, bytes);
}

// Where a text stands in a file.
std::size_t find_in(const std::string& path, const std::string& text) {
  const std::size_t at = read_file(path).find(text);
  REQUIRE(at != std::string::npos);
  return at;
}

int rounds() {
  const char* const word = std::getenv("HAINGEST_TEST_LONG");
  return word != nullptr && std::string(word) == "1" ? 3000 : 50;
}

std::string all_ids(int last) {
  std::string ids;
  for (int i = 1; i <= last; ++i) ids += (i == 1 ? "" : " ") + std::to_string(i);
  return ids;
}

}  // namespace

TEST_CASE("spool damage: garbage after the last commit of the WAL") {
  Fixture f;
  Fixture live;
  live.fill(1);
  Spool source = live.open();
  for (int i = 2; i <= 6; ++i) take(source, commit_of(block_of(30, "block" + std::to_string(i))));
  for (const std::size_t length : {1U, 24U, 4120U, 100'000U}) {
    copy_live(live.path, f.path);
    std::mt19937 random(static_cast<unsigned>(length));
    std::string garbage(length, '\0');
    for (char& byte : garbage) byte = static_cast<char>(random());
    write_file(f.path + "-wal", read_file(f.path + "-wal") + garbage);
    Spool spool = f.open();
    CHECK(spool.report().empty());
    CHECK(ids_waiting(spool, "a") == all_ids(6));
    CHECK(take(spool, commit_of(block_of(1))) == 7);
  }
}

TEST_CASE("spool damage: a WAL cut at any length holds the commits that are whole") {
  Fixture f;
  Fixture live;
  live.fill(1);
  Spool source = live.open();
  for (int i = 2; i <= 4; ++i) take(source, commit_of(block_of(30, "block" + std::to_string(i))));
  copy_live(live.path, f.path);
  const std::string wal = read_file(f.path + "-wal");
  std::size_t most = 0;
  for (std::size_t length = 0; length <= wal.size(); length += 517) {
    copy_live(live.path, f.path);
    write_file(f.path + "-wal", wal.substr(0, length));
    Spool spool = f.open();
    CHECK(spool.report().empty());
    const std::size_t blocks = test::waiting(spool, "a").size();
    REQUIRE(blocks >= most);
    REQUIRE(f.right(spool));
    most = blocks;
  }
  CHECK(most >= 3);
}

TEST_CASE("spool damage: a flipped bit in a WAL costs the commit it is in") {
  Fixture f;
  Fixture live;
  live.fill(1);
  Spool source = live.open();
  // Each on a page of its own.
  for (int i = 2; i <= 9; ++i) take(source, commit_of(block_of(200, "block" + std::to_string(i))));
  copy_live(live.path, f.path);
  flip(f.path + "-wal", find_in(f.path + "-wal", "block4 value=100"));
  Spool spool = f.open();
  REQUIRE(spool.report().size() == 1);
  CHECK(spool.report()[0] == f.path +
                                 " was damaged (commits in its WAL cannot be read) and is kept "
                                 "as " +
                                 f.path +
                                 ".damaged-20261125T120000Z; 8 blocks with "
                                 "1550 lines were carried over, 1 block with at least 200 lines "
                                 "could not be read");
  CHECK(ids_waiting(spool, "a") == "1 2 3 5 6 7 8 9");
  CHECK(f.right(spool));
  CHECK(f.aside() == std::vector<std::string>{"spool.damaged-20261125T120000Z",
                                              "spool.damaged-20261125T120000Z-wal"});
  CHECK(take(spool, commit_of(block_of(1))) == 10);
}

TEST_CASE("spool damage: a flipped bit in the head of a WAL costs nothing") {
  Fixture f;
  Fixture live;
  live.fill(1);
  Spool source = live.open();
  for (int i = 2; i <= 5; ++i) take(source, commit_of(block_of(30, "block" + std::to_string(i))));
  for (const std::size_t at : {0U, 5U, 17U, 25U}) {
    copy_live(live.path, f.path);
    flip(f.path + "-wal", at, 3);
    Spool spool = f.open();
    CHECK(spool.report().size() == 1);
    CHECK(ids_waiting(spool, "a") == all_ids(5));
  }
}

TEST_CASE("spool damage: a flipped bit in a block's lines costs that block, when it is read") {
  Fixture f;
  f.fill(6);
  flip(f.path, find_in(f.path, "block4 value=10"));
  {
    Spool spool = f.open();
    CHECK(spool.report().empty());
    CHECK(ids_waiting(spool, "a") == "1 2 3 5 6");
    CHECK(f.right(spool));
    CHECK(spool.losses().damaged_blocks == 1);
    CHECK(spool.losses().damaged_lines == 1000);
    CHECK(spool.depth("a").blocks == 5);
    test::acknowledge(spool, "a", {1, 2, 3});
  }
  Spool spool = f.open();
  CHECK(spool.losses().damaged_blocks == 1);
  CHECK(ids_waiting(spool, "a") == "5 6");
  CHECK(test::query(f.path, "SELECT 1").empty() == false);
}

TEST_CASE("spool damage: a bad page of the tree costs its own blocks") {
  Fixture f;
  f.fill(40);
  SECTION("a leaf") {
    // It holds block 7 and where block 8 begins.
    const std::size_t page = find_in(f.path, "block7 value=100") / k_page * k_page;
    flip(f.path, page, 1);
    Spool spool = f.open();
    REQUIRE(spool.report().size() == 1);
    CHECK(spool.losses().damaged_blocks == 2);
    CHECK(test::waiting(spool, "a").size() == 38);
    CHECK(f.right(spool));
  }
  SECTION("the root") {
    const auto root = static_cast<std::size_t>(
        std::stoi(test::query(f.path, "SELECT rootpage FROM sqlite_master WHERE name = 'blocks'")));
    std::string bytes = read_file(f.path);
    bytes.replace((root - 1) * k_page, k_page, std::string(k_page, '\x55'));
    write_file(f.path, bytes);
    Spool spool = f.open();
    REQUIRE(spool.report().size() == 1);
    CHECK(ids_waiting(spool, "a") == all_ids(40));
    CHECK(spool.losses().damaged_blocks == 0);
    CHECK(f.right(spool));
    CHECK(spool.marks().size() == 40);
    CHECK(spool.gaps().at(0).open.at(0).entity_id == "sensor.gap");
  }
  SECTION("an overflow page's pointer") {
    const std::size_t page = find_in(f.path, "block8 value=400") / k_page * k_page;
    flip(f.path, page, 6);
    Spool spool = f.open();
    REQUIRE(spool.report().size() == 1);
    CHECK(spool.losses().damaged_blocks == 1);
    CHECK(test::waiting(spool, "a").size() == 39);
    CHECK(f.right(spool));
  }
}

TEST_CASE("spool damage: the first page") {
  Fixture f;
  f.fill(10);
  // The magic, the layout, whose file it is, the page size, the size of the file.
  for (const std::size_t at : {3U, 63U, 60U, 71U, 17U, 31U}) {
    INFO("byte " << at);
    const std::string before = read_file(f.path);
    flip(f.path, at, 1);
    {
      Spool spool = f.open();
      CHECK(spool.report().size() == 1);
      CHECK(ids_waiting(spool, "a") == all_ids(10));
      CHECK(spool.marks().size() == 10);
      CHECK(spool.losses().damaged_blocks == 0);
    }
    write_file(f.path, before);
  }
}

TEST_CASE("spool damage: a file cut anywhere gives what is left of it") {
  Fixture f;
  f.fill(20);
  const std::string whole = read_file(f.path);
  for (std::size_t pages = 0; pages < whole.size() / k_page; pages += 7) {
    for (const std::size_t more : {0U, 1000U}) {
      const std::size_t length = pages * k_page + more;
      INFO("cut to " << length);
      write_file(f.path, whole.substr(0, length));
      {
        Spool spool = f.open();
        REQUIRE(spool.report().size() == 1);
        REQUIRE(f.right(spool));
        const std::int64_t next = take(spool, commit_of(block_of(1, "new")));
        REQUIRE(test::waiting(spool, "a").back().id == next);
      }
      for (const char* suffix : {"", "-wal"}) std::filesystem::remove(f.path + suffix);
    }
  }
}

TEST_CASE("spool damage: an empty file, zeroes, a text") {
  Fixture f;
  write_file(f.path, "");
  {
    Spool spool = f.open();
    REQUIRE(spool.report().size() == 1);
    CHECK(spool.report()[0] == f.path + " was empty; what it held, if anything, is lost");
    CHECK(take(spool, commit_of(block_of(1))) == 1);
  }
  for (const std::string& content : {std::string(50'000, '\0'), std::string("not a database\n")}) {
    write_file(f.path, content);
    Spool spool = f.open();
    REQUIRE(spool.report().size() == 1);
    CHECK(
        std::regex_match(spool.report()[0],
                         std::regex(".* was damaged \\(it does not begin as a SQLite file does\\) "
                                    "and is kept as .*; 0 blocks with 0 lines were carried over, "
                                    "0 blocks could not be read")));
    CHECK(take(spool, commit_of(block_of(1))) == 1);
  }
  CHECK(f.aside() == std::vector<std::string>{"spool.damaged-20261125T120000Z",
                                              "spool.damaged-20261125T120000Z-2"});
}

TEST_CASE("spool damage: a wrong byte in the words that made a table costs nothing") {
  Fixture f;
  f.fill(5);
  // A column of another name, and one of another type.
  const auto words =
      GENERATE(as<std::string>(), "checksum INTEGER NOT", "INTEGER NOT NULL, only_target");
  flip(f.path, find_in(f.path, words));
  Spool spool = f.open();
  CHECK(spool.report() ==
        std::vector<std::string>{f.path +
                                 " was damaged (its tables are not those of a spool) and "
                                 "is kept as " +
                                 f.path +
                                 ".damaged-20261125T120000Z; 5 blocks with 2450 lines were carried "
                                 "over, 0 blocks could not be read"});
  CHECK(ids_waiting(spool, "a") == "1 2 3 4 5");
  CHECK(f.right(spool));
}

TEST_CASE("spool damage: what shows only later is carried over then") {
  Fixture f;
  f.fill(500);  // more than SQLite keeps in memory
  Spool spool = f.open();
  flip(f.path, find_in(f.path, "block8 value=400") / k_page * k_page, 6);
  CHECK(spool.report().empty());
  CHECK(test::waiting(spool, "a").size() == 499);
  CHECK(f.right(spool));
  CHECK(spool.report().size() == 1);
  CHECK(spool.losses().damaged_blocks == 1);
  CHECK(take(spool, commit_of(block_of(1))) == 501);
}

TEST_CASE("spool damage: deleted blocks stay away, acknowledgements are carried over") {
  Fixture f;
  f.fill(40);
  {
    Spool spool = f.open();
    std::vector<std::int64_t> ids;
    for (std::int64_t id = 1; id <= 30; ++id) ids.push_back(id);
    test::acknowledge(spool, "a", ids);
  }
  flip(f.path, 3);
  Spool spool = f.open();
  CHECK(spool.report().size() == 1);
  CHECK(ids_waiting(spool, "a") == "31 32 33 34 35 36 37 38 39 40");
  CHECK(spool.losses().damaged_blocks == 0);
  CHECK(spool.marks().size() == 40);
}

TEST_CASE("spool damage: a salvage cut short is completed, or begun again") {
  Fixture f;
  f.fill(5);
  SECTION("the old file is aside, the new one has no name yet") {
    std::filesystem::rename(f.path, f.path + ".salvaged");
    write_file(f.path + "-wal", std::string(50'000, 'x'));
    Spool spool = f.open();
    CHECK(ids_waiting(spool, "a") == all_ids(5));
    CHECK_FALSE(std::filesystem::exists(f.path + ".salvaged"));
    CHECK(f.aside().size() == 1);
  }
  SECTION("the old file is still there") {
    write_file(f.path + ".salvaged", "half of it");
    Spool spool = f.open();
    CHECK(ids_waiting(spool, "a") == all_ids(5));
    CHECK_FALSE(std::filesystem::exists(f.path + ".salvaged"));
  }
}

TEST_CASE("spool damage: random damage anywhere never stops it") {
  Fixture f;
  f.fill(25);
  const std::string whole = read_file(f.path);
  std::mt19937 random(20261125);
  for (int round = 0; round < rounds(); ++round) {
    INFO("round " << round);
    std::string bytes = whole;
    const auto hits = 1 + random() % 4;
    for (unsigned i = 0; i < hits; ++i) {
      const std::size_t at = random() % bytes.size();
      const std::size_t length =
          random() % 3 == 0 ? std::min<std::size_t>(k_page, bytes.size() - at) : 1;
      for (std::size_t k = at; k < at + length; ++k) bytes[k] = static_cast<char>(random());
    }
    write_file(f.path, bytes);
    {
      Spool spool = f.open();
      const auto blocks = test::waiting(spool, "a");
      REQUIRE(f.right(spool));
      // Two pages side by side at worst, each with a block of 3 kB and the head of another.
      REQUIRE(blocks.size() + 4 * hits >= 25);
      REQUIRE(take(spool, commit_of(block_of(1))) > 0);
    }
    for (const auto& entry : std::filesystem::directory_iterator(f.dir.path())) {
      std::filesystem::remove(entry.path());
    }
  }
}
