// SPDX-License-Identifier: MIT
// Who answers, by what real ones say.
#include "core/influx/flavour.hpp"

#include "tests/support/catch.hpp"

using namespace haingest;
using influx::Flavour;
using influx::Signs;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

net::HttpResponse answer(long status, Headers headers = {}, std::string body = "") {
  net::HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  return response;
}

net::HttpResponse ping(const std::string& version) {
  return answer(204, {{"x-influxdb-build", "OSS"}, {"x-influxdb-version", version}});
}

void check(const Signs& signs, Flavour flavour, const std::string& version) {
  const influx::Server server = influx::recognise(signs);
  CHECK(server.flavour == flavour);
  CHECK(server.version == version);
}

const auto k_missing = answer(404, {}, "404 page not found\n");
const auto k_setup = answer(200, {}, R"({"allowed":false})");

}  // namespace

TEST_CASE("flavour: InfluxDB 1") {
  check({ping("1.6.7~rc0"), k_missing, k_missing}, Flavour::influxdb1, "1.6.7~rc0");
  const auto health =
      answer(200, {}, R"({"name":"influxdb","status":"pass","checks":[],"version":"1.13.2"})");
  check({ping("1.13.2"), health, k_missing}, Flavour::influxdb1, "1.13.2");
  check({ping("unknown"), health, k_missing}, Flavour::influxdb1, "unknown");
}

TEST_CASE("flavour: InfluxDB 2, by setup or commit and not by the number") {
  const auto health = answer(
      200, {}, R"({"name":"influxdb","status":"pass","version":"v2.7.12","commit":"ec9dcde5d6"})");
  check({ping("v2.7.12"), health, k_setup}, Flavour::influxdb2, "v2.7.12");
  check({ping("dev"), health, k_setup}, Flavour::influxdb2, "dev");
  check({ping("dev"), k_missing, k_setup}, Flavour::influxdb2, "dev");
  check({ping("dev"), health, k_missing}, Flavour::influxdb2, "dev");
  check({answer(204), health, k_setup}, Flavour::influxdb2, "v2.7.12");
}

TEST_CASE("flavour: InfluxDB 3, with and without a token") {
  check({answer(200, {{"x-influxdb-version", "3.9.0"}},
                R"({"product_name":"InfluxDB 3 Core","version":"3.9.0","revision":"x"})"),
         {},
         {}},
        Flavour::influxdb3, "3.9.0");
  check({answer(200, {}, R"({"product_name":"InfluxDB 3 Core","version":"3.10.1"})"), {}, {}},
        Flavour::influxdb3, "3.10.1");
  check({answer(401, {{"cluster-uuid", "0f"}}), {}, {}}, Flavour::influxdb3, "");
  check({answer(401, {}, R"({"error":"the request was not authenticated"})"), {}, {}},
        Flavour::influxdb3, "");
}

TEST_CASE("flavour: VictoriaMetrics") {
  check({answer(204, {{"x-server-hostname", "nas"}}), {}, {}}, Flavour::victoria_metrics, "");
  check({k_missing, answer(200, {{"x-server-hostname", "nas"}}, "OK"), k_missing},
        Flavour::victoria_metrics, "");
}

TEST_CASE("flavour: what is none of them") {
  check({k_missing, k_missing, k_missing}, Flavour::unknown, "");
  check({answer(204), answer(200, {}, "OK"), k_missing}, Flavour::unknown, "");
  check({answer(200, {}, "<html>"), answer(200, {}, "[]"), answer(200, {}, "\"allowed\"")},
        Flavour::unknown, "");
  check({}, Flavour::unknown, "");
}

TEST_CASE("flavour: names") {
  CHECK(influx::name_of(Flavour::influxdb1) == "InfluxDB 1");
  CHECK(influx::name_of(Flavour::victoria_metrics) == "VictoriaMetrics");
  CHECK(influx::name_of(Flavour::unknown) == "unknown");
}
