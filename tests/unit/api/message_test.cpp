// SPDX-License-Identifier: MIT
// Heads of requests: what is taken, what is refused, and what nobody may smuggle past.
#include "core/api/message.hpp"

#include "tests/support/catch.hpp"

using namespace haingest::api;

namespace {

Head head_of(const std::string& lines) {
  Parser parser;
  return read_head(parser, lines + "\r\n\r\n");
}

// The status that a head is refused with, 0 when it is taken.
int refused(const std::string& lines) {
  const Head head = head_of(lines);
  return head.malformed ? head.malformed->status : 0;
}

}  // namespace

TEST_CASE("head: what of a request is looked at") {
  const Head head = head_of(
      "POST /a?b=c HTTP/1.1\r\nHost: h:1\r\nauthorization: Bearer x\r\nContent-Type: "
      "application/json\r\n"
      "Content-Length: 12\r\nContent-Encoding: gzip\r\nOrigin: http://o\r\n"
      "Access-Control-Request-Method: PUT\r\nIf-None-Match: \"a\"\r\nIf-None-Match: \"b\"\r\n"
      "Accept-Encoding: br, gzip\r\nExpect: 100-continue");
  REQUIRE_FALSE(head.malformed);
  const Request& request = head.request;
  CHECK(request.method == "POST");
  CHECK(request.target == "/a?b=c");
  CHECK(request.host == "h:1");
  CHECK(request.authorization == "Bearer x");
  CHECK(request.content_type == "application/json");
  CHECK(request.content_encoding == "gzip");
  CHECK(request.origin == "http://o");
  CHECK(request.asked_method == "PUT");
  CHECK(request.if_none_match == "\"a\",\"b\"");
  CHECK(request.accepts_gzip);
  CHECK(request.has_body);
  CHECK_FALSE(request.forwarded);
  CHECK(request.keep_alive);
  CHECK(head.content_length == 12U);
  CHECK(head.expects_continue);
}

TEST_CASE("head: a proxy's headers are told, in any case of letters") {
  const auto forwarded = [](const std::string& line) {
    return head_of("GET / HTTP/1.1\r\nHost: h\r\n" + line).request.forwarded;
  };
  for (const char* line : {"Forwarded: for=1.2.3.4", "X-Forwarded-For: 1.2.3.4",
                           "x-forwarded-host: a", "X-FORWARDED-PROTO: https", "X-Forwarded-: x",
                           "Via: 1.1 proxy", "X-Real-IP: 1.2.3.4", "forwarded:"}) {
    INFO(line);
    CHECK(forwarded(line));
  }
  CHECK_FALSE(forwarded("X-Forward: 1"));
  CHECK_FALSE(forwarded("User-Agent: Forwarded: for=x"));
}

TEST_CASE("head: keep-alive as each version of HTTP has it") {
  const auto keeps = [](const std::string& lines) { return head_of(lines).request.keep_alive; };
  CHECK(keeps("GET / HTTP/1.1\r\nHost: h"));
  CHECK_FALSE(keeps("GET / HTTP/1.1\r\nHost: h\r\nConnection: close"));
  CHECK_FALSE(keeps("GET / HTTP/1.0"));
  CHECK(keeps("GET / HTTP/1.0\r\nConnection: keep-alive"));
}

TEST_CASE("head: what two servers could read in two ways is refused") {
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  CHECK(refused(post + "Content-Length: 5\r\nTransfer-Encoding: chunked") == 400);
  CHECK(refused(post + "Transfer-Encoding: chunked\r\nContent-Length: 5") == 400);
  CHECK(refused(post + "Content-Length: 5\r\nContent-Length: 6") == 400);
  CHECK(refused(post + "Content-Length: 5, 6") == 400);
  CHECK(refused(post + "Content-Length: +5") == 400);
  CHECK(refused(post + "Content-Length: -5") == 400);
  CHECK(refused(post + "Content-Length: 5x") == 400);
  CHECK(refused(post + "Content-Length: 99999999999999999999999") == 400);
  CHECK(refused(post + "Content-Length : 5") == 400);
  CHECK(refused(post + "Transfer-Encoding: gzip, chunked") == 501);
  CHECK(refused(post + "Transfer-Encoding: identity") == 501);
  CHECK(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked") == 400);
  CHECK(refused("GET / HTTP/1.1") == 400);
  CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b") == 400);
  CHECK(refused("GET / HTTP/1.1\r\nHost: h\r\nNo colon here") == 400);
  CHECK(refused("GET / HTTP/1.1\r\nHost: h\r\nA\x01: b") == 400);
  CHECK(refused("GET / HTTP/1.1\r\nHost: h\r\nA: b\x01") == 400);
  CHECK(refused("GET / HTTP/1.1\r\nHost: h\r\n: b") == 400);
  CHECK(refused("GET  / HTTP/1.1\r\nHost: h") == 400);
  CHECK(refused("GET /a b HTTP/1.1\r\nHost: h") == 505);  // "b" is no version
  CHECK(refused("GET /\x01 HTTP/1.1\r\nHost: h") == 400);
  CHECK(refused("GET / HTTP/2.0\r\nHost: h") == 505);
  CHECK(refused("GET / FTP/1.1\r\nHost: h") == 505);
  CHECK(refused("GET /\r\nHost: h") == 400);
  CHECK(refused("GET / HTTP/1.1\r\nHost: h\r\nExpect: the-unexpected") == 417);
  CHECK(refused(post + "Transfer-Encoding: chunked") == 0);
  CHECK(refused("GET / HTTP/1.0") == 0);
}

TEST_CASE("head: its end is found across reads, and noise is told from requests at once") {
  std::size_t searched = 0;
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n\r\nrest";
  std::size_t end = 0;
  for (std::size_t size = 0; size <= text.size() && end == 0; ++size) {
    end = find_head_end(std::string_view{text}.substr(0, size), searched);
  }
  CHECK(end == text.size() - 4);
  CHECK(may_begin_request("GET / HTTP"));
  CHECK(may_begin_request("GE"));
  CHECK(may_begin_request("BASELINE-CONTROL /"));
  CHECK_FALSE(may_begin_request("\x16\x03\x01"));  // TLS
  CHECK_FALSE(may_begin_request(" GET /"));
  CHECK_FALSE(may_begin_request("{\"json\":1}"));
  CHECK_FALSE(may_begin_request(std::string(30, 'A')));
}
