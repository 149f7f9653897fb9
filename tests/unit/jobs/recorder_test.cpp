// SPDX-License-Identifier: MIT
#include "core/jobs/recorder.hpp"

#include <algorithm>
#include <string>

#include "core/base/log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/stderr_capture.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/influx/points.hpp"

namespace haingest::jobs {
namespace {

base::Timestamp at(const std::string& text) { return base::parse_timestamp(text).value(); }

class Desk {
 public:
  explicit Desk(const influx::EncoderOptions& encoder = {})
      : spool(open()), recorder(encoder, spool, clock()) {}

  static base::Clock clock() {
    return [] { return at("2026-11-25T10:00:30Z"); };
  }
  influx::Spool open() {
    influx::SpoolOptions options;
    options.targets = {"influx"};
    return influx::Spool::open(folder.file("spool"), options, clock());
  }
  void take(const std::string& entity_id, const std::string& state, const std::string& when) {
    take_json(R"({"data":{"entity_id":")" + entity_id +
              R"(","old_state":{"state":"x"},"new_state":)" + state_json(entity_id, state, when) +
              "}}");
  }
  void take_json(const std::string& event) {
    const model::StateChange* const change = reader.read_event(event);
    REQUIRE(change != nullptr);
    recorder.take(*change);
  }
  void take_snapshot(const std::string& entity_id, const std::string& state,
                     const std::string& when) {
    const model::StateChange* const change = reader.read_state(state_json(entity_id, state, when));
    REQUIRE(change != nullptr);
    recorder.take(*change);
  }
  static std::string state_json(const std::string& entity_id, const std::string& state,
                                const std::string& when) {
    return R"({"entity_id":")" + entity_id + R"(","state":")" + state +
           R"(","attributes":{},"last_changed":")" + when + R"(","last_updated":")" + when +
           R"("})";
  }
  std::string lines() {
    std::string lines;
    for (const influx::Block& block : blocks()) lines += block.lines;
    return lines;
  }
  std::vector<influx::Block> blocks() { return spool.read("influx", 0, 1'000'000, 1U << 30U); }

  test::TempDir folder;
  influx::Spool spool;
  Recorder recorder;
  model::StateReader reader;
};

}  // namespace

TEST_CASE("What was taken is in the spool after flush, and not before") {
  Desk desk;
  desk.take("sensor.a", "1", "2026-11-25T10:00:00+00:00");
  desk.take("sensor.b", "2", "2026-11-25T10:00:01+00:00");
  CHECK(desk.blocks().empty());
  REQUIRE(desk.recorder.flush().has_value());
  const auto blocks = desk.blocks();
  REQUIRE(blocks.size() == 1);
  CHECK(blocks[0].count == 2);
  CHECK(desk.recorder.counts().lines == 2);
  CHECK(desk.spool.marks().at("sensor.b") == at("2026-11-25T10:00:01Z"));
  REQUIRE(desk.recorder.flush().has_value());
  CHECK(desk.blocks().size() == 1);
}

TEST_CASE("Two states of one entity at one moment are counted, and the later one stays the later") {
  Desk desk;
  const std::string moment = "2026-11-25T10:00:00.123456+00:00";
  desk.take("sensor.t", "20.1", moment);
  desk.take("sensor.t", "20.3", moment);
  REQUIRE(desk.recorder.flush().has_value());
  auto blocks = desk.blocks();
  REQUIRE(blocks.size() == 1);
  CHECK_FALSE(blocks[0].alone);
  CHECK(blocks[0].lines.find("20.1") < blocks[0].lines.find("20.3"));
  CHECK(desk.recorder.counts().collisions == 1);

  desk.take("sensor.t", "20.5", moment);
  REQUIRE(desk.recorder.flush().has_value());
  blocks = desk.blocks();
  REQUIRE(blocks.size() == 2);
  CHECK(blocks[1].alone);
  CHECK(desk.recorder.counts().collisions == 2);
}

TEST_CASE("A snapshot's state counts when it is newer than what was taken, also after a restart") {
  Desk desk;
  desk.take("sensor.a", "1", "2026-11-25T10:00:00+00:00");
  desk.take_snapshot("sensor.a", "1", "2026-11-25T10:00:00+00:00");
  desk.take_snapshot("sensor.a", "0", "2026-11-25T09:00:00+00:00");
  desk.take_snapshot("sensor.b", "5", "2026-11-25T08:00:00+00:00");
  REQUIRE(desk.recorder.flush().has_value());
  CHECK(desk.recorder.counts().lines == 2);

  Recorder again({}, desk.spool, Desk::clock());
  const model::StateChange* change =
      desk.reader.read_state(Desk::state_json("sensor.b", "5", "2026-11-25T08:00:00+00:00"));
  again.take(*change);
  change = desk.reader.read_state(Desk::state_json("sensor.b", "6", "2026-11-25T08:00:01+00:00"));
  again.take(*change);
  REQUIRE(again.flush().has_value());
  CHECK(again.counts().lines == 1);
}

TEST_CASE("A stamp that is yet to come is stored and counted, its mark is now") {
  Desk desk;
  desk.take("sensor.a", "1", "2026-11-25T11:00:00+00:00");
  REQUIRE(desk.recorder.flush().has_value());
  CHECK(desk.recorder.counts().future == 1);
  CHECK(desk.recorder.counts().lines == 1);
  CHECK(desk.spool.marks().at("sensor.a") == at("2026-11-25T10:00:30Z"));
  desk.take("sensor.a", "2", "2026-11-25T10:00:20+00:00");
  REQUIRE(desk.recorder.flush().has_value());
  CHECK(desk.recorder.counts().lines == 2);
}

TEST_CASE("A clock that jumps back loses nothing") {
  Desk desk;
  desk.take("sensor.a", "1", "2026-11-25T10:00:00+00:00");
  desk.take("sensor.a", "2", "2026-11-25T09:00:00+00:00");
  REQUIRE(desk.recorder.flush().has_value());
  CHECK(desk.recorder.counts().lines == 2);
  CHECK(desk.spool.marks().at("sensor.a") == at("2026-11-25T10:00:00Z"));
}

TEST_CASE("A state that goes is no point, and many lines are several blocks") {
  Desk desk;
  desk.take_json(R"({"data":{"entity_id":"sensor.a","old_state":{"state":"1"},"new_state":null}})");
  REQUIRE(desk.recorder.flush().has_value());
  CHECK(desk.blocks().empty());
  CHECK(desk.recorder.counts().empty == 1);
  for (int i = 0; i < 12'000; ++i) {
    desk.take("sensor.n" + std::to_string(i), std::to_string(i), "2026-11-25T10:00:00+00:00");
  }
  REQUIRE(desk.recorder.flush().has_value());
  const auto blocks = desk.blocks();
  CHECK(blocks.size() == 3);
  std::uint64_t lines = 0;
  for (const influx::Block& block : blocks) {
    CHECK(block.count <= influx::k_max_block_lines);
    lines += block.count;
  }
  CHECK(lines == 12'000);
}

TEST_CASE("What is left out and what is cut is said, once") {
  base::log::configure(base::log::Level::debug, base::log::Format::text);
  const test::StderrCapture capture;
  influx::EncoderOptions options;
  options.selection.exclude = {"sun.*"};
  Desk desk(options);
  for (int second = 0; second < 3; ++second) {
    const std::string when = "2026-11-25T10:00:0" + std::to_string(second) + "+00:00";
    desk.take("sun.sun", "up", when);
    desk.take("sensor.long", std::string(1'100'000, 'x'), when);
  }
  base::log::configure(base::log::Level::warning, base::log::Format::text);
  const std::string log = capture.text();
  INFO(log);
  CHECK(std::ranges::count(log, '\n') == 2);
  CHECK(log.find(" debug sun.sun is left out: --exclude sun.*\n") != std::string::npos);
  CHECK(log.find(" warning a text of sensor.long is longer than any server takes and is cut after "
                 "1 MB; further ones are cut without a word\n") != std::string::npos);
}

TEST_CASE("Devices are lines of their own, and how far they are is asked of nobody") {
  Desk desk;
  CHECK_FALSE(desk.recorder.devices_written());
  const auto world = test::world_of({R"([{"id":"d1","name":"Lamp"},{"id":"d2","name":"Fan"}])"});
  const base::Timestamp when = at("2026-11-25T09:00:00Z");
  desk.recorder.take_devices({world, {{"d2", when}, {"gone", when}}, when});
  CHECK(desk.blocks().empty());
  REQUIRE(desk.recorder.flush().has_value());
  REQUIRE(desk.blocks().size() == 1);
  CHECK(desk.blocks()[0].lines ==
        "devices,area_id=unassigned,device_id=d2,manufacturer=Unknown,model=Unknown "
        "name=\"Fan\",sw_version=\"Unknown\",entity_count=0i 1795597200000000000\n");
  CHECK(desk.recorder.counts().lines == 1);
  CHECK(desk.recorder.devices_written() == when);
  CHECK(Recorder({}, desk.spool, Desk::clock()).devices_written() == when);

  // Nor does it make an old spool of a new one, whose entities are asked for from then on.
  desk.recorder.begin_connection();
  desk.take_snapshot("sensor.a", "1", "2026-11-25T10:00:00+00:00");
  desk.recorder.end_snapshot();
  CHECK_FALSE(desk.recorder.flush().value());
  CHECK(desk.spool.gaps().empty());
}

TEST_CASE("A state of the snapshot that live events have replaced already is taken, too") {
  Desk desk;
  desk.take("sensor.a", "1", "2026-11-25T10:00:00+00:00");
  REQUIRE(desk.recorder.flush().has_value());
  desk.recorder.begin_connection();
  desk.take("sensor.a", "3", "2026-11-25T10:00:20+00:00");
  desk.take("sensor.a", "4", "2026-11-25T10:00:21+00:00");
  desk.take_snapshot("sensor.a", "2", "2026-11-25T10:00:10+00:00");
  desk.recorder.end_snapshot();
  REQUIRE(desk.recorder.flush().value());
  const std::string lines = desk.lines();
  for (const char* state : {"1", "2", "3", "4"}) {
    CAPTURE(state);
    CHECK(lines.find("state=\"" + std::string(state) + "\"") != std::string::npos);
  }
  const std::vector<influx::Gap> gaps = desk.spool.gaps();
  REQUIRE(gaps.size() == 1);
  CHECK(gaps[0].open.at(0).from == at("2026-11-25T10:00:00Z"));
  CHECK(gaps[0].open.at(0).next == at("2026-11-25T10:00:10Z"));
}

TEST_CASE("A state of the snapshot that was heard live is not taken twice") {
  Desk desk;
  desk.recorder.begin_connection();
  desk.take("sensor.a", "3", "2026-11-25T10:00:20+00:00");
  desk.take("sensor.a", "4", "2026-11-25T10:00:21+00:00");
  desk.take_snapshot("sensor.a", "3", "2026-11-25T10:00:20+00:00");
  desk.recorder.end_snapshot();
  REQUIRE(desk.recorder.flush().has_value());
  CHECK(std::ranges::count(desk.lines(), '\n') == 2);
}

}  // namespace haingest::jobs
