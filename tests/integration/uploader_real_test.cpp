// SPDX-License-Identifier: MIT
// From the spool to real servers, with faults of the way between and ends of the server in the
// middle: afterwards exactly the expected rows, asked of the server itself.
#include <array>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/net/http_client.hpp"
#include "tests/fakes/faulty_proxy.hpp"
#include "tests/integration/uploader_fixture.hpp"
#include "tests/parts/part.hpp"
#include "tests/support/catch.hpp"

using namespace haingest;
using namespace haingest::test;
using namespace std::chrono_literals;
using fakes::FaultyProxy;
using fakes::ProxiedRequest;
using fakes::ProxyFault;
using fakes::ProxyPlan;
using influx::Flavour;
using State = influx::UploadStatus::State;
using Json = nlohmann::json;

namespace {

std::string encoded(const std::string& text) {
  std::string out;
  for (const char c : text) {
    constexpr std::string_view k_digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      out += c;
    } else {
      out += {'%', k_digits[byte >> 4U], k_digits[byte & 15U]};
    }
  }
  return out;
}

// A server that understands InfluxQL, asked as a reader of boards would.
struct Reader {
  std::string url;
  std::string database = "ha";
  base::Secret authorization = {};

  Json query(const std::string& text) const {
    net::HttpClient client({});
    net::HttpRequest request;
    request.method = text.starts_with("SELECT") || text.starts_with("SHOW") ? "GET" : "POST";
    request.url = url + "/query?db=" + encoded(database) + "&epoch=ns&q=" + encoded(text);
    request.authorization = authorization;
    const auto answer = client.send(request);
    REQUIRE(answer.has_value());
    INFO(answer->body);
    REQUIRE(answer->status == 200);
    return Json::parse(answer->body).at("results").at(0);
  }

  // The rows of measurement m as "entity|time|field=value…", sorted.
  [[nodiscard]] std::vector<std::string> rows() const {
    const Json result = query("SELECT * FROM m GROUP BY entity_id");
    std::vector<std::string> rows;
    if (!result.contains("series")) return rows;
    for (const Json& series : result.at("series")) {
      for (const Json& values : series.at("values")) {
        std::string row = series.at("tags").at("entity_id").get<std::string>();
        row += "|" + std::to_string(values.at(0).get<std::int64_t>());
        for (std::size_t i = 1; i < values.size(); ++i) {
          if (values[i].is_null()) continue;
          row += "|" + series.at("columns").at(i).get<std::string>() + "=" + values[i].dump();
        }
        rows.push_back(row);
      }
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }
};

using Rows = std::vector<std::string>;

std::string row_of(int number, const std::string& fields = "", std::int64_t start = k_monday) {
  return "sensor.e" + std::to_string(number) + "|" + std::to_string(start + number * k_second) +
         "|" + (fields.empty() ? "v=" + std::to_string(number) : fields);
}
Rows rows_of(int from, int to, const Rows& more = {}) {
  Rows rows = more;
  for (int i = from; i < to; ++i) rows.push_back(row_of(i));
  std::sort(rows.begin(), rows.end());
  return rows;
}

// An InfluxDB with the database `ha`, a pipeline to it and a reader of it.
struct Influx1 {
  Influx1() { reader.query("CREATE DATABASE ha"); }

  InfluxDb1 server;
  Reader reader{server.url()};
};

struct Influx2 {
  InfluxDb2 server;
  Reader reader{server.url(), "home_assistant_events", base::Secret("Token " + server.token())};

  void aim(Pipeline& pipeline) const {
    pipeline.options.target.bucket = "home_assistant_events";
    pipeline.options.target.token = base::Secret(server.token());
  }
};

void conflicts(Pipeline& pipeline, const Reader& reader) {
  // Both types are new to the shard, in one request.
  pipeline.put(lines_of(0, 50) + line_of(50, "v=\"a\",w=1") + lines_of(51, 60));
  REQUIRE(pipeline.send_all());
  CHECK(reader.rows() == rows_of(0, 50, [] {
          Rows rows{row_of(50, "w=1")};
          for (int i = 51; i < 60; ++i) rows.push_back(row_of(i));
          return rows;
        }()));
  CHECK(pipeline.status().dead_lines == 1);
  // The type is known; several fields, a line that has nothing else, and a bad line.
  pipeline.put(lines_of(60, 100) + line_of(100, "v=\"a\",w=\"b\",x=1") + line_of(101, "v=true") +
               "m,entity_id=sensor.bad v=what 1795392000000000000\n" + lines_of(102, 130));
  REQUIRE(pipeline.send_all());
  Rows expected{row_of(50, "w=1"), row_of(100, "x=1")};
  for (int i = 0; i < 130; ++i) {
    if (i != 50 && i != 100 && i != 101) expected.push_back(row_of(i));
  }
  std::sort(expected.begin(), expected.end());
  CHECK(reader.rows() == expected);
  CHECK(pipeline.status().dead_lines == 5);
  CHECK(pipeline.status().last_error.empty());
  bool bad = false;
  for (const auto& letter : pipeline.dead_letters.list()) {
    bad = bad || letter.line == "m,entity_id=sensor.bad v=what 1795392000000000000";
    if (letter.entity_id == "sensor.bad") continue;
    CHECK_THAT(letter.reason, ContainsSubstring("field type conflict"));
  }
  CHECK(bad);
  // Another week has types of its own.
  pipeline.put("m,entity_id=sensor.old v=\"text\" " + std::to_string(k_monday - 1) + "\n");
  REQUIRE(pipeline.send_all());
  CHECK(pipeline.status().dead_lines == 5);
}

// Every fault once in a while, and the server killed in the middle.
void faults(Pipeline& pipeline, const Reader& reader, FaultyProxy& proxy,
            const TimeSeriesServer& server) {
  proxy.plan([](const ProxiedRequest& request) {
    constexpr std::array k_faults{ProxyFault::reset_before_body,
                                  ProxyFault::none,
                                  ProxyFault::reset_after_body,
                                  ProxyFault::swallow,
                                  ProxyFault::none,
                                  ProxyFault::hang_answered,
                                  ProxyFault::truncate,
                                  ProxyFault::none,
                                  ProxyFault::hang,
                                  ProxyFault::answer};
    ProxyPlan plan;
    if (request.method == "POST") plan.fault = k_faults.at(request.number % k_faults.size());
    plan.status = request.number % 3 == 0 ? 429 : request.number % 3 == 1 ? 500 : 503;
    return plan;
  });
  pipeline.options.request_timeout = 1s;
  pipeline.start();
  for (int i = 0; i < 30; ++i) {
    pipeline.put(lines_of(i * 100, (i + 1) * 100));
    if (i == 10) {
      REQUIRE(eventually([&] { return pipeline.status().stored_lines > 0; }));
      server.kill();
    }
    if (i == 20) server.restart();
  }
  REQUIRE(pipeline.send_all(120s));
  CHECK(reader.rows() == rows_of(0, 3'000));
  CHECK(pipeline.status().stored_lines == 3'000);
  CHECK(pipeline.letters().empty());
}

}  // namespace

TEST_CASE("real InfluxDB 1: conflicts, fresh and known, and bad lines") {
  if (!have_part("influxdb1")) return;
  const Influx1 influx;
  Pipeline pipeline(influx.server.url());
  conflicts(pipeline, influx.reader);
  CHECK(pipeline.status().flavour == Flavour::influxdb1);
  CHECK_THAT(pipeline.status().server_version, ContainsSubstring("1.6"));
}

TEST_CASE("real InfluxDB 2: conflicts, fresh and known, and bad lines") {
  if (!have_part("influxdb2")) return;
  const Influx2 influx;
  Pipeline pipeline(influx.server.url());
  influx.aim(pipeline);
  conflicts(pipeline, influx.reader);
  CHECK(pipeline.status().flavour == Flavour::influxdb2);
}

TEST_CASE("real InfluxDB 1: faults of the way, killed in the middle") {
  if (!have_part("influxdb1")) return;
  const Influx1 influx;
  FaultyProxy proxy(influx.server.url());
  Pipeline pipeline(proxy.url());
  faults(pipeline, influx.reader, proxy, influx.server);
}

TEST_CASE("real InfluxDB 2: faults of the way, killed in the middle") {
  if (!have_part("influxdb2")) return;
  const Influx2 influx;
  FaultyProxy proxy(influx.server.url());
  Pipeline pipeline(proxy.url());
  influx.aim(pipeline);
  faults(pipeline, influx.reader, proxy, influx.server);
}

TEST_CASE("real InfluxDB 1: a database that comes later, and a retention policy") {
  if (!have_part("influxdb1")) return;
  const InfluxDb1 server;
  const Reader reader{server.url()};
  Pipeline pipeline(server.url());
  pipeline.put(lines_of(0, 10));
  pipeline.start();
  REQUIRE(pipeline.reaches(State::held));
  CHECK(pipeline.status().last_error ==
        "the database is not there; create it, or set another (database not found: \"ha\")");
  reader.query("CREATE DATABASE ha");
  REQUIRE(pipeline.send_all());
  CHECK(reader.rows() == rows_of(0, 10));

  pipeline.options.target.retention_policy = "short";
  pipeline.put(lines_of(10, 20));
  pipeline.start();
  REQUIRE(pipeline.reaches(State::held));
  CHECK(pipeline.status().last_error ==
        "the retention policy is not there; create it, or set another (retention policy not found: "
        "short)");
  reader.query("CREATE RETENTION POLICY short ON ha DURATION 1h REPLICATION 1 DEFAULT");
  pipeline.put(lines_of(20, 30));
  // Lines of just now, which are not too old.
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(base::system_now().time_since_epoch())
          .count();
  std::string fresh;
  for (int i = 0; i < 10; ++i) fresh += line_of(i, "n=1", now - 60 * k_second);
  pipeline.put(fresh);
  REQUIRE(pipeline.send_all());
  CHECK(reader.rows().size() == 10);
  CHECK(pipeline.status().expired_lines == 20);
  CHECK(pipeline.status().stored_lines == 10);
  CHECK(pipeline.letters().empty());
}

TEST_CASE("real InfluxDB 1: a line that is over its limit on bodies, between others") {
  if (!have_part("influxdb1")) return;
  const Influx1 influx;
  Pipeline pipeline(influx.server.url());
  pipeline.put(lines_of(0, 10) + line_of(10, "s=\"" + std::string(26'000'000, 'x') + "\"") +
               lines_of(11, 20));
  REQUIRE(pipeline.send_all());
  CHECK(influx.reader.rows() == rows_of(11, 20, [] {
          Rows rows;
          for (int i = 0; i < 10; ++i) rows.push_back(row_of(i));
          return rows;
        }()));
  const auto letters = pipeline.dead_letters.list();
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].entity_id == "sensor.e10");
  CHECK_THAT(letters[0].reason, ContainsSubstring("Request Entity Too Large"));
}

TEST_CASE("real InfluxDB 1: wrong and right credentials") {
  if (!have_part("influxdb1")) return;
  const InfluxDb1 server(InfluxDb1::Access::administrator);
  net::HttpClient client({});
  Pipeline pipeline(server.url());
  pipeline.options.target.username = server.user();
  pipeline.options.target.password = base::Secret("wrong");
  pipeline.put(lines_of(0, 10));
  pipeline.start();
  REQUIRE(pipeline.reaches(State::held));
  CHECK(pipeline.status().last_error ==
        "the credentials are refused; check token, user and password (authorization failed)");
  pipeline.options.target.password = base::Secret(server.password());
  pipeline.start();
  REQUIRE(eventually(
      [&] { return pipeline.status().last_error.find("the database is not there") == 0; }));
}

TEST_CASE("real InfluxDB 2: a wrong token, and a bucket that is missing") {
  if (!have_part("influxdb2")) return;
  const Influx2 influx;
  Pipeline pipeline(influx.server.url());
  influx.aim(pipeline);
  pipeline.options.target.token = base::Secret("wrong");
  pipeline.put(lines_of(0, 10));
  pipeline.start();
  REQUIRE(pipeline.reaches(State::held));
  CHECK(pipeline.status().last_error ==
        "the credentials are refused; check token, user and password (unauthorized access)");
  influx.aim(pipeline);
  pipeline.options.target.bucket = "nowhere";
  pipeline.start();
  REQUIRE(pipeline.reaches(State::held));
  CHECK(pipeline.status().last_error ==
        "the bucket is not there; create it, or set another (bucket \"nowhere\" not found)");
  influx.aim(pipeline);
  pipeline.start();
  REQUIRE(pipeline.send_all());
  CHECK(influx.reader.rows() == rows_of(0, 10));
}

TEST_CASE("real VictoriaMetrics: killed before it has stored, and what it forgot is sent again") {
  if (!have_part("victoria-metrics")) return;
  const VictoriaMetrics server;
  Pipeline pipeline(server.url());
  pipeline.options.hold = 15s;
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(base::system_now().time_since_epoch())
          .count();
  const std::int64_t start = now / k_second * k_second - 5'000 * k_second;
  std::string lines;
  for (int i = 0; i < 1'000; ++i) {
    lines += line_of(i, "v=" + std::to_string(i) + ",state=\"on\",name=\"x\"", start);
  }
  pipeline.put(lines);
  pipeline.start();
  REQUIRE(eventually([&] { return pipeline.status().dropped_texts == 1'000; }));
  CHECK(pipeline.status().flavour == Flavour::victoria_metrics);
  // It tells its start in whole seconds: one that dies in the second of its start is not noticed.
  const auto second = [] { return std::chrono::floor<std::chrono::seconds>(base::system_now()); };
  REQUIRE(eventually([&, born = second()] { return second() > born; }));
  server.kill();
  server.restart();
  REQUIRE(pipeline.send_all(60s));
  CHECK(pipeline.status().stored_lines == 1'000);
  CHECK(pipeline.status().repeated_lines == 1'000);

  net::HttpClient client({});
  net::HttpRequest request;
  request.url = server.url() + "/api/v1/export?match[]=m_v&match[]=m_state&match[]=m_name";
  std::map<std::string, std::set<std::string>> samples;
  REQUIRE(eventually(
      [&] {
        const auto answer = client.send(request);
        if (!answer || answer->status != 200) return false;
        samples.clear();
        std::istringstream series(answer->body);
        std::string text;
        while (std::getline(series, text)) {
          const Json one = Json::parse(text);
          const std::string name = one.at("metric").at("__name__").get<std::string>();
          for (std::size_t i = 0; i < one.at("values").size(); ++i) {
            samples[name].insert(one.at("metric").at("entity_id").get<std::string>() + " " +
                                 one.at("values")[i].dump() + " " + one.at("timestamps")[i].dump());
          }
        }
        return samples["m_v"].size() == 1'000 && samples["m_state"].size() == 1'000;
      },
      60s));
  CHECK_FALSE(samples.contains("m_name"));
  CHECK(
      samples["m_v"].contains("sensor.e7 7 " + std::to_string((start + 7 * k_second) / 1'000'000)));
  CHECK(samples["m_state"].contains("sensor.e7 1 " +
                                    std::to_string((start + 7 * k_second) / 1'000'000)));
}
