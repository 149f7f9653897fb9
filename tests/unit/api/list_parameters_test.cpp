// SPDX-License-Identifier: MIT
// Filters, search, order, pages, fields and removed records of the lists.
#include "tests/support/catch.hpp"
#include "tests/unit/api/fixture.hpp"

using namespace haingest;
using test::Api;
using test::golden;

namespace {

// The ids of a list's answer, as "d1 d2", and its total.
std::string ids(Api& api, const std::string& list, const std::string& parameters) {
  const std::string key = list == "entities"  ? "entity_id"
                          : list == "areas"   ? "area_id"
                          : list == "devices" ? "device_id"
                                              : "entry_id";
  const auto answer = api.get("/api/" + list + "?fields=" + key + "&" + parameters);
  if (answer.status != 200) return std::to_string(answer.status);
  std::string out;
  const std::string mark = "\"" + key + "\":\"";
  for (auto at = answer.body.find(mark); at != std::string::npos; at = answer.body.find(mark, at)) {
    at += mark.size();
    out += (out.empty() ? "" : " ") + answer.body.substr(at, answer.body.find('"', at) - at);
  }
  return out;
}

}  // namespace

TEST_CASE("lists: devices by their filters") {
  Api api;
  api.sync(test::small_house());
  CHECK(ids(api, "devices", "manufacturer=Acme") == "d1");
  CHECK(ids(api, "devices", "manufacturer=Unknown") == "d2");
  CHECK(ids(api, "devices", "model=M") == "d3");
  CHECK(ids(api, "devices", "area_id=kitchen") == "d1");
  CHECK(ids(api, "devices", "effective_area=kitchen") == "d1 d2");
  CHECK(ids(api, "devices", "floor_id=ground") == "d1 d2 d3");
  CHECK(ids(api, "devices", "platform=acme") == "d1 d2");
  CHECK(ids(api, "devices", "domain=light") == "d1");
  CHECK(ids(api, "devices", "integration=acme") == "d1");
  CHECK(ids(api, "devices", "config_entry_id=c1") == "d1");
  CHECK(ids(api, "devices", "label=warm") == "d1");
  CHECK(ids(api, "devices", "label=war") == "");
  CHECK(ids(api, "devices", "platform=acme&manufacturer=Unknown") == "d2");
  CHECK(ids(api, "devices", "manufacturer=&area_id=") == "d1 d2 d3");
  CHECK(ids(api, "devices", "unheard_of=1") == "d1 d2 d3");
  CHECK(ids(api, "devices", "manufacturer=Acme&manufacturer=Bolt") == "d3");
}

TEST_CASE("lists: entities, areas and integrations by their filters") {
  Api api;
  api.sync(test::small_house());
  CHECK(ids(api, "entities", "domain=sensor") == "sensor.motion sensor.power");
  CHECK(ids(api, "entities", "platform=acme") == "light.lamp sensor.power");
  CHECK(ids(api, "entities", "platform=unknown") == "sun.sun");
  CHECK(ids(api, "entities", "device_id=d2") == "sensor.power");
  CHECK(ids(api, "entities", "effective_area=kitchen") == "light.lamp sensor.power");
  CHECK(ids(api, "entities", "floor_id=ground") == "light.lamp sensor.motion sensor.power");
  CHECK(ids(api, "entities", "device_class=power") == "sensor.power");
  CHECK(ids(api, "entities", "entity_category=diagnostic") == "sensor.power");
  CHECK(ids(api, "entities", "disabled=true") == "sensor.power");
  CHECK(ids(api, "entities", "disabled=0") == "light.lamp sensor.motion sun.sun");
  CHECK(ids(api, "entities", "disabled=maybe") == "422");
  CHECK(ids(api, "areas", "floor_id=ground") == "hall kitchen");
  CHECK(ids(api, "areas", "floor_id=attic") == "");
  CHECK(ids(api, "integrations", "domain=bolt") == "c2");
  CHECK(ids(api, "integrations", "state=loaded") == "c1");
}

TEST_CASE("lists: q searches names and ids in either case") {
  Api api;
  api.sync(test::small_house());
  CHECK(ids(api, "devices", "q=reading") == "d1");
  CHECK(ids(api, "devices", "q=BOLT") == "d3");
  CHECK(ids(api, "devices", "q=d2") == "d2");
  CHECK(ids(api, "devices", "q=reading+lamp") == "d1");
  CHECK(ids(api, "entities", "q=u3") == "sensor.motion");
  CHECK(ids(api, "devices", "q=%25") == "");
}

TEST_CASE("lists: sort orders by any field, either way, what has none last") {
  Api api;
  api.sync(test::small_house());
  CHECK(ids(api, "devices", "sort=name") == "d1 d3 d2");
  CHECK(ids(api, "devices", "sort=-name") == "d2 d3 d1");
  CHECK(ids(api, "devices", "sort=area_id") == "d3 d1 d2");
  CHECK(ids(api, "devices", "sort=-area_id") == "d1 d3 d2");
  CHECK(ids(api, "devices", "sort=-entity_count") == "d1 d2 d3");
  CHECK(ids(api, "entities", "sort=-disabled") == "sensor.power light.lamp sensor.motion sun.sun");
}

TEST_CASE("lists: numbers sort as numbers") {
  Api api;
  std::string entities = "[";
  for (int i = 0; i < 10; ++i) {
    entities += R"({"entity_id":"light.e)" + std::to_string(i) + R"(","id":"r)" +
                std::to_string(i) + R"(","device_id":"many"},)";
  }
  entities += R"({"entity_id":"light.x","id":"rx","device_id":"a"},)"
              R"({"entity_id":"light.y","id":"ry","device_id":"a"}])";
  api.sync({.devices = R"([{"id":"a","name":"A"},{"id":"many","name":"M"},{"id":"z","name":"Z"}])",
            .entities = entities});
  CHECK(ids(api, "devices", "sort=entity_count") == "z a many");
  CHECK(ids(api, "devices", "sort=-entity_count") == "many a z");
}

TEST_CASE("lists: limit and offset cut pages, total counts all of them") {
  Api api;
  api.sync(test::small_house());
  CHECK(api.get("/api/devices?limit=2&offset=1&fields=device_id").body ==
        R"({"devices":[{"device_id":"d2"},{"device_id":"d3"}],"count":2,"limit":2,"total":3,)"
        R"("offset":1})");
  CHECK(api.get("/api/devices?offset=9223372036854775807&fields=device_id").body ==
        R"({"devices":[],"count":0,"limit":100,"total":3,"offset":9223372036854775807})");
}

TEST_CASE("lists: fields are shown as asked for, in that order, once") {
  Api api;
  api.sync(test::small_house());
  CHECK(api.get("/api/devices/d1?fields=name_by_user,device_id,,name_by_user").body ==
        R"({"name_by_user":"Reading lamp","device_id":"d1"})");
  const auto wrong = api.get("/api/devices?fields=manufacterer&sort=nmae");
  CHECK(wrong.status == 422);
  CHECK(wrong.body.ends_with(
      R"("detail":[{"type":"value_error","loc":["query","fields"],"msg":"Value error, there is no )"
      R"(field 'manufacterer'; did you mean 'manufacturer'?","input":"manufacterer"},)"
      R"({"type":"value_error","loc":["query","sort"],"msg":"Value error, there is no field )"
      R"('nmae'; did you mean 'name'?","input":"nmae"}]})"));
}

TEST_CASE("lists: limits outside their bounds are 422, in both shapes") {
  Api api;
  const auto answer = api.get("/api/devices?limit=0&offset=x");
  CHECK(answer.status == 422);
  CHECK(answer.header("Content-Type") == "application/problem+json");
  CHECK(
      answer.body ==
      R"({"success":false,"error":"Validation error: query.limit: Input should be greater than or )"
      R"(equal to 1","error_code":"HTTP_422","timestamp":"2026-11-25T01:00:00.000000+00:00",)"
      R"("type":"about:blank","title":"Unprocessable Content","status":422,"detail":[)"
      R"({"type":"greater_than_equal","loc":["query","limit"],"msg":"Input should be greater than )"
      R"(or equal to 1","input":"0","ctx":{"ge":1}},{"type":"int_parsing","loc":["query","offset"],)"
      R"("msg":"Input should be a valid integer, unable to parse string as an integer",)"
      R"("input":"x"}]})");
  const auto status = [&](const std::string& target) { return api.get(target).status; };
  CHECK(status("/api/devices?limit=1000") == 200);
  CHECK(status("/api/devices?limit=1001") == 422);
  CHECK(status("/api/entities?limit=10000") == 200);
  CHECK(status("/api/entities?limit=10001") == 422);
  CHECK(status("/api/integrations?limit=1001") == 422);
  CHECK(status("/api/changes?limit=1001") == 422);
  CHECK(status("/api/changes?since=-1") == 422);
  CHECK(status("/api/devices?limit=") == 422);
  CHECK(status("/api/devices?limit=99999999999999999999999") == 422);
}

TEST_CASE("lists: include_removed shows what HA no longer lists, and why") {
  Api api;
  api.sync(test::small_house());
  auto house = test::small_house();
  house.devices = house.devices.substr(0, house.devices.rfind(",{\"id\":\"d3\"")) + "]";
  api.sync(house);
  CHECK(ids(api, "devices", "") == "d1 d2");
  CHECK(ids(api, "devices", "include_removed=true") == "d1 d2 d3");
  CHECK(ids(api, "devices", "include_removed=true&manufacturer=Bolt") == "d3");
  CHECK(api.get("/api/devices/d3").status == 404);
  const auto fields =
      "&fields=device_id,name,manufacturer,entity_count,timestamp,removed_at,removed_why,successor";
  CHECK(api.get(std::string{"/api/devices/d3?include_removed=1"} + fields).body ==
        golden(R"({"device_id":"d3","name":"Motion","manufacturer":"Bolt","entity_count":1,
"timestamp":"@","removed_at":"2026-11-25T01:02:00.000000+00:00","removed_why":"gone",
"successor":null})"));
  CHECK(api.get("/api/devices/d1?include_removed=1")
            .body.ends_with(R"("removed_at":null,"removed_why":null,"successor":null})"));
}
