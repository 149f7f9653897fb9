// SPDX-License-Identifier: MIT
#include "core/influx/selection.hpp"

#include "tests/unit/influx/points.hpp"

using namespace haingest;
using namespace haingest::influx;

namespace {

std::shared_ptr<const model::World> house() {
  return test::world_of(
      {R"([{"id":"d1","name":"Hub","area_id":"kitchen","labels":["private"]},{"id":"d2","name":"Old"}])",
       R"([{"entity_id":"light.a","id":"r1","platform":"hue","device_id":"d1","labels":[]},)"
       R"({"entity_id":"sensor.b","id":"r2","platform":"mqtt","device_id":"d2","area_id":"bath","labels":["energy_id"]},)"
       R"({"entity_id":"sensor.c","id":"r3","platform":"mqtt","device_id":null}])",
       R"([{"area_id":"kitchen","name":"Küche"},{"area_id":"bath","name":"Bad"}])",
       R"([{"label_id":"energy_id","name":"Energy"},{"label_id":"private","name":"Private"}])"});
}

// The wanted ones of the house and of an entity that no registry knows.
std::string wanted(std::vector<std::string> include, std::vector<std::string> exclude = {},
                   const std::shared_ptr<const model::World>& world = house()) {
  const Selector selector({std::move(include), std::move(exclude)});
  std::string ids;
  for (const char* const id : {"light.a", "sensor.b", "sensor.c", "sun.sun"}) {
    if (selector.judge(id, world.get()).wanted) ids += std::string(id) + " ";
  }
  return ids;
}

std::string complaint(std::string_view rule) {
  const auto checked = check_rule(rule);
  return checked ? "" : checked.error().message;
}

}  // namespace

TEST_CASE("selection: no rule means all") {
  CHECK(wanted({}) == "light.a sensor.b sensor.c sun.sun ");
  CHECK(wanted({}, {}, nullptr) == "light.a sensor.b sensor.c sun.sun ");
}

TEST_CASE("selection: rules of each kind") {
  CHECK(wanted({"sensor.*"}) == "sensor.b sensor.c ");
  CHECK(wanted({"sensor.[bc]", "sun.sun"}) == "sensor.b sensor.c sun.sun ");
  CHECK(wanted({"domain:light"}) == "light.a ");
  CHECK(wanted({"domain:s*"}) == "sensor.b sensor.c sun.sun ");
  CHECK(wanted({"integration:MQTT"}) == "sensor.b sensor.c ");
  CHECK(wanted({"integration:*"}) == "light.a sensor.b sensor.c ");
}

TEST_CASE("selection: areas by id or name, inherited from the device") {
  CHECK(wanted({"area:kitchen"}) == "light.a ");
  CHECK(wanted({"area:Küche"}) == "light.a ");
  CHECK(wanted({"area:bad"}) == "sensor.b ");
  CHECK(wanted({"area:*"}) == "light.a sensor.b ");
}

TEST_CASE("selection: labels by id or name, of the entity or of its device") {
  CHECK(wanted({"label:energy"}) == "sensor.b ");
  CHECK(wanted({"label:energy_id"}) == "sensor.b ");
  CHECK(wanted({"label:private"}) == "light.a ");
  CHECK(wanted({"label:nothing"}).empty());
}

TEST_CASE("selection: exclude wins") {
  CHECK(wanted({"*.*"}, {"label:private", "sensor.c"}) == "sensor.b sun.sun ");
  CHECK(wanted({}, {"domain:sensor"}) == "light.a sun.sun ");
}

TEST_CASE("selection: without registries only ids and domains match") {
  CHECK(wanted({"area:*", "label:*", "integration:*"}, {}, nullptr).empty());
  CHECK(wanted({"domain:light"}, {"label:private"}, nullptr) == "light.a ");
}

TEST_CASE("selection: a rule that means nothing is refused with what is wrong") {
  for (const char* const good : {"sensor.x", "*_power", "sensor.?", "[ab]*", "domain:light",
                                 "area:Küche 2", "integration:m*", "label:a:b"}) {
    CHECK(complaint(good).empty());
  }
  CHECK(complaint("") == "the rule \"\" is empty");
  CHECK(complaint("label:") == "the rule \"label:\" says nothing behind its colon");
  CHECK(complaint("lable:x") ==
        "the rule \"lable:x\" begins with neither domain:, area:, integration: nor label:; did you "
        "mean label:?");
  CHECK(complaint("zzzzzzzz:x") ==
        "the rule \"zzzzzzzz:x\" begins with neither domain:, area:, integration: nor label:");
  CHECK(complaint("light") ==
        "the rule \"light\" can match no entity, since each has a dot in its id; did you mean "
        "domain:light?");
  CHECK(complaint("sensor.[ab") == "the rule \"sensor.[ab\" has a [ without its ]");
  CHECK(check_rule("").error().kind == base::ErrorKind::usage);
}
