// SPDX-License-Identifier: MIT
// What stands around an answer: ETag, gzip, what is kept and for how long.

#include "core/api/cache.hpp"
#include "core/api/gzip.hpp"
#include "core/api/listen.hpp"
#include "core/api/problem.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/api/fixture.hpp"

using namespace haingest;
using test::Api;
using test::request_of;

namespace {

// A Library whose version moves with every look, as though somebody committed all the time.
class Restless final : public api::Library {
 public:
  std::uint64_t version() override { return ++version_; }
  std::shared_ptr<const model::World> world() override {
    ++worlds;
    return std::make_shared<const model::World>(model::Stored{});
  }
  std::vector<store::RemovedRecord> removed(model::Kind /*kind*/) override { return {}; }
  store::ChangesPage changes_since(std::int64_t /*since*/, std::int64_t /*limit*/) override {
    return {};
  }
  std::optional<model::Run> last_run() override { throw std::runtime_error("a bug"); }
  std::optional<model::Run> last_snapshot_run() override { return std::nullopt; }
  store::Reader::FileInfo file_info() override { return {}; }
  std::optional<model::WatchStatus> watch_status() override { return std::nullopt; }
  void refresh() override {}

  int worlds = 0;

 private:
  std::uint64_t version_ = 0;
};

}  // namespace

TEST_CASE("answers: an ETag that was seen gets 304, each form has its own") {
  Api api;
  api.sync(test::small_house());
  auto request = request_of("GET", "/api/devices");
  const auto plain = api.send(request);
  request.accepts_gzip = true;
  const auto packed = api.send(request);
  CHECK(packed.header("Content-Encoding") == "gzip");
  CHECK(packed.header("Content-Length") == std::to_string(packed.body.size()));
  CHECK(packed.header("Vary") == "Accept-Encoding");
  CHECK(test::gunzip(packed.body) == plain.body);
  CHECK(packed.header("ETag") != plain.header("ETag"));
  for (const std::string& tag :
       {packed.header("ETag"), plain.header("ETag"), "W/" + plain.header("ETag"), std::string{"*"},
        "\"x\", " + plain.header("ETag")}) {
    INFO(tag);
    request.if_none_match = tag;
    const auto unchanged = api.send(request);
    CHECK(unchanged.status == 304);
    CHECK(unchanged.body.empty());
    CHECK(unchanged.header("Content-Length").empty());
    CHECK(unchanged.header("ETag") == packed.header("ETag"));
  }
  request.if_none_match = "\"other\"";
  CHECK(api.send(request).status == 200);
}

TEST_CASE("answers: a commit of anybody is seen by the next request") {
  Api api;
  api.sync(test::small_house());
  auto request = request_of("GET", "/api/devices/d1");
  const auto before = api.send(request);
  auto house = test::small_house();
  house.devices.replace(house.devices.find("\"Lamp\""), 6, "\"Lump\"");
  api.sync(house);
  request.if_none_match = before.header("ETag");
  const auto after = api.send(request);
  CHECK(after.status == 200);
  CHECK(after.body.find("\"Lump\"") != std::string::npos);
}

TEST_CASE("answers: small ones are not compressed") {
  Api api;
  auto request = request_of("GET", "/api/devices");
  request.accepts_gzip = true;
  CHECK(api.send(request).header("Content-Encoding").empty());
}

TEST_CASE("answers: one that a commit has overtaken is given but not kept") {
  Restless library;
  api::Application application({{}, 1024, base::system_now}, library);
  const auto request = request_of("GET", "/api/devices");
  const auto decision = application.decide(request);
  const auto& read = std::get<api::Read>(decision.task);
  const auto wire = application.answer(request, read);
  CHECK(wire.head.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(wire.version == 0);
  CHECK(library.worlds == 3);
  static_cast<void>(application.answer(request, read));
  CHECK(library.worlds == 6);
}

TEST_CASE("answers: a fault of our own is a 500 without its text") {
  Restless library;
  api::Application application({{}, 1024, base::system_now}, library);
  const auto request = request_of("GET", "/health");
  const auto decision = application.decide(request);
  const auto wire = application.answer(request, std::get<api::Read>(decision.task));
  CHECK(wire.head.starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
  CHECK(wire.body->find("a bug") == std::string::npos);
}

TEST_CASE("answers: private ones are not for shared caches") {
  Api api({.token = base::Secret{"t"}, .private_reads = true});
  auto request = request_of("GET", "/api/devices");
  request.authorization = "Bearer t";
  CHECK(api.send(request).header("Cache-Control") == "private, no-cache");
  request.authorization = "";
  CHECK(api.send(request).header("Cache-Control") == "no-store");
}

TEST_CASE("gzip: what a client takes") {
  for (const char* yes : {"gzip", "GZIP", "br, gzip;q=0.5", "x-gzip", "deflate,gzip ; q=1"}) {
    INFO(yes);
    CHECK(api::accepts_gzip(yes));
  }
  for (const char* no : {"", "identity", "gzip;q=0", "gzip; q=0.000", "gzippy", "*", ",,;", "br"}) {
    INFO(no);
    CHECK_FALSE(api::accepts_gzip(no));
  }
}

TEST_CASE(
    "cache: bounded by count and bytes, the one unused for longest goes, a version ends all") {
  api::Cache cache(api::Cache::Bounds{3, 1000});
  const auto answer = [](std::size_t size) {
    return std::make_shared<api::Rendered>(std::string(size, 'x'));
  };
  cache.at_version(1);
  for (const char* key : {"a", "b", "c"}) cache.keep(key, answer(10));
  CHECK(cache.find("a") != nullptr);
  cache.keep("d", answer(10));
  CHECK(cache.size() == 3);
  CHECK(cache.find("b") == nullptr);
  CHECK(cache.find("a") != nullptr);
  cache.keep("huge", answer(900));
  CHECK(cache.find("huge") == nullptr);
  cache.keep("big", answer(390));
  cache.keep("big2", answer(390));
  CHECK(cache.bytes() <= 1000);
  cache.at_version(1);
  CHECK(cache.find("big2") != nullptr);
  cache.at_version(2);
  CHECK(cache.size() == 0);
  CHECK(cache.bytes() == 0);
}

TEST_CASE("problem: every status that is used has its reason") {
  for (const int status : {200, 204, 304, 400, 401, 403, 404, 405, 408, 409,
                           410, 413, 415, 417, 422, 431, 500, 501, 503, 505}) {
    CHECK(api::reason_of(status) != "Unknown");
  }
}

TEST_CASE("listen: addresses as people write them") {
  const auto parsed = [](const std::string& text) {
    const auto listen = api::parse_listen(text);
    return listen ? api::url_of(*listen) : std::string{"refused"};
  };
  CHECK(parsed("127.0.0.1:8006") == "http://127.0.0.1:8006");
  CHECK(parsed("0.0.0.0") == "http://0.0.0.0:8006");
  CHECK(parsed("localhost:0") == "http://localhost:0");
  CHECK(parsed("[::1]:80") == "http://[::1]:80");
  CHECK(parsed("[::]") == "http://[::]:8006");
  CHECK(parsed("::1") == "http://[::1]:8006");
  CHECK(parsed("*:90") == "http://[::]:90");
  CHECK(parsed(":90") == "http://127.0.0.1:90");
  CHECK(parsed("90") == "http://127.0.0.1:90");
  for (const char* wrong :
       {"", "nas:80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:8x", "127.0.0",
        "[::1", "[::1]80", "[]:80", "[:80", "1.2.3.4:5:6", "http://127.0.0.1"}) {
    INFO(wrong);
    CHECK(parsed(wrong) == "refused");
  }
  const auto refused = api::parse_listen("nas:80");
  CHECK(refused.error().kind == base::ErrorKind::usage);
  CHECK(refused.error().message ==
        "\"nas:80\" is no address to listen on; give an IP address and a port, as in "
        "127.0.0.1:8006 for this machine alone or [::]:8006 for every network");
}
