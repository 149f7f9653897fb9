// SPDX-License-Identifier: MIT
// From the spool to a server that misbehaves in every way that is known: afterwards exactly the
// expected rows are there, what was refused is in the dead letters, and the spool is empty.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <set>
#include <thread>

#include "core/base/log.hpp"
#include "tests/fakes/influx_server.hpp"
#include "tests/integration/uploader_fixture.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/stderr_capture.hpp"

using namespace haingest;
using namespace haingest::test;
using namespace std::chrono_literals;
using fakes::InfluxAnswer;
using fakes::InfluxFault;
using fakes::InfluxKind;
using fakes::InfluxRequest;
using fakes::InfluxRows;
using fakes::InfluxServer;
using influx::Flavour;
using State = influx::UploadStatus::State;

namespace {

InfluxRows rows_of(int from, int to) {
  InfluxRows rows;
  for (int i = from; i < to; ++i) {
    rows["m,entity_id=sensor.e" + std::to_string(i) + " " +
         std::to_string(k_monday + i * k_second)] = {{"v", std::to_string(i)}};
  }
  return rows;
}

std::string key_of(int number, std::int64_t start = k_monday) {
  return "m,entity_id=sensor.e" + std::to_string(number) + " " +
         std::to_string(start + number * k_second);
}

using Texts = std::vector<std::string>;

constexpr InfluxKind k_all[] = {InfluxKind::influxdb1, InfluxKind::influxdb2,
                                InfluxKind::influxdb3};

// The first writes are answered so, the rest as the server does.
InfluxServer::Script first(std::size_t count, InfluxAnswer answer) {
  return [count, answer = std::move(answer)](const InfluxRequest& request) {
    return request.number <= count ? std::optional(answer) : std::nullopt;
  };
}

}  // namespace

TEST_CASE("uploader: every flavour is recognised and gets everything once") {
  const std::map<InfluxKind, std::pair<Flavour, std::string>> expected{
      {InfluxKind::influxdb1, {Flavour::influxdb1, "1.6.7~rc0"}},
      {InfluxKind::influxdb2, {Flavour::influxdb2, "v2.7.12"}},
      {InfluxKind::influxdb3, {Flavour::influxdb3, "3.9.0"}}};
  for (const auto& [kind, who] : expected) {
    InfluxServer server(kind);
    Pipeline pipeline(server.url());
    pipeline.put(lines_of(0, 3'000));
    pipeline.put(lines_of(3'000, 6'000));
    pipeline.put(line_of(6'000));
    REQUIRE(pipeline.send_all());
    CHECK(server.rows() == rows_of(0, 6'001));
    const auto status = pipeline.status();
    CHECK(status.state == State::idle);
    CHECK(status.flavour == who.first);
    CHECK(status.server_version == who.second);
    CHECK(status.url == server.url());
    CHECK(status.stored_lines == 6'001);
    CHECK(status.repeated_lines == 0);
    CHECK(status.last_error.empty());
    CHECK(status.last_stored_at.has_value());
    CHECK(pipeline.spool.depth("home").lines == 0);
    for (const InfluxRequest& write : server.writes()) {
      CHECK(std::count(write.body.begin(), write.body.end(), '\n') <= 5'000);
    }
  }
}

TEST_CASE("uploader: what comes later goes at once, without a push") {
  InfluxServer server(InfluxKind::influxdb2);
  Pipeline pipeline(server.url());
  pipeline.start();
  REQUIRE(pipeline.send_all());
  pipeline.put(line_of(1));
  CHECK(eventually([&] { return server.rows() == rows_of(1, 2); }));
}

TEST_CASE("uploader: credentials and compressed bodies as the flavour wants them") {
  InfluxServer server(InfluxKind::influxdb2);
  server.require("Token s3cret-token");
  Pipeline pipeline(server.url());
  pipeline.options.target.token = base::Secret("s3cret-token");
  pipeline.options.gzip = true;
  pipeline.put(lines_of(0, 1'000));
  REQUIRE(pipeline.send_all());
  CHECK(server.rows() == rows_of(0, 1'000));
  const auto writes = server.writes();
  REQUIRE(writes.size() == 1);
  CHECK(writes[0].headers.at("content-encoding") == "gzip");
  CHECK(writes[0].wire_bytes < writes[0].body.size() / 3);
  CHECK(writes[0].parameters ==
        std::map<std::string, std::string>{{"org", "haingest"}, {"bucket", "ha"}});
}

TEST_CASE("uploader: gzip that is not understood is left away") {
  InfluxServer server(InfluxKind::influxdb1);
  server.script([](const InfluxRequest& request) -> std::optional<InfluxAnswer> {
    if (!request.headers.contains("content-encoding")) return std::nullopt;
    return InfluxAnswer{400, R"({"error":"gzip: invalid header"})"};
  });
  Pipeline pipeline(server.url());
  pipeline.options.gzip = true;
  pipeline.put(lines_of(0, 100));
  REQUIRE(pipeline.send_all());
  CHECK(server.rows() == rows_of(0, 100));
  CHECK(server.writes().size() == 2);
}

TEST_CASE("uploader: each fault of the way, and then exactly the rows") {
  struct Case {
    InfluxFault fault;
    std::uint64_t repeated;
  };
  for (const Case& one :
       {Case{InfluxFault::reset_before_body, 20}, Case{InfluxFault::reset_after_body, 20},
        Case{InfluxFault::swallow, 20}, Case{InfluxFault::hang, 20},
        Case{InfluxFault::hang_stored, 20}, Case{InfluxFault::truncate, 20}}) {
    INFO(static_cast<int>(one.fault));
    InfluxServer server(InfluxKind::influxdb1);
    InfluxAnswer answer;
    answer.fault = one.fault;
    // The second of the two also meets a connection that is fresh.
    server.script(first(2, answer));
    Pipeline pipeline(server.url());
    pipeline.options.request_timeout = 300ms;
    pipeline.put(lines_of(0, 10));
    REQUIRE(pipeline.send_all());
    CHECK(server.rows() == rows_of(0, 10));
    CHECK(pipeline.status().stored_lines == 10);
    CHECK(pipeline.status().repeated_lines == one.repeated);
    CHECK(pipeline.letters().empty());
  }
}

TEST_CASE("uploader: an overloaded server is asked again until it takes it") {
  for (const int status : {429, 500, 502, 503, 504, 408}) {
    InfluxServer server(InfluxKind::influxdb2);
    server.script(first(3, {status, "busy"}));
    Pipeline pipeline(server.url());
    pipeline.put(lines_of(0, 10));
    REQUIRE(pipeline.send_all());
    CHECK(server.rows() == rows_of(0, 10));
    CHECK(server.writes().size() == 4);
    CHECK(pipeline.letters().empty());
  }
}

TEST_CASE("uploader: Retry-After outweighs the longest pause") {
  InfluxServer server(InfluxKind::influxdb2);
  server.script(first(1, {429, "", {{"Retry-After", "1"}}}));
  Pipeline pipeline(server.url());
  pipeline.put(lines_of(0, 10));
  const auto begun = std::chrono::steady_clock::now();
  REQUIRE(pipeline.send_all());
  CHECK(std::chrono::steady_clock::now() - begun >= 1s);
}

TEST_CASE("uploader: a conflicting field is taken out and the rest of its point stored") {
  for (const InfluxKind kind : k_all) {
    INFO(static_cast<int>(kind));
    InfluxServer server(kind);
    Pipeline pipeline(server.url());
    pipeline.put(line_of(0, "v=1,w=1"));
    REQUIRE(pipeline.send_all());
    pipeline.put(lines_of(1, 100) + line_of(100, "v=\"a\",w=2") + line_of(101, "v=2i,w=\"b\",x=1") +
                 line_of(102, "v=\"alone\"") + lines_of(103, 200));
    REQUIRE(pipeline.send_all());
    InfluxRows expected = rows_of(1, 200);
    expected[key_of(0)] = {{"v", "1"}, {"w", "1"}};
    expected[key_of(100)] = {{"w", "2"}};
    expected[key_of(101)] = {{"x", "1"}};
    expected.erase(key_of(102));
    CHECK(server.rows() == expected);
    const auto status = pipeline.status();
    CHECK(status.dead_lines == 4);
    const auto letters = pipeline.dead_letters.list();
    std::multiset<std::string> entities;
    for (const auto& letter : letters) {
      entities.insert(letter.entity_id);
      CHECK(letter.target == "home");
      CHECK_THAT(letter.reason, ContainsSubstring("type"));
    }
    CHECK(entities ==
          std::multiset<std::string>{"sensor.e100", "sensor.e101", "sensor.e101", "sensor.e102"});
  }
}

TEST_CASE("uploader: types that clash inside one request") {
  for (const InfluxKind kind : k_all) {
    INFO(static_cast<int>(kind));
    InfluxServer server(kind);
    Pipeline pipeline(server.url());
    pipeline.put(lines_of(0, 50) + line_of(50, "v=\"a\",w=1") + lines_of(51, 60));
    REQUIRE(pipeline.send_all());
    InfluxRows expected = rows_of(0, 60);
    expected[key_of(50)] = {{"w", "1"}};
    CHECK(server.rows() == expected);
    CHECK(pipeline.status().dead_lines == 1);
    // 1.6 says nothing of use at first, and the same once more brings the name.
    CHECK(server.writes().size() == (kind == InfluxKind::influxdb1 ? 3 : 2));
  }
}

TEST_CASE("uploader: the bad lines of a batch are found, the others go through") {
  for (const InfluxKind kind : k_all) {
    INFO(static_cast<int>(kind));
    InfluxServer server(kind);
    Pipeline pipeline(server.url());
    const std::string bad = "m,entity_id=sensor.bad v=what " + std::to_string(k_monday) + "\n";
    pipeline.put(bad + lines_of(0, 500) + bad + lines_of(500, 1'000));
    REQUIRE(pipeline.send_all());
    CHECK(server.rows() == rows_of(0, 1'000));
    const auto letters = pipeline.dead_letters.list();
    REQUIRE(letters.size() == 1);  // equal ones are kept once
    CHECK(letters[0].entity_id == "sensor.bad");
    CHECK(letters[0].line + "\n" == bad);
    CHECK_THAT(letters[0].reason,
               ContainsSubstring(kind == InfluxKind::influxdb3 ? "No fields were provided"
                                                               : "invalid boolean"));
    CHECK(pipeline.status().stored_lines == 1'000);
    CHECK(pipeline.status().dead_lines == 2);
  }
}

TEST_CASE("uploader: what is older than the retention is counted, conflicts behind it are found") {
  for (const InfluxKind kind : {InfluxKind::influxdb1, InfluxKind::influxdb2}) {
    INFO(static_cast<int>(kind));
    InfluxServer server(kind);
    server.expire_before(k_monday + 30 * k_second);
    Pipeline pipeline(server.url());
    pipeline.put(lines_of(50, 80) + lines_of(0, 50) + line_of(80, "v=\"a\",w=1"));
    REQUIRE(pipeline.send_all());
    InfluxRows expected = rows_of(30, 80);
    expected[key_of(80)] = {{"w", "1"}};
    CHECK(server.rows() == expected);
    CHECK(pipeline.status().expired_lines == 30);
    CHECK(pipeline.status().stored_lines == 51);
    CHECK(pipeline.status().dead_lines == 1);
  }
}

TEST_CASE("uploader: what is too big is split down to the line that is") {
  InfluxServer server(InfluxKind::influxdb1);
  server.script([](const InfluxRequest& request) -> std::optional<InfluxAnswer> {
    if (request.body.size() <= 2'000) return std::nullopt;
    return InfluxAnswer{413, R"({"error":"Request Entity Too Large"})"};
  });
  Pipeline pipeline(server.url());
  pipeline.put(lines_of(0, 200) + line_of(200, "s=\"" + std::string(3'000, 'x') + "\"") +
               lines_of(201, 400));
  REQUIRE(pipeline.send_all());
  InfluxRows expected = rows_of(0, 400);
  expected.erase(key_of(200));
  CHECK(server.rows() == expected);
  REQUIRE(pipeline.letters().size() == 1);
  CHECK(pipeline.dead_letters.list()[0].reason == "Request Entity Too Large");
}

TEST_CASE("uploader: a connection that is cut under a big body means too big, too") {
  InfluxServer server(InfluxKind::influxdb1);
  server.script([](const InfluxRequest& request) -> std::optional<InfluxAnswer> {
    if (std::stoul(request.headers.at("content-length")) < 400'000) return std::nullopt;
    InfluxAnswer cut;
    cut.fault = InfluxFault::reset_before_body;
    return cut;
  });
  Pipeline pipeline(server.url());
  std::string lines;
  for (int i = 0; i < 900; ++i) lines += line_of(i, "s=\"" + std::string(1'000, 'x') + "\"");
  pipeline.put(lines);
  REQUIRE(pipeline.send_all());
  CHECK(server.rows().size() == 900);
  CHECK(pipeline.letters().empty());
}

TEST_CASE("uploader: an operator's mistake is held, and mended without a restart") {
  InfluxServer server(InfluxKind::influxdb2);
  server.require("Token right");
  Pipeline pipeline(server.url());
  pipeline.options.target.token = base::Secret("wrong");
  pipeline.put(lines_of(0, 10));
  pipeline.start();
  REQUIRE(pipeline.reaches(State::held));
  CHECK(pipeline.status().last_error ==
        "the credentials are refused; check token, user and password (unauthorized access)");
  CHECK(pipeline.status().failing_since.has_value());
  CHECK_FALSE(pipeline.all_stored());
  CHECK(pipeline.spool.depth("home").lines == 10);
  server.require("Token wrong");
  REQUIRE(pipeline.send_all());
  CHECK(server.rows() == rows_of(0, 10));
  CHECK(pipeline.status().state == State::idle);
  CHECK(pipeline.status().last_error.empty());
  CHECK_FALSE(pipeline.status().failing_since.has_value());
}

TEST_CASE("uploader: a target that lacks what the server needs is held") {
  InfluxServer server(InfluxKind::influxdb2);
  Pipeline pipeline(server.url());
  pipeline.options.target.org.clear();
  pipeline.put(line_of(0));
  pipeline.start();
  REQUIRE(pipeline.reaches(State::held));
  CHECK(pipeline.status().last_error == "it needs an organisation, and none is set");
}

TEST_CASE("uploader: another server at the same address after an outage") {
  InfluxServer server(InfluxKind::influxdb1);
  Pipeline pipeline(server.url());
  pipeline.put(lines_of(0, 10));
  REQUIRE(pipeline.send_all());
  server.become(InfluxKind::influxdb3);
  pipeline.put(lines_of(10, 20));
  REQUIRE(pipeline.send_all());
  CHECK(server.rows() == rows_of(10, 20));
  CHECK(pipeline.status().flavour == Flavour::influxdb3);
}

TEST_CASE("uploader: the log says each state once") {
  base::log::configure(base::log::Level::info, base::log::Format::text);
  const StderrCapture capture;
  InfluxServer server(InfluxKind::influxdb1);
  Pipeline pipeline(server.url());
  pipeline.options.target.password = base::Secret("pa55word");
  pipeline.options.target.username = "me";
  pipeline.put(line_of(0));
  REQUIRE(pipeline.send_all());
  server.stop();
  pipeline.put(lines_of(1, 1'001));
  pipeline.put(lines_of(1'001, 1'301), true);
  REQUIRE(pipeline.reaches(State::retrying));
  CHECK(eventually([&] { return pipeline.status().last_error == "connection refused"; }));
  server.start();
  REQUIRE(pipeline.send_all());
  CHECK(server.rows() == rows_of(0, 1'301));
  const std::size_t before = server.writes().size();
  server.script([before](const InfluxRequest& request) -> std::optional<InfluxAnswer> {
    if (request.number > before + 5) return std::nullopt;
    return InfluxAnswer{503, "queue full: " + std::to_string(request.number) + "\n"};
  });
  pipeline.put(line_of(1'301));
  REQUIRE(pipeline.send_all());
  CHECK(server.writes().size() == before + 6);
  base::log::configure(base::log::Level::warning, base::log::Format::text);
  const std::string log = capture.text();
  const auto times = [&log](const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = log.find(text, at)) != std::string::npos; ++at) ++count;
    return count;
  };
  INFO(log);
  CHECK(times("InfluxDB 1 at " + server.url() +
              ": connection refused; events are kept in the spool and sent when it answers "
              "again\n") == 1);
  CHECK(times("InfluxDB 1 at " + server.url() + " answers again after 0 s; 1 300 points wait\n") ==
        1);
  CHECK(times("it is overloaded or starting (queue full: " + std::to_string(before + 1) +
              "); events are kept in the spool and sent when it answers again\n") == 1);
  CHECK(times("it is overloaded or starting") == 1);
  CHECK(times("answers again after 0 s; 1 point waits\n") == 1);
  CHECK(times("pa55word") == 0);
  CHECK(times("\n") <= 6);
}

TEST_CASE("uploader: two requests on their way, and none beside a block that must be alone") {
  InfluxServer server(InfluxKind::influxdb1);
  // The first one is not answered before there is a second one.
  server.script([&](const InfluxRequest& request) {
    InfluxAnswer slow;
    slow.delay = request.number == 1 ? 20s : 10ms;
    return slow;
  });
  Pipeline pipeline(server.url());
  for (int i = 0; i < 6; ++i) pipeline.put(lines_of(i * 4'000, (i + 1) * 4'000));
  pipeline.put(line_of(1, "alone=1"), true);
  pipeline.put(line_of(1, "alone=2"), true);
  for (int i = 6; i < 9; ++i) pipeline.put(lines_of(i * 4'000, (i + 1) * 4'000));
  pipeline.start();
  REQUIRE(eventually([&] { return server.writes().size() >= 2; }));
  REQUIRE(eventually([&] {
    server.release();
    return server.writes().size() >= 3;
  }));
  REQUIRE(pipeline.send_all());
  const auto writes = server.writes();
  std::size_t most = 0;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    most = std::max(most, writes[i].at_once);
    if (writes[i].body.find("alone=") == std::string::npos) continue;
    CHECK(writes[i].at_once == 1);
  }
  CHECK(most == 2);
  auto expected = rows_of(0, 36'000);
  expected[key_of(1)]["alone"] = "2";
  CHECK(server.rows() == expected);
}

TEST_CASE("uploader: VictoriaMetrics gets numbers only, and time before it is believed") {
  InfluxServer server(InfluxKind::victoria_metrics);
  Pipeline pipeline(server.url());
  pipeline.options.hold = 600ms;
  pipeline.put(line_of(0, "state=\"21\",value=21") + line_of(1, "state=\"on\"") +
               line_of(2, "state=\"away\""));
  pipeline.start();
  REQUIRE(eventually([&] { return server.samples() == 2; }));
  CHECK(pipeline.spool.depth("home").lines == 3);
  CHECK(pipeline.status().stored_lines == 0);
  REQUIRE(pipeline.send_all());
  CHECK(server.samples() == 2);
  CHECK(pipeline.status().stored_lines == 2);
  CHECK(pipeline.status().dropped_texts == 2);
  CHECK(pipeline.status().repeated_lines == 0);
}

TEST_CASE("uploader: what VictoriaMetrics forgets in a crash is sent again, even unnoticed") {
  InfluxServer server(InfluxKind::victoria_metrics);
  Pipeline pipeline(server.url());
  pipeline.options.hold = 600ms;
  pipeline.put(lines_of(0, 10));
  pipeline.start();
  REQUIRE(eventually([&] { return server.samples() == 10; }));
  server.flush();
  pipeline.put(lines_of(10, 30));
  REQUIRE(eventually([&] { return server.samples() == 30; }));
  server.crash();  // up again before anybody has asked
  REQUIRE(server.samples() == 10);
  REQUIRE(pipeline.send_all());
  CHECK(server.samples() == 40);  // of the 10 it cannot be known
  CHECK(pipeline.status().stored_lines == 30);
  CHECK(pipeline.status().repeated_lines == 30);
}

TEST_CASE("uploader: a target that is away is known before there is a point for it") {
  base::log::configure(base::log::Level::info, base::log::Format::text);
  const StderrCapture capture;
  InfluxServer server(InfluxKind::influxdb1);
  server.stop();
  Pipeline pipeline(server.url());
  pipeline.options.one_of_several = true;
  pipeline.start();
  REQUIRE(pipeline.reaches(State::retrying));
  CHECK(pipeline.status().last_error == "connection refused");
  server.start();
  REQUIRE(pipeline.reaches(State::idle));
  CHECK(pipeline.status().flavour == Flavour::influxdb1);
  CHECK(server.writes().empty());
  base::log::configure(base::log::Level::warning, base::log::Format::text);
  const std::string log = capture.text();
  INFO(log);
  CHECK(log.find("home, InfluxDB at " + server.url() + ": connection refused; ") !=
        std::string::npos);
  CHECK(log.find("home, InfluxDB 1 at " + server.url() +
                 " answers again after 0 s; 0 points wait\n") != std::string::npos);
}

TEST_CASE("uploader: at the end a target in trouble is tried once more, and no longer waited for") {
  InfluxServer server(InfluxKind::influxdb1);
  Pipeline pipeline(server.url());
  pipeline.options.longest_pause = 1h;
  pipeline.put(line_of(0));
  REQUIRE(pipeline.send_all());
  server.stop();
  pipeline.put(line_of(1));
  REQUIRE(pipeline.reaches(State::retrying));
  CHECK_FALSE(pipeline.uploader->drained());
  SECTION("in vain") {
    pipeline.uploader->begin_drain();
    CHECK(eventually([&] { return pipeline.uploader->drained(); }));
    CHECK_FALSE(pipeline.all_stored());
  }
  SECTION("and takes it") {
    server.start();
    pipeline.uploader->begin_drain();
    CHECK(eventually([&] { return pipeline.uploader->drained(); }));
    CHECK(pipeline.all_stored());
    CHECK(server.rows() == rows_of(0, 2));
  }
}

TEST_CASE("uploader: at the end VictoriaMetrics is not waited for to stay up") {
  InfluxServer server(InfluxKind::victoria_metrics);
  Pipeline pipeline(server.url());
  pipeline.options.hold = 1h;
  pipeline.put(lines_of(0, 10));
  pipeline.start();
  pipeline.uploader->begin_drain();
  REQUIRE(eventually([&] { return pipeline.uploader->drained(); }));
  CHECK(server.samples() == 10);
  CHECK_FALSE(pipeline.all_stored());
  CHECK(pipeline.spool.depth("home").lines == 10);
}

TEST_CASE("uploader: ends at once in the middle of everything, and goes on at the next start") {
  InfluxServer server(InfluxKind::influxdb1);
  InfluxAnswer hang;
  hang.fault = InfluxFault::hang;
  server.script(first(1, hang));
  Pipeline pipeline(server.url());
  pipeline.put(lines_of(0, 10));
  pipeline.start();
  REQUIRE(eventually([&] { return server.writes().size() == 1; }));
  const auto begun = std::chrono::steady_clock::now();
  pipeline.uploader.reset();
  CHECK(std::chrono::steady_clock::now() - begun < 3s);
  CHECK(pipeline.spool.depth("home").lines == 10);
  server.release();
  REQUIRE(pipeline.send_all());
  CHECK(server.rows() == rows_of(0, 10));
}

TEST_CASE("uploader: dead letters that cannot be written hold the points") {
  InfluxServer server(InfluxKind::influxdb1);
  Pipeline pipeline(server.url());
  write_file(pipeline.folder.file("db-dead"), "this is no such file, and long enough to be one\n");
  pipeline.put(lines_of(0, 3) + "m,entity_id=sensor.bad v=what 1\n");
  pipeline.start();
  REQUIRE(pipeline.reaches(State::held));
  CHECK_THAT(pipeline.status().last_error,
             ContainsSubstring("refused points cannot be put aside: "));
  CHECK(pipeline.spool.depth("home").lines == 4);
  std::filesystem::remove(pipeline.folder.file("db-dead"));
  REQUIRE(pipeline.send_all());
  CHECK(server.rows() == rows_of(0, 3));
  CHECK(pipeline.letters().size() == 1);
}

TEST_CASE("uploader: a worker that cannot go on says so") {
  InfluxServer server(InfluxKind::influxdb1);
  Pipeline pipeline(server.url());
  pipeline.options.clock = []() -> base::Timestamp { throw std::runtime_error("no time"); };
  std::promise<std::string> why;
  pipeline.options.failed = [&why](const std::string& line) { why.set_value(line); };
  pipeline.put(line_of(0));
  pipeline.start();
  auto said = why.get_future();
  REQUIRE(said.wait_for(20s) == std::future_status::ready);
  CHECK(said.get() == "the uploader to home cannot go on: no time");
}

TEST_CASE("uploader: where nobody listens to that, the process ends with a line") {
  Pipeline pipeline("http://127.0.0.1:1");
  pipeline.options.clock = []() -> base::Timestamp { throw std::runtime_error("no time"); };
  pipeline.put(line_of(0));
  const StderrCapture capture;
  const pid_t child = ::fork();  // no thread is running here
  if (child == 0) {
    pipeline.start();
    std::this_thread::sleep_for(20s);  // ended long before
    std::_Exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
  CHECK_THAT(capture.text(),
             ContainsSubstring(" error the uploader to home cannot go on: no time\n"));
}

TEST_CASE("uploader: a URL that is none is refused at once") {
  Pipeline pipeline("http://me:secret@nas:8086");
  CHECK_THROWS_AS(pipeline.start(), base::Failure);
}
