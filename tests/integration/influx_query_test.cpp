// SPDX-License-Identifier: MIT
// InfluxQL asked of real InfluxDBs, also over ways that break: an answer counts when it came whole,
// and what is wrong is told apart.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <thread>

#include "tests/fakes/faulty_proxy.hpp"
#include "tests/integration/influx_source.hpp"

using namespace haingest;
using namespace haingest::test;
using namespace std::chrono_literals;
using fakes::FaultyProxy;
using fakes::ProxiedRequest;
using fakes::ProxyFault;
using fakes::ProxyPlan;

namespace {

// Monday 2026-01-05, in nanoseconds.
constexpr std::int64_t k_monday = 1'767'571'200'000'000'000;

// 30 000 of them: three chunks of the answer.
std::string many_lines(int points) {
  std::string lines;
  for (int i = 0; i < points; ++i) {
    lines += "power,entity_id=boiler value=" + std::to_string(i) + ".5,state=\"on\" " +
             std::to_string(k_monday + i * 1'000'000'000LL) + "\n";
  }
  return lines;
}

struct Asked {
  std::string outcome;  // "" or "unreachable: …"
  std::size_t rows = 0;
  std::size_t series = 0;
};

std::string outcome_of(const base::Result<void>& result) {
  if (result) return "";
  switch (result.error().kind) {
    case base::ErrorKind::credentials:
      return "credentials: " + result.error().message;
    case base::ErrorKind::unreachable:
      return "unreachable: " + result.error().message;
    default:
      return "failure: " + result.error().message;
  }
}

Asked ask(const influx::QueryOptions& options, const std::string& statement,
          const std::string& database = "house") {
  Asked asked;
  influx::AnswerHandlers handlers;
  handlers.series = [&](const influx::Series& /*series*/) { ++asked.series; };
  handlers.row = [&](const std::vector<influx::Cell>& /*row*/) { ++asked.rows; };
  influx::QueryClient client(options);
  asked.outcome = outcome_of(client.ask({database, ""}, statement, handlers));
  return asked;
}

// --- an answer, taken apart ---

struct Answer {
  std::string head;  // up to the empty line, without how long the body is
  std::string body;  // without the frames of chunks
};

std::string without_frames(const std::string& chunks) {
  std::string body;
  std::size_t at = 0;
  for (std::size_t size = 1; size > 0;) {
    const std::size_t line = chunks.find("\r\n", at);
    size = std::stoul(chunks.substr(at, line - at), nullptr, 16);
    body += chunks.substr(line + 2, size);
    at = line + 2 + size + 2;
  }
  return body;
}

Answer taken_apart(const std::string& answer) {
  Answer parts;
  const std::size_t end = answer.find("\r\n\r\n") + 4;
  bool chunked = false;
  for (std::size_t at = 0; at + 2 < end;) {
    const std::size_t next = answer.find("\r\n", at) + 2;
    const std::string line = answer.substr(at, next - at);
    at = next;
    if (line == "transfer-encoding: chunked\r\n") {
      chunked = true;
    } else if (!line.starts_with("content-length:")) {
      parts.head += line;
    }
  }
  parts.body = chunked ? without_frames(answer.substr(end)) : answer.substr(end);
  return parts;
}

// Where the second object of the answer begins.
std::size_t second_object(const std::string& body) {
  const std::size_t second = body.find("\x81\xa7results", 1);
  REQUIRE(second != std::string::npos);
  return second;
}

std::string as_chunk(const std::string& body) {
  char size[24];
  std::snprintf(size, sizeof size, "%zx\r\n", body.size());
  return size + body + "\r\n";
}

std::function<ProxyPlan(const ProxiedRequest&)> always(ProxyPlan plan) {
  return [plan = std::move(plan)](const ProxiedRequest& /*request*/) { return plan; };
}

ProxyPlan changed(std::function<std::string(const Answer&)> change) {
  ProxyPlan plan;
  plan.fault = ProxyFault::change;
  plan.change = [change = std::move(change)](const std::string& answer) {
    return change(taken_apart(answer));
  };
  return plan;
}

// What this process holds now, in MiB.
long resident() {
  std::ifstream statm("/proc/self/statm");
  long pages = 0;
  statm >> pages >> pages;
  return pages * 4 / 1024;
}

void ask_real(const std::string& part) {
  if (!have_part(part)) return;
  const InfluxSource source(part);
  source.make("house");
  source.write(many_lines(30'000), "house");
  const std::string all = "SELECT * FROM power GROUP BY *";

  // Whole, and cells with their types.
  const Asked whole = ask(source.options(), all);
  CHECK(whole.outcome.empty());
  CHECK(whole.rows == 30'000);
  CHECK(whole.series == 3);  // it begins again with every chunk

  // Errors in answers of status 200, and other ones.
  CHECK(ask(source.options(), "SELECT * FROM power", "nothing").outcome ==
        "failure: database not found: nothing");
  CHECK(ask(source.options(), "SELECT FROM").outcome ==
        std::string("failure: ") + (source.is_2() ? "failed to parse" : "error parsing") +
            " query: found FROM, expected identifier, string, number, bool at line 1, char 8");
  CHECK(ask(source.options(), "SELECT * FROM nothing").outcome.empty());

  // Credentials.
  influx::QueryOptions wrong = source.options();
  wrong.source.token = base::Secret("wrong");
  wrong.source.password = base::Secret("wrong");
  CHECK(ask(wrong, all).outcome ==
        (source.is_2() ? "credentials: Unauthorized" : "credentials: authorization failed"));
  wrong.source.token = wrong.source.password = {};
  wrong.source.username = {};
  CHECK(ask(wrong, all).outcome ==
        (source.is_2() ? "credentials: unauthorized access"
                       : "credentials: unable to parse authentication credentials"));

  // Ways that break.
  FaultyProxy proxy(source.target.url);
  influx::QueryOptions through = source.options(proxy.url());
  CHECK(ask(through, all).rows == 30'000);
  const std::string cut = "unreachable: POST " + proxy.url() +
                          ": the connection was cut in the middle; try again later";
  const std::string early = "unreachable: the answer ended too early";
  // Between two objects: of what looks complete then, the frames of HTTP tell, or else "partial".
  proxy.plan(always(changed([](const Answer& answer) {
    return answer.head + "Transfer-Encoding: chunked\r\n\r\n" +
           as_chunk(answer.body.substr(0, second_object(answer.body)));
  })));
  Asked asked = ask(through, all);
  CHECK(asked.outcome == cut);
  CHECK(asked.rows == 10'000);
  proxy.plan(always(changed([](const Answer& answer) {
    return answer.head + "Transfer-Encoding: chunked\r\n\r\n" +
           as_chunk(answer.body.substr(0, second_object(answer.body))) + "0\r\n\r\n";
  })));
  CHECK(ask(through, all).outcome == early);
  // A proxy that speaks HTTP 1.0 has no frames at all.
  proxy.plan(always(changed([](const Answer& answer) {
    return answer.head + "\r\n" + answer.body.substr(0, second_object(answer.body));
  })));
  CHECK(ask(through, all).outcome == early);
  proxy.plan(always(changed([](const Answer& answer) {
    return answer.head + "\r\n" + answer.body.substr(0, second_object(answer.body) + 2'000);
  })));
  CHECK(ask(through, all).outcome == early);
  proxy.plan(always(changed([](const Answer& answer) { return answer.head + "\r\n"; })));
  CHECK(ask(through, all).outcome == early);
  proxy.plan(
      always(changed([](const Answer& answer) { return answer.head + "\r\n" + answer.body; })));
  CHECK(ask(through, all).rows == 30'000);
  proxy.plan(always({ProxyFault::truncate}));
  CHECK(ask(through, all).outcome == cut);
  // The only object that a short answer has, without its last byte.
  proxy.plan(always(changed([](const Answer& answer) {
    return answer.head + "\r\n" + answer.body.substr(0, answer.body.size() - 1);
  })));
  asked = ask(through, "SELECT * FROM power LIMIT 10");
  CHECK(asked.outcome == early);
  // What is no answer of InfluxDB's.
  proxy.plan(always({ProxyFault::answer, 200, "Content-Type: text/html\r\n", "<html>Hello"}));
  CHECK(ask(through, all).outcome == "failure: the answer is not what InfluxDB sends");
  proxy.plan(always({ProxyFault::answer, 503, "", "request throttled, queue full\n"}));
  CHECK(ask(through, all).outcome == "unreachable: it answers 503: request throttled, queue full");
  proxy.plan(always({ProxyFault::answer, 403, "", "{\"error\":\"not for you\"}"}));
  CHECK(ask(through, all).outcome == "credentials: not for you");
  proxy.plan(always({ProxyFault::answer, 404, "", ""}));
  CHECK(ask(through, all).outcome == "failure: it answers 404");
  // Silence from the beginning, and from the middle.
  through.silence = 1s;
  for (const ProxyFault fault : {ProxyFault::hang, ProxyFault::stall}) {
    proxy.plan(always({fault}));
    const auto begin = std::chrono::steady_clock::now();
    CHECK(ask(through, all).outcome ==
          "unreachable: POST " + proxy.url() + ": nothing came for 1 s; try again later");
    CHECK(std::chrono::steady_clock::now() - begin < 10s);
    proxy.release();
  }
  proxy.refuse();
  CHECK(ask(through, all).outcome ==
        "unreachable: POST " + proxy.url() +
            ": connection refused; check that it runs and the port is right");
}

}  // namespace

TEST_CASE("query: InfluxDB 1.6 over ways that break", "[parts]") { ask_real("influxdb1"); }
TEST_CASE("query: InfluxDB 1.8 over ways that break", "[parts]") { ask_real("influxdb18"); }
TEST_CASE("query: InfluxDB 2.7 over ways that break", "[parts]") { ask_real("influxdb2"); }

TEST_CASE("query: a reader that takes its time is no silence, and holds no more for it",
          "[parts]") {
  if (!have_part("influxdb1")) return;
  const InfluxSource source("influxdb1");
  source.make("house");
  for (char name = 'a'; name <= 'j'; ++name) {
    std::string lines = many_lines(50'000);
    for (std::size_t at = 0; at < lines.size(); at = lines.find('\n', at) + 1) lines[at] = name;
    source.write(lines, "house");
  }
  influx::QueryOptions options = source.options();
  options.silence = 1s;
  influx::QueryClient client(options);
  const long before = resident();
  long most = 0;
  std::size_t rows = 0;
  influx::AnswerHandlers handlers;
  handlers.row = [&](const std::vector<influx::Cell>& /*row*/) {
    if (++rows % 50'000 == 1) std::this_thread::sleep_for(rows < 150'000 ? 1'500ms : 0ms);
    if (rows % 5'000 == 0) most = std::max(most, resident());
  };
  CHECK(
      outcome_of(client.ask({"house", ""}, "SELECT * FROM /^.ower/ GROUP BY *", handlers)).empty());
  CHECK(rows == 500'000);
  CHECK(most - before < 16);
}

TEST_CASE("query: given up within a second, also while the server is silent", "[parts]") {
  if (!have_part("influxdb1")) return;
  const InfluxSource source("influxdb1");
  source.make("house");
  FaultyProxy proxy(source.target.url);
  proxy.plan(always({ProxyFault::hang}));
  std::atomic<bool> cancel = false;
  influx::QueryOptions options = source.options(proxy.url());
  options.cancel = &cancel;
  std::thread later([&] {
    while (proxy.requests() == 0) std::this_thread::yield();
    cancel = true;
  });
  const auto begin = std::chrono::steady_clock::now();
  CHECK(ask(options, "SHOW DATABASES").outcome ==
        "unreachable: POST " + proxy.url() + ": the request was given up");
  later.join();
  CHECK(std::chrono::steady_clock::now() - begin < 3s);
}

TEST_CASE("query: what who reads throws ends the request", "[parts]") {
  if (!have_part("influxdb1")) return;
  const InfluxSource source("influxdb1");
  source.make("house");
  source.write(many_lines(30'000), "house");
  influx::AnswerHandlers handlers;
  handlers.row = [](const std::vector<influx::Cell>& /*row*/) { throw std::runtime_error("full"); };
  influx::QueryClient client(source.options());
  CHECK_THROWS_WITH(client.ask({"house", ""}, "SELECT * FROM power", handlers), "full");
  CHECK(client.ask({"house", ""}, "SELECT * FROM power", {}).has_value());
}

TEST_CASE("query: an InfluxDB 3 that says nothing is asked once more, not in chunks") {
  FaultyProxy server("http://127.0.0.1:1");
  std::vector<std::string> urls;
  std::string last = R"({"results":[{"statement_id":0}]})";
  server.plan([&](const ProxiedRequest& request) {
    urls.push_back(request.target);
    ProxyPlan plan{ProxyFault::answer, 200};
    if (urls.size() == 2) plan.body = last;
    return plan;
  });
  influx::QueryOptions options;
  options.source.url = server.url();
  options.flavour = influx::Flavour::influxdb3;
  CHECK(ask(options, "SELECT * FROM m").outcome.empty());
  CHECK(urls == std::vector<std::string>{"/query?epoch=ns&db=house&chunked=true&chunk_size=10000",
                                         "/query?epoch=ns&db=house"});
  urls.clear();
  last.clear();
  CHECK(ask(options, "SELECT * FROM m").outcome == "unreachable: the answer ended too early");
  urls.clear();
  last =
      R"({"results":[{"statement_id":0,"error":"datafusion error: rewriting statement\ncaused by\nno\n\nTry"}]})";
  CHECK(ask(options, "SELECT * FROM m").outcome ==
        "failure: datafusion error: rewriting statement: no");
}
