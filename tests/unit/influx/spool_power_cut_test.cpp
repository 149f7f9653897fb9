// SPDX-License-Identifier: MIT
// Random work on the spool with the power cut at any write, against a plain model of what it has
// promised: what commit() has returned for is there afterwards, whole and once.
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "tests/support/power_cut_vfs.hpp"
#include "tests/unit/influx/spool_fixture.hpp"

using namespace haingest;
using influx::Spool;
using influx::SpoolCommit;
using test::block_of;

namespace {

using Marks = std::map<std::string, base::Timestamp, std::less<>>;
using Open = std::map<std::int64_t, std::map<std::string, base::Timestamp>>;  // gaps

// The model remembers every block, so the long form is many runs and no longer one.
constexpr int k_cuts = 200;

std::uint32_t runs_wanted() {
  const char* const word = std::getenv("HAINGEST_TEST_LONG");
  return word != nullptr && std::string(word) == "1" ? 25 : 1;
}

// What the spool must hold.
struct Model {
  struct Taken {
    std::string lines;
    std::map<std::string, bool> waits;  // target -> not acknowledged
  };
  std::map<std::int64_t, Taken> blocks;
  Marks marks;
  Open gaps;
  std::int64_t last_id = 0;
  std::int64_t last_gap = 0;

  void apply(const SpoolCommit& commit, const std::vector<std::string>& targets) {
    for (const influx::NewBlock& block : commit.blocks) {
      Taken& taken = blocks[++last_id];
      taken.lines = block.lines;
      for (const std::string& target : targets) {
        taken.waits[target] = block.only_target.empty() || block.only_target == target;
      }
    }
    for (const influx::Mark& mark : commit.marks) {
      auto& newest = marks[mark.entity_id];
      newest = std::max(newest, mark.last_updated);
    }
    if (commit.new_gap) {
      ++last_gap;
      for (const auto& entity : commit.new_gap->open)
        gaps[last_gap][entity.entity_id] = entity.from;
    }
    for (const auto& filled : commit.filled) {
      const auto gap = gaps.find(filled.gap);
      if (gap == gaps.end()) continue;
      for (const std::string& entity : filled.entities) gap->second.erase(entity);
      if (gap->second.empty()) gaps.erase(gap);
    }
  }
};

Open gaps_of(Spool& spool) {
  Open gaps;
  for (const influx::Gap& gap : spool.gaps()) {
    for (const auto& entity : gap.open) gaps[gap.id][entity.entity_id] = entity.from;
  }
  return gaps;
}

class Run {
 public:
  explicit Run(std::uint32_t seed) : vfs_("power-cut", seed), random_(seed) {
    options_.targets = {"a", "b"};
    options_.vfs = "power-cut";
  }

  void go(int cuts) {
    for (int cut = 0; cut < cuts; ++cut) {
      INFO("cut " << cut);
      // Some cuts hit the opening itself, the very first included.
      vfs_.cut_after(1 + below(below(4) == 0 ? 12 : 400));
      try {
        Spool spool = Spool::open(path_, options_, clock_.clock());
        if (opened_) check(spool);
        opened_ = true;
        while (!vfs_.is_off()) step(spool);
      } catch (const base::Failure& failure) {
        INFO(failure.what());
        REQUIRE(vfs_.is_off());
      }
      vfs_.restore();
      clock_.now += std::chrono::seconds(1);
    }
    Spool spool = Spool::open(path_, options_, clock_.clock());
    check(spool);
    std::cout << vfs_.dropped() << " writes dropped, " << model_.last_id << " blocks, " << repeated_
              << " acknowledged ones came back\n";
  }

  [[nodiscard]] std::uint64_t dropped() const { return vfs_.dropped(); }

 private:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

  SpoolCommit random_commit() {
    SpoolCommit commit;
    for (auto blocks = below(3); blocks > 0; --blocks) {
      influx::NewBlock block =
          block_of(1 + below(below(8) == 0 ? 800 : 30), "n" + std::to_string(++serial_));
      if (below(10) == 0) block.only_target = "b";
      commit.blocks.push_back(block);
    }
    for (auto marks = below(8); marks > 0; --marks) {
      commit.marks.push_back({"sensor.s" + std::to_string(below(50)),
                              clock_.now + std::chrono::microseconds(below(100'000))});
    }
    if (below(12) == 0) {
      commit.new_gap.emplace();
      for (auto entities = 1 + below(40); entities > 0; --entities) {
        commit.new_gap->open.push_back({"sensor.g" + std::to_string(entities), clock_.now});
      }
    }
    if (!model_.gaps.empty() && below(3) == 0) {
      const auto& [id, open] = *model_.gaps.begin();
      commit.filled.push_back({id, {}});
      for (const auto& [entity, from] : open) {
        if (below(2) == 0) commit.filled.back().entities.push_back(entity);
      }
    }
    return commit;
  }

  void step(Spool& spool) {
    if (below(3) != 0) {
      const SpoolCommit commit = random_commit();
      const auto taken = spool.commit(commit);
      if (taken.has_error()) {
        REQUIRE(vfs_.is_off());
        doubtful_ = commit;
        return;
      }
      model_.apply(commit, options_.targets);
      REQUIRE(*taken == model_.last_id);
      return;
    }
    const std::string target = below(2) == 0 ? "a" : "b";
    std::vector<std::int64_t> ids;
    for (const influx::Block& block : spool.read(target, 0, 2000, 100'000)) {
      if (below(10) != 0) ids.push_back(block.id);
    }
    const bool written = !spool.acknowledge(target, ids).has_error();
    for (const std::int64_t id : ids) {
      model_.blocks.at(id).waits[target] = false;
      if (!written) unwritten_.emplace(target, id);
    }
  }

  // The commit that the cut has hit is there as a whole or not at all.
  void settle_doubt(Spool& spool) {
    if (!doubtful_) return;
    Model with = model_;
    with.apply(*doubtful_, options_.targets);
    doubtful_.reset();
    if (spool.marks() == with.marks && gaps_of(spool) == with.gaps && has_all(spool, with)) {
      model_ = with;
    }
  }

  bool has_all(Spool& spool, const Model& model) {
    for (const std::string& target : options_.targets) {
      std::map<std::int64_t, std::string> there;
      for (const influx::Block& block : test::waiting(spool, target)) there[block.id] = block.lines;
      for (const auto& [id, taken] : model.blocks) {
        if (taken.waits.at(target) && (!there.contains(id) || there[id] != taken.lines))
          return false;
      }
    }
    return true;
  }

  void check(Spool& spool) {
    for (const std::string& sentence : spool.report()) FAIL(sentence);
    settle_doubt(spool);
    REQUIRE(spool.marks() == model_.marks);
    REQUIRE(gaps_of(spool) == model_.gaps);
    REQUIRE(spool.losses().given_up_lines == 0);
    REQUIRE(spool.losses().damaged_blocks == 0);
    for (const std::string& target : options_.targets) check(spool, target);
    unwritten_.clear();
    // The number of a gap that is closed is free again after a restart.
    model_.last_gap = model_.gaps.empty() ? 0 : model_.gaps.rbegin()->first;
  }

  void check(Spool& spool, const std::string& target) {
    std::map<std::int64_t, std::string> there;
    for (const influx::Block& block : test::waiting(spool, target)) there[block.id] = block.lines;
    int back = 0;
    bool any_before = false;  // one that was acknowledged out of order may always come back
    for (auto& [id, taken] : model_.blocks) {
      INFO("block " << id << " for " << target);
      if (unwritten_.contains({target, id})) any_before = true;
      if (taken.waits.at(target)) {
        any_before = true;
        REQUIRE(there.contains(id));
      } else if (there.contains(id)) {
        if (!any_before) ++back;
        ++repeated_;
        taken.waits[target] = true;
      }
      if (!there.contains(id)) continue;
      REQUIRE(there[id] == taken.lines);
      there.erase(id);
    }
    REQUIRE(there.empty());
    REQUIRE(back < 64);
  }

  test::TempDir dir_;
  std::string path_ = dir_.file("spool");
  test::PowerCutVfs vfs_;
  std::mt19937 random_;
  influx::SpoolOptions options_;
  test::ManualClock clock_;
  Model model_;
  std::optional<SpoolCommit> doubtful_;                       // the cut has hit it
  std::set<std::pair<std::string, std::int64_t>> unwritten_;  // acknowledged, but the cut was then
  bool opened_ = false;
  int serial_ = 0;
  std::uint64_t repeated_ = 0;
};

}  // namespace

TEST_CASE("spool: a power cut at any write loses nothing that was taken") {
  for (std::uint32_t seed = 1; seed <= runs_wanted(); ++seed) {
    INFO("seed " << seed);
    Run run(seed);
    run.go(k_cuts);
    CHECK(run.dropped() > 100);
  }
}
