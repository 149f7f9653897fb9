// SPDX-License-Identifier: MIT
// What a Home Assistant does to a backfill that the simulated one cannot be made to do.
#include "core/jobs/backfill.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/influx/points.hpp"

namespace haingest::jobs {
namespace {

using namespace std::chrono_literals;
using Outcome = ha::Reply::Outcome;
using test::eventually;

// 2026-11-25T10:00:00Z and some seconds.
constexpr std::int64_t k_base = 1'795'600'800;
base::Timestamp at(std::int64_t second) {
  return base::Timestamp{std::chrono::seconds(k_base + second)};
}

// The rows of an entity that was another at 20 and at 40, when it was heard again.
std::string history_of(const std::string& entity_id) {
  const auto row = [](const char* state, std::int64_t second) {
    return std::string(R"({"s":")") + state + R"(","a":{},"lu":)" +
           std::to_string(k_base + second) + ".0}";
  };
  return "\"" + entity_id + "\":[" + row("one", 20) + "," + row("two", 40) + "]";
}

// A gap of one or two entities in a spool, and a Home Assistant that is told what to say.
class Desk {
 public:
  // Called on the thread of the backfill with what is asked for, for the answer.
  using Answer = std::function<ha::Reply(const std::string& members)>;

  explicit Desk(std::vector<std::string> entities, BackfillPauses pauses, Answer answer)
      : answer_(std::move(answer)), spool(open()) {
    influx::SpoolCommit commit;
    commit.new_gap.emplace();
    commit.new_gap->to = commit.new_gap->noticed = at(100);
    for (const std::string& entity_id : entities) {
      commit.new_gap->open.push_back({entity_id, at(10), at(40)});
    }
    REQUIRE(spool.commit(commit).has_value());
    BackfillOptions options;
    options.database_path = folder.file("metadata.db");
    options.targets = {"influx"};
    options.spool_max_bytes = 1U << 30U;
    options.pauses = pauses;
    backfill = std::make_unique<Backfill>(
        options, spool,
        [this](const std::string& type, const std::string& members,
               const std::function<void(ha::Reply)>& done) {
          ++asked;
          if (type != "history/history_during_period") has_asked_otherwise = true;
          done(answer_(members));
        },
        [] { return at(200); }, Backfill::Handlers{[] {}, [](const base::Error&) {}});
  }
  ~Desk() {
    backfill.reset();
    CHECK_FALSE(has_asked_otherwise);
  }

  void connect() const {
    backfill->begin_connection();
    backfill->set_world(test::world_of({}));
    backfill->set_home(true, "UTC");
  }
  [[nodiscard]] model::WatchStatus status() const {
    model::WatchStatus status;
    backfill->tell(status);
    return status;
  }
  [[nodiscard]] std::size_t points() { return spool.depth("influx").lines; }

 private:
  influx::Spool open() const {
    influx::SpoolOptions options;
    options.targets = {"influx"};
    return influx::Spool::open(folder.file("spool"), options, [] { return at(200); });
  }
  const Answer answer_;

 public:
  test::TempDir folder;
  influx::Spool spool;
  std::atomic<int> asked = 0;
  std::atomic<bool> has_asked_otherwise = false;
  std::unique_ptr<Backfill> backfill;
};

ha::Reply answered(const std::string& rows) { return {Outcome::answered, "{" + rows + "}"}; }

}  // namespace

TEST_CASE("An entity whose history ends the connection each time is set aside, no other is") {
  Desk desk({"sensor.bad", "sensor.good"}, {}, [](const std::string& members) {
    if (members.find("sensor.bad") != std::string::npos) {
      return ha::Reply{Outcome::closed, "", "", "gone"};
    }
    return answered(history_of("sensor.good"));
  });
  // As often as requests can be made smaller, and three times more.
  int connections = 0;
  while (desk.status().unverified == 0) {
    REQUIRE(++connections < 30);
    const int before = desk.asked;
    desk.connect();
    REQUIRE(eventually([&] { return desk.asked > before; }));
    REQUIRE(eventually([&] {
      return desk.status().unverified > 0 || desk.spool.gaps().empty() ||
             desk.spool.gaps()[0].open.size() == 2;
    }));
  }
  CHECK(connections > 3);
  desk.connect();
  CHECK(eventually([&] { return desk.spool.gaps().empty(); }));
  CHECK(desk.status().unverified == 1);
  CHECK(desk.points() == 1);
}

TEST_CASE("A recorder that answers nothing is waited for longer than one that lacks something") {
  std::atomic<bool> mute = true;
  Desk desk({"sensor.a"}, {.again = 1ms, .give_up = 1ms, .give_up_unanswered = 1h},
            [&](const std::string&) {
              if (mute) return ha::Reply{Outcome::timeout, "", "timeout", "no answer within 30 s"};
              return answered(history_of("sensor.a"));
            });
  desk.connect();
  // Each pass makes the request smaller until it cannot be; then the next pass begins.
  REQUIRE(eventually([&] { return desk.asked > 5; }));
  CHECK(desk.status().backfill_open == 1);
  CHECK(desk.status().unverified == 0);
  CHECK(desk.status().backfill_error ==
        "Home Assistant's recorder says timeout: no answer within 30 s");
  mute = false;
  CHECK(eventually([&] { return desk.spool.gaps().empty(); }));
  CHECK(desk.status().unverified == 0);
  CHECK(desk.status().backfill_error.empty());
  CHECK(desk.points() == 1);
}

TEST_CASE("A pass that takes long is none in vain") {
  const auto give_up = 40ms;
  const auto start = std::chrono::steady_clock::now();
  std::atomic<int> asked = 0;
  Desk desk(
      {"sensor.a"}, {.again = 1ms, .give_up = give_up, .give_up_unanswered = 1h},
      [&](const std::string&) {
        if (++asked > 1) return answered(history_of("sensor.a"));
        REQUIRE(eventually([&] { return std::chrono::steady_clock::now() > start + 3 * give_up; }));
        return answered("");
      });
  desk.connect();
  CHECK(eventually([&] { return desk.spool.gaps().empty(); }));
  CHECK(desk.status().unverified == 0);
  CHECK(desk.points() == 1);
}

TEST_CASE("With a new connection nothing more is asked for under the names of the old one") {
  std::atomic<Desk*> there = nullptr;
  std::string asked;  // one thread's, until the gaps are gone
  Desk desk({"sensor.a"}, {}, [&](const std::string& members) {
    asked += members.find("sensor.a") != std::string::npos ? 'a' : 'b';
    if (asked == "a") {
      there.load()->connect();
      return answered("");
    }
    return answered(asked.back() == 'a' ? history_of("sensor.a") : history_of("sensor.b"));
  });
  influx::SpoolCommit commit;
  commit.new_gap.emplace();
  commit.new_gap->to = commit.new_gap->noticed = at(100);
  commit.new_gap->open.push_back({"sensor.b", at(10), at(40)});
  REQUIRE(desk.spool.commit(commit).has_value());
  there = &desk;
  desk.connect();
  REQUIRE(eventually([&] { return desk.spool.gaps().empty(); }));
  CHECK(asked == "aab");
  CHECK(desk.points() == 2);
}

}  // namespace haingest::jobs
