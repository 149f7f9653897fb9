// SPDX-License-Identifier: MIT
// The routes that write: their answers, and what stands in the store afterwards.
#include "core/api/body.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sql.hpp"
#include "tests/unit/api/fixture.hpp"

using namespace haingest;
using test::Api;
using test::golden;

namespace {

const std::string k_devices = "/internal/devices/bulk_upsert";
const std::string k_entities = "/internal/entities/bulk_upsert";
const std::string k_snapshot = "/internal/snapshot";

std::string snapshot_json(const test::House& house) {
  return model::to_json(test::document_of(house));
}

std::string devices_json(int from, int to) {
  std::string json = "[";
  for (int i = from; i < to; ++i) {
    json +=
        std::string{i > from ? "," : ""} + R"({"id":"d)" + std::to_string(i) + R"(","name":"D"})";
  }
  return json + "]";
}

}  // namespace

TEST_CASE("bulk upsert: a bare array or an object around it, of HA's or ha-ingestor's records") {
  Api api;
  const auto bare = api.post(k_devices, R"([{"id":"d1","name":"A","manufacturer":"M"}])");
  CHECK(bare.status == 200);
  CHECK(bare.body ==
        R"({"success":true,"upserted":1,"timestamp":"2026-11-25T01:00:00.000000+00:00",)"
        R"("skipped":0,"changes":1})");
  const auto wrapped =
      api.post(k_devices,
               R"({"source":["x"],"devices":[{"device_id":"d2","name":"B"},{"name":"no id"},7]})");
  CHECK(wrapped.body ==
        R"({"success":true,"upserted":1,"timestamp":"2026-11-25T01:00:00.000000+00:00",)"
        R"("skipped":2,"changes":1})");
  CHECK(api.post(k_entities, R"({"entities":[{"entity_id":"light.a","device_id":"d1"}]})").status ==
        200);
  CHECK(test::query(api.path, "SELECT device_id, name, manufacturer, confirmed FROM devices") ==
        "d1|A|M|0\nd2|B||0\n");
  CHECK(test::query(api.path, "SELECT entity_id, domain, device_id, confirmed FROM entities") ==
        "light.a|light|d1|0\n");
  CHECK(test::query(api.path, "SELECT command, source, added FROM sync_runs") ==
        "api|127.0.0.1|1\napi|127.0.0.1|1\napi|127.0.0.1|1\n");
}

TEST_CASE("bulk upsert: absent fields keep their value, null clears, confirmed rows stay so") {
  Api api;
  api.sync({.devices = R"([{"id":"d1","name":"A","manufacturer":"M","model":"L"}])"});
  CHECK(api.post(k_devices, R"([{"id":"d1","model":null,"sw_version":"2"}])").status == 200);
  CHECK(test::query(api.path,
                    "SELECT name, manufacturer, model, sw_version, confirmed FROM devices") ==
        "A|M||2|1\n");
  // The answer shows it at once.
  CHECK(api.get("/api/devices/d1?fields=manufacturer,model,sw_version").body ==
        R"({"manufacturer":"M","model":"Unknown","sw_version":"2"})");
  // The same again changes nothing and leaves no run.
  const auto runs = test::query(api.path, "SELECT count(*) FROM sync_runs");
  CHECK(
      api.post(k_devices, R"([{"id":"d1","sw_version":"2"}])")
          .body.ends_with(
              R"("upserted":1,"timestamp":"2026-11-25T01:01:00.000000+00:00","skipped":0,"changes":0})"));
  CHECK(test::query(api.path, "SELECT count(*) FROM sync_runs") == runs);
}

TEST_CASE("bulk upsert: extra is merged field by field, records count one after another") {
  Api api;
  api.sync({.devices = R"([{"id":"d1","name":"A","kept":1,"cleared":2}])"});
  CHECK(
      api.post(k_devices, R"([{"id":"d1","model":"M","cleared":null},{"id":"d1","new":"\ud800"}])")
          .status == 200);
  CHECK(test::query(api.path, "SELECT model, extra FROM devices") ==
        "M|{\"kept\":1,\"cleared\":null,\"new\":\"\xEF\xBF\xBD\"}\n");
}

TEST_CASE("snapshot: a record's time is when Home Assistant said it") {
  Api api;
  CHECK(api.post(k_snapshot,
                 snapshot_json({.devices = devices_json(0, 1), .when = "2020-01-02 03:04:05"}))
            .status == 200);
  CHECK(api.get("/api/devices/d0?fields=timestamp").body ==
        R"({"timestamp":"2020-01-02T03:04:05.000000+00:00"})");
}

TEST_CASE("bulk upsert: nothing to write is no error") {
  Api api;
  CHECK(api.post(k_devices, "[]").body ==
        R"({"success":true,"upserted":0,"timestamp":"2026-11-25T01:00:00.000000+00:00",)"
        R"("skipped":0,"changes":0})");
}

TEST_CASE("bulk upsert: what is no list of records is 422 and writes nothing") {
  Api api;
  struct Case {
    const char* body;
    const char* type;
  };
  for (const Case& each :
       {Case{"{}", "list_type"}, Case{R"({"devices":{"id":"d1"}})", "list_type"},
        Case{"7", "list_type"}, Case{R"({"entities":[{"id":"d1"}]})", "list_type"},
        Case{"[{\"id\":\"d1\"}", "json_invalid"},
        Case{R"({"devices":[{"id":"d1"}])", "json_invalid"},
        Case{"[{\"id\":\"d1\"}]x", "json_invalid"}, Case{"nonsense", "json_invalid"},
        Case{"[{\"id\":\"\xff\"}]", "json_invalid"}}) {
    INFO(each.body);
    const auto answer = api.post(k_devices, each.body);
    CHECK(answer.status == 422);
    CHECK(answer.body.find(std::string{"\"detail\":[{\"type\":\""} + each.type +
                           R"(","loc":["body"],)") != std::string::npos);
    CHECK(answer.body.find(R"("error_code":"HTTP_422")") != std::string::npos);
  }
  const auto none = api.send(test::request_of("POST", k_devices));
  CHECK(none.status == 422);
  CHECK_FALSE(std::filesystem::exists(api.path));
}

TEST_CASE("bulk upsert: JSON nested deeper than the limit is refused before it is parsed") {
  Api api;
  const auto nested = [](std::size_t depth) {
    return R"([{"id":"d1","name":"A","x":)" + std::string(depth - 2, '[') +
           std::string(depth - 2, ']') + "}]";
  };
  CHECK(api.post(k_devices, nested(64)).status == 200);
  const auto deep = api.post(k_devices, nested(65));
  CHECK(deep.status == 422);
  CHECK(deep.body.find("JSON decode error: nested deeper than 64") != std::string::npos);
  CHECK(api.post(k_snapshot, std::string(100'000, '[')).status == 422);
}

TEST_CASE("clear: every kind goes into removed, in one run, and can come back") {
  Api api;
  api.sync(test::small_house());
  api.now += std::chrono::minutes(1);
  const auto answer = api.send(test::request_of("DELETE", "/internal/devices/clear"));
  CHECK(answer.body == R"({"success":true,"devices_deleted":3,"entities_deleted":4,)"
                       R"("timestamp":"2026-11-25T01:02:00.000000+00:00"})");
  CHECK(
      test::query(api.path, "SELECT kind, count(*), min(why) FROM removed GROUP BY 1 ORDER BY 1") ==
      "area|2|cleared\nconfig_entry|2|cleared\ndevice|3|cleared\nentity|3|cleared\n"
      "floor|1|cleared\nlabel|1|cleared\n");
  CHECK(test::query(api.path, "SELECT count(DISTINCT run) FROM changes WHERE action = 'removed'") ==
        "1\n");
  CHECK(api.get("/api/devices").body.find("\"total\":0") != std::string::npos);
  api.sync(test::small_house());
  CHECK(test::query(api.path, "SELECT count(*) FROM changes WHERE action = 'restored'") == "12\n");
}

TEST_CASE("snapshot: reconciled like a local sync, answered as sync -o json prints it") {
  Api api;
  const auto answer = api.post(k_snapshot, snapshot_json({.devices = devices_json(0, 2)}));
  CHECK(answer.status == 200);
  const auto report = mirror::parse_report(answer.body);
  REQUIRE(report.has_value());
  CHECK(report->run.id == 1);
  CHECK(report->run.command == "api");
  CHECK(report->run.source == "127.0.0.1");
  CHECK(report->run.ha_version == "2026.11.0");
  CHECK(report->changes.size() == 2);
  CHECK(report->changes[1].seq == 2);
  CHECK(test::query(api.path, "SELECT device_id, confirmed FROM devices") == "d0|1\nd1|1\n");
}

TEST_CASE("snapshot: dry_run answers the changes and writes nothing, not even the file") {
  Api api;
  const auto first =
      api.post(k_snapshot + "?dry_run=true", snapshot_json({.devices = devices_json(0, 2)}));
  CHECK(first.status == 200);
  CHECK(mirror::parse_report(first.body)->changes.size() == 2);
  CHECK(mirror::parse_report(first.body)->changes[0].seq == 0);
  CHECK(mirror::parse_report(first.body)->run.id == 0);
  CHECK_FALSE(std::filesystem::exists(api.path));
  api.sync({.devices = devices_json(0, 2)});
  CHECK(
      api.post(k_snapshot + "?dry_run=1", snapshot_json({.devices = devices_json(0, 1)})).status ==
      200);
  CHECK(test::query(api.path, "SELECT count(*) FROM devices") == "2\n");
}

TEST_CASE("snapshot: a guard is 409, nothing is written, and its option lets it pass") {
  Api api;
  api.sync({.devices = devices_json(0, 20)});
  const std::string ten = snapshot_json({.devices = devices_json(0, 10)});
  const auto refused = api.post(k_snapshot, ten);
  CHECK(refused.status == 409);
  CHECK(refused.body.find(R"("error_code":"HTTP_409")") != std::string::npos);
  CHECK(refused.body.find("the snapshot of http://ha.test:8123 no longer lists 10 of 20 devices, "
                          "more than the 5 that "
                          "may go in one sync; nothing was written") != std::string::npos);
  // A dry run stops at nothing: it tells all that would go, and what would stop it.
  const auto dry = api.post(k_snapshot + "?dry_run=true", ten);
  CHECK(dry.status == 200);
  CHECK(mirror::parse_report(dry.body)->changes.size() == 10);
  CHECK(mirror::parse_report(dry.body)->refusal->message.starts_with(
      "the snapshot of http://ha.test:8123 no longer lists 10 of 20 devices, "));
  CHECK(mirror::parse_report(dry.body)->refusal->try_command ==
        "haingest sync --dry-run --max-removals 10");
  CHECK(api.post(k_snapshot + "?max_removals=9", ten).status == 409);
  CHECK(api.post(k_snapshot + "?max_removals=20%25", ten).status == 409);
  CHECK(test::query(api.path, "SELECT count(*) FROM devices") == "20\n");
  CHECK(api.post(k_snapshot + "?max_removals=50%25", ten).status == 200);
  CHECK(test::query(api.path, "SELECT count(*) FROM devices") == "10\n");

  const std::string other = snapshot_json({.devices = devices_json(100, 103)});
  CHECK(api.post(k_snapshot, other).status == 409);
  CHECK(api.post(k_snapshot + "?new_house=true", other).status == 200);
  CHECK(test::query(api.path, "SELECT count(*) FROM devices") == "3\n");
}

TEST_CASE("snapshot: wrong options and documents are 422") {
  Api api;
  const std::string good = snapshot_json({});
  for (const char* options :
       {"max_removals=x", "max_removals=-1", "max_removals=%25", "max_removals=1e3",
        "max_removals=.", "prune_after=90", "prune_after=0d", "prune_after=-1d",
        "prune_after=99999999999d", "new_house=perhaps", "dry_run=2"}) {
    INFO(options);
    CHECK(api.post(k_snapshot + "?" + options, good).status == 422);
  }
  CHECK(api.post(k_snapshot + "?max_removals=x", good)
            .body.find(
                R"("detail":[{"type":"value_error","loc":["query","max_removals"],)"
                R"("msg":"Value error, give a number of records or a percentage","input":"x"}])") !=
        std::string::npos);
  for (const char* body :
       {"[]", "{}", "{\"ha\":", "7", R"({"devices":[]})", R"({"ha":{"state":5},"devices":[]})"}) {
    INFO(body);
    CHECK(api.post(k_snapshot, body).status == 422);
  }
  const auto flawed = api.post(k_snapshot, R"({"ha":{},"devices":[1]})");
  CHECK(flawed.status == 422);
  CHECK(flawed.body.find("the body is no snapshot: its devices are no registry") !=
        std::string::npos);
  CHECK_FALSE(std::filesystem::exists(api.path));
}

TEST_CASE("snapshot: prune_after keeps history as long as asked for") {
  Api api;
  api.sync({.devices = devices_json(0, 1)});
  api.now += std::chrono::hours(48);
  CHECK(api.post(k_snapshot + "?prune_after=36h", snapshot_json({.devices = devices_json(0, 1)}))
            .status == 200);
  CHECK(test::query(api.path, "SELECT count(*) FROM changes") == "0\n");
}

TEST_CASE("writes: a store that can't be written is 503 with the reason, to be tried again") {
  Api api;
  test::write_file(api.path, "this is no database, whatever its name says");
  const api::WriteContext context{api.path, std::chrono::seconds(1), 64, [&] { return api.now; }};
  api::Write write;
  write.action = api::Write::Action::upsert_devices;
  const auto response = api::carry_out(write, R"([{"id":"d1"}])", "127.0.0.1", context);
  CHECK(response.status == 503);
  CHECK(response.body.find("is no SQLite database") != std::string::npos);
  REQUIRE(response.headers.size() == 1);
  CHECK(response.headers[0].first == "Retry-After");
}

TEST_CASE("body: depth counts brackets outside strings only") {
  CHECK(api::is_within_depth(R"(["[[[[[[\"[[[["])", 1));
  CHECK(api::is_within_depth("[][][]", 1));
  CHECK_FALSE(api::is_within_depth("[{}]", 1));
  CHECK(api::is_within_depth("]]]][", 1));
  CHECK(api::is_within_depth("\"unclosed [[[[", 1));
  CHECK(api::is_within_depth("\"ends in a backslash \\", 1));
}

TEST_CASE("body: the array under a key of the outermost object") {
  CHECK(api::find_array(R"( [1])", "devices") == "[1]");
  CHECK(api::find_array(R"({"a":{"devices":[0]},"devices":[1,[2]],"b":3})", "devices") ==
        "[1,[2]]");
  CHECK(api::find_array(R"({"a":"devices","b":[0]})", "devices").empty());
  CHECK(api::find_array(R"({"a":"\"devices\":[0]"})", "devices").empty());
  CHECK(api::find_array(R"({"devices" : [ ] })", "devices") == "[ ]");
  CHECK(api::find_array(R"({"devices":[1)", "devices") == "[1");
  for (const char* torn :
       {"", " ", "{", "{\"", "{\"devices", "{\"devices\"", "{\"devices\":", "{\\", "7"}) {
    INFO(torn);
    CHECK(api::find_array(torn, "devices").empty());
  }
}
