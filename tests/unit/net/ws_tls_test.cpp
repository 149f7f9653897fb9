// SPDX-License-Identifier: MIT
// TLS and addresses below a WebSocket: trust, names, SNI, IPv6.
#include "tests/fakes/ha_server.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/left_out.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/net/scripted_peer.hpp"
#include "tests/unit/net/ws_reader.hpp"

using namespace haingest;
using namespace std::chrono_literals;
using test::ScriptedPeer;
using test::ScriptedServer;
using What = net::WsFailure::What;

namespace {

class TlsServer {
 public:
  explicit TlsServer(fakes::ServerOptions options = {}) : server_(small_house(), secured(options)) {
    test::write_file(ca_file(), server_.ca_pem());
  }

  // Connects to `host` instead of the address it listens on, and stops at the login.
  [[nodiscard]] test::Seen connect(const std::string& host, const net::TlsOptions& tls) const {
    net::WsOptions options;
    options.url = *net::parse_url("wss://" + host + ":" + std::to_string(server_.port()));
    options.target = "/api/websocket";
    options.tls = tls;
    options.step_timeout = 20s;
    return test::run(options, R"({"type":"auth","access_token":"wrong"})");
  }
  [[nodiscard]] test::Seen connect(const std::string& host) const {
    return connect(host, {ca_file(), true});
  }
  [[nodiscard]] std::string ca_file() const { return folder_.file("ca.pem"); }

 private:
  static fakes::House small_house() { return fakes::make_house({.devices = 1, .entities = 1}); }
  static fakes::ServerOptions secured(fakes::ServerOptions options) {
    options.tls.enabled = true;
    return options;
  }

  test::TempDir folder_;
  fakes::HaServer server_;
};

// The login was reached: the server's greeting and its refusal came through.
bool came_through(const test::Seen& seen) {
  return seen.texts.size() == 2 && seen.failure->what == What::closed;
}

}  // namespace

TEST_CASE("ws tls: a CA file is trusted for names and addresses, --insecure takes anything",
          "[ws][tls]") {
  const TlsServer server;
  CHECK(came_through(server.connect("localhost")));
  CHECK(came_through(server.connect("127.0.0.1")));
  CHECK(came_through(server.connect("localhost", {"", false})));
}

TEST_CASE("ws tls: a certificate that is not trusted, is another's or is too old", "[ws][tls]") {
  const TlsServer good;
  const test::Seen unknown = good.connect("localhost", {"", true});
  CHECK(unknown.failure->what == What::untrusted);
  CHECK(unknown.failure->step == net::WsStep::tls);
  CHECK(unknown.failure->detail.find("certificate") != std::string::npos);

  fakes::ServerOptions options;
  options.tls.host_names = {"other.example"};
  const TlsServer other(options);
  CHECK(other.connect("localhost").failure->detail == "hostname mismatch");
  CHECK(other.connect("127.0.0.1").failure->detail == "IP address mismatch");
  CHECK(came_through(other.connect("localhost", {other.ca_file(), false})));

  options = {};
  options.tls.expired = true;
  const TlsServer old(options);
  CHECK(old.connect("localhost").failure->detail == "certificate has expired");
}

TEST_CASE("ws tls: a CA file that is none", "[ws][tls]") {
  const TlsServer server;
  const test::Seen seen = server.connect("localhost", {"/nonexistent/ca.pem", true});
  CHECK(seen.failure->what == What::bad_ca_file);
  CHECK(seen.failure->detail ==
        "the CA file /nonexistent/ca.pem cannot be used: it must be readable and hold certificates "
        "in PEM");
}

TEST_CASE("ws tls: a plain server behind https://", "[ws][tls]") {
  ScriptedServer plain([](ScriptedPeer& peer) {
    static_cast<void>(peer.read_exactly(5));
    peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  auto options = test::options_for(plain);
  options.url.scheme = "https";
  CHECK(test::run(options).failure->what == What::no_tls);
}

TEST_CASE("ws tls: the server's name is sent (SNI), an address or the root's dot is not",
          "[ws][tls]") {
  std::string hello;
  std::mutex mutex;
  ScriptedServer server([&](ScriptedPeer& peer) {
    const std::string head = peer.read_exactly(5);
    const auto byte = [&](int i) {
      return static_cast<unsigned char>(head[static_cast<unsigned>(i)]);
    };
    const std::string body = peer.read_exactly(byte(3) * 256U + byte(4));
    const std::lock_guard lock(mutex);
    hello = body;
  });
  const auto hello_to = [&](const std::string& host) {
    auto options = test::options_for(server);
    options.url.scheme = "https";
    options.url.host = host;
    static_cast<void>(test::run(options));
    const std::lock_guard lock(mutex);
    return hello;
  };
  // RFC 6066: type host_name (0), two bytes of length, the name.
  CHECK(hello_to("localhost").find(std::string("\0\0\x09localhost", 12)) != std::string::npos);
  CHECK(hello_to("localhost.").find(std::string("\0\0\x09localhost", 12)) != std::string::npos);
  CHECK(hello_to("127.0.0.1").find("127.0.0.1") == std::string::npos);
}

TEST_CASE("ws: IPv6, with brackets in the Host header, plain and with TLS", "[ws][tls]") {
  if (!test::have_ipv6()) return;
  std::string header;
  {
    ScriptedServer server(
        [&](ScriptedPeer& peer) {
          header = peer.accept_websocket();
          peer.send_close(1000, "");
        },
        true);
    auto options = test::options_for(server);
    options.url = *net::parse_url("http://[::1]:" + std::to_string(server.port()));
    CHECK(test::run(options).failure->close_code == 1000);
    CHECK(header.find("\r\nHost: [::1]:" + std::to_string(server.port()) + "\r\n") !=
          std::string::npos);
  }
  fakes::ServerOptions options;
  options.address = "::1";
  const TlsServer secure(options);
  CHECK(came_through(secure.connect("[::1]")));
}

TEST_CASE("ws: every address of a name is tried", "[ws]") {
  // localhost is ::1 and 127.0.0.1 on most machines; this server is on the second alone.
  ScriptedServer server([](ScriptedPeer& peer) {
    peer.accept_websocket();
    peer.send_close(1000, "");
    peer.read_to_the_end();
  });
  auto options = test::options_for(server);
  options.url.host = "localhost";
  CHECK(test::run(options).failure->close_code == 1000);
}
