// SPDX-License-Identifier: MIT
#include "core/influx/refusal.hpp"

#include "tests/support/catch.hpp"

using namespace haingest;
using influx::Cured;
using influx::Portion;

namespace {

Portion portion(const std::string& lines) {
  Portion portion;
  std::string_view rest = lines;
  while (!rest.empty()) portion.add(influx::next_line(rest));
  return portion;
}

}  // namespace

TEST_CASE("refusal: halves keep the order, the first the smaller one") {
  const auto [first, second] = influx::halves_of(portion("a v=1 3\nb v=1 2\nc v=1 1\n"));
  CHECK(first.lines == "a v=1 3\n");
  CHECK(first.count == 1);
  CHECK(second.lines == "b v=1 2\nc v=1 1\n");
  CHECK(second.count == 2);
}

TEST_CASE("refusal: halves by time, equal times in their order") {
  const auto [first, second] =
      influx::halves_by_time(portion("a v=1 10\nb v=1 9\nc v=1 -1\na v=2 10\n"));
  CHECK(first.lines == "c v=1 -1\nb v=1 9\n");
  CHECK(second.lines == "a v=1 10\na v=2 10\n");
}

TEST_CASE("refusal: a letter says whose line it was, in either layout") {
  const auto letter = influx::letter_for("m,domain=light,entity_id=light.kitchen v=1 1\n", "why");
  CHECK(letter.entity_id == "light.kitchen");
  CHECK(letter.line == "m,domain=light,entity_id=light.kitchen v=1 1");
  CHECK(letter.reason == "why");
  CHECK(influx::letter_for("W,domain=sensor,entity_id=power value=1 1\n", "").entity_id ==
        "sensor.power");
  CHECK(influx::letter_for("devices,device_id=x v=1 1\n", "").entity_id.empty());
  CHECK(influx::letter_for("no line at all", "").entity_id.empty());
}

TEST_CASE("refusal: a field that conflicts is taken out where it has that type") {
  const Cured cured = influx::without_conflict(portion("c,entity_id=a.1 v=1i,w=2 1\n"
                                                       "c,entity_id=a.2 v=1,w=2 2\n"
                                                       "d,entity_id=a.3 v=1i,w=2 3\n"
                                                       "c,entity_id=a.4 v=7i 4\n"
                                                       "c,entity_id=a.5 w=1i 5\n"),
                                               {"c", "v", "integer"}, "conflict");
  CHECK(cured.rest.lines ==
        "c,entity_id=a.1 w=2 1\n"
        "c,entity_id=a.2 v=1,w=2 2\n"
        "d,entity_id=a.3 v=1i,w=2 3\n"
        "c,entity_id=a.5 w=1i 5\n");
  CHECK(cured.rest.count == 4);
  REQUIRE(cured.letters.size() == 2);
  CHECK(cured.letters[0].line == "c,entity_id=a.1 v=1i,w=2 1");
  CHECK(cured.letters[0].entity_id == "a.1");
  CHECK(cured.letters[0].reason == "field v left out, the rest of the point is stored: conflict");
  CHECK(cured.letters[1].line == "c,entity_id=a.4 v=7i 4");
  CHECK(cured.letters[1].reason == "conflict");
}

TEST_CASE("refusal: names are compared without their escapes, types by the value") {
  const std::string line = "my\\ m\\,x,t=a\\,b a\\ b\\=c=\"x\",f=1.5,i=2i,b=true,w=t 1\n";
  const auto left = [&](const influx::Conflict& conflict) {
    return influx::without_conflict(portion(line), conflict, "").rest.lines;
  };
  CHECK(left({"my m,x", "a b=c", "string"}) == "my\\ m\\,x,t=a\\,b f=1.5,i=2i,b=true,w=t 1\n");
  CHECK(left({"my m,x", "f", "float"}) == "my\\ m\\,x,t=a\\,b a\\ b\\=c=\"x\",i=2i,b=true,w=t 1\n");
  CHECK(left({"my m,x", "w", "boolean"}) ==
        "my\\ m\\,x,t=a\\,b a\\ b\\=c=\"x\",f=1.5,i=2i,b=true 1\n");
  for (const influx::Conflict& other :
       {influx::Conflict{"my m", "f", "float"}, influx::Conflict{"my m,x", "f", "integer"},
        influx::Conflict{"my m,x", "g", "float"}, influx::Conflict{"my m,x,t", "f", "float"}}) {
    const Cured cured = influx::without_conflict(portion(line), other, "");
    CHECK(cured.letters.empty());
    CHECK(cured.rest.lines == line);
  }
}

TEST_CASE("refusal: a backslash stands for itself before another one") {
  const Cured cured = influx::without_conflict(portion("a\\\\,b\\\\ c,t=\\\\\\,\\\\= v=1i,w=2 1\n"),
                                               {"a\\,b\\ c", "v", "integer"}, "conflict");
  CHECK(cured.rest.lines == "a\\\\,b\\\\ c,t=\\\\\\,\\\\= w=2 1\n");
  CHECK(cured.letters.size() == 1);
}

TEST_CASE("refusal: lines by number, with what is left of those refused for a field") {
  const Portion three = portion("c v=1 1\nc v=\"x\",w=1 2\nc v=3 3\n");
  const Cured cured = influx::without_refused(three, {{1, "type", "v"}, {2, "bad", ""}});
  CHECK(cured.rest.lines == "c w=1 2\n");
  CHECK(cured.rest.count == 1);
  REQUIRE(cured.letters.size() == 2);
  CHECK(cured.letters[0].reason == "field v left out, the rest of the point is stored: type");
  CHECK(cured.letters[1].line == "c v=3 3");
  CHECK(cured.letters[1].reason == "bad");
  // A field that the line does not have: then the whole line is meant.
  CHECK(influx::without_refused(three, {{0, "type", "x"}}).rest.count == 0);
  CHECK(influx::without_refused(three, {{0, "type", "x"}}).letters.size() == 1);
  CHECK(influx::without_refused(three, {{3, "beyond", ""}}).letters.empty());
}
