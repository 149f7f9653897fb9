// SPDX-License-Identifier: MIT
// Runs a WsStream from its connection to its end and keeps what it saw.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/net/ws_stream.hpp"
#include "tests/unit/net/scripted_peer.hpp"

namespace haingest::test {

struct Seen {
  std::vector<std::string> texts;
  std::vector<std::size_t> capacities;  // of the buffer, with each text in it
  std::optional<net::WsFailure> failure;
  std::uint64_t received = 0;
  bool padded = true;
};

[[nodiscard]] inline net::WsOptions options_for(const ScriptedServer& server) {
  net::WsOptions options;
  options.url = *net::parse_url(server.url());
  options.target = "/api/websocket";
  options.user_agent = "test/1";
  options.step_timeout = std::chrono::seconds(5);
  return options;
}

inline boost::asio::awaitable<void> read_all(net::WsOptions options, std::string hello,
                                             Seen& seen) {
  auto stream = co_await net::connect_ws(std::move(options));
  if (!stream) {
    seen.failure = stream.error();
    co_return;
  }
  if (!hello.empty()) co_await (*stream)->write(hello);
  for (;;) {
    const auto text = co_await (*stream)->read();
    seen.received = (*stream)->bytes_received();
    if (!text) {
      seen.failure = text.error();
      co_return;
    }
    seen.texts.emplace_back(*text);
    seen.capacities.push_back((*stream)->buffered_capacity());
    const std::string_view behind(text->data() + text->size(), net::WsStream::k_padding);
    seen.padded = seen.padded && behind == std::string(net::WsStream::k_padding, '\0');
  }
}

// Connects, says `hello`, reads until the connection ends.
[[nodiscard]] inline Seen run(const net::WsOptions& options, const std::string& hello = "") {
  boost::asio::io_context io(1);
  Seen seen;
  std::exception_ptr thrown;
  boost::asio::co_spawn(io, read_all(options, hello, seen),
                        [&](std::exception_ptr error) { thrown = error; });
  io.run_for(std::chrono::seconds(60));
  if (thrown) std::rethrow_exception(thrown);
  return seen;
}

}  // namespace haingest::test
