// SPDX-License-Identifier: MIT
#include "core/api/connection.hpp"

#include <utility>

#include "core/api/server.hpp"

namespace haingest::api {

using boost::system::error_code;

Connection::Connection(Server& owner, Socket connected)
    : server(owner), socket(std::move(connected)) {
  server.enrol(*this);
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return;
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6());
  }
  peer = address.to_string();
  from_loopback = address.is_loopback();
}

Connection::~Connection() {
  server.unbook_body(*this);
  server.unbook_answer(*this);
  if (!closed) server.count_closed();
  server.strike(*this);
}

void Connection::enter(Phase next, std::chrono::milliseconds time) {
  const auto now = Monotonic::now();
  phase = next;
  deadline = now + time;
  if (next == Phase::idle || next == Phase::writing) waits_since = now;
  if (next == Phase::closing) waits_since = {};  // nobody misses it: the first to go
}

void Connection::touch(std::chrono::milliseconds time) {
  const auto now = Monotonic::now();
  deadline = now + time;
  if (phase == Phase::writing) waits_since = now;
}

void Connection::close() {
  if (closed) return;
  closed = true;
  server.count_closed();
  error_code ignored;
  socket.close(ignored);
  if (writer_wait != nullptr) writer_wait->cancel();
}

Sending send_now(Connection& connection, Outgoing& outgoing) {
  const std::size_t head = outgoing.head.size();
  const std::size_t total = head + (outgoing.body ? outgoing.body->size() : 0);
  while (outgoing.sent < total) {
    std::array<net::const_buffer, 2> rest;
    if (outgoing.sent < head) rest[0] = net::buffer(outgoing.head.substr(outgoing.sent));
    if (outgoing.body) {
      rest[1] = net::buffer(*outgoing.body) + (outgoing.sent > head ? outgoing.sent - head : 0);
    }
    error_code error;
    outgoing.sent += connection.socket.write_some(rest, error);
    if (error == net::error::would_block || error == net::error::try_again) {
      return Sending::blocked;
    }
    if (error) return Sending::failed;
  }
  return Sending::done;
}

Async<bool> send(Connection& connection, Outgoing outgoing) {
  Sending state = send_now(connection, outgoing);
  if (state != Sending::blocked) co_return state == Sending::done;
  const auto time = connection.server.limits().write_time;
  connection.enter(Phase::writing, time);
  connection.server.book_answer(connection, outgoing.body);
  while (state == Sending::blocked && !connection.closed) {
    const auto [error] = co_await connection.socket.async_wait(Socket::wait_write, k_awaited);
    if (error || connection.closed) {
      state = Sending::failed;
      break;
    }
    const std::size_t before = outgoing.sent;
    state = send_now(connection, outgoing);
    if (outgoing.sent > before) connection.touch(time);
  }
  connection.server.unbook_answer(connection);
  co_return state == Sending::done && !connection.closed;
}

}  // namespace haingest::api
