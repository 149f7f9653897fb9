// SPDX-License-Identifier: MIT
// What servers answer to writes, in their own words, and what becomes of the points.
#include "core/influx/verdict.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"

using namespace haingest;
using namespace std::chrono_literals;
using influx::Action;
using influx::Flavour;
using influx::Verdict;

namespace {

constexpr Flavour k_v1 = Flavour::influxdb1;
constexpr Flavour k_v2 = Flavour::influxdb2;
constexpr Flavour k_v3 = Flavour::influxdb3;
constexpr Flavour k_vm = Flavour::victoria_metrics;

// 2026-11-25 01:30:00
constexpr base::Timestamp k_now{std::chrono::seconds(1'795'570'200)};

Verdict judge(Flavour flavour, long status, std::string body,
              std::vector<std::pair<std::string, std::string>> headers = {}) {
  net::HttpResponse answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.headers = std::move(headers);
  return influx::judge(answer, flavour, k_now);
}

std::string error(const std::string& words) { return nlohmann::json{{"error", words}}.dump(); }
std::string message(const std::string& code, const std::string& words) {
  return nlohmann::json{{"code", code}, {"message", words}}.dump();
}

void check(const Verdict& verdict, Action action, const std::string& sentence,
           bool some_stored = false) {
  CHECK(verdict.action == action);
  CHECK(verdict.sentence == sentence);
  CHECK(verdict.some_stored == some_stored);
}

}  // namespace

TEST_CASE("verdict: 204 is stored, of every flavour, and no other success is") {
  for (const Flavour flavour : {k_v1, k_v2, k_v3, k_vm}) {
    CHECK(judge(flavour, 204, "").action == Action::stored);
    CHECK(judge(flavour, 204, "").sentence.empty());
    check(judge(flavour, 200, "<html>Log in</html>"), Action::hold,
          "it answers 200 instead of 204, so something else may be listening there (<html>Log "
          "in</html>)",
          flavour == k_vm);
  }
  check(judge(k_v1, 302, ""), Action::hold,
        "it answers with a redirect, which is not followed; set the final URL");
}

TEST_CASE("verdict: lines that cannot be parsed are looked for") {
  // 1: the good lines are stored, unless all are bad.
  Verdict verdict = judge(
      k_v1, 400, error("partial write: unable to parse 'c v=': missing field value dropped=0"));
  check(verdict, Action::halve, "", true);
  CHECK(verdict.reason == "partial write: unable to parse 'c v=': missing field value dropped=0");
  check(judge(k_v1, 400, error("unable to parse 'c v=': missing field value")), Action::halve, "");
  // 2: every bad line is named and nothing stored.
  verdict = judge(k_v2, 400,
                  message("invalid",
                          "unable to parse 'c v=': missing field value\nunable to parse "
                          "'x': missing fields"));
  check(verdict, Action::halve, "");
  CHECK(verdict.reason ==
        "unable to parse 'c v=': missing field value unable to parse 'x': missing fields");
  // A line that holds the words of other refusals.
  check(judge(k_v2, 400,
              message("invalid",
                      "unable to parse 'c v=\"gzip: points beyond retention policy, "
                      "has been stripped from point': unbalanced quotes")),
        Action::halve, "");
  // 3, without accept_partial or from a compatible route: the first error alone.
  check(judge(k_v3, 400, error("partial write of line protocol occurred")), Action::halve, "",
        true);
  // VictoriaMetrics of today refuses the whole request.
  check(judge(k_vm, 400, "cannot unmarshal line 3"), Action::halve, "", true);
}

TEST_CASE("verdict: InfluxDB 3 names the lines by their numbers") {
  const Verdict verdict = judge(
      k_v3, 400,
      R"({"error":"partial write of line protocol occurred","data":[)"
      R"({"original_line":"c v=","line_number":2,"error_message":"no fields"},)"
      R"({"original_line":"c v=\"x\" 1","line_number":5,"error_message":"invalid column type for )"
      R"(column 'v', expected iox::column_type::field::float, got )"
      R"(iox::column_type::field::string"}]})");
  check(verdict, Action::lines, "", true);
  REQUIRE(verdict.refused.size() == 2);
  CHECK(verdict.refused[0].number == 1);
  CHECK(verdict.refused[0].reason == "no fields");
  CHECK(verdict.refused[0].field.empty());
  CHECK(verdict.refused[1].number == 4);
  CHECK(verdict.refused[1].field == "v");
  // What says less than that is found the long way.
  for (const char* data :
       {"[]", "null", R"([{"line_number":0}])", R"([{"line_number":"2"}])", R"([7])"}) {
    CHECK(judge(k_v3, 400,
                R"({"error":"partial write of line protocol occurred","data":)" +
                    std::string(data) + "}")
              .action == Action::halve);
  }
}

TEST_CASE("verdict: a type conflict names one field") {
  const std::string conflict =
      "partial write: field type conflict: input field \"v\" on measurement \"c\" is type integer, "
      "already exists as type float dropped=2";
  for (const Verdict& verdict :
       {judge(k_v1, 400, error(conflict)),
        judge(k_v1, 400, error(conflict + " for database: X for retention policy: Y")),
        judge(
            k_v2, 422,
            message("unprocessable entity", "failure writing points to database: " + conflict))}) {
    check(verdict, Action::conflict, "", true);
    CHECK(verdict.conflict.field == "v");
    CHECK(verdict.conflict.measurement == "c");
    CHECK(verdict.conflict.type == "integer");
    CHECK_THAT(verdict.reason, test::ContainsSubstring(conflict));
  }
  const Verdict strange =
      judge(k_v1, 400,
            error("partial write: field type conflict: input field \"a \"b\"\" on measurement "
                  "\"°C, \"quoted\"\" is type string, already exists as type float dropped=1"));
  CHECK(strange.conflict.field == "a \"b\"");
  CHECK(strange.conflict.measurement == "°C, \"quoted\"");
  CHECK(strange.conflict.type == "string");
  // 1.6 and 1.8, both types new: nothing is stored.
  check(judge(k_v1, 400, error("field type conflict")), Action::again, "");
}

TEST_CASE("verdict: what is older than the retention is counted") {
  Verdict verdict =
      judge(k_v1, 400, error("partial write: points beyond retention policy dropped=17"));
  check(verdict, Action::expired, "", true);
  CHECK(verdict.dropped == 17U);
  verdict = judge(k_v2, 422,
                  message("unprocessable entity",
                          "failure writing points to database: partial write: dropped 3 points "
                          "outside retention policy of duration 168h0m0s"));
  check(verdict, Action::expired, "", true);
  CHECK(verdict.dropped == 3U);
  verdict = judge(k_v1, 400,
                  error("partial write: dropped 4 points outside retention policy of duration "
                        "1h0m0s for database: X for retention policy: Y"));
  CHECK(verdict.action == Action::expired);
  CHECK(verdict.dropped == 4U);
}

TEST_CASE("verdict: what is outside a write window is refused with the server's reason") {
  const std::string words =
      "partial write: dropped 2 points outside retention policy of duration 0s and 0 points "
      "outside "
      "write window (24h0m0s) - oldest point m at 2026-12-06T00:00:00Z";
  const Verdict verdict = judge(k_v1, 400, error(words));
  check(verdict, Action::halve, "", true);
  CHECK(verdict.reason == words);
}

TEST_CASE("verdict: a field named time is no loss") {
  const std::string words =
      "partial write: invalid field name: input field \"time\" on measurement \"c\" is invalid, "
      "has been stripped from point. dropped=0";
  check(judge(k_v1, 400, error(words)), Action::stored,
        "it has stored the points without what it does not take (" + words + ")", true);
  CHECK(judge(k_v2, 422, message("unprocessable entity", words)).action == Action::stored);
}

TEST_CASE("verdict: what an operator must mend is held") {
  check(judge(k_v1, 404, error("database not found: \"x\"")), Action::hold,
        "the database is not there; create it, or set another (database not found: \"x\")");
  check(judge(k_v2, 404, message("not found", "bucket \"x\" not found")), Action::hold,
        "the bucket is not there; create it, or set another (bucket \"x\" not found)");
  check(judge(k_v2, 404, message("not found", "organization name \"x\" not found")), Action::hold,
        "the organisation is not there; set another (organization name \"x\" not found)");
  check(judge(k_v1, 404, "404 page not found\n"), Action::hold,
        "it has no such address; check the URL (404 page not found)");
  check(judge(k_v1, 500, error("retention policy not found: x")), Action::hold,
        "the retention policy is not there; create it, or set another (retention policy not found: "
        "x)",
        true);
  check(judge(k_v1, 401, error("authorization failed")), Action::hold,
        "the credentials are refused; check token, user and password (authorization failed)");
  check(judge(k_v1, 401, error("unable to parse authentication credentials")), Action::hold,
        "the credentials are refused; check token, user and password (unable to parse "
        "authentication credentials)");
  check(judge(k_v2, 401, message("unauthorized", "unauthorized access")), Action::hold,
        "the credentials are refused; check token, user and password (unauthorized access)");
  check(judge(k_v2, 403, message("forbidden", "insufficient permissions for write")), Action::hold,
        "the credentials may not write there; give them the right (insufficient permissions for "
        "write)");
  check(judge(k_v3, 401, error("the request was not authenticated")), Action::hold,
        "the credentials are refused; check token, user and password (the request was not "
        "authenticated)");
  check(judge(k_v3, 403, ""), Action::hold,
        "the credentials may not write there; give them the right");
  check(judge(k_v3, 422, error("Update to schema would exceed number of columns per table limit")),
        Action::hold,
        "its limit on databases, tables or columns is reached; haingest keeps everything until "
        "there is room (Update to schema would exceed number of columns per table limit)");
  for (const char* words :
       {"partial write: max-series-per-database limit exceeded: (1000000) dropped=5",
        "partial write: max-values-per-tag limit exceeded (100000/100000): dropped=5"}) {
    check(judge(k_v1, 400, error(words)), Action::hold,
          "its limit on series is reached; raise the limit or drop old series (" +
              std::string(words) + ")",
          true);
  }
  // Not about the lines: one by one they would all be refused.
  check(judge(k_v2, 400, message("invalid", "Please provide either orgID or org")), Action::hold,
        "it refuses the request with 400 (Please provide either orgID or org)");
  check(judge(k_v1, 405, ""), Action::hold, "it refuses the request with 405");
}

TEST_CASE("verdict: what passes is tried again") {
  check(judge(k_v1, 503, "request throttled, queue full\n"), Action::retry,
        "it is overloaded or starting (request throttled, queue full)");
  check(judge(k_v1, 500, error("engine: cache-max-memory-size exceeded: (1073741824/1073741824)")),
        Action::retry,
        "its write cache is full (engine: cache-max-memory-size exceeded: (1073741824/1073741824))",
        true);
  check(judge(k_v1, 500, error("timeout")), Action::retry, "it answers 500 (timeout)", true);
  // 1.6 and 2.7 on full disks, word for word; with room again they go on until a restart.
  for (const char* words : {
           "engine: error writing WAL entry: write /wal/_00001.wal: no space left on device",
           "write /meta/meta.dbtmp: no space left on device",
           "unexpected error writing points to database: error loading series file for database "
           "\"e2\": write /data/e2/_series/00/0000.initializing: no space left on device",
       }) {
    check(judge(k_v1, 500, error(words)), Action::retry,
          "its disk is full; make room there, and restart it if it still says so (" +
              std::string(words) + ")",
          true);
  }
  const std::string shut =
      "unexpected error writing points to database: not attempting to open shard 2; opening shard "
      "previously failed with: error loading series file for database \"e2\": write "
      "/data/e2/_series/00/0000.initializing: no space left on device";
  check(judge(k_v2, 500, message("internal error", shut)), Action::retry,
        "it cannot open a part of its data; restart it when its disk has room (" + shut + ")",
        true);
  check(
      judge(k_v1, 500, error("open /data/1: too many open files")), Action::retry,
      "it is out of file descriptors; raise its limit and restart it (open /data/1: too many open "
      "files)",
      true);
  check(judge(k_v3, 429, ""), Action::retry, "it asks for fewer requests");
  check(judge(k_vm, 503, ""), Action::retry, "it is overloaded or starting");
  check(judge(k_v2, 502, "<html>\r\nBad\tGateway"), Action::retry,
        "it answers 502 (<html> Bad Gateway)", true);
  check(judge(k_v2, 504, ""), Action::retry, "it answers 504", true);
  check(judge(k_v2, 408, ""), Action::retry, "it did not get the request in time");
}

TEST_CASE("verdict: too big is split, bad gzip is sent again without") {
  check(judge(k_v1, 413, error("Request Entity Too Large")), Action::halve,
        "the request is too big for it");
  check(judge(k_v3, 500, error("max request size (10485760 bytes) exceeded")), Action::halve, "",
        true);
  for (const char* words : {"gzip: invalid header", "unexpected EOF", "gzip: invalid checksum"}) {
    CHECK(judge(k_v1, 400, error(words)).action == Action::uncompressed);
    CHECK(judge(k_v2, 500, message("internal error", words)).action == Action::uncompressed);
    CHECK(judge(k_v2, 400, message("invalid", words)).action == Action::uncompressed);
  }
}

TEST_CASE("verdict: the error of a header stands in for a body") {
  const Verdict verdict = judge(k_v1, 400, "", {{"x-influxdb-error", "unable to parse 'x': y"}});
  CHECK(verdict.action == Action::halve);
  CHECK(verdict.reason == "unable to parse 'x': y");
  CHECK(judge(k_v1, 413, "").reason == "HTTP 413");
}

TEST_CASE("verdict: Retry-After in seconds or as a date, ten minutes at most") {
  const auto after = [](const std::string& value) {
    return judge(k_v2, 429, "", {{"retry-after", value}}).after;
  };
  CHECK(after("0") == 0ms);
  CHECK(after("7") == 7s);
  CHECK(after("601") == 10min);
  CHECK(after("99999999999999999999") == 10min);
  CHECK(after("Wed, 25 Nov 2026 01:30:30 GMT") == 30s);
  CHECK(after("Wed, 25 Nov 2026 01:29:00 GMT") == 0s);
  CHECK(after("Thu, 26 Nov 2026 01:29:00 GMT") == 10min);
  for (const char* none : {"", "soon", "-1", "1.5", "Wed, 99 Nov 2026 01:30:30 GMT",
                           "Wed, 25 Nix 2026 01:30:30 GMT"}) {
    INFO(none);
    CHECK_FALSE(after(none).has_value());
  }
}

TEST_CASE("verdict: a reason is one line of a bearable length") {
  const Verdict verdict =
      judge(k_v1, 400, error("unable to parse '" + std::string(100'000, 'x') + "\n\x1b[31m'"));
  CHECK(verdict.reason.size() < 520);
  CHECK(verdict.reason.ends_with("xxx …"));
  CHECK(judge(k_v1, 400, "unable to parse '\x1b[31m\n\xff'").reason ==
        "unable to parse ' [31m \xEF\xBF\xBD'");
}
