// SPDX-License-Identifier: MIT
// `haingest watch` between a real Home Assistant and a real InfluxDB: how soon a change is in the
// data API, and whether every state arrives although both ends and watch itself are killed.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "core/net/http_client.hpp"
#include "tests/contract/ha_client.hpp"
#include "tests/integration/program.hpp"
#include "tests/parts/part.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

using namespace haingest;
using namespace haingest::test;
using namespace std::chrono_literals;

namespace {

constexpr auto k_end = 60s;
constexpr const char* k_meter = "sensor.haingest_meter";

Json ask(const std::string& url, const std::vector<std::string>& headers = {}) {
  net::HttpRequest request;
  request.url = url;
  request.headers = headers;
  const auto answer = net::HttpClient({}).send(request);
  return answer ? Json::parse(answer->body, nullptr, false) : Json();
}

// A real house with a meter on an MQTT broker, and the program.
struct House {
  explicit House(const std::string& release) : home(release, broker.port()) {
    log_in();
    program.environment["HA_URL"] = home.url();
    program.environment["HA_TOKEN"] = home.token();
    broker.publish("homeassistant/sensor/haingest_meter/config",
                   R"({"unique_id":"haingest_meter","object_id":"haingest_meter","name":"Meter",)"
                   R"("default_entity_id":"sensor.haingest_meter","state_topic":"haingest/meter",)"
                   R"("device":{"identifiers":["haingest_meter"],"name":"Meter"}})");
    tell(999);
  }

  void log_in() {
    client = std::make_unique<HaClient>(home.url());
    client->log_in(home.token());
  }
  [[nodiscard]] std::string state() const {
    for (const Json& each : client->result("get_states")) {
      if (each.at("entity_id") == k_meter) return each.at("state");
    }
    return "";
  }
  // The meter shows `value`, and Home Assistant knows.
  void tell(int value) const {
    broker.publish("haingest/meter", std::to_string(value));
    INFO(value);
    REQUIRE(eventually([&] { return state() == std::to_string(value); }, k_end));
  }
  void tell_many(int from, int to) const {
    for (int value = from; value < to - 1; ++value) {
      broker.publish("haingest/meter", std::to_string(value));
    }
    tell(to - 1);
  }
  [[nodiscard]] Json status() const {
    return Json::parse(read_file(program.file("metadata.db-status")), nullptr, false);
  }

  Mosquitto broker;
  HomeAssistant home;
  std::unique_ptr<HaClient> client;
  Program program;
};

// How many different values of the meter, from 1000 on, the server has; -1 when it does not say.
int values_in(const std::string& query_url, const std::vector<std::string>& headers) {
  const Json answer = ask(query_url +
                              "&q=SELECT%20count(distinct(value))%20FROM%20home_assistant_events"
                              "%20WHERE%20entity_id='sensor.haingest_meter'%20AND%20value%3E=1000",
                          headers);
  if (!answer.is_object() || !answer.contains("results")) return -1;
  const Json& result = answer["results"][0];
  return result.contains("series") ? result["series"][0]["values"][0][1].get<int>() : 0;
}

// Values from 1000 on, through everything that can be killed.
template <class Server>
void keep_everything(House& house, const Server& server, const std::string& query_url,
                     const std::vector<std::string>& headers) {
  const Words words{"watch", "--db", house.program.file("metadata.db"), "--include", k_meter};
  int seen = 0;
  const auto has = [&](int count) {
    const bool all =
        eventually([&] { return (seen = values_in(query_url, headers)) == count; }, k_end);
    if (!all) UNSCOPED_INFO(seen << " values of " << count);
    return all;
  };
  auto watch = std::make_unique<Background>(house.program.command(words));
  watch->wait_for_err("connected with Home Assistant", k_end);
  // Its first state makes the series. (Asked hundreds of times a second while one is being made,
  // InfluxDB 1.6 once did not see it for a minute.)
  REQUIRE(eventually([&] { return house.status()["points"]["targets"][0]["stored"] == 1; }, k_end));
  house.tell_many(1000, 1100);
  REQUIRE(has(100));

  server.kill();
  house.tell_many(1100, 1200);
  // 100 and no more: nothing else is included. Then it dies, too.
  REQUIRE(
      eventually([&] { return house.status()["points"]["targets"][0]["waiting"] == 100; }, k_end));
  watch->signal(SIGKILL);
  static_cast<void>(watch->wait());
  server.restart();
  watch = std::make_unique<Background>(house.program.command(words));
  CHECK(has(200));

  // What changed while nobody watched comes out of Home Assistant's recorder.
  watch->signal(SIGKILL);
  static_cast<void>(watch->wait());
  house.tell_many(1200, 1300);
  watch = std::make_unique<Background>(house.program.command(words));
  CHECK(has(300));
  // The points may be there before the new watch has told anything.
  CHECK(eventually(
      [&] {
        const Json backfill = house.status()["points"]["backfill"];
        return backfill["open"] == 0 && backfill["unverified"] == 0;
      },
      k_end));

  house.home.restart();
  house.log_in();
  REQUIRE(eventually([&] { return house.status()["connection"]["state"] == "connected"; }, k_end));
  REQUIRE(eventually([&] { return house.status()["connection"]["ha_state"] == "RUNNING"; }, k_end));
  house.tell_many(1300, 1320);
  CHECK(has(320));
  watch->signal(SIGTERM);
  CHECK(watch->wait().exit_code == 0);
}

// The median of ten changes, from Home Assistant's answer to the data API's.
std::chrono::milliseconds change_to_api(House& house) {
  Serving serving(house.program, house.program.file("api.db"), {"--watch", "--no-influx"});
  const std::string devices =
      serving.url() + "/api/devices?fields=device_id,name_by_user&limit=1000";
  REQUIRE(eventually([&] { return ask(devices)["total"] > 10; }, k_end));
  const std::string id = house.client->result("config/device_registry/list")[0].at("id");
  std::vector<std::chrono::milliseconds> times;
  for (int i = 0; i < 10; ++i) {
    const std::string name = "Name " + std::to_string(i);
    static_cast<void>(house.client->result("config/device_registry/update",
                                           {{"device_id", id}, {"name_by_user", name}}));
    const auto start = std::chrono::steady_clock::now();
    REQUIRE(eventually(
        [&] { return ask(serving.url() + "/api/devices/" + id)["name_by_user"] == name; }, k_end));
    times.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - start));
  }
  CHECK(serving.stop(SIGTERM).exit_code == 0);
  std::ranges::sort(times);
  return times[times.size() / 2];
}

}  // namespace

TEST_CASE("Home Assistant 2024.3 into InfluxDB 1.6: no state is lost", "[parts]") {
  if (!have_part("homeassistant 2024") || !have_part("influxdb1")) return;
  House house("2024");
  const InfluxDb1 server;
  server.create_database();
  house.program.environment["INFLUXDB_URL"] = server.url();
  keep_everything(house, server, server.url() + "/query?db=home_assistant_events", {});
  const auto median = change_to_api(house);
  INFO(median.count() << " ms");
  CHECK(median < 1s);
}

TEST_CASE("Home Assistant 2026.11 into InfluxDB 2.7: no state is lost", "[parts]") {
  if (!have_part("homeassistant 2026") || !have_part("influxdb2")) return;
  House house("2026");
  const InfluxDb2 server;
  house.program.environment["INFLUXDB_URL"] = server.url();
  house.program.environment["INFLUXDB_ORG"] = "haingest";
  house.program.environment["INFLUXDB_TOKEN"] = server.token();
  keep_everything(house, server, server.url() + "/query?db=home_assistant_events",
                  {"Authorization: Token " + server.token()});
  const auto median = change_to_api(house);
  INFO(median.count() << " ms");
  CHECK(median < 1s);
}
