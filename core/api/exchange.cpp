// SPDX-License-Identifier: MIT
// One request from its first byte to the end of its answer.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "core/api/connection.hpp"
#include "core/api/message.hpp"
#include "core/api/server.hpp"
#include "core/base/log.hpp"
#include "core/base/span.hpp"

namespace haingest::api {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t k_head_read_bytes = 4096;
constexpr std::size_t k_body_read_bytes = std::size_t{64} * 1024;
// A chunk's own line: its size and extensions.
constexpr std::size_t k_chunk_line_bytes = std::size_t{4} * 1024;
// Heads that are longer than this are not remembered for the next time.
constexpr std::size_t k_repeat_bytes = 2048;
// After an early refusal the client may still be sending: that much, that long, is thrown away, so
// that the kernel's reset does not overtake the answer.
constexpr std::size_t k_discarded_bytes = std::size_t{1024} * 1024;
constexpr std::chrono::milliseconds k_closing_time{2'000};

std::string_view text_of(const boost::beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

// False at the end, on an error and when the time is over.
Async<bool> read_more(Connection& connection, std::size_t bytes) {
  const auto room = connection.buffer.prepare(bytes);
  const auto [error, count] = co_await connection.socket.async_read_some(room, k_awaited);
  if (error || connection.closed) co_return false;
  connection.buffer.commit(count);
  co_return true;
}

Async<bool> send_wire(Connection& connection, Wire& wire) {
  const std::string_view date = connection.server.date();
  date.copy(wire.head.data() + wire.date_at, date.size());
  Outgoing outgoing{wire.head, wire.body};
  const bool sent = co_await send(connection, std::move(outgoing));
  co_return sent;
}

// Says that no more comes and waits for the client to have read it.
Async<void> linger(Connection& connection) {
  error_code error;
  connection.socket.shutdown(Socket::shutdown_send, error);
  if (error) co_return;
  connection.enter(Phase::closing, k_closing_time);
  std::size_t discarded = 0;
  while (discarded < k_discarded_bytes) {
    connection.buffer.clear();
    const auto room = connection.buffer.prepare(k_body_read_bytes);
    const auto [failed, count] = co_await connection.socket.async_read_some(room, k_awaited);
    if (failed || connection.closed) co_return;
    discarded += count;
  }
}

// Answers with a problem and ends the connection; always false, for co_return. By reference: g++ 12
// frees temporaries that a coroutine takes by value twice, so everything awaited here has a name.
Async<bool> refuse(Connection& connection, const Request& asked, const Response& response) {
  Request request = asked;
  request.keep_alive = false;
  Wire wire = connection.server.application().answer(request, response);
  const auto began = Monotonic::now();
  log_request(connection, request.method + " " + request.target, wire, began);
  const bool sent = co_await send_wire(connection, wire);
  if (sent) co_await linger(connection);
  co_return false;
}

Async<bool> refuse(Connection& connection, const Request& asked, int status,
                   std::string_view sentence) {
  const Response response = connection.server.application().problem_of(status, sentence);
  const bool more = co_await refuse(connection, asked, response);
  co_return more;
}

// The size of the head that the buffer begins with; 0 when the connection has ended over it.
Async<std::size_t> receive_head(Connection& connection) {
  const Limits& limits = connection.server.limits();
  const Request unread;
  std::size_t searched = 0;
  for (;;) {
    while (text_of(connection.buffer).starts_with("\r\n")) {
      connection.buffer.consume(2);  // some clients send an empty line behind a body
      searched = 0;
    }
    const std::string_view bytes = text_of(connection.buffer);
    if (!bytes.empty() && bytes != "\r" && !may_begin_request(bytes)) {
      co_await refuse(connection, unread, 400, "The request is no valid HTTP/1.");
      co_return 0;
    }
    const std::size_t end = find_head_end(bytes, searched);
    if (std::max(end, bytes.size() * (end == 0 ? 1 : 0)) > limits.header_bytes) {
      co_await refuse(connection, unread, 431, "The request's header is too large.");
      co_return 0;
    }
    if (end > 0) co_return end;
    const bool more = co_await read_more(connection, k_head_read_bytes);
    if (more) continue;
    if (connection.timed_out && !connection.closed && connection.buffer.size() > 0) {
      co_await refuse(connection, unread, 408, "The request's header took too long.");
    }
    co_return 0;
  }
}

// None when the whole body is in `parser`, else what to refuse it with; status 0: just end.
Async<std::optional<Malformed>> receive_body(Connection& connection, Parser& parser,
                                             std::size_t limit) {
  const auto idle_time = connection.server.limits().body_idle_time;
  parser.body_limit(limit);
  parser.eager(true);
  while (!parser.is_done()) {
    error_code error;
    const std::size_t before = parser.get().body().size();
    const std::size_t used = parser.put(connection.buffer.data(), error);
    connection.buffer.consume(used);
    const std::size_t grown = parser.get().body().size() - before;
    if (!connection.server.book_body(connection, grown)) {
      co_return Malformed{503, "Too many large requests at once; try again."};
    }
    if (error == http::error::body_limit) {
      co_return Malformed{413, "The request's body is too large."};
    }
    if (error && error != http::error::need_more) {
      co_return Malformed{400, "The request's body is no valid HTTP/1."};
    }
    if (parser.is_done()) break;
    if (used == 0 && connection.buffer.size() > k_chunk_line_bytes) {
      co_return Malformed{400, "A chunk of the request's body has too long a line."};
    }
    const bool more = co_await read_more(connection, k_body_read_bytes);
    if (!more && connection.timed_out && !connection.closed) {
      co_return Malformed{408, "The request's body took too long."};
    }
    if (!more) co_return Malformed{0, {}};
    connection.touch(idle_time);
  }
  co_return std::nullopt;
}

// What the writer's answer comes back in; gone when nobody waits for it any more.
struct Pending {
  explicit Pending(net::io_context& context) : done(context.get_executor()) {
    done.expires_at(Monotonic::time_point::max());
  }
  Timer done;
  std::optional<Response> response;
};

Async<std::optional<Response>> write(Connection& connection, Write write, std::string body) {
  const auto pending = std::make_shared<Pending>(connection.server.context());
  const std::weak_ptr<Pending> waiting = pending;
  net::io_context& context = connection.server.context();
  Writer::Job job{std::move(write), std::move(body), connection.peer, {}};
  job.done = [waiting, &context](Response response) {
    net::post(context, [waiting, response = std::move(response)]() mutable {
      const auto alive = waiting.lock();
      if (!alive) return;
      alive->response = std::move(response);
      alive->done.cancel();
    });
  };
  connection.phase = Phase::working;
  connection.writer_wait = &pending->done;
  connection.server.writer().submit(std::move(job));
  co_await pending->done.async_wait(k_awaited);
  connection.writer_wait = nullptr;
  connection.server.application().written();
  co_return std::move(pending->response);
}

void remember(Connection& connection, std::string_view head, const Wire& wire) {
  if (head.size() > k_repeat_bytes || wire.version == 0 || wire.close) return;
  Repeat& repeat = connection.repeat;
  repeat.request_head = head;
  repeat.wire = wire;
  repeat.wire.body.reset();
  repeat.body = wire.body;
  repeat.has_body = wire.body != nullptr;
}

// Reads the body into request.body; false when the connection has ended over it.
Async<bool> take_body(Connection& connection, Head& head, Parser& parser,
                      const Decision& decision) {
  Request& request = head.request;
  if (const auto* refusal = std::get_if<Response>(&decision.task)) {
    co_await refuse(connection, request, *refusal);
    co_return false;
  }
  if (head.content_length.value_or(0) > decision.body_limit) {
    co_await refuse(connection, request, 413, "The request's body is too large.");
    co_return false;
  }
  connection.enter(Phase::body, connection.server.limits().body_idle_time);
  if (head.expects_continue && !request.http_1_0 && connection.buffer.size() == 0) {
    const Outgoing go_on{"HTTP/1.1 100 Continue\r\n\r\n", nullptr};
    const bool sent = co_await send(connection, go_on);
    if (!sent) co_return false;
    connection.enter(Phase::body, connection.server.limits().body_idle_time);
  }
  const auto malformed = co_await receive_body(connection, parser, decision.body_limit);
  if (malformed && malformed->status > 0) {
    co_await refuse(connection, request, malformed->status, malformed->sentence);
  }
  if (malformed) co_return false;
  request.body = std::move(parser.get().body());
  co_return true;
}

// An answer as it goes out; none when there is nobody to answer any more.
Async<std::optional<Wire>> work(Connection& connection, Request& request, Decision decision) {
  Application& application = connection.server.application();
  if (auto* job = std::get_if<Write>(&decision.task)) {
    auto response = co_await write(connection, std::move(*job), std::move(request.body));
    connection.server.unbook_body(connection);
    if (!response || connection.closed) co_return std::nullopt;
    if (connection.server.draining()) request.keep_alive = false;
    co_return application.answer(request, *response);
  }
  connection.server.unbook_body(connection);
  if (const auto* read = std::get_if<Read>(&decision.task)) {
    co_return application.answer(request, *read);
  }
  co_return application.answer(request, std::get<Response>(decision.task));
}

}  // namespace

void log_request(const Connection& connection, std::string_view request_head, const Wire& wire,
                 Monotonic::time_point began) {
  const std::string_view line = request_head.substr(0, request_head.find_first_of("\r\n"));
  const std::string_view asked = line.substr(0, line.rfind(" HTTP/"));
  const std::string_view method = asked.substr(0, asked.find(' '));
  const bool is_write = writes(method_of(method)) && method_of(method) != Method::other;
  if (!base::log::shows(is_write ? base::log::Level::info : base::log::Level::debug)) return;
  constexpr std::size_t longest = 200;
  const std::string_view status = std::string_view{wire.head}.substr(9, 3);  // behind "HTTP/1.1 "
  const std::string text = "data API: " + std::string{asked.substr(0, longest)} + " from " +
                           connection.peer + ": " + std::string{status} + ", " +
                           base::time_since(began);
  is_write ? base::log::info(text) : base::log::debug(text);
}

Async<bool> exchange(Connection& connection) {
  Server& server = connection.server;
  connection.enter(Phase::header, server.limits().header_time);
  const std::size_t head_size = co_await receive_head(connection);
  if (head_size == 0) co_return false;
  const auto began = Monotonic::now();
  ++connection.requests;

  Parser parser;
  const std::string bytes{text_of(connection.buffer).substr(0, head_size)};
  Head head = read_head(parser, bytes);
  connection.buffer.consume(head_size);
  if (head.malformed) {
    const bool more =
        co_await refuse(connection, head.request, head.malformed->status, head.malformed->sentence);
    co_return more;
  }
  Request& request = head.request;
  request.peer = connection.peer;
  request.from_loopback = connection.from_loopback;
  const bool last = connection.requests >= server.limits().requests_per_connection;
  if (last || server.draining()) request.keep_alive = false;

  Decision decision = server.application().decide(request);
  if (request.has_body) {
    const bool taken = co_await take_body(connection, head, parser, decision);
    if (!taken) co_return false;
  }
  std::optional<Wire> wire = co_await work(connection, request, std::move(decision));
  if (!wire) co_return false;
  log_request(connection, bytes, *wire, began);
  if (!request.has_body) remember(connection, bytes, *wire);
  const bool sent = co_await send_wire(connection, *wire);
  if (sent && wire->close && !server.draining()) co_await linger(connection);
  const bool large = connection.buffer.capacity() > k_body_read_bytes / 2;
  if (large && connection.buffer.size() == 0) connection.buffer.shrink_to_fit();
  co_return sent && !wire->close;
}

}  // namespace haingest::api
