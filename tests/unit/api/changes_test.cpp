// SPDX-License-Identifier: MIT
// GET /api/changes: a client that follows it misses nothing, or is told so.
#include "tests/support/catch.hpp"
#include "tests/unit/api/fixture.hpp"

using namespace haingest;
using test::Api;
using test::golden;

TEST_CASE("changes: page by page, with where to go on") {
  Api api;
  api.sync({.devices = R"([{"id":"d1","name":"A"},{"id":"d2","name":"B"}])"});
  api.sync({.devices = R"([{"id":"d1","name":"C"}])"});
  CHECK(api.get("/api/changes?limit=1").body == golden(R"({"changes":[
{"seq":1,"run":1,"at":"@","kind":"device","id":"d1","action":"added","before":null,"after":
{"device_id":"d1","name":"A","last_seen":"2026-11-25 01:01:00.000000",
"first_seen":"2026-11-25 01:01:00.000000","confirmed":true}}],"count":1,"limit":1,"next":1})"));
  const auto rest = api.get("/api/changes?since=2");
  INFO(rest.body);
  CHECK(rest.body.find(R"("action":"updated","before":{"name":"A"},"after":{"name":"C"})") !=
        std::string::npos);
  CHECK(rest.body.find(R"("id":"d2","action":"removed","before":{"device_id":"d2","name":"B",)") !=
        std::string::npos);
  CHECK(rest.body.ends_with(R"(],"count":2,"limit":100,"next":4})"));
  CHECK(api.get("/api/changes?since=4").body == R"({"changes":[],"count":0,"limit":100,"next":4})");
}

TEST_CASE("changes: what was pruned in between is 410, with where to go on afterwards") {
  Api api;
  api.sync({.devices = R"([{"id":"d1","name":"A"},{"id":"d2","name":"B"}])"});
  api.now += std::chrono::hours(24 * 366);
  api.sync({.devices = R"([{"id":"d1","name":"C"},{"id":"d2","name":"B"}])"});
  const auto gone = api.get("/api/changes?since=1");
  CHECK(gone.status == 410);
  CHECK(gone.body.find(R"("error_code":"HTTP_410")") != std::string::npos);
  CHECK(gone.body.find("Changes after 1 are no longer kept: read the lists anew, then go on from "
                       "\\\"next\\\".") != std::string::npos);
  CHECK(gone.body.ends_with(R"(,"next":3})"));
  CHECK(api.get("/api/changes?since=2").body.find(R"("seq":3)") != std::string::npos);
  CHECK(api.get("/api/changes?since=3").status == 200);
}

TEST_CASE("changes: a number that this database has not come to yet is of another one: 410") {
  Api api;
  CHECK(api.get("/api/changes?since=7").status == 410);
  api.sync({.devices = R"([{"id":"d1","name":"A"}])"});
  const auto beyond = api.get("/api/changes?since=7");
  CHECK(beyond.status == 410);
  CHECK(beyond.body.ends_with(R"(,"next":1})"));
  CHECK(beyond.body.find("7 is no number of this database, whose newest change is 1 (it was made "
                         "anew, or the number is of another one): read the lists anew, then go on "
                         "from \\\"next\\\".") != std::string::npos);
  CHECK(beyond.body.find("no longer kept") == std::string::npos);
}
