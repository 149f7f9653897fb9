// SPDX-License-Identifier: MIT
#include "core/model/history.hpp"

#include <string>

#include "core/base/timestamp.hpp"
#include "tests/support/catch.hpp"

using namespace haingest;

namespace {

// "entity state moment;…" of the rows in the order in which they were told, then how many were
// unreadable; "no history" where the whole is none.
std::string read(const char* answer) {
  model::StateReader reader;
  std::string rows;
  const auto unreadable =
      model::read_history(answer, reader, [&rows](const model::StateChange& row) {
        rows += std::string(row.entity_id) + " " +
                (row.removed ? "(removed)" : std::string(row.state)) + " " +
                base::to_iso_text(row.last_updated).substr(11, 15) + ";";
      });
  return unreadable ? rows + std::to_string(*unreadable) : "no history";
}

}  // namespace

TEST_CASE("history: an entity's rows come in their order") {
  CHECK(read(R"({"a.b":[{"s":"1","a":{},"lu":1795600801.5},{"s":null,"a":{},"lu":1795600800}],)"
             R"("c.d":[],"a.c":[{"s":"x","a":{"k":[1]},"lu":1795600802,"lc":1795600801}]})") ==
        "a.b 1 10:00:01.500000;a.b (removed) 10:00:00.000000;a.c x 10:00:02.000000;0");
  CHECK(read("{}") == "0");
}

TEST_CASE("history: rows that are none are counted") {
  CHECK(read(R"({"a.b":["x",7,null,[],{},{"s":"1"},{"s":"2","lu":1795600801}]})") ==
        "a.b 2 10:00:01.000000;6");
}

TEST_CASE("history: what is no object of lists is none") {
  for (const char* answer : {"", "[]", "7", "{", R"({"a.b":{}})", R"({"a.b":[)", R"({"a.b":[]} x)",
                             R"({"a.b":[{"s":"1","lu":1795600801}})",
                             R"({"a.b":["lu":1},{"s":"1","lu":1795600801}]})"}) {
    INFO(answer);
    CHECK(read(answer) == "no history");
  }
}
