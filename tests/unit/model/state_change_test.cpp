// SPDX-License-Identifier: MIT
#include "core/model/state_change.hpp"

#include <string>

#include "core/base/timestamp.hpp"
#include "tests/support/catch.hpp"

namespace haingest::model {
namespace {

constexpr const char* k_event =
    R"({"event_type":"state_changed","data":{"entity_id":"sensor.t",)"
    R"("old_state":{"entity_id":"sensor.t","state":"20.1","attributes":{"unit_of_measurement":"°C","x":[1,{"state":"no"}]},)"
    R"("last_changed":"2026-11-25T10:00:00.000001+00:00","last_reported":"2026-11-25T10:00:00.000001+00:00",)"
    R"("last_updated":"2026-11-25T10:00:00.000001+00:00","context":{"id":"A","parent_id":null,"user_id":null}},)"
    R"("new_state":{"entity_id":"sensor.t","state":"20.3","attributes":{"unit_of_measurement":"°C",)"
    R"("n":-1.5e3,"b":true,"z":null,"list":[1, 2],"s":"a\n\"b\""},)"
    R"("last_changed":"2026-11-25T10:00:01.123456+00:00","last_reported":"2026-11-25T10:00:01.123456+00:00",)"
    R"("last_updated":"2026-11-25T10:00:01.123456+00:00","context":{"id":"B","parent_id":"P","user_id":"U"}}},)"
    R"("origin":"LOCAL","time_fired":"2026-11-25T10:00:01.123456+00:00","context":{"id":"X","parent_id":null,"user_id":null}})";

base::Timestamp at(const char* text) { return base::parse_timestamp(text).value(); }

TEST_CASE("A live change is read with what is needed of the state before") {
  StateReader reader;
  const StateChange* const change = reader.read_event(k_event);
  REQUIRE(change != nullptr);
  CHECK(change->source == StateChange::Source::live);
  CHECK(change->entity_id == "sensor.t");
  CHECK(change->state == "20.3");
  CHECK_FALSE(change->added);
  CHECK_FALSE(change->removed);
  CHECK(change->last_updated == at("2026-11-25T10:00:01.123456Z"));
  CHECK(change->last_changed == at("2026-11-25T10:00:01.123456Z"));
  CHECK(change->old_state == "20.1");
  CHECK(change->old_last_changed == at("2026-11-25T10:00:00.000001Z"));
  CHECK(change->context_id == "B");
  CHECK(change->context_parent_id == "P");
  CHECK(change->context_user_id == "U");
}

TEST_CASE("Attributes keep their order, type and text") {
  StateReader reader;
  const StateChange* const change = reader.read_event(k_event);
  REQUIRE(change != nullptr);
  std::string all;
  for (const Attribute& attribute : change->attributes) {
    all += std::string(attribute.name) + "/" + std::to_string(static_cast<int>(attribute.type)) +
           "/" + std::string(attribute.value) + ";";
  }
  CHECK(all == "unit_of_measurement/0/°C;n/1/-1.5e3;b/2/true;z/3/;list/4/[1, 2];s/0/a\n\"b\";");
  CHECK(change->text_of("unit_of_measurement") == "°C");
  CHECK(change->text_of("n").empty());
  CHECK(change->find("nothing") == nullptr);
}

TEST_CASE("A state that comes has none before it, one that goes none after") {
  StateReader reader;
  const StateChange* change = reader.read_event(
      R"({"data":{"entity_id":"a.b","old_state":null,"new_state":{"entity_id":"a.b","state":"on",)"
      R"("last_updated":"2026-11-25T10:00:00+00:00","attributes":{}}}})");
  REQUIRE(change != nullptr);
  CHECK(change->added);
  CHECK_FALSE(change->old_state.has_value());
  CHECK(change->last_changed == at("2026-11-25T10:00:00Z"));
  CHECK(change->context_id.empty());

  change = reader.read_event(
      R"({"data":{"entity_id":"a.b","old_state":{"state":"on"},"new_state":null}})");
  REQUIRE(change != nullptr);
  CHECK(change->removed);
  CHECK(change->entity_id == "a.b");
  CHECK(change->old_state == "on");
  CHECK(change->attributes.empty());
}

TEST_CASE("A row of history has the moment of its live twin") {
  StateReader reader;
  const StateChange* change =
      reader.read_history("sensor.t", R"({"s":"20.3","a":{"n":1},"lu":1795600801.123456})");
  REQUIRE(change != nullptr);
  CHECK(change->source == StateChange::Source::history);
  CHECK(change->entity_id == "sensor.t");
  CHECK(change->last_updated == at("2026-11-25T10:00:01.123456Z"));
  CHECK(change->last_changed == change->last_updated);
  CHECK(change->attributes.size() == 1);

  change = reader.read_history("sensor.t", R"({"s":"","a":{},"lc":1795600800.5,"lu":1795600801})");
  REQUIRE(change != nullptr);
  CHECK(change->state.empty());
  CHECK(change->last_changed == at("2026-11-25T10:00:00.5Z"));
}

TEST_CASE("An element of get_states is a snapshot's state") {
  StateReader reader;
  const StateChange* const change = reader.read_state(
      R"({"entity_id":"sun.sun","state":"below_horizon","attributes":{"elevation":-3},)"
      R"("last_changed":"2026-11-25T09:00:00+00:00","last_updated":"2026-11-25T10:00:00+00:00"})");
  REQUIRE(change != nullptr);
  CHECK(change->source == StateChange::Source::snapshot);
  CHECK(change->last_changed == at("2026-11-25T09:00:00Z"));
  CHECK_FALSE(change->old_state.has_value());
}

TEST_CASE("Odd texts are kept: numbers where text belongs, lone surrogates, NUL") {
  StateReader reader;
  const StateChange* const change = reader.read_state(
      R"({"entity_id":"a.b","state":5,"attributes":{"lone":"\ud800x","nul":"a\u0000b","\udfff":1},)"
      R"("last_updated":"2026-11-25T10:00:00+00:00"})");
  REQUIRE(change != nullptr);
  CHECK(change->state == "5");
  CHECK(change->text_of("lone") == "\xEF\xBF\xBDx");
  CHECK(change->text_of("nul") == std::string("a\0b", 3));
  CHECK(change->find("\xEF\xBF\xBD") != nullptr);
}

TEST_CASE("What is no state is null, and the reader goes on") {
  StateReader reader;
  for (
      const char* broken :
      {"", "7", "[]", "{}", "null", R"({"data":7})", R"({"data":{"entity_id":"a.b"}})",
       R"({"data":{"new_state":null}})",
       R"({"data":{"entity_id":"a.b","new_state":{"state":"on"}}})",
       R"({"data":{"entity_id":"a.b","new_state":{"entity_id":"a.b","state":"on","last_updated":"soon"}}})",
       R"({"data":{"entity_id":"a.b","new_state":{"entity_id":"a.b","state":{},"last_updated":"2026-11-25T10:00:00+00:00"}}})",
       R"({"data":{"entity_id":"a.b","new_state":{"entity_id":"a.b","state":"on","attributes":{"x":)"}) {
    CAPTURE(broken);
    CHECK(reader.read_event(broken) == nullptr);
  }
  CHECK(reader.read_history("a.b", R"({"s":"on","lu":1e300})") == nullptr);
  CHECK(reader.read_history("a.b", R"({"s":"on","a":{"low":falwe},"lu":1795600801})") == nullptr);
  CHECK(reader.read_history("a.b", R"({"s":"on","a":n{"x":1},"lu":1795600801})") == nullptr);
  CHECK(reader.read_event(k_event) != nullptr);
}

TEST_CASE("An entity_id has a domain and an object id") {
  CHECK(domain_of("light.kitchen") == "light");
  CHECK(object_id_of("light.kitchen") == "kitchen");
  CHECK(domain_of("odd") == "odd");
  CHECK(object_id_of("odd") == "odd");
}

}  // namespace
}  // namespace haingest::model
