// SPDX-License-Identifier: MIT
#include "core/net/ws_stream.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/support/catch.hpp"
#include "tests/unit/net/scripted_peer.hpp"
#include "tests/unit/net/ws_reader.hpp"

using namespace haingest;
using namespace std::chrono_literals;
using test::options_for;
using test::run;
using test::ScriptedPeer;
using test::ScriptedServer;
using test::Seen;
using What = net::WsFailure::What;

TEST_CASE("ws stream: asks as a browser would, for no compression", "[ws]") {
  std::string header;
  {
    ScriptedServer server([&](ScriptedPeer& peer) {
      header = peer.accept_websocket();
      peer.send_close(1000, "");
    });
    auto options = options_for(server);
    options.target = "/ha/api/websocket";
    static_cast<void>(run(options));
    CHECK(header.starts_with("GET /ha/api/websocket HTTP/1.1\r\n"));
    CHECK(header.find("\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n") !=
          std::string::npos);
  }
  CHECK(header.find("\r\nUser-Agent: test/1\r\n") != std::string::npos);
  CHECK(header.find("Sec-WebSocket-Extensions") == std::string::npos);
}

TEST_CASE("ws stream: texts in pieces, pings answered, close code and reason", "[ws]") {
  std::string got;
  std::string pong;
  Seen seen;
  {
    ScriptedServer server([&](ScriptedPeer& peer) {
      peer.accept_websocket();
      got = peer.read_text();
      peer.send_frame(9, "are you there");
      const ScriptedPeer::Frame answer = peer.read_frame();
      pong = std::to_string(answer.opcode) + answer.payload;
      peer.send(
          std::string("\x01\x03"
                      "abc"
                      "\x80\x02"
                      "de",
                      9));  // two fragments
      peer.send_text("");
      peer.send_close(4001, "enough");
      peer.read_to_the_end();
    });
    seen = run(options_for(server), "hello");
  }
  CHECK(got == "hello");
  CHECK(pong == "10are you there");
  CHECK(seen.texts == std::vector<std::string>{"abcde", ""});
  CHECK(seen.padded);
  REQUIRE(seen.failure);
  CHECK(seen.failure->what == What::closed);
  CHECK(seen.failure->close_code == 4001);
  CHECK(seen.failure->detail == "enough");
}

TEST_CASE("ws stream: a peer that says goodbye but keeps TCP open is not waited for", "[ws]") {
  ScriptedServer server([](ScriptedPeer& peer) {
    peer.accept_websocket();
    peer.send_close(1001, "bye");
    for (;;) static_cast<void>(peer.read_exactly(1));
  });
  const auto start = std::chrono::steady_clock::now();
  const Seen seen = run(options_for(server));
  CHECK(seen.failure->what == What::closed);
  CHECK(seen.failure->close_code == 1001);
  CHECK(std::chrono::steady_clock::now() - start < 10s);
}

TEST_CASE("ws stream: memory is given back when small messages follow a big one", "[ws]") {
  // Just the limit that is set where nobody sets one.
  const std::string big(std::size_t{64} * 1024 * 1024, 'x');
  ScriptedServer server([&](ScriptedPeer& peer) {
    peer.accept_websocket();
    peer.send_text(big);
    peer.send_text("small");
    peer.send_text("another");
    peer.send_close(1000, "");
    peer.read_to_the_end();
  });
  const Seen seen = run(options_for(server));
  REQUIRE(seen.texts.size() == 3);
  CHECK((seen.texts[0] == big));  // in brackets, so that a failure does not print it
  CHECK(seen.capacities[0] >= big.size());
  CHECK(seen.capacities[2] <= 64 * 1024);
  CHECK(seen.received > big.size());
  CHECK(seen.padded);
}

TEST_CASE("ws stream: a message of the limit is taken, one byte more is refused", "[ws]") {
  ScriptedServer server([](ScriptedPeer& peer) {
    peer.accept_websocket();
    peer.send_text(std::string(1000, 'a'));
    peer.send_text(std::string(1001, 'b'));
    peer.read_to_the_end();
  });
  auto options = options_for(server);
  options.max_message_bytes = 1000;
  const Seen seen = run(options);
  REQUIRE(seen.texts.size() == 1);
  CHECK(seen.failure->what == What::too_big);
  CHECK(seen.failure->limit_bytes == 1000);
}

TEST_CASE("ws stream: what is no text", "[ws]") {
  ScriptedServer binary([](ScriptedPeer& peer) {
    peer.accept_websocket();
    peer.send_frame(2, "bytes");
    peer.read_to_the_end();
  });
  CHECK(run(options_for(binary)).failure->what == What::not_text);
  ScriptedServer latin1([](ScriptedPeer& peer) {
    peer.accept_websocket();
    peer.send_text("caf\xe9!");
    peer.read_to_the_end();
  });
  CHECK(run(options_for(latin1)).failure->what == What::not_text);
}

TEST_CASE("ws stream: what is no frame", "[ws]") {
  ScriptedServer server([](ScriptedPeer& peer) {
    peer.accept_websocket();
    peer.send_frame(5, "a reserved opcode");
    peer.read_to_the_end();
  });
  const Seen seen = run(options_for(server));
  CHECK(seen.failure->what == What::bad_frame);
  CHECK_FALSE(seen.failure->detail.empty());
}

TEST_CASE("ws stream: an upgrade that is declined, redirected or answered by something else",
          "[ws]") {
  const auto seen_of = [](const std::string& answer) {
    ScriptedServer server([&answer](ScriptedPeer& peer) {
      static_cast<void>(peer.read_header());
      peer.send(answer);
    });
    return run(options_for(server));
  };
  Seen seen = seen_of("HTTP/1.1 403 Forbidden\r\nContent-Length: 14\r\n\r\n403: Forbidden");
  CHECK(seen.failure->what == What::declined);
  CHECK(seen.failure->http_status == 403);
  seen = seen_of("HTTP/1.1 302 Found\r\nLocation: https://ha/\r\nContent-Length: 0\r\n\r\n");
  CHECK(seen.failure->http_status == 302);
  CHECK(seen.failure->location == "https://ha/");
  seen = seen_of("SSH-2.0-OpenSSH_9.2\r\n");
  CHECK(seen.failure->what == What::no_http);
  CHECK(seen.failure->step == net::WsStep::upgrade);
}

namespace {

boost::asio::awaitable<void> connect_and_close(net::WsOptions options, net::Deadline deadline) {
  auto stream = co_await net::connect_ws(std::move(options));
  co_await (*stream)->close(deadline);
}

void close_by(const net::WsOptions& options, std::chrono::milliseconds limit) {
  boost::asio::io_context io(1);
  boost::asio::co_spawn(io, connect_and_close(options, net::Deadline::in(limit)),
                        [](std::exception_ptr error) { CHECK_FALSE(error); });
  io.run_for(60s);
}

}  // namespace

TEST_CASE("ws stream: says goodbye, and waits for the peer's no longer than it may", "[ws]") {
  std::atomic<int> goodbyes = 0;
  ScriptedServer polite([&](ScriptedPeer& peer) {
    peer.accept_websocket();
    const ScriptedPeer::Frame frame = peer.read_frame();
    goodbyes += frame.opcode == 8 && frame.payload == "\x03\xe8" ? 1 : 0;
    peer.send_close(1000, "");
    peer.read_to_the_end();
  });
  close_by(options_for(polite), 30s);
  ScriptedServer mute([&](ScriptedPeer& peer) {
    peer.accept_websocket();
    goodbyes += peer.read_frame().opcode == 8 ? 1 : 0;
    peer.read_to_the_end();
  });
  const auto start = std::chrono::steady_clock::now();
  close_by(options_for(mute), 50ms);
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  CHECK(goodbyes == 2);
}

TEST_CASE("ws stream: a connection that ends without a close", "[ws]") {
  ScriptedServer server([](ScriptedPeer& peer) {
    peer.accept_websocket();
    peer.send(
        std::string("\x81\x05"
                    "ab",
                    4));
  });
  const Seen seen = run(options_for(server));
  CHECK(seen.failure->what == What::lost);
  CHECK(seen.failure->step == net::WsStep::read);
}

TEST_CASE("ws stream: a silent connection is pinged, then given up", "[ws]") {
  std::atomic<int> pings = 0;
  ScriptedServer server([&](ScriptedPeer& peer) {
    peer.accept_websocket();
    for (;;) pings += peer.read_frame().opcode == 9 ? 1 : 0;
  });
  auto options = options_for(server);
  options.idle_timeout = 200ms;
  const Seen seen = run(options);
  CHECK(seen.failure->what == What::timeout);
  CHECK(seen.failure->limit == 200ms);
  CHECK(pings >= 1);
}

TEST_CASE("ws stream: every step of connecting has its deadline", "[ws]") {
  ScriptedServer silent([](ScriptedPeer& peer) { peer.read_to_the_end(); });
  auto options = options_for(silent);
  options.step_timeout = 50ms;
  Seen seen = run(options);
  CHECK(seen.failure->what == What::timeout);
  CHECK(seen.failure->step == net::WsStep::upgrade);
  CHECK(seen.failure->limit == 50ms);

  options.url = *net::parse_url("https" + silent.url().substr(4));
  seen = run(options);
  CHECK(seen.failure->what == What::timeout);
  CHECK(seen.failure->step == net::WsStep::tls);

  options.step_timeout = 30s;
  options.whole = net::Deadline::in(70ms);
  seen = run(options);
  CHECK(seen.failure->what == What::timeout);
  CHECK(seen.failure->limit == 70ms);
}

TEST_CASE("ws stream: a connect that nobody answers ends at its deadline", "[ws]") {
  // A listener whose queue is full: Linux drops further SYNs, as a firewall does.
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  REQUIRE(::listen(listener, 0) == 0);
  std::vector<int> fillers;
  for (int i = 0; i < 4; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    static_cast<void>(::connect(fd, reinterpret_cast<sockaddr*>(&address), size));
    fillers.push_back(fd);
  }
  net::WsOptions options;
  options.url = *net::parse_url("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  options.target = "/";
  options.step_timeout = 80ms;
  const Seen seen = run(options);
  CHECK(seen.failure->what == What::timeout);
  CHECK(seen.failure->step == net::WsStep::connect);
  for (const int fd : fillers) ::close(fd);
  ::close(listener);
}
