// SPDX-License-Identifier: MIT
#include "core/jobs/refill.hpp"

#include <algorithm>
#include <string>

#include "core/jobs/chunk_size.hpp"
#include "tests/support/catch.hpp"

namespace haingest::jobs {
namespace {

using std::chrono::seconds;

// 2026-11-25T10:00:00Z and some seconds.
constexpr std::int64_t k_base = 1'795'600'800;
base::Timestamp at(std::int64_t second) { return base::Timestamp{seconds(k_base + second)}; }

std::string row(const std::string& state, std::int64_t updated, std::int64_t changed = -1) {
  std::string text = R"({"s":")" + state + R"(","a":{},)";
  if (changed >= 0) text += "\"lc\":" + std::to_string(k_base + changed) + ",";
  return text + "\"lu\":" + std::to_string(k_base + updated) + ".0}";
}

std::string lines_of(const influx::SpoolCommit& commit) {
  std::string lines;
  for (const influx::NewBlock& block : commit.blocks) lines += block.lines;
  return lines;
}

// "sensor.a=20 …": up to which second each is filled.
std::string filled_of(const influx::SpoolCommit& commit) {
  std::string text;
  for (const influx::SpoolCommit::Filled& each : commit.filled) {
    REQUIRE(each.up_to);
    text += each.entities.at(0) + "=" + std::to_string((*each.up_to - at(0)) / seconds(1)) + " ";
  }
  return text;
}

class Desk {
 public:
  Desk() : encoder(influx::EncoderOptions{}) {
    gap.id = 7;
    gap.to = at(100);
  }
  Refill refill() { return Refill(gap, gap.open, names, encoder); }

  influx::Gap gap;
  Refill::Names names;
  influx::Encoder encoder;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Only the rows inside of a gap are written, with the state before them") {
  Desk desk;
  desk.gap.open = {{"sensor.a", at(10), at(40)}};
  Refill refill = desk.refill();
  CHECK(refill.from() == at(10));
  CHECK(refill.to() == at(40));
  const auto commit =
      refill.take(R"({"sensor.a":[)" + row("at the start", 9) + "," + row("taken", 10) + "," +
                      row("first", 20) + "," + row("second", 30, 20) + "," + row("next", 40) + "," +
                      row("later", 50) + R"(],"sensor.nobody":[)" + row("x", 20) + "]}",
                  at(9), at(40));
  REQUIRE(commit.has_value());
  const std::string lines = lines_of(*commit);
  CHECK(std::ranges::count(lines, '\n') == 2);
  CHECK(refill.points() == 2);
  const std::string first = lines.substr(0, lines.find('\n'));
  const std::string second = lines.substr(lines.find('\n') + 1);
  CHECK(has(first, "state=\"first\""));
  CHECK(has(first, "old_state=\"taken\""));
  CHECK(has(first, "duration_in_state_seconds=10"));
  CHECK(has(first, " 1795600820000000000"));
  CHECK(has(second, "state=\"second\""));
  CHECK(has(second, "old_state=\"first\""));
  CHECK_FALSE(has(lines, "context_id"));
  CHECK(filled_of(*commit) == "sensor.a=30 ");
  CHECK(commit->marks.at(0).last_updated == at(30));
  CHECK(refill.complete(false) == std::vector<std::string>{"sensor.a"});
}

TEST_CASE("The state that was asked for as that of the start is an old state and no point") {
  Desk desk;
  desk.gap.open = {{"sensor.a", at(10), at(40)}};
  Refill refill = desk.refill();
  const auto commit = refill.take(
      R"({"sensor.a":[)" + row("before", 9) + "," + row("first", 20) + "]}", at(9), at(40));
  REQUIRE(commit.has_value());
  const std::string lines = lines_of(*commit);
  CHECK(has(lines, "old_state=\"before\""));
  CHECK_FALSE(has(lines, "duration_in_state_seconds"));  // its moment is made up
  // The change that was taken after the gap is not there yet, so others may be missing.
  CHECK(refill.complete(true).empty());
}

TEST_CASE("A removal is no point, and there is no state before the next one") {
  Desk desk;
  desk.gap.open = {{"sensor.a", at(10), at(90)}};
  Refill refill = desk.refill();
  const std::string gone = R"({"s":null,"a":{},"lu":)" + std::to_string(k_base + 30) + ".0}";
  const auto commit =
      refill.take(R"({"sensor.a":[)" + row("one", 20) + "," + gone + "," + row("two", 40) + "]}",
                  at(9), at(90));
  REQUIRE(commit.has_value());
  const std::string lines = lines_of(*commit);
  CHECK(std::ranges::count(lines, '\n') == 2);
  CHECK_FALSE(has(lines, "old_state"));
  CHECK(has(lines, "state=\"two\""));
  CHECK(filled_of(*commit) == "sensor.a=40 ");
}

TEST_CASE("How long a state lasted counts from the row with which it began, or is left out") {
  Desk desk;
  desk.gap.open = {{"sensor.a", at(10), at(90)}};
  const auto fields = [&](const std::string& rows) {
    Refill refill = desk.refill();
    const auto commit = refill.take(R"({"sensor.a":[)" + rows + "]}", at(9), at(90));
    REQUIRE(commit.has_value());
    const std::string lines = lines_of(*commit);
    return lines.substr(lines.rfind('\n', lines.size() - 2) + 1);
  };
  // The second row has other attributes; its own `lc` is in whole seconds.
  CHECK(has(fields(row("on", 20) + "," + row("on", 30, 19) + "," + row("off", 50)),
            "duration_in_state_seconds=30"));
  CHECK_FALSE(has(fields(row("on", 30, 19) + "," + row("off", 50)), "duration_in_state_seconds"));
}

TEST_CASE("Of two states at one moment both are written, the last one last") {
  Desk desk;
  desk.gap.open = {{"sensor.a", at(10), at(90)}};
  Refill refill = desk.refill();
  const std::string rows = R"({"sensor.a":[)" + row("20.1", 20) + "," + row("20.3", 20) + "]}";
  const auto commit = refill.take(rows, at(9), at(90));
  REQUIRE(commit.has_value());
  const std::string lines = lines_of(*commit);
  CHECK(std::ranges::count(lines, '\n') == 2);
  CHECK(lines.find("state=\"20.1\"") < lines.find("state=\"20.3\""));
  const auto again = refill.take(rows, at(9), at(90));
  REQUIRE(again.has_value());
  CHECK(again->empty());
}

TEST_CASE("Windows follow each other: no row twice, the state before from the window before") {
  Desk desk;
  desk.gap.open = {{"sensor.a", at(10), at(90)}, {"sensor.b", at(60), at(90)}};
  Refill refill = desk.refill();
  CHECK(refill.ids_between(at(10), at(50)) == std::vector<std::string>{"sensor.a"});
  CHECK(refill.ids_between(at(50), at(90)) == std::vector<std::string>{"sensor.a", "sensor.b"});
  CHECK(refill.ids_between(at(91), at(99)).empty());
  CHECK(refill.begins_between(at(10), at(50)));
  CHECK_FALSE(refill.begins_between(at(61), at(90)));
  const auto first =
      refill.take(R"({"sensor.a":[)" + row("one", 20) + "," + row("two", 51) + "]}", at(9), at(50));
  REQUIRE(first.has_value());
  CHECK(std::ranges::count(lines_of(*first), '\n') == 1);
  const auto second = refill.take(R"({"sensor.a":[)" + row("one", 49) + "," + row("two", 51) + "," +
                                      row("three", 90) + R"(],"sensor.b":[)" + row("own", 70) +
                                      "," + row("next", 90) + "]}",
                                  at(49), at(90));
  REQUIRE(second.has_value());
  const std::string lines = lines_of(*second);
  CHECK(std::ranges::count(lines, '\n') == 2);
  CHECK(has(lines, "old_state=\"one\""));
  CHECK(filled_of(*second) == "sensor.a=51 sensor.b=70 ");
  CHECK(refill.complete(false) == std::vector<std::string>{"sensor.a", "sensor.b"});
  // The same answer once more brings nothing.
  const auto again = refill.take(R"({"sensor.a":[)" + row("two", 51) + "]}", at(49), at(90));
  REQUIRE(again.has_value());
  CHECK(again->empty());
}

TEST_CASE("Where it is not known what must be there, the recorder's silence has to do, in time") {
  Desk desk;
  desk.gap.open = {{"sensor.gone", at(10)}};
  Refill refill = desk.refill();
  CHECK(refill.to() == at(100));
  const auto commit = refill.take(
      R"({"sensor.gone":[)" + row("last", 100) + "," + row("behind", 101) + "]}", at(9), at(100));
  REQUIRE(commit.has_value());
  CHECK(std::ranges::count(lines_of(*commit), '\n') == 1);
  CHECK(refill.complete(false).empty());
  CHECK(refill.complete(true) == std::vector<std::string>{"sensor.gone"});
}

TEST_CASE("Rows of a renamed entity go under its present name, those kept under the old one too") {
  Desk desk;
  desk.gap.open = {{"sensor.a", at(10)}, {"sensor.b", at(10), at(90)}};
  desk.names = {{"sensor.a", "sensor.b"}};
  Refill refill = desk.refill();
  const auto commit =
      refill.take(R"({"sensor.a":[)" + row("1", 20) + "," + row("2", 30) + R"(],"sensor.b":[)" +
                      row("3", 40) + "," + row("4", 90) + "]}",
                  at(9), at(100));
  REQUIRE(commit.has_value());
  const std::string lines = lines_of(*commit);
  CHECK(std::ranges::count(lines, '\n') == 3);
  CHECK_FALSE(has(lines, "entity_id=sensor.a"));
  CHECK(has(lines, "entity_id=sensor.b"));
  CHECK(filled_of(*commit) == "sensor.a=30 sensor.b=40 ");
}

TEST_CASE("A rename after the gap was noted: rows that have moved to the new name fill it") {
  Desk desk;
  desk.gap.open = {{"sensor.old", at(10), at(40)}};
  desk.names = {{"sensor.old", "sensor.new"}};
  Refill refill = desk.refill();
  CHECK(refill.ids_between(at(10), at(40)) == std::vector<std::string>{"sensor.new", "sensor.old"});
  const auto commit = refill.take(R"({"sensor.new":[)" + row("taken", 10) + "," + row("1", 20) +
                                      "," + row("next", 40) + "," + row("later", 60) + "]}",
                                  at(9), at(40));
  REQUIRE(commit.has_value());
  const std::string lines = lines_of(*commit);
  CHECK(std::ranges::count(lines, '\n') == 1);
  CHECK(has(lines, "entity_id=sensor.new"));
  CHECK(has(lines, "old_state=\"taken\""));
  CHECK(refill.complete(false) == std::vector<std::string>{"sensor.old"});
  // It is noted under the gap's name, and the mark of the new one is its own matter.
  CHECK(filled_of(*commit) == "sensor.old=20 ");
  CHECK(commit->marks.empty());
  desk.gap.open = {{"sensor.old", at(20), at(40)}};
  Refill resumed = desk.refill();
  const auto redone = resumed.take(R"({"sensor.new":[)" + row("1", 20) + "]}", at(9), at(40));
  REQUIRE(redone.has_value());
  CHECK(redone->empty());
}

TEST_CASE("An answer that is none changes nothing") {
  Desk desk;
  desk.gap.open = {{"sensor.a", at(10), at(40)}};
  for (const char* answer : {"", "[]", "{", R"({"sensor.a":{}})", R"({"sensor.a":[{"s":"on")",
                             R"({"sensor.a":[]} more)"}) {
    CAPTURE(answer);
    Refill refill = desk.refill();
    CHECK(refill.take(std::string(answer), at(9), at(40)).has_error());
  }
  // A row that is none is left out; the others count.
  Refill refill = desk.refill();
  const auto commit =
      refill.take(R"({"sensor.a":[{"s":"no moment"},)" + row("good", 20) + "]}", at(9), at(40));
  REQUIRE(commit.has_value());
  CHECK(std::ranges::count(lines_of(*commit), '\n') == 1);
}

TEST_CASE("Requests grow with small answers, and shrink with large ones and with failures") {
  ChunkSize size;
  CHECK(size.entities() == 50);
  CHECK(size.window() == seconds(600));
  size.answered(1'000);
  CHECK(size.window() == seconds(2'400));
  size.answered(1'000'000);
  CHECK(size.window() == seconds(2'400));
  size.answered(5'000'000);
  CHECK(size.window() == seconds(600));
  CHECK(size.shrink());
  CHECK(size.shrink());
  CHECK(size.window() == seconds(60));
  CHECK(size.entities() == 50);
  for (const std::size_t entities : {25U, 12U, 6U, 3U, 1U}) {
    CHECK(size.shrink());
    CHECK(size.entities() == entities);
  }
  CHECK_FALSE(size.shrink());
  size.answered(1'000);
  CHECK(size.entities() == 2);
  for (int i = 0; i < 40; ++i) size.answered(1'000);
  CHECK(size.entities() == 50);
  CHECK(size.window() == std::chrono::days(400));
}

}  // namespace haingest::jobs
