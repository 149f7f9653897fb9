// SPDX-License-Identifier: MIT
// A sync killed at any moment leaves the old world or the new one, never a mixture.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include "tests/integration/program.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sql.hpp"

using namespace haingest;
using test::Program;
using test::query;
using test::Words;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int k_kills = 200;
constexpr int k_kills_long = 10'000;

int kills_wanted() {
  const char* const word = std::getenv("HAINGEST_TEST_LONG");
  return word != nullptr && std::string(word) == "1" ? k_kills_long : k_kills;
}

// Everything that the tables say of the house; not when, and not which run it was.
std::string world_in(const std::string& path) {
  std::string text;
  for (const std::string& table :
       Words{"devices", "entities", "areas", "floors", "labels", "config_entries"}) {
    const std::string columns =
        query(path, "SELECT group_concat(name, ', ') FROM pragma_table_info('" + table +
                        "') WHERE name NOT IN ('first_seen', 'last_seen')");
    text += table + "\n" + query(path, "SELECT " + columns + " FROM " + table + " ORDER BY 1");
  }
  return text + "removed\n" +
         query(path, "SELECT kind, id, name, why, successor FROM removed ORDER BY 1, 2");
}

// That every change belongs to a run, and that the run's counts are those of its changes.
std::string runs_that_do_not_add_up(const std::string& path) {
  return query(path, R"(
    SELECT run FROM changes WHERE run NOT IN (SELECT run FROM sync_runs)
    UNION SELECT run FROM sync_runs WHERE added + updated + renamed + removed + restored +
      superseded <> (SELECT count(*) FROM changes WHERE changes.run = sync_runs.run))");
}

// Two houses of which each sync makes the other one.
struct Worlds {
  Worlds() {
    fakes::House house = fakes::make_house({.devices = 40, .entities = 160});
    test::write_file(old_snapshot, house.snapshot_document("http://ha.test:8123"));
    for (int i = 0; i < 4; ++i) house.remove_device(house.device_ids().at(3));
    for (int i = 0; i < 20; ++i) {
      const std::string entity = house.entity_ids().at(static_cast<std::size_t>(i));
      house.rename_entity(entity, entity + "_renamed");
    }
    house.swap_entity_ids(house.entity_ids().at(30), house.entity_ids().at(31));
    for (const std::string& device : house.device_ids()) {
      house.set_device_field(device, "sw_version", "\"9.9\"");
    }
    test::write_file(new_snapshot, house.snapshot_document("http://ha.test:8123"));
    sync(old_snapshot);
    sync(new_snapshot);
    sync(old_snapshot);
    old_world = world_in(db);
    sync(new_snapshot);
    new_world = world_in(db);
  }

  [[nodiscard]] test::Command command(const std::string& snapshot) const {
    return program.command(
        {"sync", "-q", "-o", "ndjson", "--max-removals", "100%", "--from", snapshot, "--db", db});
  }
  void sync(const std::string& snapshot) const {
    const test::Outcome outcome = test::run(command(snapshot));
    INFO(outcome.err);
    REQUIRE(outcome.exit_code == 0);
  }

  Program program;
  std::string db = program.file("metadata.db");
  std::string old_snapshot = program.file("old.json");
  std::string new_snapshot = program.file("new.json");
  std::string old_world;
  std::string new_world;
};

// Starts `wanted` syncs, each to be killed at any moment of it, and looks at what is left.
void kill_syncs(int wanted, std::mt19937& random) {
  const Worlds worlds;
  REQUIRE(worlds.old_world != worlds.new_world);
  const auto start = Clock::now();
  worlds.sync(worlds.old_snapshot);
  // How long a sync takes; followed as the test goes on, since a machine's speed changes.
  auto whole = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
  int changed = 0;
  int killed = 0;
  bool is_old = true;
  for (int i = 0; i < wanted; ++i) {
    INFO("sync number " << i);
    test::Background sync(worlds.command(is_old ? worlds.new_snapshot : worlds.old_snapshot));
    std::this_thread::sleep_for(
        std::chrono::microseconds(std::uniform_int_distribution<std::int64_t>(
            i % 2 == 0 ? 0 : whole.count() / 2, whole.count())(random)));
    sync.signal(SIGKILL);
    const int exit_code = sync.wait().exit_code;
    REQUIRE((exit_code == 0 || exit_code == 128 + SIGKILL));
    killed += exit_code == 0 ? 0 : 1;
    whole += exit_code == 0 ? -whole / 20 : whole / 50;
    const std::string world = world_in(worlds.db);
    const bool is_new_now = world == worlds.new_world;
    REQUIRE((is_new_now || world == worlds.old_world));
    REQUIRE(query(worlds.db, "PRAGMA integrity_check") == "ok\n");
    REQUIRE(runs_that_do_not_add_up(worlds.db).empty());
    changed += is_new_now == is_old ? 1 : 0;
    is_old = !is_new_now;
  }
  std::cout << wanted << " syncs, " << killed << " killed, " << changed
            << " had committed, one takes about " << whole.count() / 1000 << " ms\n";
  CHECK(killed > wanted / 4);
  CHECK(changed > 0);
  CHECK(changed < wanted);
  worlds.sync(worlds.new_snapshot);
  CHECK(world_in(worlds.db) == worlds.new_world);
}

}  // namespace

TEST_CASE("a sync that is killed at any moment leaves the old world or the new one") {
  // A database for each round: its history grows with every sync, and all of it is checked.
  constexpr int k_round = 200;
  std::mt19937 random(20261125);
  for (int done = 0; done < kills_wanted(); done += k_round) {
    INFO("after " << done << " syncs");
    kill_syncs(k_round, random);
  }
}

TEST_CASE("a first sync that is killed leaves a file that the next one completes") {
  const Program program;
  const std::string snapshot = program.file("s.json");
  test::write_file(
      snapshot,
      fakes::make_house({.devices = 40, .entities = 160}).snapshot_document("http://ha.test:8123"));
  std::mt19937 random(11);
  for (int i = 0; i < 20; ++i) {
    const std::string db = program.file("m" + std::to_string(i) + ".db");
    const Words words{"sync", "-q", "-o", "ndjson", "--from", snapshot, "--db", db};
    {
      test::Background sync(program.command(words));
      std::this_thread::sleep_for(std::chrono::microseconds(
          std::uniform_int_distribution<std::int64_t>(0, 120'000)(random)));
      sync.signal(SIGKILL);
      static_cast<void>(sync.wait());
    }
    const test::Outcome outcome = program.run(words);
    INFO(outcome.err);
    REQUIRE(outcome.exit_code == 0);
    REQUIRE(query(db, "SELECT count(*) FROM devices") == "40\n");
    REQUIRE(query(db, "PRAGMA integrity_check") == "ok\n");
  }
}
