// SPDX-License-Identifier: MIT
// Random houses against a plain map: whatever sequence of changes Home Assistant goes through, the
// tables hold what it said last, tombstones hold what it no longer says, and the changes replayed
// over an empty map give the same.
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "core/mirror/mirror.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/document.hpp"
#include "tests/support/sql.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
using nlohmann::json;

namespace {

struct Entity {
  std::string entity_id;
  std::string name;
  bool operator==(const Entity&) const = default;
};
using World = std::map<std::string, Entity>;  // by registry id

class RandomHouse {
 public:
  explicit RandomHouse(unsigned seed) : random_(seed) {}

  void step() {
    const int changes = pick(1, 6);
    for (int i = 0; i < changes; ++i) {
      switch (pick(0, 5)) {
        case 0:
        case 1:
          add();
          break;
        case 2:
          remove();
          break;
        case 3:
          rename();
          break;
        case 4:
          swap();
          break;
        default:
          relabel();
      }
    }
  }

  const World& world() const { return world_; }

  std::string entities() const {
    json list = json::array();
    for (const auto& [id, entity] : world_) {
      list.push_back({{"id", id},
                      {"entity_id", entity.entity_id},
                      {"platform", "p"},
                      {"unique_id", id},
                      {"name", entity.name}});
    }
    return list.dump();
  }

 private:
  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  bool taken(const std::string& entity_id) const {
    for (const auto& [id, entity] : world_) {
      if (entity.entity_id == entity_id) return true;
    }
    return false;
  }

  std::string free_entity_id() {
    for (;;) {
      std::string id = "sensor.e" + std::to_string(pick(0, 40));
      if (!taken(id)) return id;
    }
  }

  World::iterator any() {
    return std::next(world_.begin(), pick(0, static_cast<int>(world_.size()) - 1));
  }

  // A small pool of ids, so that the dead come back and their entity_ids are taken by others.
  void add() {
    const std::string id = "r" + std::to_string(pick(0, 30));
    if (!world_.contains(id)) world_[id] = {free_entity_id(), std::to_string(pick(0, 9))};
  }
  void remove() {
    if (!world_.empty()) world_.erase(any());
  }
  void rename() {
    if (!world_.empty()) any()->second.entity_id = free_entity_id();
  }
  void swap() {
    if (world_.size() > 1) std::swap(any()->second.entity_id, any()->second.entity_id);
  }
  void relabel() {
    if (!world_.empty()) any()->second.name = std::to_string(pick(0, 9));
  }

  std::mt19937 random_;
  World world_;
};

std::string rows_of(const World& world) {
  std::string text;
  for (const auto& [id, entity] : world)
    text += id + "|" + entity.entity_id + "|" + entity.name + "\n";
  return text;
}

void replay(const model::Change& change, World& world) {
  if (change.action == model::Action::removed) {
    world.erase(change.id);
    return;
  }
  const json after = json::parse(change.after);
  Entity& entity = world[change.id];
  if (after.contains("entity_id")) entity.entity_id = after["entity_id"];
  if (after.contains("name")) entity.name = after["name"];
}

}  // namespace

TEST_CASE("mirror: random houses against a plain map") {
  const unsigned seed = GENERATE(1U, 2U, 3U, 4U);
  CAPTURE(seed);
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  auto database = store::Database::open(path, std::chrono::seconds(10));
  RandomHouse house(seed);
  mirror::Policy policy;
  policy.max_removals = {100, mirror::RemovalLimit::Unit::percent};
  World replayed;
  base::Timestamp now = base::parse_timestamp("2026-01-01 00:00:00").value();
  for (int step = 0; step < 60; ++step) {
    CAPTURE(step);
    house.step();
    now += std::chrono::minutes(1);
    const World before = replayed;
    const auto report =
        mirror::synchronise(database, test::snapshot_of({.entities = house.entities()}), policy,
                            {"sync", "test", now}, [now] { return now; });
    for (const model::Change& change : report.changes) replay(change, replayed);
    REQUIRE(rows_of(replayed) == rows_of(house.world()));
    REQUIRE((report.changes.empty()) == (before == house.world()));
    REQUIRE(test::query(path, "SELECT registry_id, entity_id, name FROM entities ORDER BY 1") ==
            rows_of(house.world()));
    REQUIRE(test::query(path, "SELECT count(*) FROM removed JOIN entities ON registry_id = id") ==
            "0\n");
  }
  CHECK(test::query(path, "SELECT count(*) FROM changes") != "0\n");
}
