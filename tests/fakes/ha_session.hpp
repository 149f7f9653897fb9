// SPDX-License-Identifier: MIT
// One TCP connection of the simulated Home Assistant, from its acceptance to its end: HTTP answers,
// the upgrade, then two coroutines that read and write frames. Everything runs on the server's one
// thread. Private to the fakes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <set>

#include "tests/fakes/ha_protocol.hpp"

namespace haingest::fakes {

class Session {
 public:
  Session(boost::asio::ip::tcp::socket& socket, World& world, std::size_t connection)
      : number(connection),
        faults(world.faults_for(connection)),
        protocol(world, connection, faults),
        wake(socket.get_executor()),
        world_(world) {}

  void push(std::vector<Outgoing> messages) {
    for (Outgoing& message : messages) queue.push_back(std::move(message));
    wake.cancel();
  }
  void finish() {
    closing = true;
    wake.cancel();
  }
  [[nodiscard]] World& world() { return world_; }

  const std::size_t number;  // of the connection, from 1
  const Faults faults;
  Protocol protocol;
  std::deque<Outgoing> queue;
  boost::asio::steady_timer wake;  // cancelled when the writer has something to look at
  bool closing = false;            // close when the queue is empty
  bool gone = false;               // the peer has left
  std::size_t answers = 0;         // sent so far
  std::function<void()> cut;       // closes the socket

 private:
  World& world_;
};

// The connections that are open; drop_connections and events go through it.
using Sessions = std::set<std::shared_ptr<Session>>;

// Serves one accepted socket to its end. `tls` is null for plain TCP.
[[nodiscard]] boost::asio::awaitable<void> serve_connection(boost::asio::ip::tcp::socket socket,
                                                            boost::asio::ssl::context* tls,
                                                            World& world, Sessions& sessions,
                                                            std::size_t number);

}  // namespace haingest::fakes
