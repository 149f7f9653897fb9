// SPDX-License-Identifier: MIT
// The real servers for time series that other tests start: each takes a point of line protocol,
// and has it still after it was ended and started again.
#include "core/net/http_client.hpp"
#include "tests/parts/part.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

using namespace haingest;
using namespace haingest::test;
using namespace std::chrono_literals;

namespace {

// 2026-01-05 12:00:00 UTC, in nanoseconds.
const std::string k_point =
    "power,domain=sensor,entity_id=boiler value=12.5,state=\"on\" 1767614400000000000\n";
// What both InfluxDBs say of it to SELECT * FROM power.
const std::string k_read =
    R"({"results":[{"statement_id":0,"series":[{"name":"power","columns":["time","domain",)"
    R"("entity_id","state","value"],"values":[[1767614400000000000,"sensor","boiler","on",12.5]]}]}]})"
    "\n";

// "204", or the answer's text behind it; "unreachable".
std::string ask(const std::string& method, const std::string& url, const std::string& body = "",
                const std::vector<std::string>& headers = {}) {
  net::HttpRequest request;
  request.method = method;
  request.url = url;
  request.headers = headers;
  request.body = body;
  const auto answer = net::HttpClient({}).send(request);
  if (answer.has_error()) {
    CHECK(answer.error().kind == base::ErrorKind::unreachable);
    return "unreachable";
  }
  return std::to_string(answer->status) + (answer->body.empty() ? "" : " " + answer->body);
}

template <class Server>
void keeps_through_kill(const std::string& part) {
  if (!have_part(part)) return;
  const Server server;
  const std::string read = server.url() + "/query?db=house&epoch=ns&q=SELECT%20*%20FROM%20power";
  CHECK(ask("POST", server.url() + "/write?db=house", k_point) ==
        "404 {\"error\":\"database not found: \\\"house\\\"\"}\n");
  CHECK(ask("POST", server.url() + "/query?q=CREATE%20DATABASE%20house") ==
        "200 {\"results\":[{\"statement_id\":0}]}\n");
  CHECK(ask("POST", server.url() + "/write?db=house", k_point) == "204");
  server.kill();
  CHECK(ask("GET", read) == "unreachable");
  server.restart();
  CHECK(ask("GET", read) == "200 " + k_read);
  server.stop();
  CHECK(ask("GET", read) == "unreachable");
}

}  // namespace

TEST_CASE("InfluxDB 1.6 keeps what it has acknowledged through kill -9", "[parts]") {
  keeps_through_kill<InfluxDb1>("influxdb1");
}

TEST_CASE("InfluxDB 1.8 keeps what it has acknowledged through kill -9", "[parts]") {
  keeps_through_kill<InfluxDb18>("influxdb18");
}

TEST_CASE("InfluxDB 1 for an administrator lets nobody else in, also after a restart", "[parts]") {
  if (!have_part("influxdb1")) return;
  const InfluxDb1 server(InfluxDb1::Access::administrator);
  const std::string users = server.url() + "/query?q=SHOW%20USERS";
  const std::string administrator = "&u=" + server.user() + "&p=" + server.password();
  for (int i = 0; i < 2; ++i) {
    CHECK(ask("GET", users) == "401 {\"error\":\"unable to parse authentication credentials\"}\n");
    CHECK(ask("GET", users + "&u=" + server.user() + "&p=wrong") ==
          "401 {\"error\":\"authorization failed\"}\n");
    CHECK(ask("GET", users + administrator) ==
          "200 {\"results\":[{\"statement_id\":0,\"series\":[{\"columns\":[\"user\",\"admin\"],"
          "\"values\":[[\"admin\",true]]}]}]}\n");
    if (i == 0) server.restart();
  }
}

TEST_CASE("InfluxDB 2 keeps what it has acknowledged through kill -9", "[parts]") {
  if (!have_part("influxdb2")) return;
  const InfluxDb2 server;
  const std::vector<std::string> token{"Authorization: Token " + server.token()};
  const std::string write =
      server.url() + "/api/v2/write?org=haingest&bucket=home_assistant_events&precision=ns";
  const std::string read =
      server.url() + "/query?db=home_assistant_events&epoch=ns&q=SELECT%20*%20FROM%20power";
  CHECK(ask("POST", write, k_point) ==
        R"(401 {"code":"unauthorized","message":"unauthorized access"})");
  CHECK(ask("POST", write, k_point, token) == "204");
  server.kill();
  CHECK(ask("GET", read, "", token) == "unreachable");
  server.restart();
  CHECK(ask("GET", read, "", token) == "200 " + k_read);
  server.stop();
  CHECK(ask("GET", read, "", token) == "unreachable");
}

TEST_CASE("VictoriaMetrics keeps what it has acknowledged when it is stopped", "[parts]") {
  if (!have_part("victoria-metrics")) return;
  const VictoriaMetrics server;
  const std::string read = server.url() + "/api/v1/export?match%5B%5D=power_value";
  const std::string stored =
      R"(200 {"metric":{"__name__":"power_value","db":"house","domain":"sensor",)"
      R"("entity_id":"boiler"},"values":[12.5],"timestamps":[1767614400000]})"
      "\n";
  CHECK(ask("POST", server.url() + "/write?db=house", k_point) == "204");
  server.stop();
  CHECK(ask("GET", read) == "unreachable");
  server.restart();
  CHECK(eventually([&] { return ask("GET", read) == stored; }, 30s));
  // By now it is in files.
  server.kill();
  CHECK(ask("GET", read) == "unreachable");
  server.restart();
  CHECK(eventually([&] { return ask("GET", read) == stored; }, 30s));
  CHECK(ask("GET", read) == stored);
}
