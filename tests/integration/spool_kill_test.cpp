// SPDX-License-Identifier: MIT
// A process that fills and empties the spool as fast as it can is killed at any instruction: what
// it has said to be taken is there afterwards.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "core/influx/spool.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
using influx::Spool;

namespace {

int rounds_wanted() {
  const char* const word = std::getenv("HAINGEST_TEST_LONG");
  return word != nullptr && std::string(word) == "1" ? 1000 : 50;
}

influx::SpoolOptions options_of(influx::Durability durability) {
  influx::SpoolOptions options;
  options.targets = {"a"};
  options.durability = durability;
  return options;
}

std::string lines_of(std::int64_t id, std::uint32_t count) {
  std::string lines;
  for (std::uint32_t i = 0; i < count; ++i) {
    lines += "m,id=" + std::to_string(id) + " i=" + std::to_string(i) + " 1700000000000000000\n";
  }
  return lines;
}

std::uint32_t count_of(std::int64_t id) { return static_cast<std::uint32_t>(1 + id * 37 % 300); }

std::string mark_name(std::int64_t id) { return "sensor.s" + std::to_string(id % 100); }
base::Timestamp mark_time(std::int64_t id) { return base::Timestamp{std::chrono::seconds(id)}; }

// "t7" is written after block 7 was taken, "a7" before it is acknowledged; both with one write.
[[noreturn]] void work_until_killed(const std::string& path, influx::Durability durability,
                                    int out) {
  try {
    Spool spool = Spool::open(path, options_of(durability), base::system_now);
    const auto say = [out](char what, std::int64_t id) {
      const std::string word = what + std::to_string(id) + "\n";
      if (::write(out, word.data(), word.size()) < 0) ::_exit(3);
    };
    say('o', 0);
    const auto there = spool.read("a", 0, 1'000'000'000, std::size_t{1} << 30U);
    std::int64_t id = 0;
    for (const influx::Block& block : there) id = block.id;
    for (;;) {
      // The ids go on where they were: the first one is not known when all had left.
      influx::SpoolCommit commit;
      if (id == 0) {
        commit.blocks.push_back({"m probe=1 1\n", 1, false, {}});
        id = spool.commit(commit).value();
        say('p', id);
        continue;
      }
      commit.blocks.push_back({lines_of(id + 1, count_of(id + 1)), count_of(id + 1), false, {}});
      commit.marks.push_back({mark_name(id + 1), mark_time(id + 1)});
      id = spool.commit(commit).value();
      say('t', id);
      if (id % 5 != 0) continue;
      for (const influx::Block& block : spool.read("a", 0, 600, 1'000'000)) {
        say('a', block.id);
        if (spool.acknowledge("a", {block.id}).has_error()) ::_exit(4);
      }
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
  }
  ::_exit(2);
}

// What the child has said, until it was killed.
std::string kill_a_worker(const std::string& path, influx::Durability durability,
                          std::chrono::microseconds life) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    work_until_killed(path, durability, ends[1]);
  }
  ::close(ends[1]);
  std::string said;
  std::thread killer([child, life] {
    std::this_thread::sleep_for(life);
    ::kill(child, SIGKILL);
  });
  char buffer[65536];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    said.append(buffer, static_cast<std::size_t>(got));
  }
  killer.join();
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  return said;
}

class Ledger {
 public:
  void hear(const std::string& said) {
    std::istringstream words(said);
    std::string word;
    while (words >> word) {
      const std::int64_t id = std::stoll(word.substr(1));
      if (word[0] == 't' || word[0] == 'p') taken_[id] = word[0] == 't';
      if (word[0] == 'a') taken_.erase(id);
      if (word[0] == 't') marks_[mark_name(id)] = mark_time(id);
      last_ = std::max(last_, id);
    }
  }

  void check(Spool& spool) {
    // An empty file is all there may be of one that was killed at once.
    if (last_ > 0) REQUIRE(spool.report().empty());
    std::map<std::int64_t, influx::Block> there;
    for (influx::Block& block : spool.read("a", 0, 1'000'000'000, std::size_t{1} << 30U)) {
      REQUIRE(there.emplace(block.id, block).second);
    }
    for (const auto& [id, numbered] : taken_) {
      INFO("block " << id);
      REQUIRE(there.contains(id));
      if (numbered) REQUIRE(there[id].lines == lines_of(id, count_of(id)));
    }
    // One that was taken but not said, of this worker and of one whose end nobody looked at.
    for (const auto& [id, block] : there) REQUIRE(id <= last_ + 2);
    if (!there.empty()) last_ = std::max(last_, there.rbegin()->first);
    const auto marks = spool.marks();
    for (const auto& [entity_id, time] : marks_) REQUIRE(marks.at(entity_id) >= time);
  }

  [[nodiscard]] std::int64_t last() const { return last_; }

 private:
  std::map<std::int64_t, bool> taken_;  // and not acknowledged; whether its lines tell its id
  std::map<std::string, base::Timestamp> marks_;
  std::int64_t last_ = 0;
};

// What a file system may leave behind the last write of a machine that died.
void append_garbage(const std::string& path, std::mt19937& random) {
  std::ofstream wal(path, std::ios::binary | std::ios::app);
  for (auto length = random() % 20'000; length > 0; --length) wal << static_cast<char>(random());
}

void kill_workers(influx::Durability durability, int rounds) {
  const test::TempDir dir;
  const std::string path = dir.file("spool");
  std::mt19937 random(20261125);
  Ledger ledger;
  for (int round = 0; round < rounds; ++round) {
    INFO("round " << round);
    const auto life = std::chrono::microseconds(random() % 60'000);
    ledger.hear(kill_a_worker(path, durability, life));
    if (round % 5 == 4) append_garbage(path + "-wal", random);
    // Every third time the next worker meets the file as the killed one has left it.
    if (round % 3 == 2) continue;
    Spool spool = Spool::open(path, options_of(durability), base::system_now);
    ledger.check(spool);
  }
  Spool spool = Spool::open(path, options_of(durability), base::system_now);
  ledger.check(spool);
  std::cout << rounds << " kills, " << ledger.last() << " blocks\n";
  CHECK(ledger.last() > rounds);
}

}  // namespace

TEST_CASE("spool: a kill at any instruction loses nothing that was taken") {
  SECTION("durability power") { kill_workers(influx::Durability::power, rounds_wanted() / 2); }
  SECTION("durability process") { kill_workers(influx::Durability::process, rounds_wanted() / 2); }
}
