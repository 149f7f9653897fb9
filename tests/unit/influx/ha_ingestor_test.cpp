// SPDX-License-Identifier: MIT
// Layout ha-ingestor: whole lines.
#include "tests/unit/influx/points.hpp"

using namespace haingest;
using namespace haingest::influx;
using test::lines_of;
using test::state_json;

namespace {

constexpr const char* k_head = "home_assistant_events,";

Encoder plain() { return Encoder(EncoderOptions{}); }

// The fields of a line whose entity is sensor.t, of which nothing is registered.
std::string fields_of(Encoder& encoder, const std::string& state, const std::string& attributes) {
  const std::string lines = lines_of(encoder, state_json("sensor.t", state, attributes));
  const std::string head =
      "home_assistant_events,domain=sensor,entity_id=sensor.t,event_type=state_changed,"
      "time_of_day=morning ";
  const std::string time = test::k_time;
  REQUIRE(lines.starts_with(head));
  REQUIRE(lines.ends_with(time));
  return lines.substr(head.size(), lines.size() - head.size() - time.size());
}

std::string fields_of(const std::string& state, const std::string& attributes = "{}") {
  Encoder encoder = plain();
  return fields_of(encoder, state, attributes);
}

constexpr const char* k_event =
    R"({"event_type":"state_changed","data":{"entity_id":"sensor.t","old_state":{"entity_id":"sensor.t",)"
    R"("state":"20.1","attributes":{},"last_changed":"2026-11-25T09:59:00.000001+00:00",)"
    R"("last_updated":"2026-11-25T09:59:00.000001+00:00","context":{"id":"A","parent_id":null,"user_id":null}},)"
    R"("new_state":{"entity_id":"sensor.t","state":"20.3","attributes":{"state_class":"measurement",)"
    R"("unit_of_measurement":"°C","device_class":"temperature","friendly_name":"Bath T","icon":"mdi:t",)"
    R"("battery":87,"low":false,"history":[1,2],"more":{"a":1},"nothing":null,"offset":-0.50},)"
    R"("last_changed":"2026-11-25T10:00:00.123456+00:00","last_updated":"2026-11-25T10:00:00.123456+00:00",)"
    R"("context":{"id":"B","parent_id":"P","user_id":"U"}}}})";

}  // namespace

TEST_CASE("ha-ingestor: an event of a registered entity, whole") {
  EncoderOptions options;
  options.tags = {{"house", "north wing"}, {"a_first", "1"}};
  options.time_zone = "America/New_York";
  Encoder encoder(options);
  encoder.set_world(test::world_of(
      {R"([{"id":"d1","name":"Probe","manufacturer":"Acme, Inc.","model":"T\"1\"","sw_version":"1.2","area_id":"bath"}])",
       R"([{"entity_id":"sensor.t","id":"r1","platform":"zha","device_id":"d1","entity_category":"diagnostic"}])",
       R"([{"area_id":"bath","name":"Bath"}])"}));
  model::StateReader reader;
  const model::StateChange* const change = reader.read_event(k_event);
  REQUIRE(change != nullptr);
  std::string lines;
  CHECK(encoder.encode(*change, lines) == Encoded::lines);
  CHECK(lines ==
        "home_assistant_events,a_first=1,area_id=bath,device_class=temperature,device_id=d1,"
        "domain=sensor,entity_category=diagnostic,entity_id=sensor.t,event_type=state_changed,"
        "house=north\\ wing,integration=zha,time_of_day=morning "
        "state=\"20.3\",value=20.3,old_state=\"20.1\",attr_state_class=\"measurement\","
        "unit_of_measurement=\"°C\",friendly_name=\"Bath T\",icon=\"mdi:t\",attr_battery=87,"
        "attr_low=false,attr_offset=-0.50,context_id=\"B\",context_parent_id=\"P\","
        "context_user_id=\"U\",duration_in_state_seconds=60.123455,manufacturer=\"Acme, Inc.\","
        "model=\"T\\\"1\\\"\",sw_version=\"1.2\" 1795600800123456000\n");
}

TEST_CASE("ha-ingestor: a point of an entity that no registry knows has no tags of theirs") {
  CHECK(lines_of(*std::make_unique<Encoder>(plain()), state_json("light.x", R"("on")")) ==
        std::string(k_head) +
            "domain=light,entity_id=light.x,event_type=state_changed,time_of_day=morning "
            "state=\"on\"" +
            test::k_time);
}

TEST_CASE("ha-ingestor: only a text that is a number to its last byte has a value") {
  CHECK(fields_of(R"("21.50")") == "state=\"21.50\",value=21.50");
  CHECK(fields_of(R"("-3")") == "state=\"-3\",value=-3");
  CHECK(fields_of(R"("1e5")") == "state=\"1e5\",value=1e+05");
  CHECK(fields_of(R"("1e-05")") == "state=\"1e-05\",value=1e-05");
  CHECK(fields_of(R"("007")") == "state=\"007\",value=007");
  for (const std::string none : {"nan", "NaN", "inf", "-inf", "infinity", "1e400", "0x10", "1_000",
                                 " 5 ", "5 ", "+5", "on", "unknown", "unavailable", "", "5°"}) {
    CAPTURE(none);
    CHECK(fields_of("\"" + none + "\"") == "state=\"" + none + "\"");
  }
}

TEST_CASE(
    "ha-ingestor: attributes keep their types; a null, a list and a dictionary are no field") {
  CHECK(
      fields_of(R"("x")",
                R"({"s":"5","i":5,"f":1.0,"e":1e5,"big":1e400,"t":true,"n":null,"l":[],"d":{}})") ==
      "state=\"x\",attr_s=\"5\",attr_i=5,attr_f=1.0,attr_e=1e+05,attr_t=true");
}

TEST_CASE("ha-ingestor: what has a field or a tag of its own is not told twice, unless it is odd") {
  CHECK(
      fields_of(R"("x")", R"({"friendly_name":"Lamp","icon":"mdi:x","unit_of_measurement":"W"})") ==
      "state=\"x\",friendly_name=\"Lamp\",icon=\"mdi:x\",unit_of_measurement=\"W\"");
  CHECK(
      fields_of(R"("x")",
                R"({"friendly_name":5,"icon":null,"unit_of_measurement":true,"device_class":7})") ==
      "state=\"x\",attr_friendly_name=5,attr_unit_of_measurement=true,attr_device_class=7");
}

TEST_CASE("ha-ingestor: the series follows device class and time of day") {
  Encoder encoder = plain();
  model::StateReader reader;
  const auto series = [&](const std::string& device_class, const std::string& hour) {
    std::string lines;
    const model::StateChange* const change = reader.read_state(
        R"({"entity_id":"sensor.t","state":"1","attributes":{"device_class":)" + device_class +
        R"(},"last_updated":"2026-11-25T)" + hour + R"(:00:00+00:00"})");
    REQUIRE(change != nullptr);
    REQUIRE(encoder.encode(*change, lines) == Encoded::lines);
    return lines.substr(0, lines.find(' '));
  };
  const std::string rest = "domain=sensor,entity_id=sensor.t,event_type=state_changed,time_of_day=";
  CHECK(series(R"("power")", "10") == k_head + ("device_class=power," + rest + "morning"));
  CHECK(series(R"("power")", "13") == k_head + ("device_class=power," + rest + "afternoon"));
  CHECK(series(R"("energy")", "13") == k_head + ("device_class=energy," + rest + "afternoon"));
  CHECK(series("null", "13") == k_head + (rest + "afternoon"));
  CHECK(series(R"("power")", "22") == k_head + ("device_class=power," + rest + "night"));
  encoder.set_time_zone("Asia/Tokyo");
  CHECK(series(R"("power")", "22") == k_head + ("device_class=power," + rest + "morning"));
}

TEST_CASE("ha-ingestor: a time before the last change and an unknown one give no duration") {
  Encoder encoder = plain();
  model::StateChange change;
  change.entity_id = "sensor.t";
  change.state = "1";
  change.last_updated = test::at("2026-11-25T10:00:00.123456Z");
  const auto duration = [&](std::optional<base::Timestamp> before) {
    change.old_last_changed = before;
    std::string lines;
    CHECK(encoder.encode(change, lines) == Encoded::lines);
    const std::size_t at = lines.find("duration");
    return at == std::string::npos ? "" : lines.substr(at, lines.find(' ', at) - at);
  };
  CHECK(duration({}).empty());
  CHECK(duration(test::at("2026-11-25T10:00:00.123457Z")).empty());
  CHECK(duration(change.last_updated) == "duration_in_state_seconds=0");
  CHECK(duration(test::at("2026-11-25T10:00:00.12Z")) == "duration_in_state_seconds=0.003456");
  CHECK(duration(test::at("2026-11-25T09:00:00.023456Z")) == "duration_in_state_seconds=3600.1");
}

TEST_CASE("ha-ingestor: keys that collide get a trailing _") {
  EncoderOptions options;
  options.tags = {{"attr_x", "1"}, {"state", "2"}, {"time", "3"}, {"domain", "4"}, {"empty", ""}};
  Encoder encoder(options);
  CHECK(lines_of(encoder,
                 state_json("sensor.t", R"("on")", R"({"x":5,"x_":6,"a\nb":7,"a\\nb":8})")) ==
        "home_assistant_events,attr_x=1,domain=sensor,entity_id=sensor.t,event_type=state_changed,"
        "state=2,time_=3,time_of_day=morning "
        "state_=\"on\",attr_x_=5,attr_x__=6,attr_a\\nb=7,attr_a\\nb_=8" +
            std::string(test::k_time));
}

TEST_CASE("ha-ingestor: a name that the JSON says twice has two fields") {
  CHECK(fields_of(R"("x")", R"({"icon":"a","n":1,"icon":"b","n":2})") ==
        "state=\"x\",icon=\"a\",attr_n=1,attr_icon_=\"b\",attr_n_=2");
}

TEST_CASE("ha-ingestor: attributes may change from one state to the next") {
  Encoder encoder = plain();
  CHECK(fields_of(encoder, R"("on")", R"({"a":1,"b":"x"})") ==
        "state=\"on\",attr_a=1,attr_b=\"x\"");
  CHECK(fields_of(encoder, R"("on")", R"({"b":"x","a":1})") ==
        "state=\"on\",attr_b=\"x\",attr_a=1");
  CHECK(fields_of(encoder, R"("on")", R"({"a":"1"})") == "state=\"on\",attr_a=\"1\"");
  CHECK(fields_of(encoder, R"("off")", "{}") == "state=\"off\"");
  CHECK(fields_of(encoder, R"("on")", R"({"a":1,"b":"x"})") ==
        "state=\"on\",attr_a=1,attr_b=\"x\"");
}

TEST_CASE("ha-ingestor: odd bytes and large texts go through") {
  CHECK(fields_of(R"("a\nb\"c\\")", R"({"k y,=":"v"})") ==
        "state=\"a\\\\nb\\\"c\\\\\",attr_k\\ y\\,\\==\"v\"");
  const std::string large(std::size_t{16} * 1024, 'x');
  CHECK(fields_of(R"("on")", R"({"big":")" + large + R"("})") ==
        "state=\"on\",attr_big=\"" + large + "\"");
}

TEST_CASE("ha-ingestor: a text that no server takes is cut, and counted") {
  Encoder encoder = plain();
  const std::string huge(1'100'000, 'x');
  const std::string lines =
      lines_of(encoder, state_json("sensor.t", R"("on")", R"({"big":")" + huge + R"(","b":1})"));
  CHECK(lines.size() > 1'000'000);
  CHECK(lines.size() < 1'000'300);
  CHECK(lines.ends_with("x\",attr_b=1" + std::string(test::k_time)));
  CHECK(encoder.cut_texts() == 1);
}
