// SPDX-License-Identifier: MIT
// Each rule of reconcile through the real store: snapshots go in, rows and changes are looked at.
#include "core/mirror/reconcile.hpp"

#include <sqlite3.h>

#include "core/mirror/guard.hpp"
#include "core/mirror/mirror.hpp"
#include "core/model/ha_json.hpp"
#include "core/store/reader.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/document.hpp"
#include "tests/support/sql.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
using test::House;

namespace {

struct Mirror {
  test::TempDir dir;
  std::string path = dir.file("metadata.db");
  store::Database database = store::Database::open(path, std::chrono::seconds(10));
  base::Timestamp now = base::parse_timestamp("2026-11-25 01:00:00").value();

  mirror::Report sync(const model::Snapshot& snapshot, const mirror::Policy& policy = {}) {
    now += std::chrono::minutes(1);
    return mirror::synchronise(database, snapshot, policy, {"sync", "http://ha.test", now},
                               [this] { return now; });
  }
  mirror::Report sync(const House& house, const mirror::Policy& policy = {}) {
    return sync(test::snapshot_of(house), policy);
  }
  std::string sql(const std::string& query) { return test::query(path, query); }
};

// "renamed entity r1 sensor.b" a line.
std::string told(const mirror::Report& report) {
  std::string text;
  for (const model::Change& change : report.changes) {
    text += std::string{model::name_of(change.action)} + " " +
            std::string{model::name_of(change.kind)} + " " + change.id + " " + change.name + "\n";
  }
  return text;
}

std::string entity(const std::string& id, const std::string& registry_id,
                   const std::string& more = "") {
  return R"({"entity_id":")" + id + R"(","id":")" + registry_id +
         R"(","platform":"p","unique_id":")" + registry_id + "\"" + more + "}";
}

mirror::Report upsert(Mirror& m, model::Kind kind, const std::string& json) {
  const auto records = model::parse_records(kind, json, model::Missing::absent);
  return mirror::upsert(m.database, records->table, {"api", "127.0.0.1", {}},
                        [&m] { return m.now; });
}

std::string devices(int from, int to) {
  std::string json = "[";
  for (int i = from; i < to; ++i) {
    json += (json.size() > 1 ? "," : "") + std::string{R"({"id":"d)"} + std::to_string(i) +
            R"(","name":"Device )" + std::to_string(i) + "\"}";
  }
  return json + "]";
}

}  // namespace

TEST_CASE("reconcile: first sight adds, the same again writes only the run, folded") {
  Mirror m;
  const House house{.devices = devices(0, 2), .areas = R"([{"area_id":"k","name":"Kitchen"}])"};
  CHECK(told(m.sync(house)) ==
        "added area k Kitchen\nadded device d0 Device 0\nadded device d1 Device 1\n");
  const std::string rows = m.sql("SELECT * FROM devices");
  CHECK(told(m.sync(house)).empty());
  CHECK(told(m.sync(house)).empty());
  CHECK(m.sql("SELECT * FROM devices") == rows);
  CHECK(m.sql("SELECT run, times, added, devices FROM sync_runs") == "1|1|3|2\n2|2|0|2\n");
  CHECK(m.sql("SELECT seq, run, kind, id, action, before FROM changes") ==
        "1|1|area|k|added|\n2|1|device|d0|added|\n3|1|device|d1|added|\n");
}

TEST_CASE("reconcile: an update tells the changed fields and keeps first_seen") {
  Mirror m;
  m.sync({.devices = R"([{"id":"d1","name":"A","sw_version":"1","labels":["x"]}])"});
  const auto report =
      m.sync({.devices = R"([{"id":"d1","name":"A","sw_version":null,"labels":["y"]}])"});
  REQUIRE(report.changes.size() == 1);
  CHECK(report.changes[0].before == R"({"sw_version":"1","labels":["x"]})");
  CHECK(report.changes[0].after == R"({"sw_version":null,"labels":["y"]})");
  CHECK(m.sql("SELECT first_seen, last_seen FROM devices") ==
        "2026-11-25 01:01:00.000000|2026-11-25 01:02:00.000000\n");
}

TEST_CASE("reconcile: the order of keys in JSON is no change") {
  Mirror m;
  m.sync({.devices = R"([{"id":"d1","name":"A","opt":{"a":1,"b":[2]}}])"});
  CHECK(told(m.sync({.devices = R"([{"id":"d1","name":"A","opt":{"b":[2], "a":1}}])"})).empty());
}

TEST_CASE("reconcile: renames, a dead row's id, swaps (peers' input 2)") {
  Mirror m;
  m.sync({.entities = "[" + entity("sensor.a", "r1") + "," + entity("sensor.b", "r2") + "," +
                      entity("sensor.c", "r3") + "]"});
  m.sync({.entities = "[" + entity("sensor.a", "r1") + "," + entity("sensor.c", "r3") + "]"});
  CHECK(m.sql("SELECT kind, id, name, why FROM removed") == "entity|r2||gone\n");
  CHECK(told(m.sync({.entities = "[" + entity("sensor.b", "r1") + "," + entity("sensor.c", "r3") +
                                 "]"})) == "renamed entity r1 sensor.b\n");
  CHECK(told(m.sync(
            {.entities = "[" + entity("sensor.c", "r1") + "," + entity("sensor.b", "r3") + "]"})) ==
        "renamed entity r1 sensor.c\nrenamed entity r3 sensor.b\n");
  CHECK(m.sql("SELECT entity_id, registry_id FROM entities ORDER BY 1") ==
        "sensor.b|r3\nsensor.c|r1\n");
  CHECK(m.sql("SELECT before, after FROM changes WHERE action = 'renamed' AND id = 'r1' LIMIT 1") ==
        "{\"entity_id\":\"sensor.a\"}|{\"entity_id\":\"sensor.b\"}\n");
  CHECK(m.sql("SELECT json_extract(record, '$.registry_id') FROM removed") == "r2\n");
}

TEST_CASE("reconcile: what is removed comes back restored, with its first sight") {
  Mirror m;
  m.sync({.devices = devices(0, 3)});
  CHECK(told(m.sync({.devices = devices(0, 2)})) == "removed device d2 Device 2\n");
  CHECK(m.sql("SELECT count(*) FROM devices") == "2\n");
  CHECK(told(m.sync({.devices = devices(0, 3)})) == "restored device d2 Device 2\n");
  CHECK(m.sql("SELECT count(*) FROM removed") == "0\n");
  CHECK(m.sql("SELECT first_seen FROM devices WHERE device_id = 'd2'") ==
        "2026-11-25 01:01:00.000000\n");
}

TEST_CASE("reconcile: entities that only have a state come and go without a word") {
  Mirror m;
  const House with{
      .entities = "[" + entity("sensor.a", "r1") + "]",
      .states = R"([{"entity_id":"sun.sun","name":"Sun","unit":null,"device_class":null}])"};
  CHECK(told(m.sync(with)) == "added entity r1 sensor.a\n");
  CHECK(
      m.sql("SELECT entity_id, name, domain, confirmed FROM entities WHERE registry_id IS NULL") ==
      "sun.sun|Sun|sun|1\n");
  CHECK(told(m.sync({.entities = "[" + entity("sensor.a", "r1") + "]"})).empty());
  CHECK(m.sql("SELECT count(*) FROM entities") == "1\n");
  CHECK(m.sql("SELECT count(*) FROM removed") == "0\n");
  m.sync(with);
  CHECK(told(m.sync({.entities = "[" + entity("sensor.a", "r1") + "," + entity("sun.sun", "r9") +
                                 "]"})) == "added entity r9 sun.sun\n");
}

TEST_CASE("reconcile: dangling references and state-only entities are stable (peers' input 5)") {
  Mirror m;
  const House house{
      .entities =
          "[" + entity("sensor.a", "r1", R"(,"device_id":"d9","config_entry_id":"gone")") + "]",
      .states = R"([{"entity_id":"binary_sensor.y","name":null,"unit":null,"device_class":null}])"};
  m.sync(house);
  CHECK(m.sql("SELECT entity_id, registry_id, device_id FROM entities ORDER BY 1") ==
        "binary_sensor.y||\nsensor.a|r1|d9\n");
  CHECK(told(m.sync(house)).empty());
}

TEST_CASE("reconcile: a missing state blanks nothing, one without a unit does") {
  Mirror m;
  const std::string entities = "[" + entity("sensor.a", "r1") + "]";
  m.sync({.entities = entities,
          .states = R"([{"entity_id":"sensor.a","name":"A","unit":"W","device_class":"power"}])"});
  CHECK(told(m.sync({.entities = entities})).empty());
  CHECK(m.sql("SELECT unit, device_class FROM entities") == "W|power\n");
  m.sync({.entities = entities,
          .states = R"([{"entity_id":"sensor.a","name":"A","unit":null,"device_class":"power"}])"});
  CHECK(m.sql("SELECT unit, device_class FROM entities") == "|power\n");
}

TEST_CASE("reconcile: a failed registry removes and blanks nothing; the others are mirrored") {
  Mirror m;
  m.sync({.devices = R"([{"id":"d1","name":"A","config_entry_id":"e1"}])",
          .areas = R"([{"area_id":"k","name":"Kitchen"}])",
          .config_entries = R"([{"entry_id":"e1","domain":"hue"}])"});
  model::Document document = test::document_of(
      {.devices = R"([{"id":"d1","name":"A","config_entry_id":"e1"},{"id":"d2","name":"B"}])"});
  document.answer(model::Part::areas) = {"", "unknown_error"};
  document.answer(model::Part::config_entries) = {"", "timeout"};
  const auto report = m.sync(model::to_snapshot(document));
  CHECK(told(report) == "added device d2 B\n");
  CHECK(report.partial);
  // That they failed says it; what they hold is all kept.
  CHECK(report.held.empty());
  CHECK(m.sql("SELECT detail FROM sync_runs ORDER BY run DESC LIMIT 1") ==
        "Home Assistant answered for areas with an error (unknown_error); Home Assistant did not "
        "answer for config_entries in time\n");
  CHECK(m.sql("SELECT count(*) FROM areas") == "1\n");
  CHECK(m.sql("SELECT integration FROM devices WHERE device_id = 'd1'") == "hue\n");
  CHECK(m.sql("SELECT outcome FROM sync_runs ORDER BY run DESC LIMIT 1") == "partial\n");
}

TEST_CASE("reconcile: while HA starts nothing is removed (peers' input 7)") {
  Mirror m;
  m.sync({.devices = devices(0, 94)});
  model::Document starting = test::document_of({.devices = devices(0, 3), .state = "STARTING"});
  starting.answer(model::Part::floors) = {"", "unknown_command"};
  const auto report = m.sync(model::to_snapshot(starting));
  CHECK(told(report).empty());
  CHECK(report.partial);
  CHECK(report.held ==
        std::vector<std::string>{
            "kept although not listed: 91 devices, because Home Assistant is STARTING"});
  CHECK(m.sql("SELECT count(*) FROM devices") == "94\n");
  CHECK(told(m.sync({.devices = devices(0, 94)})).empty());
}

TEST_CASE("reconcile: the removal guard stops all of it, unless it is allowed") {
  Mirror m;
  m.sync({.devices = devices(0, 30)});
  const House fewer{.devices = devices(0, 23), .areas = R"([{"area_id":"k","name":"K"}])"};
  CHECK_THROWS_WITH(
      m.sync(fewer),
      "Home Assistant no longer lists 7 of 30 devices, more than the 6 that may go in one sync; "
      "nothing was written; if they are really gone, allow it with --max-removals 7");
  CHECK(m.sql("SELECT count(*) FROM areas") == "0\n");
  mirror::Policy policy;
  policy.max_removals = {7, mirror::RemovalLimit::Unit::records};
  m.sync(fewer, policy);
  CHECK(m.sql("SELECT count(*) FROM devices") == "23\n");
  // Five may always go, whatever share they are.
  m.sync({.devices = devices(0, 18)});
  CHECK(m.sql("SELECT count(*) FROM devices") == "18\n");
}

TEST_CASE("reconcile: the removal guard names every kind, and one limit that lets all pass") {
  Mirror m;
  const auto labels = [](int count) {
    std::string json;
    for (int i = 0; i < count; ++i) {
      json += (i > 0 ? ",{\"label_id\":\"l" : "{\"label_id\":\"l") + std::to_string(i) + "\"}";
    }
    return "[" + json + "]";
  };
  m.sync({.devices = devices(0, 30), .floors = R"([{"floor_id":"f"}])", .labels = labels(50)});
  const auto refusal = [&](const House& house) {
    try {
      m.sync(house);
    } catch (const base::Failure& failure) {
      CHECK(failure.error().kind == base::ErrorKind::guard);
      return failure.error();
    }
    return base::Error{};
  };
  const auto two = refusal({.devices = devices(0, 23), .labels = labels(20)});
  CHECK(
      two.message ==
      "Home Assistant no longer lists 30 of 50 labels and 7 of 30 devices, more than the 10 and 6 "
      "that may go in one sync; nothing was written; if they are really gone, allow it with "
      "--max-removals 30");
  CHECK(two.try_command == "haingest sync --dry-run --max-removals 30");
  // Ten labels are within their share, but a plain 7 would stop them.
  const auto one = refusal({.devices = devices(0, 23), .labels = labels(40)});
  CHECK(one.message.find("no longer lists 7 of 30 devices, more than the 6 that may go") !=
        std::string::npos);
  CHECK(one.message.ends_with("allow it with --max-removals 10"));
  mirror::Policy policy;
  policy.max_removals = {10, mirror::RemovalLimit::Unit::records};
  m.sync({.devices = devices(0, 23), .labels = labels(40)}, policy);
  CHECK(m.sql("SELECT count(*) FROM labels") == "40\n");
}

TEST_CASE("guard: the command is the one that its sentence leads to") {
  CHECK(mirror::guard_try_command("… allow it with --max-removals 30") ==
        "haingest sync --dry-run --max-removals 30");
  CHECK(mirror::guard_try_command("this looks like another house, …, or say --new-house if …") ==
        "haingest sync --new-house --dry-run");
  CHECK(mirror::guard_try_command("… allow it with --max-removals ;reboot").empty());
  CHECK(mirror::guard_try_command("x.db has layout 99").empty());
}

TEST_CASE("reconcile: held back instead of refused, for a process that goes on") {
  Mirror m;
  m.sync({.devices = devices(0, 30)});
  mirror::Policy policy;
  policy.hold_removals = true;
  const auto report = m.sync({.devices = devices(20, 31)}, policy);
  CHECK(told(report) == "added device d30 Device 30\n");
  REQUIRE(report.held.size() == 1);
  CHECK(
      report.held[0].starts_with("kept although not listed: 20 devices, because Home Assistant no "
                                 "longer lists 20 of 30 devices"));
}

TEST_CASE("reconcile: another house is not written over this one") {
  Mirror m;
  m.sync({.devices = devices(0, 3)});
  CHECK_THROWS_WITH(
      m.sync({.devices = devices(10, 12)}),
      "http://ha.test:8123 lists 2 devices and none of the 3 in the store: this looks "
      "like another house, nothing was written; check --ha-url and --db, or say "
      "--new-house if it is meant to replace what is stored");
  mirror::Policy policy;
  policy.new_house = true;
  m.sync({.devices = devices(10, 12)}, policy);
  CHECK(m.sql("SELECT device_id FROM devices") == "d10\nd11\n");
}

TEST_CASE("reconcile: composite devices are superseded, their aliases stay for ever") {
  Mirror m;
  const std::string old_entities = "[" + entity("switch.a", "r1", R"(,"device_id":"old")") + "," +
                                   entity("switch.b", "r2", R"(,"device_id":"old")") + "]";
  m.sync({.devices = R"([{"id":"old","name":"Both"}])", .entities = old_entities});
  const std::string new_entities = "[" + entity("switch.a", "r1", R"(,"device_id":"n2")") + "," +
                                   entity("switch.b", "r2", R"(,"device_id":"n2")") + "]";
  const auto report =
      m.sync({.devices = R"([{"id":"n1","name":"Both"},{"id":"n2","name":"Both"}])",
              .entities = new_entities,
              .composite_splits = R"({"old":{"split_ids":["n1","n2"],"primary_id":null}})"});
  CHECK(told(report) ==
        "added device n1 Both\nadded device n2 Both\nsuperseded device old Both\n"
        "updated entity r1 switch.a\nupdated entity r2 switch.b\n");
  CHECK(m.sql("SELECT id, why, successor FROM removed") == "old|superseded|n2\n");
  CHECK(m.sql("SELECT old_id, new_id, is_primary, inferred FROM device_aliases ORDER BY 2") ==
        "old|n1|0|0\nold|n2|1|0\n");
  // HA forgets a split when its halves go; the alias stays, and the same map again is no news.
  CHECK(told(m.sync({.devices = R"([{"id":"n1","name":"Both"},{"id":"n2","name":"Both"}])",
                     .entities = new_entities}))
            .empty());
  CHECK(m.sql("SELECT count(*) FROM device_aliases") == "2\n");
}

TEST_CASE("reconcile: a split whose map HA has lost is found by its marks") {
  Mirror m;
  m.sync({.devices =
              R"([{"id":"old","name":"Both","created_at":1700000000.5,"identifiers":[["a","1"]]},
                         {"id":"other","name":"Other"}])"});
  const auto report = m.sync(
      {.devices = R"([{"id":"n1","name":"Both","created_at":1700000000.5,"identifiers":[["a","1"]]},
                             {"id":"other","name":"Other"}])"});
  CHECK(told(report) == "added device n1 Both\nsuperseded device old Both\n");
  CHECK(m.sql("SELECT new_id, inferred FROM device_aliases") == "n1|1\n");
}

TEST_CASE("reconcile: the same id twice: the later record counts, and it is told") {
  Mirror m;
  const auto report = m.sync({.devices = R"([{"id":"d1","name":"A"},{"id":"d1","name":"B"}])"});
  CHECK(told(report) == "added device d1 B\n");
  CHECK(report.notes ==
        std::vector<std::string>{
            "the device registry lists device_id d1 twice; the later record counts"});
}

TEST_CASE("reconcile: a bulk upsert keeps absent fields, clears null ones and confirms nothing") {
  Mirror m;
  m.sync({.devices = R"([{"id":"d1","name":"A","model":"M","sw_version":"1"}])"});
  const auto report = upsert(m, model::Kind::device,
                             R"([{"id":"d1","sw_version":null},{"id":"d2","manufacturer":"X"}])");
  CHECK(told(report) == "updated device d1 A\nadded device d2 d2\n");
  CHECK(m.sql("SELECT device_id, name, model, sw_version, confirmed FROM devices ORDER BY 1") ==
        "d1|A|M||1\nd2|d2|||0\n");
  // An unconfirmed row that HA does not know goes without the guard counting it.
  CHECK(told(m.sync({.devices = R"([{"id":"d1","name":"A","model":"M"}])"})) ==
        "removed device d2 d2\n");
}

TEST_CASE("reconcile: a bulk upsert goes over extra field by field") {
  Mirror m;
  m.sync({.devices = R"([{"id":"d1","name":"A","kept":12345678901234567890123,"named":"old",
                          "cleared":{"a":1},"model":["L"]}])"});
  CHECK(told(upsert(m, model::Kind::device,
                    R"([{"id":"d1","named":[1, 2],"cleared":null,"new":"n"}])")) ==
        "updated device d1 A\n");
  CHECK(m.sql("SELECT extra, model FROM devices") ==
        R"({"kept":12345678901234567890123,"named":[1,2],"cleared":null,"model":["L"],"new":"n"}|)"
        "\n");
  // A field that has a column leaves extra when a value for the column comes.
  upsert(m, model::Kind::device, R"([{"id":"d1","model":"M"}])");
  CHECK(m.sql("SELECT extra, model FROM devices") ==
        R"({"kept":12345678901234567890123,"named":[1,2],"cleared":null,"new":"n"}|M)"
        "\n");
  CHECK(told(upsert(m, model::Kind::device, R"([{"id":"d1","new":"n"},{"id":"d1","name":"A"}])"))
            .empty());
  upsert(m, model::Kind::device, R"([{"id":"d2","model":["x"]},{"id":"d2","model":null}])");
  CHECK(m.sql("SELECT extra FROM devices WHERE device_id = 'd2'") == "\n");
}

TEST_CASE("reconcile: the records of a bulk upsert count one after another") {
  Mirror m;
  m.sync({.devices = R"([{"id":"d1","name":"A","model":"M"}])",
          .entities = "[" + entity("light.a", "r1") + "," + entity("light.b", "r2") + "]"});
  const auto report = upsert(m, model::Kind::device,
                             R"([{"id":"d1","name":"B","sw_version":"1","x":1,"y":[2]},
                                 {"id":"d2","name":"Two"},
                                 {"id":"d1","model":null,"sw_version":"2","y":3},
                                 {"id":"d1","hw_version":"3"}])");
  CHECK(told(report) == "updated device d1 B\nadded device d2 Two\n");
  CHECK(report.notes.empty());
  CHECK(report.changes[0].after ==
        R"({"name":"B","model":null,"sw_version":"2","hw_version":"3","extra":{"x":1,"y":3}})");
  CHECK(m.sql("SELECT device_id, name, model, sw_version, hw_version, extra FROM devices") ==
        "d1|B||2|3|{\"x\":1,\"y\":3}\nd2|Two||||\n");
  // An entity's record without a registry id is of whoever has its entity_id by then.
  CHECK(told(upsert(m, model::Kind::entity,
                    R"([{"entity_id":"light.a","icon":"i"},{"entity_id":"light.c","id":"r1"},
                        {"entity_id":"light.c","name":"C"},{"entity_id":"light.b","name":"B"},
                        {"entity_id":"light.b","id":"r9","platform":"p"}])")) ==
        "removed entity r2 light.b\nrenamed entity r1 light.c\nadded entity r9 light.b\n");
  CHECK(m.sql("SELECT entity_id, registry_id, name, icon FROM entities ORDER BY 1") ==
        "light.b|r9||\nlight.c|r1|C|i\n");
}

TEST_CASE("reconcile: clear puts everything into removed, as one run") {
  Mirror m;
  m.sync({.devices = devices(0, 2), .entities = "[" + entity("sensor.a", "r1") + "]"});
  const auto report =
      mirror::clear(m.database, {"api", "127.0.0.1", {}}, [&m] { return m.now; }).report;
  CHECK(report.changes.size() == 3);
  CHECK(m.sql("SELECT (SELECT count(*) FROM devices), (SELECT count(*) FROM removed)") == "0|3\n");
}

TEST_CASE("a state takes no entity_id from an entity while Home Assistant is starting") {
  Mirror mirror;
  House house;
  house.entities = "[" + entity("light.a", "r1") + "," + entity("light.b", "r2") + "]";
  CHECK(mirror.sync(house).changes.size() == 2);
  house.state = "STARTING";
  house.entities = "[" + entity("light.a", "r1") + "]";
  house.states = R"([{"entity_id":"light.a"},{"entity_id":"light.b"},{"entity_id":"sun.sun"}])";
  const mirror::Report report = mirror.sync(house);
  CHECK(told(report).empty());
  CHECK(report.held == std::vector<std::string>{"kept although not listed: 1 entity, because "
                                                "Home Assistant is STARTING"});
  CHECK(mirror.sql("SELECT entity_id, registry_id FROM entities ORDER BY 1") ==
        "light.a|r1\nlight.b|r2\nsun.sun|\n");
}

TEST_CASE("reconcile: the order of what Home Assistant keeps as sets is no change") {
  Mirror m;
  House house;
  house.devices =
      R"([{"id":"d1","name":"A","identifiers":[["a","1"],["b","2"]],"labels":["x","y"],
           "connections":[["mac","1"],["mac","2"]],"config_entries":["c1","c2"]}])";
  m.sync(house);
  const std::string before = m.sql("SELECT * FROM devices");
  house.devices =
      R"([{"id":"d1","name":"A","identifiers":[["b","2"],["a","1"]],"labels":["y","x"],
           "connections":[["mac","2"],["mac","1"]],"config_entries":["c2","c1"]}])";
  CHECK(told(m.sync(house)).empty());
  CHECK(m.sql("SELECT * FROM devices") == before);
  CHECK(m.sql("SELECT identifiers, config_entry_id FROM devices") == R"([["a","1"],["b","2"]]|c1)"
                                                                     "\n");
}

TEST_CASE("reconcile: an entity that is back over its own state is restored") {
  Mirror m;
  House house;
  house.entities = "[" + entity("light.a", "r1") + "]";
  m.sync(house);
  const std::string first_seen = m.sql("SELECT first_seen FROM entities");
  House gone;
  gone.states = R"([{"entity_id":"light.a"}])";
  CHECK(told(m.sync(gone)) == "removed entity r1 light.a\n");
  CHECK(told(m.sync(house)) == "restored entity r1 light.a\n");
  CHECK(m.sql("SELECT count(*) FROM removed") == "0\n");
  CHECK(m.sql("SELECT first_seen FROM entities") == first_seen);
}

TEST_CASE("reconcile: an alias holds what Home Assistant's map says now, one primary among it") {
  Mirror m;
  m.sync({.devices = R"([{"id":"old","created_at":1700000000.5,"identifiers":[["a","1"]]}])"});
  const std::string halves =
      R"([{"id":"n\"1","created_at":1700000000.5,"identifiers":[["a","1"]]},{"id":"n2"}])";
  const auto report = m.sync({.devices = halves});
  CHECK(told(report).find("superseded device old old") != std::string::npos);
  CHECK(m.sql("SELECT json_extract(after, '$.device_id') FROM changes WHERE action = "
              "'superseded'") == "n\"1\n");
  // What was inferred gives way to the map; a primary outside of it is one of the halves.
  m.sync(
      {.devices = halves, .composite_splits = R"({"old":{"split_ids":["n2","n2"],"primary_id":"n2"},
                                                    "x":{"split_ids":["n2"],"primary_id":"n9"}})"});
  CHECK(m.sql("SELECT old_id, new_id, is_primary, inferred FROM device_aliases ORDER BY 1, 2") ==
        "old|n2|1|0\nx|n2|0|0\nx|n9|1|0\n");
}

TEST_CASE("reconcile: a broken record does not hide another house") {
  Mirror m;
  m.sync({.devices = devices(0, 3)});
  CHECK_THROWS_WITH(m.sync({.devices = R"([{"id":"x1","name":"X"},{"name":"no id"}])"}),
                    test::ContainsSubstring("this looks like another house"));
  CHECK(m.sql("SELECT count(*) FROM devices") == "3\n");
}

TEST_CASE("reconcile: a bulk upsert goes by entity_id, and takes ids over from others") {
  Mirror m;
  m.sync({.entities = "[" + entity("light.a", "r1") + "," + entity("light.b", "r2") + "]"});
  const auto told_of = [&m](const std::string& json) {
    return told(upsert(m, model::Kind::entity, json));
  };
  CHECK(told_of(R"([{"entity_id":"light.a","icon":"mdi:lamp"}])") == "updated entity r1 light.a\n");
  CHECK(told_of(R"([{"entity_id":"light.b","id":"r1"}])") ==
        "removed entity r2 light.b\nrenamed entity r1 light.b\n");
  CHECK(told_of(R"([{"entity_id":"light.b","id":"r9","platform":"p"}])") ==
        "removed entity r1 light.b\nadded entity r9 light.b\n");
  CHECK(m.sql("SELECT entity_id, registry_id FROM entities") == "light.b|r9\n");
}

TEST_CASE(
    "reconcile: while HA starts, a new entity waits for the entity_id of one that is not listed") {
  Mirror m;
  m.sync({.entities = "[" + entity("light.a", "r1") + "," + entity("light.b", "r2") + "," +
                      entity("light.c", "r3") + "]"});
  const std::string before = m.sql("SELECT * FROM entities");
  // r2 is not listed; r9 has its entity_id, r1 has that of the waiting r3, which wants r2's, too.
  House starting{.entities = "[" + entity("light.b", "r3") + "," + entity("light.c", "r1") + "," +
                             entity("light.n", "r8") + "]",
                 .state = "STARTING"};
  const auto report = m.sync(starting);
  CHECK(told(report) == "added entity r8 light.n\n");
  CHECK(report.partial);
  CHECK(report.held == std::vector<std::string>{
                           "kept although not listed: 1 entity, because Home Assistant is STARTING",
                           "waiting for the entity_id of one that is kept: 2 entities, because "
                           "Home Assistant is STARTING"});
  CHECK(m.sql("SELECT * FROM entities WHERE registry_id <> 'r8'") == before);
  starting.state = "RUNNING";
  CHECK(told(m.sync(starting)) ==
        "renamed entity r3 light.b\nrenamed entity r1 light.c\nremoved entity r2 light.b\n");
  CHECK(m.sql("SELECT entity_id, registry_id FROM entities ORDER BY 1") ==
        "light.b|r3\nlight.c|r1\nlight.n|r8\n");
}

TEST_CASE("reconcile: a registry with a broken record removes nothing over an entity_id, either") {
  Mirror m;
  m.sync({.entities = "[" + entity("light.a", "r1") + "]"});
  const auto report = m.sync({.entities = "[" + entity("light.a", "r9") + R"(,{"id":"r1"}])"});
  CHECK(told(report).empty());
  CHECK(report.held ==
        std::vector<std::string>{
            "kept although not listed: 1 entity, because the answer for entities was not whole "
            "(invalid_record)",
            "waiting for the entity_id of one that is kept: 1 entity, because the answer for "
            "entities was not whole (invalid_record)"});
  CHECK(m.sql("SELECT entity_id, registry_id FROM entities") == "light.a|r1\n");
}

TEST_CASE("reconcile: what is stored has the time at which Home Assistant said it") {
  Mirror m;
  const auto confirmed_at = [&m] {
    return base::to_sqlite_text(
        store::Reader(m.path).read_all().confirmed_at.value_or(base::Timestamp{}));
  };
  const std::string times = "SELECT device_id, first_seen, last_seen FROM devices ORDER BY 1";
  m.sync({.devices = devices(0, 1), .when = "2026-11-24 10:00:00"});
  CHECK(m.sql(times) == "d0|2026-11-24 10:00:00.000000|2026-11-24 10:00:00.000000\n");
  CHECK(m.sql("SELECT ha_when, finished_at FROM sync_runs") ==
        "2026-11-24 10:00:00.000000|2026-11-25 01:01:00.000000\n");
  CHECK(m.sql("SELECT at FROM changes") == "2026-11-25 01:01:00.000000\n");
  CHECK(confirmed_at() == "2026-11-24 10:00:00.000000");
  // Unchanged, and folded: the store is as young as what Home Assistant said last.
  m.sync({.devices = devices(0, 1), .when = "2026-11-24 11:00:00"});
  m.sync({.devices = devices(0, 1), .when = "2026-11-24 12:00:00"});
  CHECK(m.sql(times) == "d0|2026-11-24 10:00:00.000000|2026-11-24 10:00:00.000000\n");
  CHECK(m.sql("SELECT times, ha_when FROM sync_runs WHERE run = 2") ==
        "2|2026-11-24 12:00:00.000000\n");
  CHECK(confirmed_at() == "2026-11-24 12:00:00.000000");
  // An older snapshot is taken with a note, and makes the store as old as it is.
  const auto old =
      m.sync({.devices = R"([{"id":"d0","name":"Before"}])", .when = "2026-11-23 10:00:00"});
  CHECK(old.notes ==
        std::vector<std::string>{
            "the snapshot is of 2026-11-23T10:00:00.000000+00:00, older than what the store had "
            "(2026-11-24T12:00:00.000000+00:00): what has changed in between is taken back until "
            "the next sync"});
  CHECK(m.sql(times) == "d0|2026-11-23 10:00:00.000000|2026-11-23 10:00:00.000000\n");
  CHECK(confirmed_at() == "2026-11-23 10:00:00.000000");
  // A clock that is ahead makes nothing younger than now; one that does not say tells no age.
  m.sync({.devices = devices(0, 1), .when = "2026-11-26 10:00:00"});
  CHECK(confirmed_at() == base::to_sqlite_text(m.now));
  m.sync({.devices = devices(0, 2)});
  CHECK(m.sql("SELECT last_seen FROM devices WHERE device_id = 'd1'") ==
        base::to_sqlite_text(m.now) + "\n");
  CHECK_FALSE(store::Reader(m.path).read_all().confirmed_at);
}

TEST_CASE("reconcile: a dry run goes on at a guard and says what would have stopped it") {
  Mirror m;
  m.sync({.devices = devices(0, 30)});
  mirror::Policy policy;
  policy.dry_run = true;
  auto copy = store::Database::open_copy_in_memory(m.path, std::chrono::seconds(10));
  const auto dry = [&](const House& house) {
    return mirror::synchronise(copy, test::snapshot_of(house), policy, {"sync", "x", m.now},
                               [&m] { return m.now; });
  };
  const auto fewer = dry({.devices = devices(0, 23)});
  CHECK(fewer.changes.size() == 7);
  CHECK(fewer.run.outcome == "refused");
  REQUIRE(fewer.refusal);
  CHECK(fewer.refusal->kind == base::ErrorKind::guard);
  CHECK(fewer.refusal->message.starts_with(
      "Home Assistant no longer lists 7 of 30 devices, more than the 6 that may go in one sync; "));
  const auto other = dry({.devices = devices(40, 42)});
  CHECK(other.changes.size() == 25);
  REQUIRE(other.refusal);
  CHECK(other.refusal->message.find("this looks like another house") != std::string::npos);
  const auto again = mirror::parse_report(mirror::to_json(other));
  REQUIRE(again.has_value());
  REQUIRE(again->refusal);
  CHECK(again->refusal->message == other.refusal->message);
  CHECK(m.sql("SELECT count(*) FROM devices") == "30\n");
}

TEST_CASE("report: a number that no counter holds makes it none") {
  std::string text = mirror::to_json(mirror::Report{});
  const std::string honest = "\"duration_ms\":0,";
  REQUIRE(text.find(honest) != std::string::npos);
  REQUIRE(mirror::parse_report(text).has_value());
  text.replace(text.find(honest), honest.size(), "\"duration_ms\":3e45,");
  CHECK(mirror::parse_report(text).error().message ==
        "the answer is no report of a sync: 3e+45 is no whole number");
}

TEST_CASE("reconcile: sentences about a saved snapshot name it") {
  Mirror m;
  m.sync({.devices = devices(0, 30)});
  const auto refusal = [&m](House house, const mirror::Policy& policy = {}) {
    model::Snapshot snapshot = test::snapshot_of(house);
    snapshot.name = "the snapshot house.json";
    try {
      const auto report = m.sync(snapshot, policy);
      return base::Error{base::ErrorKind::failure, report.held.at(0)};
    } catch (const base::Failure& failure) {
      return failure.error();
    }
  };
  const auto fewer = refusal({.devices = devices(0, 10)});
  CHECK(fewer.message ==
        "the snapshot house.json no longer lists 20 of 30 devices, more than the 6 that may go in "
        "one sync; nothing was written; if they are really gone, allow it with --max-removals 20");
  CHECK(fewer.try_command == "haingest sync --dry-run --max-removals 20");
  const auto other = refusal({.devices = devices(40, 42)});
  CHECK(other.message ==
        "the snapshot house.json lists 2 devices and none of the 30 in the store: this looks like "
        "another house, nothing was written; check which house it is of, or say --new-house if it "
        "is meant to replace what is stored");
  CHECK(refusal({.devices = devices(0, 29), .state = "STARTING"}).message ==
        "kept although not listed: 1 device, because the snapshot house.json is of a Home "
        "Assistant that was STARTING");
}
