// SPDX-License-Identifier: MIT
// The data API over real sockets: the protocol, the limits and time-outs, the stop, the file that
// changes underneath.
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <future>

#include "core/jobs/serve.hpp"
#include "core/sqlite/writer_lock.hpp"
#include "tests/integration/api_client.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sql.hpp"

using namespace haingest;
using test::Client;
using test::Served;
using namespace std::chrono_literals;

namespace {

const std::string k_get = "GET /api/devices?fields=device_id HTTP/1.1\r\nHost: localhost\r\n\r\n";
const std::string k_three =
    R"({"devices":[{"device_id":"d0"},{"device_id":"d1"},{"device_id":"d2"}],"count":3,"limit":100,)"
    R"("total":3,"offset":0})";

api::Options with_limits(const std::function<void(api::Limits&)>& change) {
  api::Options options;
  change(options.limits);
  return options;
}

std::string total_of(const std::string& body) {
  const auto at = body.find("\"total\":") + 8;
  return body.substr(at, body.find(',', at) - at);
}

}  // namespace

TEST_CASE("server: keep-alive, request after request, the same bytes each time") {
  Served served;
  Client client(served.port);
  std::string etag;
  for (int i = 0; i < 50; ++i) {
    REQUIRE(client.send(k_get));
    const auto answer = client.read();
    CHECK(answer.status == 200);
    CHECK(answer.body == k_three);
    CHECK(answer.header("Connection").empty());
    CHECK(answer.header("Date").size() == 29);
    if (i > 0) CHECK(answer.header("ETag") == etag);
    etag = answer.header("ETag");
  }
}

TEST_CASE("server: pipelined requests are answered in order, however they are cut") {
  Served served;
  Client client(served.port);
  std::string requests;
  for (int i = 0; i < 3; ++i) {
    requests += k_get + k_get + "GET /api/devices/d" + std::to_string(i) +
                "?fields=device_id HTTP/1.1\r\nHost: localhost\r\n\r\n" +
                "POST /internal/devices/bulk_upsert HTTP/1.1\r\nHost: localhost\r\n"
                "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n[]\r\n";
  }
  SECTION("all at once") { REQUIRE(client.send(requests)); }
  SECTION("byte by byte") {
    for (const char byte : requests) REQUIRE(client.send(std::string(1, byte)));
  }
  SECTION("in sevens") {
    for (std::size_t at = 0; at < requests.size(); at += 7)
      REQUIRE(client.send(requests.substr(at, 7)));
  }
  for (int i = 0; i < 3; ++i) {
    CHECK(client.read().body == k_three);
    CHECK(client.read().body == k_three);
    CHECK(client.read().body == R"({"device_id":"d)" + std::to_string(i) + "\"}");
    CHECK(client.read().body.starts_with(R"({"success":true,"upserted":0,)"));
  }
}

TEST_CASE("server: HEAD has the header of GET and no body") {
  Served served;
  Client client(served.port);
  const auto get = client.get("/api/devices");
  for (int i = 0; i < 3; ++i) {
    REQUIRE(client.send("HEAD /api/devices HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    const auto head = client.read(true);
    CHECK(head.status == 200);
    CHECK(head.header("Content-Length") == std::to_string(get.body.size()));
    CHECK(head.header("ETag") == get.header("ETag"));
  }
  CHECK(client.get("/api/devices").body == get.body);  // nothing of a body in between
}

TEST_CASE("server: ETag and 304, gzip, and both together") {
  Served served({}, 30);
  Client client(served.port);
  const auto plain = client.get("/api/devices");
  const auto packed = client.get("/api/devices", "Accept-Encoding: gzip\r\n");
  CHECK(packed.header("Content-Encoding") == "gzip");
  CHECK(packed.body.size() < plain.body.size() / 4);
  CHECK(test::gunzip(packed.body) == plain.body);
  for (const auto& etag : {plain.header("ETag"), packed.header("ETag")}) {
    client.send("GET /api/devices HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: " + etag +
                "\r\n\r\n");
    const auto unchanged = client.read(true);
    CHECK(unchanged.status == 304);
    CHECK(unchanged.header("ETag") == plain.header("ETag"));
  }
  test::fill(served.path, 31);
  CHECK(client.get("/api/devices", "If-None-Match: " + plain.header("ETag") + "\r\n").status ==
        200);
}

TEST_CASE("server: a CORS preflight, then the read it was for") {
  api::Options options;
  options.cors_origins = {"https://dash.example"};
  Served served(options);
  Client client(served.port);
  client.send(
      "OPTIONS /api/devices HTTP/1.1\r\nHost: localhost\r\nOrigin: https://dash.example\r\n"
      "Access-Control-Request-Method: GET\r\n\r\n");
  const auto preflight = client.read(true);
  CHECK(preflight.status == 204);
  CHECK(preflight.header("Access-Control-Allow-Origin") == "https://dash.example");
  const auto answer = client.get("/api/devices", "Origin: https://dash.example\r\n");
  CHECK(answer.header("Access-Control-Allow-Origin") == "https://dash.example");
  // Another page on the same connection, asking in the same bytes but for its origin.
  CHECK(client.get("/api/devices", "Origin: https://evil.example\r\n")
            .header("Access-Control-Allow-Origin")
            .empty());
}

TEST_CASE(
    "server: Expect: 100-continue is answered before the body, chunked bodies are put together") {
  Served served;
  Client client(served.port);
  const std::string head =
      "POST /internal/devices/bulk_upsert HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/json\r\n";
  client.send(head + "Expect: 100-continue\r\nContent-Length: 22\r\n\r\n");
  CHECK(client.read(true).status == 100);
  client.send(R"([{"id":"e","name":"D"}])");
  // One byte more than announced is the next request's; the body is what was announced.
  CHECK(client.read().status == 422);
  Client again(served.port);
  again.send(head + "Transfer-Encoding: chunked\r\n\r\n5\r\n[{\"id\r\n");
  again.send("12;ext=1\r\n\":\"e\",\"name\":\"E\"}]\r\n0\r\nTrailer: x\r\n\r\n");
  CHECK(again.read().body.starts_with(R"({"success":true,"upserted":1,)"));
  CHECK(again.get("/api/devices/e?fields=name").body == R"({"name":"E"})");
}

TEST_CASE("server: a header that takes too long is 408, one that never begins is closed") {
  Served served(with_limits([](api::Limits& limits) {
    limits.header_time = 200ms;
    limits.keep_alive_time = 400ms;
  }));
  Client slow(served.port);
  const auto begin = std::chrono::steady_clock::now();
  slow.send("GET /api/devices HTTP/1.1\r\n");
  // A byte now and then does not buy more time.
  const bool ended = test::eventually([&] {
    slow.send("X");
    pollfd wait{slow.fd(), POLLIN, 0};
    return ::poll(&wait, 1, 20) > 0;
  });
  CHECK(ended);
  CHECK(std::chrono::steady_clock::now() - begin < 3s);
  const auto answer = slow.read();
  CHECK(answer.status == 408);
  CHECK(answer.header("Connection") == "close");
  Client silent(served.port);
  CHECK(silent.closed(3s));
}

TEST_CASE(
    "server: a body whose next byte takes too long is 408; one that comes steadily is taken") {
  Served served(with_limits([](api::Limits& limits) { limits.body_idle_time = 300ms; }));
  const std::string head =
      "POST /internal/devices/bulk_upsert HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/json\r\n"
      "Content-Length: 40\r\n\r\n";
  Client stuck(served.port);
  stuck.send(head + "[");
  const auto answer = stuck.read();
  CHECK(answer.status == 408);
  CHECK(answer.body.find("The request's body took too long.") != std::string::npos);
  Client steady(served.port);
  const auto begin = std::chrono::steady_clock::now();
  steady.send(head);
  for (int i = 0; i < 38; ++i) {
    steady.send(" ");
    pollfd wait{steady.fd(), POLLIN, 0};
    REQUIRE(::poll(&wait, 1, 20) == 0);
  }
  steady.send("[]");
  CHECK(steady.read().status == 200);
  CHECK(std::chrono::steady_clock::now() - begin > 600ms);
}

TEST_CASE("server: header and body have a size, and who exceeds it is told and let go") {
  Served served(with_limits([](api::Limits& limits) {
    limits.header_bytes = 2048;
    limits.body_bytes = 4096;
  }));
  const std::string start = "GET /api/devices HTTP/1.1\r\nHost: localhost\r\nX: ";
  Client fits(served.port);
  fits.send(start + std::string(2048 - start.size() - 4, 'x') + "\r\n\r\n");
  CHECK(fits.read().status == 200);
  Client large(served.port);
  large.send(start + std::string(2048 - start.size() - 3, 'x') + "\r\n\r\n");
  CHECK(large.read().status == 431);
  CHECK(large.closed());
  Client endless(served.port);
  endless.send(start + std::string(8192, 'x'));
  CHECK(endless.read().status == 431);

  const std::string post =
      "POST /internal/devices/bulk_upsert HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/json\r\n";
  Client announced(served.port);
  announced.send(post + "Content-Length: 4097\r\n\r\n");
  CHECK(announced.read().status == 413);
  Client chunked(served.port);
  chunked.send(post + "Transfer-Encoding: chunked\r\n\r\n2000\r\n" + std::string(0x2000, ' '));
  CHECK(chunked.read().status == 413);
  Client hidden(served.port);  // a chunk's line without an end
  hidden.send(post + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(8192, 'x'));
  CHECK(hidden.read().status == 400);
  Client body_fits(served.port);
  CHECK(body_fits.post("/internal/devices/bulk_upsert", "[]" + std::string(4094, ' ')).status ==
        200);
}

TEST_CASE("server: a stranger's body is not read beyond what a refusal needs") {
  api::Options options;
  options.api_token = base::Secret{"t"};
  Served served(options);
  Client client(served.port);
  client.send(
      "POST /internal/snapshot HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 60000000\r\n\r\n");
  const auto answer = client.read();
  CHECK(answer.status == 401);
  CHECK(answer.header("Connection") == "close");
}

TEST_CASE("server: bodies that are on their way at once are bounded together") {
  Served served(with_limits([](api::Limits& limits) { limits.body_bytes_at_once = 100'000; }));
  const std::string head =
      "POST /internal/devices/bulk_upsert HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/json\r\n"
      "Content-Length: 90000\r\n\r\n";
  Client first(served.port);
  first.send(head + std::string(80'000, ' '));
  Client second(served.port);
  second.send(head + std::string(80'000, ' '));
  // One of the two is refused; what it held is free again, so the other can end.
  pollfd waits[2] = {{first.fd(), POLLIN, 0}, {second.fd(), POLLIN, 0}};
  REQUIRE(::poll(waits, 2, 10'000) == 1);
  Client& refused = waits[0].revents != 0 ? first : second;
  Client& other = waits[0].revents != 0 ? second : first;
  CHECK(refused.read().status == 503);
  other.send(std::string(9'998, ' ') + "[]");
  CHECK(other.read().status == 200);
}

TEST_CASE("server: a connection ends after so many requests, and says so") {
  Served served(with_limits([](api::Limits& limits) { limits.requests_per_connection = 3; }));
  Client client(served.port);
  CHECK(client.get("/api/devices").header("Connection").empty());
  CHECK(client.get("/api/devices").header("Connection").empty());
  const auto last = client.get("/api/devices");
  CHECK(last.status == 200);
  CHECK(last.header("Connection") == "close");
  CHECK(client.closed());
}

TEST_CASE("server: what is no HTTP is answered 400 at once and closed") {
  Served served;
  for (const std::string& noise :
       {std::string{"\x16\x03\x01\x02"}, std::string{"SSH-2.0-x\r\n\r\n"}, std::string(5000, 'A'),
        std::string{"GET / HTTP/1.1\r\n\r\n"}}) {
    Client client(served.port);
    client.send(noise);
    CHECK(client.read().status == 400);
    CHECK(client.closed());
  }
}

TEST_CASE(
    "server: at the cap the connection that has waited longest is closed, never a new one "
    "refused") {
  Served served(with_limits([](api::Limits& limits) { limits.connections = 4; }));
  Client oldest(served.port);  // has never sent a byte
  CHECK_FALSE(oldest.closed(50ms));
  Client slow(served.port);  // is in the middle of a header
  slow.send("GET / HTTP/1.1\r\n");
  Client used(served.port);
  Client newest(served.port);
  CHECK(newest.get("/api/devices").status == 200);
  CHECK(used.get("/api/devices").status == 200);  // so it waits for less long than the others
  Client fifth(served.port);
  CHECK(fifth.get("/api/devices").status == 200);
  CHECK(oldest.closed());
  Client sixth(served.port);
  CHECK(sixth.get("/api/devices").status == 200);
  CHECK(slow.closed());
  CHECK(used.get("/api/devices").status == 200);
  Client seventh(served.port);
  CHECK(seventh.get("/api/devices").status == 200);
  CHECK(newest.closed());
  CHECK(used.get("/api/devices").status == 200);
  CHECK(fifth.get("/api/devices").status == 200);
}

TEST_CASE("server: a reader who takes nothing is let go, and costs no copy of the answer") {
  Served served(with_limits([](api::Limits& limits) { limits.write_time = 300ms; }), 1000);
  Client greedy(served.port);
  std::string many;
  for (int i = 0; i < 400; ++i)
    many += "GET /api/devices?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n";
  greedy.send(many);
  CHECK(test::eventually([&] {
    char byte = 0;
    return ::send(greedy.fd(), "x", 1, MSG_NOSIGNAL) < 0 ||
           (::recv(greedy.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == ECONNRESET);
  }));
  CHECK(Client(served.port).get("/api/devices?limit=1").status == 200);
}

TEST_CASE("server: RLIMIT_NOFILE is raised to what the connections need") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit low = before;
  low.rlim_cur = 256;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  {
    Served served;
    rlimit raised{};
    ::getrlimit(RLIMIT_NOFILE, &raised);
    CHECK(raised.rlim_cur == std::min<rlim_t>(before.rlim_max, 1024 + 64));
    CHECK(Client(served.port).get("/health").status == 200);
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_CASE("server: out of descriptors, somebody idle goes so that a new one can come") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  Served served;
  std::vector<Client> idle;
  for (int i = 0; i < 8; ++i) idle.emplace_back(served.port);
  CHECK(idle.back().get("/api/devices").status == 200);
  // Sockets for the clients are there already; the server's accept finds none.
  Client late(served.port);
  CHECK(late.get("/api/devices").status == 200);
  const int next_free = ::dup(0);
  ::close(next_free);
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(served.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(next_free) + 1;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  // Nothing is checked in here: sanitizers need descriptors for their own looks.
  const int connected =
      ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const auto sent = ::send(socket, k_get.data(), k_get.size(), MSG_NOSIGNAL);
  pollfd wait{socket, POLLIN, 0};
  const int answered = ::poll(&wait, 1, 10'000);
  ::setrlimit(RLIMIT_NOFILE, &before);
  ::close(socket);
  CHECK(connected == 0);
  CHECK(sent == static_cast<ssize_t>(k_get.size()));
  CHECK(answered == 1);
  CHECK(idle.front().closed());
}

TEST_CASE("server: a stop answers what is in flight, closes the idle, accepts no more, and ends") {
  Served served;
  Client idle(served.port);
  CHECK(idle.get("/api/devices").status == 200);
  // Somebody else writes, so the client's write has to wait.
  auto lock = std::make_unique<sqlite::WriterLock>(served.path, 5s);
  const std::string head =
      "POST /internal/devices/bulk_upsert HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: application/json\r\n";
  Client writing(served.port);
  writing.send(head + "Content-Length: 23\r\n\r\n" + R"([{"id":"z","name":"Z"}])");
  Client uploading(served.port);
  uploading.send(head + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(uploading.read(true).status == 100);  // so what came before it has been read, too
  served.service->stop();
  CHECK(idle.closed());
  CHECK_FALSE(served.ended);
  CHECK(test::eventually([&] {
    try {
      return Client(served.port).closed(100ms);
    } catch (const std::runtime_error&) {
      return true;
    }
  }));
  uploading.send("[]");
  lock.reset();
  const auto answer = writing.read();
  CHECK(answer.body.starts_with(R"({"success":true,"upserted":1,)"));
  CHECK(answer.header("Connection") == "close");
  CHECK(uploading.read().status == 200);
  CHECK(test::eventually([&] { return served.ended.load(); }));
  CHECK(test::query(served.path, "SELECT name FROM devices WHERE device_id = 'z'") == "Z\n");
}

TEST_CASE("server: a request that has arrived before the stop is answered") {
  for (int round = 0; round < 20; ++round) {
    Served served;
    Client used(served.port);
    CHECK(used.get("/api/devices?fields=device_id").body == k_three);
    Client fresh(served.port);
    used.send(k_get);
    fresh.send(k_get);
    served.service->stop();
    CHECK(used.read().body == k_three);
    CHECK(fresh.read().body == k_three);
  }
}

TEST_CASE("server: a stop does not wait longer than it was told, a second one not at all") {
  Served served(with_limits([](api::Limits& limits) { limits.drain_time = 300ms; }));
  const sqlite::WriterLock lock(served.path, 5s);
  Client writing(served.port);
  writing.send(
      "POST /internal/devices/bulk_upsert HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/json\r\n"
      "Content-Length: 22\r\n\r\n[{\"id\":\"z\",\"name\":\"\"}]");
  CHECK(Client(served.port).get("/health").status == 200);
  served.service->stop();
  SECTION("the time is over") {}
  SECTION("a second stop") { served.service->stop(); }
  CHECK(test::eventually([&] { return served.ended.load(); }, 5s));
  CHECK(writing.closed());
}

TEST_CASE("server: changes by another process are seen by the next request") {
  Served served;
  Client client(served.port);
  CHECK(total_of(client.get("/api/devices").body) == "3");
  for (const int devices : {5, 4, 9}) {
    const auto outcome =
        test::run({{"/proc/self/exe", "[.fill]"},
                   {{"FILL_PATH", served.path}, {"FILL_DEVICES", std::to_string(devices)}},
                   ""});
    REQUIRE(outcome.exit_code == 0);
    CHECK(total_of(client.get("/api/devices").body) == std::to_string(devices));
  }
}

TEST_CASE("fills a store for the test above", "[.fill]") {
  test::fill(::getenv("FILL_PATH"), std::stoi(::getenv("FILL_DEVICES")));
}

TEST_CASE("server: a file that does not exist yet is empty, and is served when it comes") {
  test::TempDir dir;
  api::Options options;
  options.database_path = dir.file("metadata.db");
  Served served(options, 0);
  Client client(served.port);
  CHECK(total_of(client.get("/api/devices").body) == "0");
  CHECK(client.get("/health").body.find("\"degraded\"") != std::string::npos);
  test::fill(served.path, 2);
  CHECK(test::eventually([&] { return total_of(client.get("/api/devices").body) == "2"; }));
  CHECK(client.get("/health").body.find("\"healthy\"") != std::string::npos);
}

TEST_CASE("server: a write into a file that does not exist yet makes it and is seen at once") {
  test::TempDir dir;
  api::Options options;
  options.database_path = dir.file("metadata.db");
  Served served(options, 0);
  Client client(served.port);
  CHECK(client.post("/internal/devices/bulk_upsert", R"([{"id":"a","name":"A"}])").status == 200);
  CHECK(total_of(client.get("/api/devices").body) == "1");
}

TEST_CASE("server: a file that was replaced is noticed, one that was taken away is empty") {
  Served served;
  Client client(served.port);
  CHECK(total_of(client.get("/api/devices").body) == "3");
  const std::string other = served.dir.file("other.db");
  test::fill(other, 7);
  test::execute(other, "PRAGMA wal_checkpoint(TRUNCATE)");
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(served.path + suffix);
  std::filesystem::rename(other, served.path);
  CHECK(test::eventually([&] { return total_of(client.get("/api/devices").body) == "7"; }));
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(served.path + suffix);
  CHECK(test::eventually([&] { return total_of(client.get("/api/devices").body) == "0"; }));
}

TEST_CASE("server: a port that is taken and an address that is none are told") {
  Served served;
  api::Options options;
  options.database_path = served.path;
  options.listen = {{"127.0.0.1", served.port}};
  CHECK_THROWS_WITH(
      api::Service(options),
      "cannot listen on 127.0.0.1 port " + std::to_string(served.port) +
          ": another program listens there; stop it or choose another port with --listen");
  options.listen = {{"nas.example", 0}};
  CHECK_THROWS_WITH(
      api::Service(options),
      "cannot listen on \"nas.example\": that is no IP address; use 127.0.0.1 for this machine "
      "alone, 0.0.0.0 or :: for every network");
}

TEST_CASE("server: several addresses are served at once, IPv6 in brackets") {
  test::TempDir dir;
  api::Options options;
  options.database_path = dir.file("metadata.db");
  options.listen = {{"127.0.0.1", 0}, {"localhost", 0}, {"::1", 0}};
  api::Service service(options);
  std::thread thread([&] { service.run(); });
  const auto urls = service.urls();
  REQUIRE(urls.size() == 3);
  CHECK(urls[2].starts_with("http://[::1]:"));
  for (const std::string& url : {urls[0], urls[1]}) {
    CHECK(url.starts_with("http://127.0.0.1:"));
    const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    CHECK(Client(port).get("/health").status == 200);
  }
  service.stop();
  thread.join();
}

TEST_CASE("serve: makes the database, says where it listens, and ends well on a signal") {
  test::TempDir dir;
  jobs::ServeOptions options;
  options.data_api.database_path = dir.file("metadata.db");
  options.data_api.listen = {{"127.0.0.1", 0}};
  net::StopSignal stop;
  std::promise<std::vector<std::string>> ready;
  auto outcome = std::async(std::launch::async, [&] {
    return jobs::serve(
        options, [&](const std::vector<std::string>& urls) { ready.set_value(urls); }, stop);
  });
  const auto urls = ready.get_future().get();
  REQUIRE(urls.size() == 1);
  CHECK(std::filesystem::exists(options.data_api.database_path));
  const auto port = static_cast<std::uint16_t>(std::stoi(urls[0].substr(urls[0].rfind(':') + 1)));
  CHECK(Client(port).get("/health").status == 200);
  ::kill(::getpid(), SIGTERM);
  CHECK(outcome.get().has_value());
}

TEST_CASE("serve: adopts what ha-ingestor left, and says what it can't serve") {
  test::TempDir dir;
  net::StopSignal stop;
  jobs::ServeOptions options;
  options.data_api.database_path = dir.file("metadata.db");
  options.data_api.listen = {{"127.0.0.1", 0}};
  const auto serve = [&] {
    stop.request();
    return jobs::serve(options, {}, stop);
  };
  SECTION("an old file") {
    test::execute(
        options.data_api.database_path,
        "CREATE TABLE devices (device_id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR NOT NULL);"
        "CREATE TABLE entities (entity_id VARCHAR NOT NULL PRIMARY KEY, device_id VARCHAR, domain "
        "VARCHAR NOT NULL); INSERT INTO devices VALUES ('m1', 'Mock')");
    CHECK(serve().has_value());
    CHECK(test::query(options.data_api.database_path, "SELECT device_id, confirmed FROM devices") ==
          "m1|0\n");
  }
  SECTION("a newer schema") {
    test::execute(options.data_api.database_path, "CREATE TABLE x (y); PRAGMA user_version = 99");
    const auto refused = serve();
    REQUIRE(refused.has_error());
    CHECK(refused.error().kind == base::ErrorKind::guard);
  }
  SECTION("no database") {
    test::write_file(options.data_api.database_path,
                     "this is a text, long enough to be looked at by SQLite");
    const auto refused = serve();
    REQUIRE(refused.has_error());
    CHECK(refused.error().kind == base::ErrorKind::failure);
    CHECK(refused.error().message.find("is no SQLite database") != std::string::npos);
  }
  SECTION("a folder that is not there") {
    options.data_api.database_path = dir.file("none/metadata.db");
    const auto refused = serve();
    REQUIRE(refused.has_error());
    CHECK(refused.error().message.find("No such file or directory") != std::string::npos);
  }
}
