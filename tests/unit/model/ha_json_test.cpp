// SPDX-License-Identifier: MIT
#include "core/model/ha_json.hpp"

#include "tests/support/catch.hpp"

using namespace haingest::model;

namespace {

ParsedRecords parse(Kind kind, std::string_view json, Missing missing = Missing::null) {
  return std::move(parse_records(kind, json, missing).value());
}

std::string text(const ParsedRecords& records, std::size_t column, std::size_t row = 0) {
  const Value value = records.table.row(row)[column];
  return value.is_null() ? "NULL" : value.is_absent() ? "ABSENT" : std::string{value.text()};
}

}  // namespace

TEST_CASE("ha_json: a device record of HA 2026.11 fills its columns, the rest goes to extra") {
  const auto records = parse(Kind::device, R"([{"area_id":"kitchen","configuration_url":null,
    "config_entries":["e1"],"config_entry_id":"e1","connections":[["mac","aa:bb"]],
    "created_at":1732500000.123456,"disabled_by":null,"entry_type":null,"hw_version":"2",
    "id":"d1","identifiers":[["hue","x1"]],"labels":["a","b"],"manufacturer":"Philips",
    "model":"LCT","model_id":null,"modified_at":0.0,"name":"Lamp","name_by_user":null,
    "parent_device_id":null,"serial_number":null,"sw_version":"1.9","via_device_id":null,
    "from_the_future":{"x":[1]}}])");
  CHECK(records.skipped == 0);
  CHECK(text(records, device::device_id) == "d1");
  CHECK(text(records, device::name) == "Lamp");
  CHECK(text(records, device::connections) == R"([["mac","aa:bb"]])");
  CHECK(text(records, device::created_at) == "2024-11-25 02:00:00.123456");
  CHECK(text(records, device::modified_at) == "NULL");
  CHECK(text(records, device::model_id) == "NULL");
  CHECK(text(records, device::config_entry_id) == "e1");
  CHECK(text(records, device::extra) == R"({"config_entries":["e1"],"from_the_future":{"x":[1]}})");
}

TEST_CASE("ha_json: values of the wrong type keep what they say (peers' input 6)") {
  const auto records = parse(Kind::device, R"([{"id":"d1","name":"Pump\u0000A","sw_version":12,
    "manufacturer":["x"],"model":true,"hw_version":1.50,"identifiers":[["a",1,null]]}])");
  CHECK(text(records, device::name) == std::string("Pump\0A", 6));
  CHECK(text(records, device::sw_version) == "12");
  CHECK(text(records, device::hw_version) == "1.50");
  CHECK(text(records, device::model) == "true");
  CHECK(text(records, device::manufacturer) == "NULL");
  CHECK(text(records, device::identifiers) == R"([["a",1,null]])");
  CHECK(text(records, device::extra) == R"({"manufacturer":["x"]})");
  const auto entities =
      parse(Kind::entity, R"([{"entity_id":"sensor.a","id":"r1","unique_id":4711}])");
  CHECK(text(entities, entity::unique_id) == "4711");
}

TEST_CASE("ha_json: a lone surrogate costs its character, not its record") {
  const auto records = parse(Kind::area, R"([{"area_id":"a","name":"x\ud800y \ud83c\udfe0"}])");
  CHECK(text(records, area::name) == "x\xEF\xBF\xBDy \xF0\x9F\x8F\xA0");
}

TEST_CASE("ha_json: what is kept as JSON can be read by every parser") {
  const auto records = parse(
      Kind::device,
      R"([{"id":"d1","half":"x\ud800y","both":"\ud83c\udfe0 \\ud800","low":["\udc00",{"\udfff":1}],
           "large":1e400,"list":[-1e400, 1e308,12345678901234567890123],"small":1e-400,
           "labels":["\ud800\u0041"],"identifiers":[["a",1e999]]}])");
  CHECK(text(records, device::extra) ==
        "{\"half\":\"x\xEF\xBF\xBDy\",\"both\":\"\\ud83c\\udfe0 \\\\ud800\","
        "\"low\":[\"\xEF\xBF\xBD\",{\"\xEF\xBF\xBD\":1}],\"large\":\"1e400\","
        "\"list\":[\"-1e400\",1e308,12345678901234567890123],\"small\":\"1e-400\"}");
  CHECK(text(records, device::labels) == "[\"\xEF\xBF\xBD\\u0041\"]");
  CHECK(text(records, device::identifiers) == R"([["a","1e999"]])");
  const auto level = parse(Kind::floor, R"([{"floor_id":"f","level":1e400}])");
  CHECK(text(level, floor::extra) == R"({"level":"1e400"})");
}

TEST_CASE("ha_json: who owns a device in versions before config_entry_id") {
  CHECK(text(parse(Kind::device, R"([{"id":"d","config_entries":["e2","e1"]}])"),
             device::config_entry_id) == "e1");
  CHECK(text(parse(Kind::device,
                   R"([{"id":"d","config_entries":["e1","e2"],"primary_config_entry":"e2"}])"),
             device::config_entry_id) == "e2");
}

TEST_CASE("ha_json: a record without an id is skipped and told, in a bulk upsert any element") {
  const auto listed = parse(Kind::area, R"([{"name":"no id"},{"area_id":"a","name":"A"}])");
  CHECK(listed.table.size() == 1);
  CHECK(listed.skipped == 1);
  CHECK_FALSE(parse_records(Kind::area, R"([{"area_id":"a"},7])", Missing::null).has_value());
  const auto records =
      parse(Kind::area, R"([{"name":"no id"},7,{"area_id":"a","name":"A"}])", Missing::absent);
  CHECK(records.table.size() == 1);
  CHECK(records.skipped == 2);
  REQUIRE(records.notes.size() == 2);
  CHECK(records.notes[0] == "a record of the area registry has no area_id");
  CHECK(records.notes[1] == "a record of the area registry is no object: 7");
}

TEST_CASE("ha_json: a level that is no integer goes to extra") {
  CHECK(text(parse(Kind::floor, R"([{"floor_id":"f","level":-1}])"), floor::level) == "-1");
  const auto odd = parse(Kind::floor, R"([{"floor_id":"f","level":1.5}])");
  CHECK(text(odd, floor::level) == "NULL");
  CHECK(text(odd, floor::extra) == R"({"level":1.5})");
}

TEST_CASE(
    "ha_json: in a bulk upsert a missing field is absent, null is null, device_id is the id") {
  const auto records = parse(Kind::device, R"([{"device_id":"d1","name":null}])", Missing::absent);
  CHECK(text(records, device::device_id) == "d1");
  CHECK(text(records, device::name) == "NULL");
  CHECK(text(records, device::model) == "ABSENT");
}

TEST_CASE("ha_json: what is no array of records is refused") {
  for (const char* json :
       {"", "{}", "[{]", "[{\"id\":\"a\"}", "[] x", "null", "[{\"id\":\"a\",}]"}) {
    INFO(json);
    CHECK_FALSE(parse_records(Kind::device, json, Missing::null).has_value());
  }
}

TEST_CASE("ha_json: the device's name falls back to what people would call it") {
  auto records = parse(Kind::device, R"([{"id":"d1","name":null,"name_by_user":"Mine","model":"M"},
    {"id":"d2","name":"","model":"M"},{"id":"d3"}])");
  for (std::size_t i = 0; i < 3; ++i) derive(Kind::device, records.table.row(i));
  CHECK(text(records, device::name, 0) == "Mine");
  CHECK(text(records, device::name, 1) == "M");
  CHECK(text(records, device::name, 2) == "d3");
}
