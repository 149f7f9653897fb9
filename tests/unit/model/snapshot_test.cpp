// SPDX-License-Identifier: MIT
#include "core/model/snapshot.hpp"
#include "core/model/world.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/document.hpp"

using namespace haingest;
using namespace haingest::model;
using test::House;

TEST_CASE("snapshot: a document survives its JSON byte for byte") {
  Document document = test::document_of({.devices = R"([{"id":"d1","x":  1.50}])"});
  document.answer(Part::floors) = {"", "unknown_command"};
  document.ha.when = base::parse_timestamp("2026-11-25 01:30:00.5").value();
  const std::string json = to_json(document);
  const Document read = parse_document(json, "test").value();
  CHECK(read.answer(Part::devices).json == R"([{"id":"d1","x":  1.50}])");
  CHECK(read.answer(Part::floors).code == "unknown_command");
  CHECK(read.ha.version == "2026.11.0");
  CHECK(to_json(read) == json);
}

TEST_CASE("snapshot: a malformed file is refused whole, in one line") {
  const auto message = [](std::string_view json) {
    return parse_document(json, "snap.json").error().message;
  };
  const auto refusal = [](const std::string& why) {
    return "snap.json is no snapshot: " + why +
           "; nothing was read from it; make one with 'discover --save FILE'";
  };
  CHECK(message("{\"devices\":[") == refusal("it is no JSON, or it was cut off"));
  CHECK(message("[]") == refusal("it is no JSON object"));
  CHECK(message("") == refusal("it is empty"));
  CHECK(message(" \n") == refusal("it is empty"));
  // Broken where nobody looks: inside a field that is kept as it is, and inside a state.
  CHECK(message(R"({"devices":[{"id":"a","identifiers":[1,,2]}]})") ==
        refusal("it is no JSON, or it was cut off"));
  CHECK(message(R"({"states":[{"entity_id":"a.b","name":"x" "unit":"y"}]})") ==
        refusal("it is no JSON, or it was cut off"));
  CHECK(message("{\"device\":[]}") ==
        "snap.json is no snapshot: it has none of devices, entities, areas, …; make one with "
        "'discover --save FILE'");
  CHECK_FALSE(parse_document("{\"devices\":[]} trailing", "x").has_value());
  const std::string rest = "; nothing was read from it; make one with 'discover --save FILE'";
  const auto flaw = [&](const std::string& members) {
    const std::string text = message("{" + members + R"(,"devices":[]})");
    const std::string begin = "snap.json is no snapshot: its ";
    REQUIRE(text.starts_with(begin));
    REQUIRE(text.ends_with(rest));
    return text.substr(begin.size(), text.size() - begin.size() - rest.size());
  };
  CHECK(flaw(R"("ha":[])") == "ha is no object");
  CHECK(flaw(R"("ha":{"url":null})") == "ha.url is no text");
  CHECK(flaw(R"("ha":{"version":2026.11})") == "ha.version is no text");
  CHECK(flaw(R"("ha":{"location":{}})") == "ha.location is no text");
  CHECK(flaw(R"("ha":{"state":5})") == "ha.state is no text");
  CHECK(flaw(R"("ha":{"when":1732500000})") == "ha.when is no text");
  CHECK(flaw(R"("ha":{"when":"yesterday"})") == "ha.when is no moment");
  CHECK(flaw(R"("missing":[])") == "missing is no object of texts");
  CHECK(flaw(R"("missing":{"floors":404})") == "missing is no object of texts");
  CHECK(parse_document(R"({"ha":{"location":"x\ud800","from the future":[1]},"devices":[]})", "x")
            .value()
            .ha.location == "x\xEF\xBF\xBD");
}

TEST_CASE("snapshot: what does not say which Home Assistant it is of is none") {
  CHECK(
      parse_document(R"({"store":{"path":"/x"},"devices":[]})", "standard input").error().message ==
      "standard input is no snapshot: it has no ha, which says what Home Assistant it is of "
      "(what 'discover --stored' prints is of the database); make one with 'discover --save "
      "FILE'");
}

TEST_CASE("snapshot: a saved one with a part that is no registry is malformed") {
  const auto why = [](const House& house) {
    const Document document = test::document_of(house);
    const auto error = malformed(document, to_snapshot(document), "snap.json");
    return error ? error->message : "";
  };
  const auto no_registry = [](const std::string& part) {
    return "snap.json is no snapshot: its " + part +
           " are no registry; nothing was read from it; make one with 'discover --save FILE'";
  };
  CHECK(why({.devices = "5"}) == no_registry("devices"));
  CHECK(why({.devices = "[1]"}) == no_registry("devices"));
  CHECK(why({.areas = R"([{"area_id":"a"},"b"])"}) == no_registry("areas"));
  CHECK(why({.composite_splits = "[]"}) == no_registry("composite_splits"));
  CHECK(why({.states = "[null]"}) == no_registry("states"));
  // As Home Assistant may say it: the registry failed, in a file as live.
  CHECK(why({.devices = R"([{"name":"no id"}])"}).empty());
  Document unanswered = test::document_of({});
  unanswered.answer(Part::areas) = {"", "invalid_json"};
  CHECK_FALSE(malformed(unanswered, to_snapshot(unanswered), "x"));
}

TEST_CASE("snapshot: states are reduced to what they tell of their entity") {
  const auto reduced = reduce_states(
      R"([{"entity_id":"sensor.t","state":"20.1","attributes":{"unit_of_measurement":"°C",
      "friendly_name":"T","device_class":"temperature","big":[1,2]},"last_changed":"x"},
      {"attributes":{},"entity_id":"sun.sun"}])");
  CHECK(reduced.value() ==
        R"([{"entity_id":"sensor.t","name":"T","unit":"°C","device_class":"temperature"},)"
        R"({"entity_id":"sun.sun","name":null,"unit":null,"device_class":null}])");
  CHECK_FALSE(reduce_states("{}").has_value());
  // Attributes that are none tell nothing; the entity is there all the same.
  for (const char* attributes :
       {R"("attributes":5,)", R"("attributes":[],)", R"("attributes":[{"friendly_name":"x"}],)",
        R"("attributes":null,)", R"("attributes":"x",)", R"("attributes":true,)", ""}) {
    INFO(attributes);
    const auto odd = reduce_states("[{\"entity_id\":\"sensor.a\"," + std::string{attributes} +
                                   R"("state":"1"},{"entity_id":"sensor.b","attributes":)"
                                   R"({"friendly_name":"B"}}])");
    REQUIRE(odd.has_value());
    CHECK(odd.value() == R"([{"entity_id":"sensor.a","name":null,"unit":null,"device_class":null},)"
                         R"({"entity_id":"sensor.b","name":"B","unit":null,"device_class":null}])");
    const Snapshot snapshot = test::snapshot_of({.states = odd.value()});
    CHECK(snapshot.failed.empty());
    CHECK(snapshot.of(Kind::entity).table.size() == 2);
  }
  CHECK_FALSE(reduce_states(R"([{"entity_id":"a")").has_value());
}

TEST_CASE("snapshot: what one registry says of another is joined") {
  const Snapshot snapshot = test::snapshot_of(
      {.devices =
           R"([{"id":"d1","name":"A","config_entry_id":"e1"},{"id":"d2","config_entry_id":"gone"}])",
       .entities = R"([{"entity_id":"sensor.t","id":"r1","platform":"hue","disabled_by":"user"},
                       {"entity_id":"sensor.u","id":"r2","platform":"hue","disabled_by":null}])",
       .config_entries = R"([{"entry_id":"e1","domain":"hue"}])",
       .states = R"([{"entity_id":"sensor.t","name":"T","unit":"°C","device_class":"temperature"},
                     {"entity_id":"sun.sun","name":"Sun","unit":null,"device_class":null}])"});
  const Table& devices = snapshot.of(Kind::device).table;
  CHECK(devices.row(0)[device::integration].text() == "hue");
  CHECK(devices.row(1)[device::integration].is_null());
  const Table& entities = snapshot.of(Kind::entity).table;
  REQUIRE(entities.size() == 3);
  CHECK(entities.row(0)[entity::unit].text() == "°C");
  CHECK(entities.row(0)[entity::disabled].text() == "1");
  CHECK(entities.row(0)[entity::domain].text() == "sensor");
  CHECK(entities.row(1)[entity::unit].is_absent());
  CHECK(entities.row(2)[entity::entity_id].text() == "sun.sun");
  CHECK(entities.row(2)[entity::registry_id].is_null());
  CHECK(entities.row(2)[entity::name].text() == "Sun");
  CHECK(snapshot.failed.empty());
}

TEST_CASE("snapshot: an unknown command is an absent registry only while HA runs") {
  Document document = test::document_of({});
  document.answer(Part::floors) = {"", "unknown_command"};
  CHECK(to_snapshot(document).of(Kind::floor).presence == Presence::absent);
  CHECK(to_snapshot(document).failed.empty());
  document.ha.state = "STARTING";
  const Snapshot starting = to_snapshot(document);
  CHECK(starting.of(Kind::floor).presence == Presence::failed);
  CHECK(starting.failed.at("floors") == "unknown_command");
}

TEST_CASE("snapshot: an answer that cannot be parsed is a failed registry, named") {
  const Snapshot snapshot = test::snapshot_of({.devices = R"([{"id":)",
                                               .entities = R"([{"entity_id":"a.b"},{}])",
                                               .composite_splits = "[]",
                                               .states = "[1]"});
  CHECK(snapshot.of(Kind::device).presence == Presence::failed);
  CHECK(snapshot.failed.at("devices") == "invalid_json");
  CHECK(snapshot.failed.at("entities") == "invalid_record");
  CHECK(snapshot.failed.at("composite_splits") == "invalid_json");
  CHECK(snapshot.failed.at("states") == "invalid_json");
  CHECK(snapshot.of(Kind::entity).table.size() == 1);
}

TEST_CASE("snapshot: composite splits") {
  const Snapshot snapshot = test::snapshot_of(
      {.composite_splits = R"({"old":{"split_ids":["n1","n2"],"primary_id":null}})"});
  REQUIRE(snapshot.splits.size() == 1);
  CHECK(snapshot.splits[0].old_id == "old");
  CHECK(snapshot.splits[0].new_ids == std::vector<std::string>{"n1", "n2"});
  CHECK(snapshot.splits[0].primary_id.empty());
}

TEST_CASE("world: a retired id answers with a half that lives, whichever was chosen") {
  model::Snapshot snapshot =
      to_snapshot(parse_document(R"({"ha":{},"devices":[{"id":"n2","name":"N"}]})", "x").value());
  model::Stored stored;
  stored.of(Kind::device) = std::move(snapshot.of(Kind::device).table);
  stored.aliases = {{"old", {"n1", "mid"}, "n1", false}, {"mid", {"old", "n2"}, "", false}};
  const model::World world(std::move(stored));
  const auto row = world.find_device_or_successor("old");
  REQUIRE(row);
  CHECK((*row)[model::device::device_id].text() == "n2");
  CHECK_FALSE(world.find_device_or_successor("n1"));
}
