// SPDX-License-Identifier: MIT
// `haingest watch` before a real InfluxDB whose disk, a small tmpfs, is full: everything waits in
// the spool, which is said once, and arrives when there is room again and the server was restarted
// (1.6.7 and 2.7.12 go on refusing until then).
#include <signal.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/integration/numbered.hpp"
#include "tests/parts/part.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/small_disk.hpp"

using namespace haingest;
using namespace haingest::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr auto k_end = 60s;
constexpr std::size_t k_left = 300'000;  // for the server, by the other program

class House {
 public:
  explicit House(Program& program) : home_(fakes::make_house({.devices = 10, .entities = 40})) {
    program.talk_to(home_);
    ids_ = home_.house().entity_ids();
  }

  void change(int count) {
    home_.change([&](fakes::House& now) {
      for (int i = 0; i < count; ++i) {
        const std::string& entity_id = ids_[random_() % ids_.size()];
        const int number = k_first_number + static_cast<int>(expected.size());
        now.set_state(entity_id, std::to_string(number));
        expected[number] = {entity_id, now.now().time_since_epoch().count()};
      }
    });
  }

  Numbers expected;

 private:
  fakes::HaServer home_;
  std::vector<std::string> ids_;
  std::minstd_rand random_{1};
};

std::size_t times_in(const std::string& text, const std::string& part) {
  std::size_t times = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++times;
  }
  return times;
}

void fill(const SmallDisk& disk, const TimeSeriesServer& server, const InfluxReader& reader,
          Program& program) {
  const auto told = [&] {
    const json points = points_told(program);
    return points.is_object() ? points["targets"][0] : json{{"state", ""}, {"waiting", -1}};
  };
  program.environment["INFLUXDB_URL"] = server.url();
  tell_often(program);
  House house(program);
  Background watch(program.command({"watch", "--db", program.file("metadata.db")}));
  const Serving health(program, program.file("metadata.db"));
  // The snapshot is there: what comes now is heard.
  REQUIRE(
      eventually([&] { return told()["waiting"] == 0 && told().value("stored", 0) > 0; }, k_end));
  house.change(500);
  REQUIRE(eventually([&] { return reader.read().size() == 500; }, k_end));

  write_file(disk.file("other"), std::string(disk.free_bytes() - k_left, 'o'));
  while (told()["state"] != "retrying") {
    REQUIRE(house.expected.size() < 20'000);
    house.change(500);
    REQUIRE(eventually(
        [&] {
          return told()["state"] == "retrying" || reader.read().size() == house.expected.size();
        },
        k_end));
  }
  CHECK(house.expected.size() > 500);
  house.change(3'000);
  const std::string cause = "no space left on device";
  REQUIRE(eventually(
      [&] {
        const json told_by_it = json::parse(ask(health.url() + "/health"), nullptr, false);
        return told_by_it.is_object() && told_by_it["status"] == "degraded" &&
               told_by_it["problems"].dump().find(cause) != std::string::npos &&
               told()["waiting"] >= 3'000;
      },
      k_end));
  CHECK_THAT(told()["last_error"].get<std::string>(), ContainsSubstring(cause));

  disk.resize("200m");
  server.restart();
  CHECK(eventually([&] { return told()["waiting"] == 0; }, k_end));
  CHECK(missing_in(reader.read(), house.expected) == 0);
  CHECK(reader.read().size() == house.expected.size());
  CHECK(points_told(program)["dead_letters"] == 0);
  CHECK(points_told(program)["given_up"] == 0);
  watch.signal(SIGTERM);
  const Outcome outcome = watch.wait();
  CHECK(outcome.exit_code == 0);
  INFO(outcome.err);
  CHECK(times_in(outcome.err, "its disk is full") == 1);
  CHECK(times_in(outcome.err, "answers again after") == 1);
}

}  // namespace

TEST_CASE("InfluxDB 1.6 with a full disk: everything waits, and arrives", "[parts]") {
  if (!have_part("influxdb1")) return;
  SmallDisk disk;
  if (!disk.mount("24m")) return;
  const InfluxDb1 server(InfluxDb1::Access::anyone, disk.path());
  server.create_database();
  Program program;
  fill(disk, server, {server.url()}, program);
}

TEST_CASE("InfluxDB 2.7 with a full disk: everything waits, and arrives", "[parts]") {
  if (!have_part("influxdb2")) return;
  SmallDisk disk;
  if (!disk.mount("24m")) return;
  const InfluxDb2 server(disk.path());
  Program program;
  program.environment["INFLUXDB_ORG"] = "haingest";
  program.environment["INFLUXDB_TOKEN"] = server.token();
  fill(disk, server, {server.url(), {"Authorization: Token " + server.token()}}, program);
}
