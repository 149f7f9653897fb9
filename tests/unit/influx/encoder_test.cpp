// SPDX-License-Identifier: MIT
#include "core/influx/encoder.hpp"

#include "tests/unit/influx/points.hpp"

using namespace haingest;
using namespace haingest::influx;
using test::lines_of;
using test::state_json;

namespace {

Encoded encode(Encoder& encoder, const std::string& json, std::string* lines = nullptr) {
  model::StateReader reader;
  const model::StateChange* const change = reader.read_state(json);
  REQUIRE(change != nullptr);
  std::string own;
  return encoder.encode(*change, lines == nullptr ? own : *lines);
}

std::string complaint(Layout layout, std::string_view key, std::string_view value) {
  const auto checked = check_tag(layout, key, value);
  return checked ? "" : checked.error().message;
}

}  // namespace

TEST_CASE("encoder: layouts have names") {
  CHECK(name_of(Layout::ha_ingestor) == "ha-ingestor");
  CHECK(name_of(Layout::home_assistant) == "home-assistant");
}

TEST_CASE("encoder: what is not wanted is not written, and why") {
  EncoderOptions options;
  options.selection = {{"sensor.*", "domain:light"}, {"label:private"}};
  Encoder encoder(options);
  CHECK(encode(encoder, state_json("sun.sun", R"("up")")) == Encoded::unwanted);
  CHECK(encode(encoder, state_json("sensor.x", R"("1")")) == Encoded::lines);
  CHECK(encoder.why("sensor.x") == "sensor.x is wanted: --include sensor.*");
  CHECK(encoder.why("light.x") == "light.x is wanted: --include domain:light");
  CHECK(encoder.why("sun.sun") == "sun.sun is left out: no --include matches it");

  encoder.set_world(test::world_of(
      {"[]", R"([{"entity_id":"sensor.x","id":"r1","platform":"mqtt","labels":["private"]}])"}));
  CHECK(encode(encoder, state_json("sensor.x", R"("1")")) == Encoded::unwanted);
  CHECK(encoder.why("sensor.x") == "sensor.x is left out: --exclude label:private");

  CHECK(Encoder(EncoderOptions{}).why("a.b") == "a.b is wanted: no rule leaves it out");
}

TEST_CASE("encoder: tags follow the registries") {
  Encoder encoder{EncoderOptions{}};
  const std::string state = state_json("sensor.x", R"("1")");
  const auto tags = [&] {
    const std::string lines = lines_of(encoder, state);
    return lines.substr(0, lines.find(' '));
  };
  const std::string rest = "domain=sensor,entity_id=sensor.x,event_type=state_changed,";
  CHECK(tags() == "home_assistant_events," + rest + "time_of_day=morning");
  const std::string entity =
      R"([{"entity_id":"sensor.x","id":"r1","platform":"mqtt","device_id":"d1"}])";
  encoder.set_world(test::world_of({R"([{"id":"d1","name":"A","area_id":"bath"}])", entity}));
  CHECK(tags() == "home_assistant_events,area_id=bath,device_id=d1," + rest +
                      "integration=mqtt,time_of_day=morning");
  // The device's own area, through its parent; and a device that no registry has.
  encoder.set_world(test::world_of(
      {R"([{"id":"d1","name":"A","parent_device_id":"p"},{"id":"p","name":"P","area_id":"hall"}])",
       entity}));
  CHECK(tags() == "home_assistant_events,area_id=hall,device_id=d1," + rest +
                      "integration=mqtt,time_of_day=morning");
  encoder.set_world(test::world_of({"[]", entity}));
  CHECK(tags() ==
        "home_assistant_events,device_id=d1," + rest + "integration=mqtt,time_of_day=morning");
}

TEST_CASE("encoder: a device that was split is told as the one that lives on") {
  model::Stored stored = test::stored_of(
      {R"([{"id":"new","name":"A","area_id":"bath","model":"M"}])",
       R"([{"entity_id":"sensor.x","id":"r1","platform":"mqtt","device_id":"old"}])"});
  stored.aliases.push_back({"old", {"new"}, "new"});
  Encoder encoder{EncoderOptions{}};
  encoder.set_world(std::make_shared<const model::World>(std::move(stored)));
  CHECK(lines_of(encoder, state_json("sensor.x", R"("on")")) ==
        "home_assistant_events,area_id=bath,device_id=new,domain=sensor,entity_id=sensor.x,"
        "event_type=state_changed,integration=mqtt,time_of_day=morning state=\"on\",model=\"M\"" +
            std::string(test::k_time));
}

TEST_CASE("encoder: a state that is gone has no line") {
  Encoder encoder{EncoderOptions{}};
  model::StateReader reader;
  const model::StateChange* const change = reader.read_event(
      R"({"data":{"entity_id":"a.b","old_state":{"state":"on"},"new_state":null}})");
  REQUIRE(change != nullptr);
  std::string lines;
  CHECK(encoder.encode(*change, lines) == Encoded::empty);
  CHECK(lines.empty());
}

TEST_CASE("encoder: a moment that line protocol has not is said, not written") {
  for (const Layout layout : {Layout::ha_ingestor, Layout::home_assistant}) {
    EncoderOptions options;
    options.layout = layout;
    Encoder encoder(options);
    model::StateChange change;
    change.entity_id = "sensor.x";
    change.state = "1";
    std::string lines;
    for (const char* const moment : {"1677-09-21T00:00:00Z", "2262-04-12T00:00:00Z"}) {
      change.last_updated = test::at(moment);
      CHECK(encoder.encode(change, lines) == Encoded::out_of_time);
    }
    CHECK(lines.empty());
    change.last_updated = test::at("2262-04-11T00:00:00Z");
    CHECK(encoder.encode(change, lines) == Encoded::lines);
    CHECK(lines.ends_with(" 9223286400000000000\n"));
  }
}

TEST_CASE("encoder: a live point and its twin out of the recorder are one series and time") {
  Encoder encoder{EncoderOptions{}};
  model::StateReader reader;
  std::string live;
  std::string history;
  REQUIRE(encoder.encode(*reader.read_event(
                             R"({"data":{"entity_id":"sensor.t","old_state":null,"new_state":)" +
                             state_json("sensor.t", R"("20.3")", R"({"a":1})") + "}}"),
                         live) == Encoded::lines);
  REQUIRE(encoder.encode(*reader.read_history("sensor.t",
                                              R"({"s":"20.3","a":{"a":1},"lu":1795600800.123456})"),
                         history) == Encoded::lines);
  CHECK(live == history);
}

TEST_CASE("encoder: a device's line") {
  EncoderOptions options;
  options.tags = {{"house", "north"}, {"model", "mine"}};
  const Encoder encoder(options);
  const auto world = test::world_of(
      {R"([{"id":"d1","name":"Lamp \"1\"","manufacturer":"Acme Inc","model":"X","sw_version":"2","area_id":"bath"},)"
       R"({"id":"d2","name":"Bare"}])",
       R"([{"entity_id":"light.a","id":"r1","device_id":"d1"},{"entity_id":"light.b","id":"r2","device_id":"d1"}])"});
  std::string lines;
  for (const char* const id : {"d1", "d2"}) {
    encoder.encode_device(*world, *world->find(model::Kind::device, id),
                          test::at("2026-11-25T10:00:00Z"), lines);
  }
  CHECK(lines ==
        "devices,area_id=bath,device_id=d1,house=north,manufacturer=Acme\\ Inc,model=X "
        "name=\"Lamp \\\"1\\\"\",sw_version=\"2\",entity_count=2i 1795600800000000000\n"
        "devices,area_id=unassigned,device_id=d2,house=north,manufacturer=Unknown,model=Unknown "
        "name=\"Bare\",sw_version=\"Unknown\",entity_count=0i 1795600800000000000\n");
}

TEST_CASE("encoder: static tags that cannot be are refused with what is wrong") {
  CHECK(complaint(Layout::ha_ingestor, "house", "north wing").empty());
  CHECK(complaint(Layout::home_assistant, "integration", "x").empty());
  CHECK(complaint(Layout::ha_ingestor, "integration", "x") ==
        "the tag \"integration=x\" has the key of a tag that points have already");
  CHECK(complaint(Layout::ha_ingestor, "house", "") == "the tag \"house=\" is not KEY=VALUE");
  CHECK(complaint(Layout::ha_ingestor, "", "x") == "the tag \"=x\" is not KEY=VALUE");
  CHECK(complaint(Layout::ha_ingestor, "time", "x") ==
        "the tag \"time=x\" has a key that InfluxDB keeps for itself");
  CHECK(complaint(Layout::ha_ingestor, "a b", "x") ==
        "the tag \"a b=x\" has a key of more than letters, digits, `_`, `-` and `.`");
}
