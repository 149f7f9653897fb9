// SPDX-License-Identifier: MIT
#include "core/net/http_client.hpp"

#include <atomic>
#include <cstdlib>

#include "tests/fakes/ha_server.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/net/scripted_peer.hpp"

using namespace haingest;
using namespace std::chrono_literals;
using test::ScriptedPeer;
using test::ScriptedServer;

namespace {

const std::string k_token = "very-secret-token";

// Answers every request with "METHOD target|authorization|content type|body" of what it got.
void echo(ScriptedPeer& peer) {
  for (;;) {
    const std::string header = peer.read_header();
    const auto field = [&](const std::string& name) {
      const std::size_t at = header.find("\r\n" + name + ": ");
      if (at == std::string::npos) return std::string("-");
      const std::size_t start = at + name.size() + 4;
      return header.substr(start, header.find("\r\n", start) - start);
    };
    const std::string length = field("Content-Length");
    const std::string body = length == "-" ? "" : peer.read_exactly(std::stoul(length));
    const std::string answer = header.substr(0, header.find(" HTTP")) + "|" +
                               field("Authorization") + "|" + field("Content-Type") + "|" + body;
    const bool head = header.starts_with("HEAD");
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/x-echo\r\nContent-Length: " +
              std::to_string(answer.size()) + "\r\n\r\n" + (head ? "" : answer));
  }
}

std::string error_of(const base::Result<net::HttpResponse>& result,
                     base::ErrorKind kind = base::ErrorKind::unreachable) {
  REQUIRE(result.has_error());
  CHECK(result.error().kind == kind);
  CHECK(result.error().message.find(k_token) == std::string::npos);
  return result.error().message;
}

net::HttpRequest get(const std::string& url) {
  net::HttpRequest request;
  request.url = url;
  request.bearer_token = base::Secret(k_token);
  return request;
}

}  // namespace

TEST_CASE("http client: methods, headers, bodies and the token, on one kept connection", "[http]") {
  ScriptedServer server(echo);
  net::HttpClient client({});
  auto answer = client.send(get(server.url() + "/a?b=c"));
  REQUIRE(answer.has_value());
  CHECK(answer->status == 200);
  CHECK(answer->content_type == "text/x-echo");
  CHECK(answer->body == "GET /a?b=c|Bearer very-secret-token|-|");

  net::HttpRequest post;
  post.method = "POST";
  post.url = server.url() + "/p";
  post.headers = {"Content-Type: application/json"};
  post.body = std::string("{\"x\":\0}", 7);
  answer = client.send(post);
  REQUIRE(answer.has_value());
  CHECK(answer->body == std::string("POST /p|-|application/json|{\"x\":\0}", 34));

  post.method = "DELETE";
  post.body.clear();
  post.headers.clear();
  CHECK(client.send(post)->body == "DELETE /p|-|-|");
  post.method = "HEAD";
  CHECK(client.send(post)->body.empty());
  // Nothing of the requests before is left over.
  CHECK(client.send(get(server.url()))->body == "GET /|Bearer very-secret-token|-|");
  CHECK(server.connections() == 1);
}

TEST_CASE("http client: a whole Authorization header stands in for a token", "[http]") {
  ScriptedServer server(echo);
  net::HttpClient client({});
  net::HttpRequest request = get(server.url());
  request.authorization = base::Secret("Basic bWU6dGVzdA==");
  CHECK(client.send(request)->body == "GET /|Basic bWU6dGVzdA==|-|");
  // Nothing of it is left over.
  CHECK(client.send(get(server.url()))->body == "GET /|Bearer very-secret-token|-|");
}

TEST_CASE("http client: the answer's headers by lower-case name", "[http]") {
  ScriptedServer server([](ScriptedPeer& peer) {
    static_cast<void>(peer.read_header());
    peer.send(
        "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
        "HTTP/1.1 503 Busy\r\nReTRY-After:\t120 \r\nX-Empty:\r\nX-Twice: a\r\nX-Twice: b\r\n"
        "Content-Length: 0\r\n\r\n");
  });
  net::HttpClient client({});
  const auto answer = client.send(get(server.url()));
  REQUIRE(answer.has_value());
  CHECK(answer->header("retry-after") == "120");
  CHECK(answer->header("x-twice") == "a");
  CHECK(answer->header("x-empty").empty());
  CHECK(answer->header("x-early").empty());
  CHECK(answer->headers.size() == 5);
}

TEST_CASE("http client: how far a request came", "[http]") {
  net::HttpClient client({});
  const std::string dead = "http://127.0.0.1:" + std::to_string(test::unused_port());
  static_cast<void>(client.send(get(dead)));
  CHECK(client.last_attempt().sends == 0);
  CHECK(client.last_attempt().reason == "connection refused");
  CHECK_FALSE(client.last_attempt().cut);

  ScriptedServer closing([](ScriptedPeer& peer) { static_cast<void>(peer.read_header()); });
  static_cast<void>(client.send(get(closing.url())));
  CHECK(client.last_attempt().sends == 1);
  CHECK(client.last_attempt().cut);
  CHECK(client.last_attempt().reason == "the connection ended without an answer");

  // One answer a connection, which is then closed although it promised to stay.
  std::atomic<int> answers = 0;
  ScriptedServer once([&answers](ScriptedPeer& peer) {
    static_cast<void>(peer.read_header());
    peer.send("HTTP/1.1 204 No Content\r\n\r\n");
    ++answers;
    static_cast<void>(peer.read_header());
  });
  CHECK(client.send(get(once.url()))->status == 204);
  CHECK(client.last_attempt().sends == 1);
  CHECK(client.send(get(once.url()))->status == 204);
  CHECK(client.last_attempt().sends == 2);
  // The answer is counted behind it.
  CHECK(test::eventually([&] { return answers == 2; }));
}

TEST_CASE("http client: a request is given up from another thread", "[http]") {
  std::atomic<bool> cancel = false;
  ScriptedServer silent([&cancel](ScriptedPeer& peer) {
    static_cast<void>(peer.read_header());
    cancel = true;
    peer.read_to_the_end();
  });
  net::HttpClient client({});
  net::HttpRequest request = get(silent.url());
  request.cancel = &cancel;
  const auto begun = std::chrono::steady_clock::now();
  CHECK(error_of(client.send(request)) == "GET " + silent.url() + ": the request was given up");
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

TEST_CASE("http client: any status is a response, redirects are not followed", "[http]") {
  ScriptedServer server([](ScriptedPeer& peer) {
    const bool moved = peer.read_header().starts_with("GET /moved");
    peer.send(moved ? "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: "
                      "0\r\n\r\n"
                    : "HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy");
  });
  net::HttpClient client({});
  CHECK(client.send(get(server.url() + "/moved"))->status == 302);
  const auto busy = client.send(get(server.url()));
  CHECK(busy->status == 503);
  CHECK(busy->body == "busy");
}

TEST_CASE("http client: proxies of the environment see no token", "[http]") {
  ScriptedServer server(echo);
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  ::setenv("all_proxy", "http://127.0.0.1:1", 1);
  net::HttpClient client({});
  const auto answer = client.send(get(server.url()));
  ::unsetenv("http_proxy");
  ::unsetenv("all_proxy");
  REQUIRE(answer.has_value());
  CHECK(answer->status == 200);
}

TEST_CASE("http client: each failure in one line that names the host", "[http]") {
  net::HttpClient client({});
  const std::string dead = "http://127.0.0.1:" + std::to_string(test::unused_port());
  CHECK(error_of(client.send(get(dead + "/x?secret=1"))) ==
        "GET " + dead + ": connection refused; check that it runs and the port is right");
  CHECK(error_of(client.send(get("http://no-such-host.invalid/"))) ==
        "GET http://no-such-host.invalid: the name no-such-host.invalid has no address; check its "
        "spelling and the DNS");
  CHECK(error_of(client.send(get("http://me:hunter2@ha/")), base::ErrorKind::usage) ==
        "this URL cannot be used: it carries a user name or password; put the token into a file or "
        "the environment");
  CHECK(error_of(client.send(get("ws://ha:8123/")), base::ErrorKind::usage) ==
        "ws://ha:8123 is no HTTP URL; it must start with http:// or https://");
}

TEST_CASE("http client: silence, cuts and strange servers", "[http]") {
  net::HttpClient client({});
  ScriptedServer silent([](ScriptedPeer& peer) { peer.read_to_the_end(); });
  net::HttpRequest request = get(silent.url());
  request.timeout = 60ms;
  CHECK(error_of(client.send(request)) ==
        "GET " + silent.url() +
            ": no complete answer within 60 ms; try again later, or give more time with --timeout");

  ScriptedServer slow([](ScriptedPeer& peer) {
    static_cast<void>(peer.read_header());
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    peer.read_to_the_end();
  });
  request.url = slow.url();
  CHECK(error_of(client.send(request)) ==
        "GET " + slow.url() +
            ": no complete answer within 60 ms; try again later, or give more time with --timeout");

  ScriptedServer closing([](ScriptedPeer& peer) { static_cast<void>(peer.read_header()); });
  CHECK(error_of(client.send(get(closing.url()))) ==
        "GET " + closing.url() +
            ": the connection ended without an answer; check the port, or try again later");

  ScriptedServer cutting([](ScriptedPeer& peer) {
    static_cast<void>(peer.read_header());
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  CHECK(error_of(client.send(get(cutting.url()))) ==
        "GET " + cutting.url() + ": the connection was cut in the middle; try again later");

  ScriptedServer other([](ScriptedPeer& peer) { peer.send("SSH-2.0-OpenSSH_9.2\r\n"); });
  CHECK(error_of(client.send(get(other.url()))) ==
        "GET " + other.url() + ": the answer is no HTTP; check the port");
}

TEST_CASE("http client: an answer over the limit is refused, one of just the limit is not",
          "[http]") {
  ScriptedServer server([](ScriptedPeer& peer) {
    for (;;) {
      static_cast<void>(peer.read_header());
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x'));
    }
  });
  net::HttpClient client({});
  net::HttpRequest request = get(server.url());
  request.max_response_bytes = 1000;
  CHECK(client.send(request)->body.size() == 1000);
  request.max_response_bytes = 999;
  CHECK(error_of(client.send(request)) ==
        "GET " + server.url() + ": the answer is over our limit of 999 bytes");
}

TEST_CASE("http client: TLS with and without trust", "[http]") {
  fakes::ServerOptions options;
  options.tls.enabled = true;
  fakes::HaServer server(fakes::make_house({.devices = 1, .entities = 1}), options);
  const test::TempDir folder;
  test::write_file(folder.file("ca.pem"), server.ca_pem());
  test::write_file(folder.file("none.pem"), "no certificate\n");
  net::HttpRequest request;
  request.url = server.url() + "/api/";
  request.bearer_token = server.token();

  CHECK(net::HttpClient({folder.file("ca.pem"), true}).send(request)->status == 200);
  CHECK(net::HttpClient({"", false}).send(request)->status == 200);
  CHECK(error_of(net::HttpClient({"", true}).send(request)) ==
        "GET " + server.url() +
            ": its certificate is not trusted; give the authority's certificate with --ca-file, or "
            "--insecure to skip the check");
  CHECK(error_of(net::HttpClient({folder.file("none.pem"), true}).send(request),
                 base::ErrorKind::usage) ==
        "the CA file " + folder.file("none.pem") +
            " cannot be used: it must be readable and hold certificates in PEM");
  ScriptedServer plain([](ScriptedPeer& peer) { peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  request.url = "https" + plain.url().substr(4);
  CHECK(error_of(net::HttpClient({"", false}).send(request)) ==
        "GET " + request.url + ": TLS failed; check that the port speaks TLS");
}
