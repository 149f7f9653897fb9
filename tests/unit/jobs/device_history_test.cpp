// SPDX-License-Identifier: MIT
#include "core/jobs/device_history.hpp"

#include <filesystem>
#include <sstream>

#include "core/jobs/sync.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace haingest::jobs {
namespace {

base::Timestamp at(int minute) {
  return base::parse_timestamp("2026-11-25T10:00:00Z").value() + std::chrono::minutes(minute);
}

// A store, and a clock that shows the minute.
class Desk {
 public:
  void sync(int at_minute, const std::string& devices) {
    minute = at_minute;
    SyncOptions options;
    options.from = "-";
    options.database_path = database;
    options.policy.max_removals.amount = 100;
    options.clock = clock();
    std::istringstream input(R"({"haingest":1,"ha":{"version":"2026.11.0","state":"RUNNING"},)"
                             R"("devices":[)" +
                             devices + R"(],"entities":[],"composite_splits":{}})");
    static_cast<void>(jobs::sync(options, input));
  }
  [[nodiscard]] base::Clock clock() {
    return [this] { return at(minute); };
  }
  [[nodiscard]] DeviceHistory history(std::optional<base::Timestamp> written = {}) {
    return {database, written, clock()};
  }

  test::TempDir folder;
  std::string database = folder.file("metadata.db");
  int minute = 0;
};

std::string device(const std::string& id, const std::string& name) {
  return R"({"id":")" + id + R"(","name":")" + name + R"("})";
}

// "a 0; b 5; up to 5": each device with the minute of its point.
std::string text_of(const std::optional<DeviceNews>& news) {
  if (!news) return "none";
  const auto minute_of = [](base::Timestamp moment) {
    return std::to_string(std::chrono::floor<std::chrono::minutes>(moment - at(0)).count());
  };
  std::string text;
  for (const auto& [id, when] : news->devices) {
    REQUIRE(news->world->find(model::Kind::device, id));
    text += id + " " + minute_of(when) + "; ";
  }
  return text + "up to " + minute_of(news->up_to);
}

}  // namespace

TEST_CASE("At first every device is due, and then those that have changed") {
  Desk desk;
  DeviceHistory history = desk.history();
  CHECK(text_of(history.look()) == "none");
  desk.sync(0, device("a", "A") + "," + device("b", "B") + "," + device("c", "C"));
  desk.minute = 1;
  CHECK(text_of(history.look()) == "a 1; b 1; c 1; up to 0");
  CHECK(text_of(history.look()) == "none");
  desk.sync(2, device("a", "A") + "," + device("b", "B 2") + "," + device("c", "C"));
  desk.sync(3, device("a", "A") + "," + device("b", "B 2") + "," + device("d", "D"));
  desk.minute = 4;
  CHECK(text_of(history.look()) == "b 2; d 3; up to 3");
  // It is back.
  desk.sync(5, device("a", "A") + "," + device("b", "B 2") + "," + device("c", "C") + "," +
                   device("d", "D"));
  CHECK(text_of(history.look()) == "c 5; up to 5");
}

TEST_CASE("A start goes on behind what was written") {
  Desk desk;
  desk.sync(0, device("a", "A") + "," + device("b", "B"));
  desk.sync(2, device("a", "A 2") + "," + device("b", "B"));
  CHECK(text_of(desk.history(at(2)).look()) == "none");
  CHECK(text_of(desk.history(at(1)).look()) == "a 2; up to 2");
  desk.minute = 7;
  CHECK(text_of(desk.history().look()) == "a 7; b 7; up to 2");
}

TEST_CASE("Of a store that is another one every device is due") {
  Desk desk;
  desk.sync(0, device("a", "A") + "," + device("b", "B"));
  desk.sync(1, device("a", "A 2") + "," + device("b", "B"));
  desk.sync(2, device("a", "A 3") + "," + device("b", "B"));
  DeviceHistory history = desk.history();
  REQUIRE(text_of(history.look()) == "a 2; b 2; up to 2");
  std::filesystem::remove(desk.database);
  desk.sync(3, device("x", "X"));
  CHECK(text_of(history.look()) == "x 3; up to 3");
}

}  // namespace haingest::jobs
