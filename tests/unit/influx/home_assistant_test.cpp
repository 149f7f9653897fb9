// SPDX-License-Identifier: MIT
// Layout home-assistant: whole lines, next to what Home Assistant's own integration would write.
#include "tests/unit/influx/points.hpp"

using namespace haingest;
using namespace haingest::influx;
using test::lines_of;
using test::state_json;

namespace {

EncoderOptions own_layout() {
  EncoderOptions options;
  options.layout = Layout::home_assistant;
  return options;
}

// The fields of a line of a light without a unit.
std::string fields_of(const std::string& state, const std::string& attributes = "{}") {
  Encoder encoder(own_layout());
  const std::string lines = lines_of(encoder, state_json("light.a", state, attributes));
  const std::string head = "light.a,domain=light,entity_id=a ";
  const std::string time = test::k_time;
  REQUIRE(lines.starts_with(head));
  REQUIRE(lines.ends_with(time));
  return lines.substr(head.size(), lines.size() - head.size() - time.size());
}

std::string series_of(Encoder& encoder, const std::string& attributes) {
  const std::string lines = lines_of(encoder, state_json("sensor.a", R"("1")", attributes));
  return lines.substr(0, lines.find(",domain"));
}

}  // namespace

TEST_CASE("home-assistant: a sensor with a unit, whole") {
  EncoderOptions options = own_layout();
  options.tags = {{"source", "HA"}};
  Encoder encoder(options);
  encoder.set_world(test::world_of(
      {R"([{"id":"d1","name":"Probe","area_id":"bath"}])",
       R"([{"entity_id":"sensor.t","id":"r1","platform":"zha","device_id":"d1"}])"}));
  CHECK(lines_of(encoder,
                 state_json("sensor.t", R"("20.3")",
                            R"({"state_class":"measurement","battery":87,"low":false,)"
                            R"("unit_of_measurement":"°C","device_class":"temperature",)"
                            R"("friendly_name":"Bath T","list":[1,"a",null],"none":null})")) ==
        "°C,domain=sensor,entity_id=t,source=HA "
        "value=20.3,state_class_str=\"measurement\",battery=87,low=0,device_class_str="
        "\"temperature\","
        "friendly_name_str=\"Bath T\",list_str=\"[1, 'a', None]\",none_str=\"None\"" +
            std::string(test::k_time));
}

TEST_CASE("home-assistant: words that mean a number have both, other texts none") {
  CHECK(fields_of(R"("on")") == "value=1,state=\"on\"");
  for (const std::string one : {"locked", "above_horizon", "open", "home"}) {
    CHECK(fields_of("\"" + one + "\"") == "value=1,state=\"" + one + "\"");
  }
  for (const std::string zero : {"off", "unlocked", "below_horizon", "closed", "not_home"}) {
    CHECK(fields_of("\"" + zero + "\"") == "value=0,state=\"" + zero + "\"");
  }
  CHECK(fields_of(R"("idle")") == "state=\"idle\"");
  CHECK(fields_of(R"("On")") == "state=\"On\"");
}

TEST_CASE("home-assistant: a number is what Python's float() takes, its odd text is kept") {
  CHECK(fields_of(R"("21.50")") == "value=21.50");
  CHECK(fields_of(R"("1e-05")") == "value=1e-05");
  CHECK(fields_of(R"("1_000")") == "value=1000,state=\"1_000\"");
  CHECK(fields_of(R"(" 5 ")") == "value=5,state=\" 5 \"");
  CHECK(fields_of(R"("٥")") == "value=5,state=\"٥\"");
  for (const std::string none : {"nan", "inf", "-Infinity", "1e400", "0x10"}) {
    CHECK(fields_of("\"" + none + "\"") == "state=\"" + none + "\"");
  }
}

TEST_CASE("home-assistant: unknown, unavailable, empty and removed states are not written") {
  Encoder encoder(own_layout());
  model::StateReader reader;
  std::string lines;
  for (const char* const state : {R"("unknown")", R"("unavailable")", R"("")"}) {
    const model::StateChange* const change = reader.read_state(state_json("light.a", state));
    REQUIRE(change != nullptr);
    CHECK(encoder.encode(*change, lines) == Encoded::empty);
  }
  CHECK(lines.empty());
}

TEST_CASE("home-assistant: the measurement is the unit, else the entity") {
  Encoder encoder(own_layout());
  CHECK(series_of(encoder, R"({"unit_of_measurement":"W"})") == "W");
  CHECK(series_of(encoder, R"({"unit_of_measurement":"kW h"})") == "kW\\ h");
  CHECK(series_of(encoder, R"({"unit_of_measurement":"#"})") == "\xEF\xBC\x83");
  CHECK(series_of(encoder, R"({"unit_of_measurement":5})") == "5");
  CHECK(series_of(encoder, R"({"unit_of_measurement":1.50})") == "1.5");
  CHECK(series_of(encoder, R"({"unit_of_measurement":1e22})") == "1e+22");
  CHECK(series_of(encoder, R"({"unit_of_measurement":true})") == "True");
  CHECK(series_of(encoder, R"({"unit_of_measurement":["a"]})") == "['a']");
  CHECK(series_of(encoder, "{}") == "sensor.a");
  CHECK(series_of(encoder, R"({"unit_of_measurement":null})") == "sensor.a");
  CHECK(fields_of(R"("x")", R"({"unit_of_measurement":""})") ==
        "state=\"x\",unit_of_measurement_str=\"\"");
  CHECK(fields_of(R"("x")", R"({"unit_of_measurement":null})") ==
        "state=\"x\",unit_of_measurement_str=\"None\"");
}

TEST_CASE("home-assistant: attributes are numbers where they can be, texts where not") {
  CHECK(fields_of(R"("x")", R"({"a":5,"b":-1.50,"c":1e3,"d":true,"e":"12.5","f":"Lamp"})") ==
        "state=\"x\",a=5,b=-1.50,c=1000,d=1,e=12.5,f_str=\"Lamp\"");
  // Digits at the end of a text are scraped into a number beside it.
  CHECK(fields_of(R"("x")", R"({"v":"v1.25-b3","n":"Lamp 12","l":[0,255],"d":{"k":"v"}})") ==
        "state=\"x\",v=1.253,v_str=\"v1.25-b3\",n=12,n_str=\"Lamp 12\",l=255,l_str=\"[0, 255]\","
        "d_str=\"{'k': 'v'}\"");
}

TEST_CASE("home-assistant: the text of an attribute is kept where the number tells less") {
  CHECK(fields_of(R"("x")", R"({"serial":"0012","odd":"1e5","u":"1_0","nan":"nan","big":1e400})") ==
        "state=\"x\",serial=12,serial_str=\"0012\",odd=1e+05,odd_str=\"1e5\",u=10,u_str=\"1_0\","
        "nan_str=\"nan\",big_str=\"1e400\"");
  CHECK(fields_of(R"("x")", R"({"zero":"0","minus":"-0.5"})") == "state=\"x\",zero=0,minus=-0.5");
}

TEST_CASE("home-assistant: an attribute whose name is taken gets a trailing _") {
  CHECK(fields_of(R"("on")", R"({"state":5,"value":"x"})") ==
        "value=1,state=\"on\",state_=5,value__str=\"x\"");
  CHECK(fields_of(R"("x")", R"({"value":7})") == "state=\"x\",value=7");
  CHECK(fields_of(R"("x")", R"({"a_str":1,"a":"t"})") == "state=\"x\",a_str=\"t\"");
  CHECK(fields_of(R"("x")", R"({"a":"t","a_str":1})") == "state=\"x\",a_str=\"t\",a_str_=1");
}

TEST_CASE("home-assistant: a text that is kept takes no name from what is written anyhow") {
  CHECK(fields_of(R"("1_0")", R"({"state":5})") == "value=10,state=5,state_=\"1_0\"");
  CHECK(fields_of(R"("nan")", R"({"value":5})") == "value_=5,state=\"nan\"");
  CHECK(fields_of(R"("x")", R"({"a":"1e5","a_str":"t","a_str_str":1})") ==
        "state=\"x\",a=1e+05,a_str_str=\"t\",a_str_str_=1,a_str=\"1e5\"");
}

TEST_CASE("home-assistant: keys that are a tag's or a server's own get one, too") {
  CHECK(fields_of(R"("x")", R"({"time":5,"domain":6,"entity_id":["a.b"],"entity_id_str":"z"})") ==
        "state=\"x\",time_=5,domain_=6,entity_id_str=\"['a.b']\",entity_id_str__str=\"z\"");
  CHECK(fields_of(R"("x")", R"({"entity_id":["a.b","c.d"]})") ==
        "state=\"x\",entity_id_str=\"['a.b', 'c.d']\"");
}

TEST_CASE("home-assistant: one entity's shape may change between states") {
  Encoder encoder(own_layout());
  CHECK(lines_of(encoder, state_json("light.a", R"("on")", R"({"b":1})")) ==
        "light.a,domain=light,entity_id=a value=1,state=\"on\",b=1" + std::string(test::k_time));
  CHECK(lines_of(encoder, state_json("light.a", R"("on")", R"({"value":1})")) ==
        "light.a,domain=light,entity_id=a value=1,state=\"on\",value_=1" +
            std::string(test::k_time));
}
