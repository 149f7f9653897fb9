// SPDX-License-Identifier: MIT
// One client's connection and the server it belongs to: what the session coroutine, the accept loop
// and the sweep share. Everything here belongs to the server's one thread. Heavy: for .cpp files of
// this room only.
#pragma once

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <cstdint>
#include <string>

#include "core/api/application.hpp"

namespace haingest::api {

namespace net = boost::asio;
using tcp = net::ip::tcp;
using Monotonic = std::chrono::steady_clock;

// The io_context's own executor instead of any_io_executor: 5 % of a kept answer's time.
using Executor = net::io_context::executor_type;
using Socket = net::basic_stream_socket<tcp, Executor>;
using Acceptor = net::basic_socket_acceptor<tcp, Executor>;
using Timer = net::basic_waitable_timer<Monotonic, net::wait_traits<Monotonic>, Executor>;
template <class T>
using Async = net::awaitable<T, Executor>;
inline constexpr auto k_awaited = net::as_tuple(net::use_awaitable_t<Executor>{});

class Server;

// What the client owes us, or we it; decides which time-out runs and who goes first at the cap.
enum class Phase {
  idle,     // between requests: nothing has come of the next
  header,   // some of the header has come
  body,     // the header is there, the body is on its way
  working,  // the writer has the request
  writing,  // the client takes its time over the answer
  closing,  // the answer is out; waiting for the client's end
};

// The last request of this connection and its answer: pollers send the same bytes again and again,
// and as long as the store stays as it is, they get the same bytes back unparsed.
struct Repeat {
  std::string request_head;
  Wire wire;                              // without its body
  std::weak_ptr<const std::string> body;  // the cache's: an idle connection keeps no memory
  bool has_body = false;
};

struct Connection {
  Connection(Server& owner, Socket connected);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void enter(Phase next, std::chrono::milliseconds time);
  // A byte came or went: the idle time-outs begin anew.
  void touch(std::chrono::milliseconds time);
  // Ends it from outside; its coroutine sees a cancelled operation.
  void close();

  Server& server;
  Socket socket;
  boost::beast::flat_buffer buffer;
  Phase phase = Phase::idle;
  Monotonic::time_point deadline;
  // Since when it waits for a whole request, or in `writing` for the client to take a byte.
  Monotonic::time_point waits_since;
  std::size_t requests = 0;
  std::size_t place = 0;         // in the server's list
  std::size_t body_bytes = 0;    // booked with the server
  Bytes sending;                 // the same, while a slow reader takes it
  Timer* writer_wait = nullptr;  // in `working`: what the session waits on
  bool timed_out = false;
  bool closed = false;
  std::string peer;
  bool from_loopback = false;
  Repeat repeat;
};

// Serves one client until either side has enough.
Async<void> run_session(Server& server, Socket socket);

// What is left to send of an answer.
struct Outgoing {
  std::string_view head;
  Bytes body;
  std::size_t sent = 0;
};
enum class Sending { done, blocked, failed };
// Sends what the socket takes at once.
[[nodiscard]] Sending send_now(Connection& connection, Outgoing& outgoing);
// Sends all of it; false when the client is gone or too slow.
Async<bool> send(Connection& connection, Outgoing outgoing);

// A line of the log for each request: its first line, who asked, the status, how long it took. What
// writes shows at -v, the rest at -vv.
void log_request(const Connection& connection, std::string_view request_head, const Wire& wire,
                 Monotonic::time_point began);

// One request from its first byte to the end of its answer; false when the connection ends with it.
Async<bool> exchange(Connection& connection);

}  // namespace haingest::api
