// SPDX-License-Identifier: MIT
// Each rule of an import through the real store: tables of the past go in, rows, tombstones and
// changes are looked at.
#include <map>

#include "core/mirror/mirror.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/document.hpp"
#include "tests/support/sql.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
using model::Kind;
using test::House;

namespace {

using Cells = std::map<std::string, std::string>;  // by column
constexpr auto k_old = "2025-10-12 08:00:00.000000";
constexpr auto k_newer = "2025-10-20 09:00:00.000000";

model::Table past(Kind kind, const std::vector<Cells>& records) {
  model::Table table(kind);
  for (const Cells& cells : records) {
    const model::MutableRow row = table.append(model::Value::absent());
    const model::Tail tail = model::tail_of(kind);
    row[tail.first_seen] = table.keep(k_old);
    row[tail.last_seen] = table.keep(k_newer);
    for (const auto& [column, text] : cells) {
      row[model::column_index(kind, column).value()] = table.keep(text);
    }
  }
  return table;
}
model::Table devices(const std::vector<Cells>& records) { return past(Kind::device, records); }
model::Table entities(const std::vector<Cells>& records) { return past(Kind::entity, records); }

struct Desk {
  test::TempDir dir;
  std::string path = dir.file("metadata.db");
  store::Database database = store::Database::open(path, std::chrono::seconds(10));
  base::Timestamp now = base::parse_timestamp("2026-11-26 01:00:00").value();

  mirror::Imported import(model::Table devices, model::Table entities = entities_of_nobody()) {
    std::vector<model::Table> tables;
    tables.push_back(std::move(devices));
    tables.push_back(std::move(entities));
    now += std::chrono::minutes(1);
    return mirror::import_past(database, tables, {"migrate-from-influx", "http://influx.test", now},
                               false, [this] { return now; });
  }
  void sync(const House& house) {
    now += std::chrono::minutes(1);
    static_cast<void>(mirror::synchronise(database, test::snapshot_of(house), {},
                                          {"sync", "http://ha.test", now}, [this] { return now; }));
  }
  std::string sql(const std::string& query) const { return test::query(path, query); }

 private:
  static model::Table entities_of_nobody() { return model::Table(Kind::entity); }
};

std::string told(const mirror::Report& report) {
  std::string text;
  for (const model::Change& change : report.changes) {
    text += std::string{model::name_of(change.action)} + " " +
            std::string{model::name_of(change.kind)} + " " + change.id + "\n";
  }
  return text;
}

std::int64_t of(const std::array<std::int64_t, model::k_kind_count>& counts, Kind kind) {
  return counts[model::index_of(kind)];
}

}  // namespace

TEST_CASE("import: into a store that no Home Assistant has confirmed") {
  Desk desk;
  const auto first = desk.import(
      devices({{{"device_id", "d1"}, {"name", "Lamp"}, {"manufacturer", "Acme"}}}),
      entities({{{"entity_id", "light.lamp"}, {"device_id", "d1"}, {"domain", "light"}}}));
  CHECK(told(first.report) == "added device d1\nadded entity light.lamp\n");
  CHECK(desk.sql(
            "SELECT device_id, name, manufacturer, model IS NULL, first_seen, last_seen, confirmed "
            "FROM devices") ==
        "d1|Lamp|Acme|1|2025-10-12 08:00:00.000000|2025-10-20 09:00:00.000000|0\n");
  CHECK(desk.sql("SELECT entity_id, device_id, domain, disabled, registry_id IS NULL, confirmed "
                 "FROM entities") == "light.lamp|d1|light|0|1|0\n");
  CHECK(desk.sql("SELECT command, source FROM sync_runs") ==
        "migrate-from-influx|http://influx.test\n");
}

TEST_CASE("import: a second time changes nothing, and leaves no run") {
  Desk desk;
  const auto again = [&] {
    return desk.import(devices({{{"device_id", "d1"}, {"name", "Lamp"}}}),
                       entities({{{"entity_id", "light.lamp"}, {"unique_id", "u1"}}}));
  };
  static_cast<void>(again());
  const std::string rows = desk.sql("SELECT * FROM devices") + desk.sql("SELECT * FROM entities");
  CHECK(told(again().report).empty());
  CHECK(desk.sql("SELECT * FROM devices") + desk.sql("SELECT * FROM entities") == rows);
  CHECK(desk.sql("SELECT count(*) FROM sync_runs") == "1\n");
}

TEST_CASE("import: rows that neither Home Assistant nor the past knows are removed") {
  Desk desk;
  test::execute(desk.path,
                "INSERT INTO devices(device_id, name, manufacturer, first_seen, last_seen, "
                "confirmed) VALUES('mock_1', 'Mock', 'M', '2025-10-01 00:00:00.000000', "
                "'2025-10-01 00:00:00.000000', 0), ('d1', 'Old name', 'Kept', "
                "'2025-10-01 00:00:00.000000', '2025-10-01 00:00:00.000000', 0)");
  const auto imported = desk.import(devices({{{"device_id", "d1"}, {"name", "Lamp"}}}));
  CHECK(told(imported.report) == "updated device d1\nremoved device mock_1\n");
  CHECK(of(imported.unknown, Kind::device) == 1);
  CHECK(desk.sql("SELECT device_id, name, manufacturer, first_seen, last_seen FROM devices") ==
        "d1|Lamp|Kept|2025-10-01 00:00:00.000000|2025-10-20 09:00:00.000000\n");
  CHECK(desk.sql("SELECT kind, id, name, why FROM removed") == "device|mock_1|Mock|gone\n");
}

TEST_CASE("import: a second InfluxDB adds to what the first one told") {
  Desk desk;
  static_cast<void>(desk.import(devices({Cells{{"device_id", "a"}, {"name", "A"}}})));
  const auto second = desk.import(devices({Cells{{"device_id", "b"}, {"name", "B"}}}));
  CHECK(second.unknown[model::index_of(Kind::device)] == 0);
  CHECK(desk.sql("SELECT group_concat(device_id) FROM devices") == "a,b\n");
  CHECK(desk.sql("SELECT count(*) FROM removed") == "0\n");
}

TEST_CASE("import: a past without devices removes none") {
  Desk desk;
  test::execute(desk.path,
                "INSERT INTO devices(device_id, name, confirmed) VALUES('mock_1', 'Mock', 0)");
  const auto imported =
      desk.import(devices({}), entities({{{"entity_id", "light.a"}, {"domain", "light"}}}));
  CHECK(told(imported.report) == "added entity light.a\n");
  CHECK(desk.sql("SELECT count(*) FROM devices") == "1\n");
}

TEST_CASE("import: what Home Assistant has said stays, but for an earlier first_seen") {
  Desk desk;
  House house;
  house.devices = R"([{"id":"d1","name":"Lamp","manufacturer":null}])";
  house.entities = R"([{"entity_id":"light.new","id":"r1","platform":"hue","unique_id":"u1"}])";
  desk.sync(house);
  const std::string last_seen = desk.sql("SELECT last_seen FROM devices");
  const auto imported = desk.import(
      devices({{{"device_id", "d1"}, {"name", "Old lamp"}, {"manufacturer", "Acme"}}}),
      entities({{{"entity_id", "light.old"},
                 {"platform", "hue"},
                 {"unique_id", "u1"},
                 {"first_seen", "2025-01-01 00:00:00.000000"}},
                {{"entity_id", "light.new"}, {"platform", "hue"}, {"unique_id", "u1"}}}));
  CHECK(told(imported.report).empty());
  CHECK(desk.sql("SELECT name, manufacturer IS NULL, first_seen, confirmed FROM devices") ==
        "Lamp|1|2025-10-12 08:00:00.000000|1\n");
  CHECK(desk.sql("SELECT last_seen FROM devices") == last_seen);
  // It was renamed since: one entity, there since the elder of its records.
  CHECK(desk.sql("SELECT entity_id, registry_id, first_seen FROM entities") ==
        "light.new|r1|2025-01-01 00:00:00.000000\n");
  CHECK(desk.sql("SELECT count(*) FROM removed") == "0\n");
}

TEST_CASE("import: what Home Assistant does not have is no live row, and comes back as itself") {
  Desk desk;
  House house;
  house.devices = R"([{"id":"d1","name":"Lamp"}])";
  desk.sync(house);
  const auto dead = [] {
    return devices({{{"device_id", "d1"}, {"name", "Lamp"}},
                    {{"device_id", "dead"}, {"name", "Radio"}, {"model", "R1"}}});
  };
  const auto imported = desk.import(dead());
  CHECK(told(imported.report).empty());
  CHECK(of(imported.dead, Kind::device) == 1);
  CHECK(desk.sql("SELECT device_id FROM devices") == "d1\n");
  CHECK(desk.sql("SELECT kind, id, name, json_extract(record, '$.model'), why FROM removed") ==
        "device|dead|Radio|R1|gone\n");
  CHECK(of(desk.import(dead()).dead, Kind::device) == 0);
  CHECK(desk.sql("SELECT count(*) FROM removed") == "1\n");
  house.devices = R"([{"id":"d1","name":"Lamp"},{"id":"dead","name":"Radio"}])";
  desk.sync(house);
  CHECK(desk.sql("SELECT device_id, first_seen FROM devices WHERE device_id = 'dead'") ==
        "dead|2025-10-12 08:00:00.000000\n");
  CHECK(desk.sql("SELECT count(*) FROM removed") == "0\n");
}

TEST_CASE("import: a composite device is known by its alias") {
  Desk desk;
  House house;
  house.devices = R"([{"id":"half","name":"Lamp"}])";
  desk.sync(house);
  test::execute(desk.path,
                "INSERT INTO device_aliases(old_id, new_id, is_primary, inferred, first_seen) "
                "VALUES('whole', 'half', 1, 0, '2026-11-26 01:00:00.000000')");
  const auto imported = desk.import(devices({{{"device_id", "whole"}, {"name", "Lamp"}}}));
  CHECK(told(imported.report).empty());
  CHECK(desk.sql("SELECT device_id FROM devices") == "half\n");
  CHECK(desk.sql("SELECT id, why, successor FROM removed") == "whole|superseded|half\n");
}

TEST_CASE("import: dry, everything is told and nothing written") {
  Desk desk;
  std::vector<model::Table> tables;
  tables.push_back(devices({{{"device_id", "d1"}, {"name", "Lamp"}}}));
  auto copy = store::Database::open_copy_in_memory(desk.path, std::chrono::seconds(10));
  const auto imported = mirror::import_past(copy, tables, {"migrate-from-influx", "x", desk.now},
                                            true, [&] { return desk.now; });
  CHECK(told(imported.report) == "added device d1\n");
  CHECK(imported.report.run.id == 0);
  CHECK(desk.sql("SELECT count(*) FROM devices") == "0\n");
}
