// SPDX-License-Identifier: MIT
// The fakes of InfluxDB 2 and 3, held to InfluxData's own JavaScript clients: what a client wrote
// is what is stored, and a client hears of the fake what it hears of a real one.
#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/net/http_client.hpp"
#include "tests/fakes/influx_server.hpp"
#include "tests/parts/part.hpp"
#include "tests/support/catch.hpp"

using namespace haingest;
using namespace haingest::test;
using fakes::InfluxKind;
using fakes::InfluxRows;
using fakes::InfluxServer;
using Json = nlohmann::json;

namespace {

// Each row's fields as {"key": ["float", 12.5]}, by [measurement, tags, "time"].
using Stored = std::map<std::string, Json>;

constexpr std::int64_t k_noon = 1'767'614'400'000'000'000;  // 2026-01-05 12:00 UTC

std::string row_key(const std::string& measurement, const Json& tags, const std::string& time) {
  return Json::array({measurement, tags, time}).dump();
}

// Rows that refused requests had beside what was refused.
void expect_row(Stored& stored, const std::string& measurement, const Json& tags, int time) {
  stored[row_key(measurement, tags, std::to_string(k_noon + time))] = Json{{"value", {"float", 1}}};
}

void expect_kept(Stored& stored, const std::string& request, int time) {
  expect_row(stored, "kept", {{"request", request}}, time);
}

// What the client was given.
Stored given(const Json& heard) {
  Stored stored;
  for (const Json& point : heard.at("points")) {
    stored[row_key(point.at("measurement"), point.at("tags"), point.at("time"))] =
        point.at("fields");
  }
  return stored;
}

// Up to the next of `ends` outside of escapes, unescaped; `at` goes behind that end.
std::string next_part(const std::string& text, std::size_t& at, const std::string& ends) {
  std::string part;
  for (; at < text.size() && ends.find(text[at]) == std::string::npos; ++at) {
    const bool escape = text[at] == '\\' && at + 1 < text.size() &&
                        std::string(", =").find(text[at + 1]) != std::string::npos;
    if (escape) ++at;
    part += text[at];
  }
  ++at;
  return part;
}

// A field's value as line protocol has it.
Json value_of(const std::string& text) {
  if (text == "T") return {"boolean", true};
  if (text == "F") return {"boolean", false};
  if (text.ends_with('i')) return {"integer", std::stoll(text)};
  if (!text.starts_with('"')) return {"float", std::strtod(text.c_str(), nullptr)};
  std::string value;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
    value += text[i];
  }
  return {"string", value};
}

Stored stored_in(const InfluxServer& server) {
  Stored stored;
  for (const auto& [row, values] : server.rows()) {
    std::size_t at = 0;
    const std::size_t time = row.rfind(' ');
    const std::string series = row.substr(0, time);
    const std::string measurement = next_part(series, at, ",");
    Json tags = Json::object();
    while (at < series.size()) {
      const std::string key = next_part(series, at, "=");
      tags[key] = next_part(series, at, ",");
    }
    Json fields = Json::object();
    for (const auto& [key, value] : values) {
      std::size_t start = 0;
      fields[next_part(key, start, "")] = value_of(value);
    }
    stored[row_key(measurement, tags, row.substr(time + 1))] = fields;
  }
  return stored;
}

// MessagePack, as JSON has no types for numbers.
Stored stored_in(const InfluxDb2& server) {
  net::HttpRequest request;
  request.url =
      server.url() +
      "/query?db=home_assistant_events&epoch=ns&q=SELECT%20*%20FROM%20/.*/%20GROUP%20BY%20*";
  request.headers = {"Authorization: Token " + server.token(), "Accept: application/x-msgpack"};
  const auto answer = net::HttpClient({}).send(request);
  REQUIRE(answer.has_value());
  REQUIRE(answer->status == 200);
  Stored stored;
  const Json read = Json::from_msgpack(answer->body);
  for (const Json& series : read.at("results").at(0).at("series")) {
    Json tags = series.value("tags", Json::object());
    for (auto tag = tags.begin(); tag != tags.end();) {
      tag = *tag == "" ? tags.erase(tag) : std::next(tag);
    }
    for (const Json& row : series.at("values")) {
      Json fields = Json::object();
      for (std::size_t i = 1; i < row.size(); ++i) {
        if (row[i].is_null()) continue;
        const char* type = row[i].is_number_float() ? "float"
                           : row[i].is_number()     ? "integer"
                                                    : row[i].type_name();
        fields[series.at("columns")[i].get<std::string>()] = {type, row[i]};
      }
      stored[row_key(series.at("name"), tags, std::to_string(row[0].get<std::int64_t>()))] = fields;
    }
  }
  return stored;
}

// The first row that is not the same in both; "" where there is none.
std::string difference(const Stored& is, const Stored& expected) {
  for (const auto& [row, fields] : expected) {
    const auto at = is.find(row);
    if (at == is.end()) return "missing: " + row;
    if (at->second != fields) return row + ": " + at->second.dump() + " not " + fields.dump();
  }
  const auto more =
      std::ranges::find_if(is, [&](const auto& row) { return !expected.contains(row.first); });
  return more == is.end() ? "" : "too much: " + more->first;
}

// What the module says of the server.
Json hear(const std::string& url, const std::string& kind, const std::string& token) {
  const TempDir folder;
  write_file(folder.file("token"), token + "\n");
  return Json::parse(
      call_part("js-client", {"run", HAINGEST_SOURCE_DIR "/tests/contract/influx_client.mjs", url,
                              kind, folder.file("token"), "not-the-token"}));
}

Json ok(int lines) { return Json{{"lines", lines}, {"said", "ok"}}; }

// "400 why", as the client has understood it.
std::string words(const Json& answers, const std::string& request) {
  const Json& said = answers.at(request).at(0).at("said");
  return said.at("status").dump() + " " + said.at("message").get<std::string>();
}

std::vector<int> refused_lines(const Json& answers, const std::string& request) {
  const Json& said = answers.at(request).at(0).at("said");
  const Json body = Json::parse(said.at("body").get<std::string>());
  std::vector<int> lines;
  for (const Json& line : body.at("data")) lines.push_back(line.at("line_number"));
  return lines;
}

void check_gzip(const InfluxServer& server) {
  std::size_t compressed = 0;
  for (const auto& write : server.writes()) {
    const bool is = write.headers.contains("content-encoding");
    compressed += is ? 1 : 0;
    CHECK(is == (write.body.size() > 500));
    if (is) CHECK(write.wire_bytes < write.body.size());
  }
  CHECK(compressed >= 4);
}

}  // namespace

TEST_CASE("InfluxData's own client hears of the fake InfluxDB 2 what it hears of a real one") {
  if (!have_part("js-client") || !have_part("influxdb2")) return;
  const InfluxDb2 real;
  const Json of_real = hear(real.url(), "influxdb2", real.token());
  InfluxServer fake(InfluxKind::influxdb2);
  fake.require("Token the-token");
  const Json of_fake = hear(fake.url(), "influxdb2", "the-token");

  const Json& answers = of_real.at("answers");
  CHECK(answers.at("hostile") == Json::array({ok(4)}));
  CHECK(answers.at("many") == Json::array({ok(1000), ok(1000), ok(500)}));
  for (const auto& [request, answer] : answers.items()) {
    INFO(request);
    CHECK(of_fake.at("answers").at(request) == answer);
  }

  Stored expected = given(of_real);
  REQUIRE(expected.size() == 2504);
  expect_kept(expected, "conflict", 10);
  expect_kept(expected, "conflict", 13);
  expect_kept(expected, "both new", 20);
  expect_row(expected, "fresh", Json::object(), 21);
  CHECK(difference(stored_in(real), expected) == "");
  CHECK(difference(stored_in(fake), stored_in(real)) == "");
  check_gzip(fake);
}

TEST_CASE("InfluxData's own client hears of the fake InfluxDB 3 which lines it refuses") {
  if (!have_part("js-client")) return;
  InfluxServer server(InfluxKind::influxdb3);
  server.require("Token the-token");
  const Json heard = hear(server.url(), "influxdb3", "the-token");
  const Json& answers = heard.at("answers");
  CHECK(answers.at("hostile") == Json::array({ok(4)}));
  CHECK(answers.at("many") == Json::array({ok(1000), ok(1000), ok(500)}));
  const std::string partial = "400 partial write of line protocol occurred:\n";
  const std::string conflict = "invalid column type for column '";
  const std::string type = "iox::column_type::field::";
  CHECK(words(answers, "conflict") ==
        partial + "\tline 2: " + conflict + "value', expected " + type + "float, got " + type +
            "integer (power,entity_id=pump state=a \\\"b\\\"\nc,value=7i 1767614400000000011)\n" +
            "\tline 3: " + conflict + "state', expected " + type + "string, got " + type +
            "boolean (power,entity_id=pump state=true,value=7 1767614400000000012)");
  CHECK(words(answers, "both new") == partial + "\tline 3: " + conflict + "value', expected " +
                                          type + "float, got " + type +
                                          "string (fresh value=one 1767614400000000022)");
  CHECK(words(answers, "unparsed")
            .starts_with(partial +
                         "\tline 2: No fields were provided (power value= 1767614400000000031)\n"
                         "\tline 3: No fields were provided (power,entity_id=pump value=perhaps "
                         "1767614400000000032)\n\tline 4: " +
                         conflict + "value', expected " + type + "float, got " + type +
                         "boolean (power,entity_id=pump value=true 1767614400000000033)\n"));
  CHECK(refused_lines(answers, "unparsed") == std::vector<int>{2, 3, 4, 5, 7, 8, 9, 10});
  CHECK(refused_lines(answers, "ends in a backslash") == std::vector<int>{1});
  CHECK(words(answers, "wrong token") == "401 the request was not authenticated");

  Stored expected = given(heard);
  REQUIRE(expected.size() == 2504);
  expect_kept(expected, "conflict", 10);
  expect_kept(expected, "conflict", 13);
  expect_kept(expected, "both new", 20);
  expect_row(expected, "fresh", Json::object(), 21);
  expect_kept(expected, "unparsed", 30);
  expect_kept(expected, "unparsed", 34);
  expect_row(expected, "power", {{"entity_id", "a=b"}}, 38);
  CHECK(difference(stored_in(server), expected) == "");
  check_gzip(server);
}
