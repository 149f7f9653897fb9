// SPDX-License-Identifier: MIT
// What each route that reads answers, byte for byte.
#include "tests/support/catch.hpp"
#include "tests/support/sql.hpp"
#include "tests/unit/api/fixture.hpp"

using namespace haingest;
using test::Api;
using test::golden;

namespace {

// The fields of ha-ingestor come first and in its order, then every other column of the store.
const std::string k_d1 = golden(R"({
"device_id":"d1","name":"Lamp","manufacturer":"Acme","model":"L1","sw_version":"1.2",
"area_id":"kitchen","entity_count":1,"timestamp":"@",
"name_by_user":"Reading lamp","model_id":null,"hw_version":null,"serial_number":null,
"integration":"acme","config_entry_id":"c1","config_subentry_id":null,"via_device_id":null,
"parent_device_id":null,"entry_type":null,"disabled_by":null,"configuration_url":null,
"suggested_area":null,"identifiers":[["acme","1"]],"connections":[],"labels":["warm"],
"created_at":null,"modified_at":null,"last_seen":"@","first_seen":"@","confirmed":true,
"extra":{"config_entries":["c1"],"primary_config_entry":"c1"},"effective_area":"kitchen"})");

const std::string k_d2 = golden(R"({
"device_id":"d2","name":"Plug","manufacturer":"Unknown","model":"Unknown","sw_version":null,
"area_id":null,"entity_count":1,"timestamp":"@",
"name_by_user":null,"model_id":null,"hw_version":null,"serial_number":null,
"integration":null,"config_entry_id":null,"config_subentry_id":null,"via_device_id":null,
"parent_device_id":"d1","entry_type":null,"disabled_by":null,"configuration_url":null,
"suggested_area":null,"identifiers":[],"connections":[],"labels":[],
"created_at":null,"modified_at":null,"last_seen":"@","first_seen":"@","confirmed":true,
"extra":{},"effective_area":"kitchen"})");

const std::string k_d3 = golden(R"({
"device_id":"d3","name":"Motion","manufacturer":"Bolt","model":"M","sw_version":null,
"area_id":"hall","entity_count":1,"timestamp":"@",
"name_by_user":null,"model_id":null,"hw_version":null,"serial_number":null,
"integration":null,"config_entry_id":null,"config_subentry_id":null,"via_device_id":null,
"parent_device_id":null,"entry_type":null,"disabled_by":null,"configuration_url":null,
"suggested_area":null,"identifiers":[],"connections":[],"labels":[],
"created_at":null,"modified_at":null,"last_seen":"@","first_seen":"@","confirmed":true,
"extra":{},"effective_area":"hall"})");

const std::string k_power = golden(R"({
"entity_id":"sensor.power","device_id":"d2","domain":"sensor","platform":"acme",
"unique_id":"u2","area_id":null,"disabled":true,"timestamp":"@",
"registry_id":"r2","name":null,"original_name":null,"disabled_by":"user","hidden_by":null,
"entity_category":"diagnostic","device_class":"power","unit":"W","icon":null,"labels":[],
"created_at":null,"modified_at":null,"last_seen":"@","first_seen":"@","confirmed":true,
"extra":{},"effective_area":"kitchen"})");

// An entity of no registry: it has a state and nothing else.
const std::string k_sun = golden(R"({
"entity_id":"sun.sun","device_id":null,"domain":"sun","platform":"unknown",
"unique_id":null,"area_id":null,"disabled":false,"timestamp":"@",
"registry_id":null,"name":"Sun","original_name":null,"disabled_by":null,"hidden_by":null,
"entity_category":null,"device_class":null,"unit":null,"icon":null,"labels":[],
"created_at":null,"modified_at":null,"last_seen":"@","first_seen":"@","confirmed":true,
"extra":{},"effective_area":null})");

const std::string k_kitchen = golden(R"({
"area_id":"kitchen","name":"Kitchen","floor_id":"ground","icon":"mdi:pot","picture":null,
"aliases":[],"labels":[],"temperature_entity_id":null,"humidity_entity_id":null,
"created_at":null,"modified_at":null,"last_seen":"@","first_seen":"@","confirmed":true,
"extra":{},"timestamp":"@"})");

}  // namespace

TEST_CASE("routes: GET /api/devices") {
  Api api;
  api.sync(test::small_house());
  const auto answer = api.get("/api/devices");
  CHECK(answer.status == 200);
  CHECK(answer.header("Content-Type") == "application/json");
  CHECK(answer.header("Content-Length") == std::to_string(answer.body.size()));
  CHECK(answer.body == "{\"devices\":[" + k_d1 + "," + k_d2 + "," + k_d3 +
                           "],\"count\":3,\"limit\":100,\"total\":3,\"offset\":0}");
}

TEST_CASE("routes: an empty store answers empty lists") {
  Api api;
  CHECK(api.get("/api/devices").body ==
        R"({"devices":[],"count":0,"limit":100,"total":0,"offset":0})");
  CHECK(api.get("/api/entities").body ==
        R"({"entities":[],"count":0,"limit":100,"total":0,"offset":0})");
  CHECK(api.get("/api/integrations").body ==
        R"({"integrations":[],"count":0,"limit":100,"total":0,"offset":0})");
  CHECK(api.get("/api/changes").body == R"({"changes":[],"count":0,"limit":100,"next":0})");
}

TEST_CASE("routes: GET /api/devices/{device_id}") {
  Api api;
  api.sync(test::small_house());
  CHECK(api.get("/api/devices/d2").body == k_d2);
  CHECK(api.get("/api/devices/d2/").body == k_d2);
  CHECK(api.get("/api/devices/%642").body == k_d2);
  const auto missing = api.get("/api/devices/none");
  CHECK(missing.status == 404);
  CHECK(missing.header("Content-Type") == "application/problem+json");
  CHECK(missing.body == golden(R"({"success":false,"error":"Device none not found",)"
                               R"("error_code":"HTTP_404","timestamp":"@","type":"about:blank",)"
                               R"("title":"Not Found","status":404,)"
                               R"("detail":"Device none not found"})"));
}

TEST_CASE("routes: a retired device id answers with its successor") {
  Api api;
  api.sync({.devices = R"([{"id":"old","name":"Both"},{"id":"x","name":"X"}])"});
  api.sync({.devices = R"([{"id":"n1","name":"One"},{"id":"n2","name":"Two"},)"
                       R"({"id":"x","name":"X"}])",
            .entities = R"([{"entity_id":"light.a","id":"r1","device_id":"n2"}])",
            .composite_splits = R"({"old":{"split_ids":["n1","n2"],"primary_id":"n2"}})"});
  const auto answer = api.get("/api/devices/old?fields=device_id,name");
  CHECK(answer.status == 200);
  CHECK(answer.body == R"({"device_id":"n2","name":"Two"})");
  // So do the lists that ask for a device by its id.
  CHECK(api.get("/api/entities?device_id=old&fields=entity_id,device_id").body ==
        R"({"entities":[{"entity_id":"light.a","device_id":"n2"}],"count":1,"limit":100,)"
        R"("total":1,"offset":0})");
  CHECK(api.get("/api/devices?include_removed=1&q=old&fields=device_id,removed_why,successor")
            .body.find(R"({"device_id":"old","removed_why":"superseded","successor":"n2"})") !=
        std::string::npos);
}

TEST_CASE("routes: GET /api/entities and /api/entities/{entity_id}") {
  Api api;
  api.sync(test::small_house());
  const auto all = api.get("/api/entities");
  CHECK(all.body.starts_with(R"({"entities":[{"entity_id":"light.lamp",)"));
  CHECK(all.body.ends_with(k_power + "," + k_sun +
                           R"(],"count":4,"limit":100,"total":4,"offset":0})"));
  CHECK(api.get("/api/entities/sensor.power").body == k_power);
  CHECK(api.get("/api/entities/sun.sun").body == k_sun);
  const auto missing = api.get("/api/entities/sensor.none");
  CHECK(missing.status == 404);
  CHECK(missing.body.find(R"("error":"Entity sensor.none not found")") != std::string::npos);
}

TEST_CASE("routes: an entity's timestamp is its creation, where HA says it") {
  Api api;
  api.sync({.entities = R"([{"entity_id":"light.a","id":"r1","created_at":1700000000.5}])"});
  CHECK(api.get("/api/entities/light.a?fields=timestamp,created_at").body ==
        R"({"timestamp":"2023-11-14T22:13:20.500000+00:00",)"
        R"("created_at":"2023-11-14T22:13:20.500000+00:00"})");
}

TEST_CASE("routes: a device's timestamp is HA's last confirmation, for confirmed ones only") {
  Api api;
  api.sync({.devices = R"([{"id":"d1","name":"A"}])"});
  REQUIRE(api.post("/internal/devices/bulk_upsert", R"([{"id":"d9","name":"Z"}])").status == 200);
  api.sync({.devices = R"([{"id":"d1","name":"A"}])"});  // a minute later, nothing new
  CHECK(api.get("/api/devices/d1?fields=timestamp,last_seen").body ==
        golden(R"({"timestamp":"2026-11-25T01:02:00.000000+00:00","last_seen":"@"})"));
  CHECK(api.get("/api/devices?q=zzz").body.find("\"total\":0") != std::string::npos);
}

TEST_CASE("routes: GET /api/integrations") {
  Api api;
  api.sync(test::small_house());
  CHECK(api.get("/api/integrations").body == golden(R"({"integrations":[
{"entry_id":"c1","domain":"acme","title":"Acme","state":"loaded","version":1,"timestamp":"@",
"source":"user","disabled_by":null,"reason":null,"created_at":null,"modified_at":null,
"last_seen":"@","first_seen":"@","confirmed":true,"extra":{}},
{"entry_id":"c2","domain":"bolt","title":"bolt","state":"setup_retry","version":1,"timestamp":"@",
"source":null,"disabled_by":null,"reason":null,"created_at":null,"modified_at":null,
"last_seen":"@","first_seen":"@","confirmed":true,"extra":{}}
],"count":2,"limit":100,"total":2,"offset":0})"));
}

TEST_CASE("routes: GET /api/integrations/{platform}/analytics") {
  Api api;
  auto house = test::small_house();
  house.entities.pop_back();
  house.entities +=
      R"(,{"entity_id":"sensor.b","id":"r4","device_id":"d2","platform":"acme","unique_id":"u4"}])";
  api.sync(house);
  CHECK(api.get("/api/integrations/acme/analytics").body ==
        golden(R"({"platform":"acme","device_count":2,"entity_count":3,"entity_breakdown":[
{"domain":"sensor","count":2},{"domain":"light","count":1}],"timestamp":"@"})"));
  CHECK(api.get("/api/integrations/none/analytics").body ==
        golden(R"({"platform":"none","device_count":0,"entity_count":0,"entity_breakdown":[],)"
               R"("timestamp":"@"})"));
}

TEST_CASE("routes: areas, floors and labels, listed and by id") {
  Api api;
  api.sync(test::small_house());
  CHECK(api.get("/api/areas/kitchen").body == k_kitchen);
  CHECK(api.get("/api/areas?q=KITCH").body ==
        "{\"areas\":[" + k_kitchen + "],\"count\":1,\"limit\":100,\"total\":1,\"offset\":0}");
  CHECK(api.get("/api/floors").body ==
        golden(R"({"floors":[{"floor_id":"ground","name":"Ground","level":0,"icon":null,
"aliases":[],"created_at":null,"modified_at":null,"last_seen":"@","first_seen":"@",
"confirmed":true,"extra":{},"timestamp":"@"}],"count":1,"limit":100,"total":1,"offset":0})"));
  CHECK(api.get("/api/labels/warm").body ==
        golden(R"({"label_id":"warm","name":"Warm","icon":null,"color":"red","description":null,
"created_at":null,"modified_at":null,"last_seen":"@","first_seen":"@","confirmed":true,
"extra":{},"timestamp":"@"})"));
  CHECK(api.get("/api/floors/none").status == 404);
  CHECK(api.get("/api/labels/none").status == 404);
}

TEST_CASE("routes: GET /health is healthy after a complete sync") {
  Api api;
  api.sync(test::small_house());
  const auto answer = api.get("/health");
  CHECK(answer.status == 200);
  CHECK(answer.header("Cache-Control") == "no-store");
  const std::string size = answer.body.substr(answer.body.find("database_size_mb\":") + 18, 4);
  CHECK(answer.body ==
        golden(R"({"status":"healthy","service":"haingest","version":")" HAINGEST_VERSION
               R"(","timestamp":"@","uptime_seconds":0.00,"dependencies":{
"influxdb":{"status":"disconnected","configured":false,"url":null,"query_count":0,
"avg_query_time_ms":0,"success_rate":0},
"sqlite":{"status":"healthy","exists":true,"journal_mode":"wal","database_size_mb":)" +
               size + R"(,"wal_enabled":true}},"authentication":{"enabled":false},"problems":[],
"stored":{"devices":3,"entities":4,"areas":2,"floors":1,"labels":1,"config_entries":2},
"last_run":{"run":1,"command":"sync","source":"http://ha.test:8123","ha_version":"2026.11.0",
"finished_at":"@","outcome":"complete","detail":""},"watch":null})"));
}

TEST_CASE("routes: GET /health is degraded, with a sentence, when something is missing") {
  Api api;
  SECTION("nothing was ever received: no file, no run") {
    const auto answer = api.get("/health");
    CHECK(answer.status == 200);
    CHECK(answer.body.starts_with(R"({"status":"degraded",)"));
    CHECK(answer.body.find(R"("problems":["Nothing has been received yet: the database does not )"
                           R"(exist. Run \"haingest sync\"."])") != std::string::npos);
    static_cast<void>(store::Database::open(api.path, std::chrono::seconds(1)));
    api.application().written();
    CHECK(api.get("/health").body.find(R"(["Nothing has been received yet: run \"haingest )"
                                       R"(sync\"."])") != std::string::npos);
  }
  SECTION("Home Assistant was still starting") {
    auto house = test::small_house();
    house.state = "STARTING";
    api.sync(house);
    const auto body = api.get("/health").body;
    CHECK(body.starts_with(R"({"status":"degraded",)"));
    CHECK(body.find("Home Assistant was still starting when it was last asked "
                    "(2026-11-25T01:01:00.000000+00:00)") != std::string::npos);
  }
  SECTION("a registry failed") {
    auto document = test::document_of(test::small_house());
    document.answer(model::Part::floors) = {"", "unknown_error"};
    auto database = store::Database::open(api.path, std::chrono::seconds(1));
    static_cast<void>(mirror::synchronise(database, model::to_snapshot(document), {},
                                          {"sync", "http://ha.test", api.now},
                                          [&] { return api.now; }));
    const auto body = api.get("/health").body;
    CHECK(body.starts_with(R"({"status":"degraded",)"));
    CHECK(body.find("was not complete: Home Assistant answered for floors with "
                    "an error (unknown_error).") != std::string::npos);
    // A write of somebody else makes that no better.
    CHECK(
        api.post("/internal/devices/bulk_upsert", R"([{"device_id":"new","name":"New"}])").status ==
        200);
    CHECK(api.get("/health").body.find("was not complete: ") != std::string::npos);
  }
  SECTION("nobody has synced for a day and more") {
    api.sync(test::small_house());
    api.now += std::chrono::hours(25) - std::chrono::seconds(1);
    CHECK(api.get("/health").body.starts_with(R"({"status":"healthy",)"));
    api.now += std::chrono::seconds(1);
    const auto body = api.get("/health").body;
    CHECK(body.starts_with(R"({"status":"degraded",)"));
    CHECK(
        body.find(R"("problems":["The last complete sync is of 2026-11-25T01:01:00.000000+00:00, )"
                  R"(25 hours ago: check that what starts haingest sync still does."])") !=
        std::string::npos);
    // Neither does a bulk upsert make it fresh.
    CHECK(
        api.post("/internal/devices/bulk_upsert", R"([{"device_id":"new","name":"New"}])").status ==
        200);
    CHECK(api.get("/health").body.starts_with(R"({"status":"degraded",)"));
    api.sync(test::small_house());
    CHECK(api.get("/health").body.starts_with(R"({"status":"healthy",)"));
  }
}

TEST_CASE("routes: GET /health is 503 when the store cannot be read, and reads say why") {
  Api api;
  api.sync(test::small_house());
  REQUIRE(api.get("/api/devices").status == 200);
  test::execute(api.path, "DROP TABLE devices");
  const auto health = api.get("/health");
  CHECK(health.status == 503);
  CHECK(health.body.starts_with(R"({"status":"unhealthy",)"));
  CHECK(health.body.find(R"("sqlite":{"status":"unhealthy","error":")") != std::string::npos);
  CHECK(health.body.find("no such table: devices") != std::string::npos);
  const auto list = api.get("/api/devices");
  CHECK(list.status == 503);
  CHECK(list.body.find(R"("error_code":"HTTP_503")") != std::string::npos);
}

TEST_CASE("routes: GET / and /api/info") {
  Api api;
  api.sync(test::small_house());
  const std::string data = golden(R"({"success":true,"data":{"service":"haingest",
"title":"haingest data API",
"description":"Devices, entities, areas, floors, labels and integrations of Home Assistant",
"version":")" HAINGEST_VERSION R"(","status":"running","authentication":{"enabled":false},
"endpoints":["/health","/api/info","/api/devices","/api/entities","/api/integrations",
"/api/areas","/api/floors","/api/labels","/api/changes"]},"message":")");
  CHECK(api.get("/").body == data + golden(R"(haingest data API","timestamp":"@"})"));
  CHECK(api.get("/api/info").body ==
        data + golden(R"(Data API information retrieved successfully","timestamp":"@"})"));
}

TEST_CASE("routes: what is not there is 404, a wrong method 405 with Allow") {
  Api api;
  for (const char* target :
       {"/nowhere", "/api", "/api/devices/a/b", "/internal", "/api/integrations/a",
        "/internal/devices", "/health/x", "/api/changes/1"}) {
    INFO(target);
    CHECK(api.get(target).status == 404);
  }
  CHECK(
      api.get("/nowhere").body ==
      R"({"success":false,"error":"There is nothing at /nowhere; /api/info lists what there is.",)"
      R"("error_code":"HTTP_404","timestamp":"2026-11-25T01:00:00.000000+00:00",)"
      R"("type":"about:blank","title":"Not Found","status":404,)"
      R"("detail":"There is nothing at /nowhere; /api/info lists what there is."})");
  const auto read_only = api.post("/api/devices", "[]");
  CHECK(read_only.status == 405);
  CHECK(read_only.header("Allow") == "GET, HEAD, OPTIONS");
  CHECK(api.get("/internal/devices/bulk_upsert").header("Allow") == "POST, OPTIONS");
  CHECK(api.post("/internal/devices/clear", "[]").header("Allow") == "DELETE, OPTIONS");
  CHECK(api.send(test::request_of("PATCH", "/api/devices/d1")).status == 405);
}

TEST_CASE("routes: HEAD answers what GET answers, without the body") {
  Api api;
  api.sync(test::small_house());
  const auto get = api.get("/api/devices");
  const auto head = api.send(test::request_of("HEAD", "/api/devices"));
  CHECK(head.head == get.head);
  CHECK(head.body.empty());
  const auto missing = api.send(test::request_of("HEAD", "/api/devices/none"));
  CHECK(missing.status == 404);
  CHECK(missing.header("Content-Length") != "0");
  CHECK(missing.body.empty());
}
