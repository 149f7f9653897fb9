// SPDX-License-Identifier: MIT
// A client's connection, request after request. What comes again byte for byte is answered from
// here; everything else by exchange().
#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

#include "core/api/connection.hpp"
#include "core/api/server.hpp"
#include "core/base/log.hpp"

namespace haingest::api {
namespace {

constexpr std::size_t k_read_bytes = 4096;

// Whether the buffer begins with the request of last time and its answer still holds. Then `out` is
// that answer, which lives until the next request.
bool repeats(Connection& connection, Outgoing& out) {
  Repeat& repeat = connection.repeat;
  const std::size_t size = repeat.request_head.size();
  if (size == 0 || connection.buffer.size() < size) return false;
  if (std::memcmp(connection.buffer.data().data(), repeat.request_head.data(), size) != 0) {
    return false;
  }
  const auto began = Monotonic::now();
  Server& server = connection.server;
  const bool last = connection.requests + 1 >= server.limits().requests_per_connection;
  if (last || server.draining()) return false;
  if (server.application().version() != repeat.wire.version) return false;
  out.body = repeat.body.lock();
  if (repeat.has_body && !out.body) return false;
  server.date().copy(repeat.wire.head.data() + repeat.wire.date_at, server.date().size());
  out.head = repeat.wire.head;
  log_request(connection, repeat.request_head, repeat.wire, began);
  connection.buffer.consume(size);
  ++connection.requests;
  return true;
}

Async<void> serve(Connection& connection) {
  const Limits& limits = connection.server.limits();
  while (!connection.closed) {
    connection.enter(Phase::idle, limits.keep_alive_time);
    if (connection.buffer.size() == 0) {
      if (connection.server.last_call_over()) co_return;
      const auto room = connection.buffer.prepare(k_read_bytes);
      const auto [error, bytes] = co_await connection.socket.async_read_some(room, k_awaited);
      if (error || connection.closed) co_return;
      connection.buffer.commit(bytes);
    }
    Outgoing again;
    if (repeats(connection, again)) {
      const Sending sending = send_now(connection, again);
      if (sending == Sending::failed) co_return;
      if (sending == Sending::done) continue;
      const bool sent = co_await send(connection, std::move(again));
      if (!sent) co_return;
      continue;
    }
    const bool more = co_await exchange(connection);
    if (!more) co_return;
  }
}

}  // namespace

Async<void> run_session(Server& server, Socket socket) {
  Connection connection(server, std::move(socket));
  try {
    co_await serve(connection);
  } catch (const std::exception& error) {
    base::log::error(std::string{"data API: a connection failed: "} + error.what());
  }
}

}  // namespace haingest::api
