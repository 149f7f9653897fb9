// SPDX-License-Identifier: MIT
// Who may write, read and name the Host: each sentence of the contract's paragraph is a test.
#include "core/api/guard.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/api/fixture.hpp"

using namespace haingest;
using api::Access;
using api::Request;
using test::request_of;

namespace {

// The status that the guard refuses with, 0 when it lets pass.
int refused(const Request& request, const Access& access) {
  const auto refusal = api::refuse(request, request.host, access);
  return refusal ? refusal->status : 0;
}

Request write_request() { return request_of("POST", "/internal/devices/bulk_upsert", "[]"); }

Request from_elsewhere(Request request) {
  request.from_loopback = false;
  request.peer = "192.0.2.7";
  return request;
}

Request with_token(Request request, const std::string& authorization) {
  request.authorization = authorization;
  return request;
}

Access token_access() {
  Access access;
  access.token = base::Secret{"s3cret"};
  return access;
}

}  // namespace

TEST_CASE("guard: whatever writes needs the API token") {
  const Access access = token_access();
  for (const char* method : {"POST", "DELETE", "PUT", "PATCH", "TRACE", "get", ""}) {
    INFO(method);
    CHECK(refused(request_of(method, "/internal/devices/clear"), access) == 401);
    CHECK(refused(with_token(request_of(method, "/x"), "Bearer s3cret"), access) == 0);
  }
  CHECK(refused(from_elsewhere(with_token(write_request(), "Bearer s3cret")), access) == 0);
  CHECK(refused(with_token(write_request(), "bearer   s3cret"), access) == 0);
  for (const char* wrong : {"Bearer s3cre", "Bearer s3cret ", "Bearer s3crets", "Bearer ", "Bearer",
                            "Basic s3cret", "s3cret", "BearerXs3cret", "Bearer S3CRET"}) {
    INFO(wrong);
    CHECK(refused(with_token(write_request(), wrong), access) == 401);
  }
}

TEST_CASE("guard: a 401 names the scheme and never the token") {
  const auto refusal =
      api::refuse(with_token(write_request(), "Bearer guess"), "127.0.0.1", token_access());
  REQUIRE(refusal.has_value());
  CHECK(refusal->sentence ==
        "The API token is not the right one: send the server's own as \"Authorization: Bearer "
        "<token>\".");
  REQUIRE(refusal->headers.size() == 1);
  CHECK(refusal->headers[0].first == "WWW-Authenticate");
  CHECK(refusal->headers[0].second == "Bearer realm=\"haingest\"");
  CHECK(api::refuse(write_request(), "127.0.0.1", token_access())->sentence ==
        "This needs the API token: send it as \"Authorization: Bearer <token>\".");
}

TEST_CASE("guard: what writes a body needs Content-Type: application/json") {
  Request request = write_request();
  for (const char* good : {"application/json", "Application/JSON",
                           "application/json; charset=utf-8", "application/json ;x=y"}) {
    request.content_type = good;
    CHECK(refused(request, {}) == 0);
  }
  // The first three are those that a browser's form sends without asking first.
  for (const char* bad :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "",
        "application/json5", "application/problem+json", "text/plain;application/json"}) {
    INFO(bad);
    request.content_type = bad;
    CHECK(refused(request, {}) == 415);
  }
  Request bodiless = request_of("DELETE", "/internal/devices/clear");
  CHECK(refused(bodiless, {}) == 0);
  Request compressed = write_request();
  compressed.content_encoding = "gzip";
  CHECK(refused(compressed, {}) == 415);
  compressed.content_encoding = "identity";
  CHECK(refused(compressed, {}) == 0);
}

TEST_CASE("guard: without a token, writes are open to loopback peers that no proxy speaks for") {
  CHECK(refused(write_request(), {}) == 0);
  CHECK(refused(from_elsewhere(write_request()), {}) == 403);
  Request forwarded = write_request();
  forwarded.forwarded = true;
  CHECK(refused(forwarded, {}) == 403);
  CHECK(refused(forwarded, token_access()) == 401);
  CHECK(refused(with_token(forwarded, "Bearer s3cret"), token_access()) == 0);
  // A token that nobody has set lets nobody in.
  CHECK(refused(from_elsewhere(with_token(write_request(), "Bearer ")), {}) == 403);
}

TEST_CASE("guard: without a token, a browser's page may not write from this machine either") {
  Request request = request_of("DELETE", "/internal/devices/clear");
  request.origin = "https://evil.example";
  Access access;
  CHECK(refused(request, access) == 403);
  access.cors_origins = {"*"};
  CHECK(refused(request, access) == 403);
  request.origin = "null";
  CHECK(refused(request, access) == 403);
  request.origin = "http://127.0.0.1:8006";  // our own
  CHECK(refused(request, access) == 0);
  request.origin = "https://dash.example";
  access.cors_origins = {"https://dash.example"};
  CHECK(refused(request, access) == 0);
}

TEST_CASE("guard: reads are open unless they are private") {
  const Request read = from_elsewhere(request_of("GET", "/api/devices"));
  const Request head = from_elsewhere(request_of("HEAD", "/api/devices"));
  CHECK(refused(read, {}) == 0);
  CHECK(refused(read, token_access()) == 0);
  Access access = token_access();
  access.private_reads = true;
  CHECK(refused(read, access) == 401);
  CHECK(refused(head, access) == 401);
  CHECK(refused(with_token(read, "Bearer s3cret"), access) == 0);
  Access local;
  local.private_reads = true;
  CHECK(refused(read, local) == 403);
  CHECK(refused(request_of("GET", "/api/devices"), local) == 0);
  // A preflight carries no token by design and is told nothing but what is allowed.
  CHECK(refused(from_elsewhere(request_of("OPTIONS", "/api/devices")), access) == 0);
}

TEST_CASE("guard: Host is an address, localhost, this machine or an allowed host") {
  Access access;
  access.machine_name = "Nas7";
  access.allowed_hosts = {"ha.example.org", "proxy.example.org:8443"};
  for (const char* ours : {"127.0.0.1", "127.0.0.1:8006", "192.0.2.1:1", "[::1]", "[::1]:8006",
                           "[fe80::1%25eth0]:8006", "localhost", "LOCALHOST:8006", "localhost.",
                           "nas7", "NAS7:8006", "nas7.local", "ha.example.org",
                           "HA.example.org:443", "ha.example.org:8006", "proxy.example.org:8443"}) {
    INFO(ours);
    CHECK(api::host_is_ours(ours, access));
  }
  for (const char* foreign : {"",
                              "evil.example",
                              "localhost.evil.example",
                              "127.0.0.1.evil.example",
                              "evil.example:8006",
                              "nas7.evil.example",
                              "nas",
                              "[::1].evil.example",
                              "[::1",
                              "::1]",
                              "localhost:",
                              "localhost:x",
                              "localhost:8006:1",
                              "user@localhost",
                              "localhost/",
                              "127.1",
                              "0x7f.0.0.1",
                              "2130706433",
                              "xha.example.org",
                              "proxy.example.org",
                              "proxy.example.org:1",
                              ":8006",
                              "[localhost]"}) {
    INFO(foreign);
    CHECK_FALSE(api::host_is_ours(foreign, access));
  }
  CHECK_FALSE(api::host_is_ours(std::string{"localhost\0.evil", 15}, access));
  CHECK_FALSE(api::host_is_ours(".local", {}));  // a machine without a name
  access.allowed_hosts = {"*"};
  CHECK(api::host_is_ours("evil.example", access));
}

TEST_CASE("guard: a foreign Host is refused before anything else, in reads and writes") {
  Request request = request_of("GET", "/api/devices");
  request.host = "evil.example";
  CHECK(refused(request, {}) == 403);
  CHECK(refused(with_token(request, "Bearer s3cret"), token_access()) == 403);
  request.method = "OPTIONS";
  CHECK(refused(request, {}) == 403);
  // HTTP/1.0 knows no Host; a browser speaks none.
  request.method = "GET";
  request.host = "";
  CHECK(refused(request, {}) == 403);
  request.http_1_0 = true;
  CHECK(refused(request, {}) == 0);
}

TEST_CASE("guard: the authority of an absolute target counts instead of Host") {
  test::Api api;
  auto request = request_of("GET", "http://evil.example/api/devices");
  CHECK(api.send(request).status == 403);
  request.target = "http://localhost:8006/api/devices?limit=1";
  CHECK(api.send(request).status == 200);
}

TEST_CASE("cors: pages of configured origins may read, and ask before they write") {
  test::Api api({.cors_origins = {"https://dash.example"}});
  auto request = request_of("GET", "/api/devices");
  CHECK(api.send(request).header("Access-Control-Allow-Origin").empty());
  CHECK(api.send(request).header("Vary") == "Accept-Encoding, Origin");
  request.origin = "https://dash.example";
  CHECK(api.send(request).header("Access-Control-Allow-Origin") == "https://dash.example");
  request.origin = "https://evil.example";
  CHECK(api.send(request).header("Access-Control-Allow-Origin").empty());

  auto preflight = request_of("OPTIONS", "/internal/devices/bulk_upsert");
  preflight.origin = "https://dash.example";
  preflight.asked_method = "POST";
  const auto allowed = api.send(preflight);
  CHECK(allowed.status == 204);
  CHECK(allowed.header("Access-Control-Allow-Origin") == "https://dash.example");
  CHECK(allowed.header("Access-Control-Allow-Methods") == "GET, HEAD, POST, DELETE, OPTIONS");
  CHECK(allowed.header("Access-Control-Allow-Headers") ==
        "Authorization, Content-Type, If-None-Match");
  CHECK(allowed.header("Access-Control-Max-Age") == "600");
  CHECK(allowed.header("Content-Length").empty());
  preflight.origin = "https://evil.example";
  const auto refused_page = api.send(preflight);
  CHECK(refused_page.status == 403);
  CHECK(refused_page.header("Access-Control-Allow-Origin").empty());
  CHECK(api.send(request_of("OPTIONS", "/api/devices")).header("Allow") == "GET, HEAD, OPTIONS");
  CHECK(api.send(request_of("OPTIONS", "*")).status == 204);
}

TEST_CASE("cors: * lets every page read, without credentials") {
  test::Api api({.cors_origins = {"*"}});
  auto request = request_of("GET", "/api/devices");
  request.origin = "https://any.example";
  const auto answer = api.send(request);
  CHECK(answer.header("Access-Control-Allow-Origin") == "*");
  CHECK(answer.header("Access-Control-Allow-Credentials").empty());
  CHECK(answer.header("Vary") == "Accept-Encoding");
}

TEST_CASE("cors: errors carry it too, so that a page can read why") {
  test::Api api({.cors_origins = {"https://dash.example"}});
  auto request = request_of("GET", "/api/devices/none");
  request.origin = "https://dash.example";
  CHECK(api.send(request).status == 404);
  CHECK(api.send(request).header("Access-Control-Allow-Origin") == "https://dash.example");
}
