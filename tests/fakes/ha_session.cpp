// SPDX-License-Identifier: MIT
#include "tests/fakes/ha_session.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <chrono>

#include "tests/fakes/ha_http.hpp"

namespace haingest::fakes {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::awaitable;
using tcp = asio::ip::tcp;

// TCP with a limit on the bytes a second.
using TcpStream = beast::basic_stream<tcp, asio::any_io_executor, beast::simple_rate_policy>;
using TlsStream = beast::ssl_stream<TcpStream>;
template <class Stream>
using Socket = std::shared_ptr<websocket::stream<Stream>>;
using SessionPtr = std::shared_ptr<Session>;

constexpr auto k_token = asio::as_tuple(asio::use_awaitable);

// Home Assistant's limit on a client's message.
constexpr std::size_t k_max_client_message = 4 * 1024 * 1024;
// How long answers are collected before they go out in the opposite order.
constexpr std::chrono::milliseconds k_reverse_window{60};

awaitable<void> wait_until(asio::steady_timer& timer, std::chrono::steady_clock::time_point end) {
  timer.expires_at(end);
  co_await timer.async_wait(k_token);
}

// Says nothing until the server stops or drops the connection; reads what comes, so that the peer
// sees an open connection and not a full one.
template <class Stream>
awaitable<void> stay_silent(Stream& stream) {
  std::array<char, 4096> ignored{};
  for (;;) {
    const auto [error, size] = co_await stream.async_read_some(asio::buffer(ignored), k_token);
    if (error) co_return;
  }
}

void reset(tcp::socket& socket) {
  beast::error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

// --- the writer ---------------------------------------------------------------------------------

std::string frame_header(std::size_t size) {
  std::string header = "\x81";  // the only fragment of a text message, not masked
  if (size < 126) return header += static_cast<char>(size);
  // The shortest form that holds it: RFC 6455 forbids the others.
  const int bits = size < 65536 ? 16 : 64;
  header += static_cast<char>(bits == 16 ? 126 : 127);
  for (int shift = bits - 8; shift >= 0; shift -= 8) {
    header += static_cast<char>((static_cast<std::uint64_t>(size) >> shift) & 0xffU);
  }
  return header;
}

template <class Stream>
awaitable<void> cut_in_frame(Socket<Stream> socket, std::string text) {
  std::string half = frame_header(text.size());
  half.append(text, 0, text.size() / 2);
  co_await asio::async_write(socket->next_layer(), asio::buffer(half), k_token);
  // Not closed: with requests unread that would be a reset, which takes back what was sent.
  beast::error_code ignored;
  beast::get_lowest_layer(*socket).socket().shutdown(asio::socket_base::shutdown_send, ignored);
}

template <class Stream>
awaitable<bool> write_frame(SessionPtr session, Socket<Stream> socket, std::string text) {
  socket->text(true);
  const std::size_t step = session->faults.fragment_bytes;
  if (step == 0) {
    const auto [error, size] = co_await socket->async_write(asio::buffer(text), k_token);
    co_return !error;
  }
  for (std::size_t at = 0; at < text.size(); at += step) {
    const std::size_t length = std::min(step, text.size() - at);
    const bool last = at + length == text.size();
    const auto [error, size] =
        co_await socket->async_write_some(last, asio::buffer(text.data() + at, length), k_token);
    if (error) co_return false;
  }
  co_return true;
}

template <class Stream>
awaitable<void> close_socket(Socket<Stream> socket, std::uint16_t code, std::string reason) {
  const websocket::close_reason why(static_cast<websocket::close_code>(code),
                                    beast::string_view(reason));
  co_await socket->async_close(why, k_token);
}

// Frames that no command of the client asked for.
void add_chatter(Session& session, std::string& text) {
  const std::string event =
      R"({"id":987654,"type":"event","event":{"event_type":"state_changed","data":{}}})";
  const std::string pong = R"({"id":987655,"type":"pong"})";
  text = session.protocol.coalesces() ? event + "," + pong + "," + text : text;
}

struct Frame {
  std::string text;
  std::size_t answers = 0;
};

// The next frame: one message, or all that wait as an array.
Frame next_frame(Session& session) {
  Frame frame;
  const bool all = session.protocol.coalesces() && session.protocol.authenticated();
  std::size_t count = 0;
  do {
    Outgoing message = std::move(session.queue.front());
    session.queue.pop_front();
    frame.answers += message.answer ? 1 : 0;
    frame.text += (frame.text.empty() ? "" : ",") + std::move(message.text);
    ++count;
  } while (all && !session.queue.empty());
  if (all && session.faults.chatter) {
    add_chatter(session, frame.text);
    count += 2;
  }
  if (all && (count > 1 || session.faults.arrays)) frame.text = "[" + frame.text + "]";
  return frame;
}

// Whether the answers go on; false after the fault has ended the connection.
template <class Stream>
awaitable<bool> send_next(SessionPtr session, Socket<Stream> socket) {
  const Faults& faults = session->faults;
  Frame frame = next_frame(*session);
  if (faults.cut && frame.answers > 0 && session->answers >= *faults.cut) {
    co_await cut_in_frame<Stream>(socket, std::move(frame.text));
    co_return false;
  }
  if (faults.close && session->answers >= faults.close->after && frame.answers > 0) {
    co_await close_socket<Stream>(socket, faults.close->code, faults.close->reason);
    co_return false;
  }
  if (faults.chatter && frame.answers > 0 && !session->protocol.coalesces()) {
    std::string event = R"({"id":987654,"type":"event","event":{"event_type":"x","data":{}}})";
    const bool sent = co_await write_frame<Stream>(session, socket, std::move(event));
    if (!sent) co_return false;
  }
  session->answers += frame.answers;
  const bool written = co_await write_frame<Stream>(session, socket, std::move(frame.text));
  co_return written;
}

template <class Stream>
awaitable<void> write_frames(SessionPtr session, Socket<Stream> socket) {
  bool good = true;
  std::size_t in_order = 0;  // messages at the front that have been put into the opposite order
  while (good && !session->gone) {
    if (session->queue.empty() && session->closing) {
      co_await close_socket<Stream>(socket, 1000, "");
      co_return;
    }
    if (session->queue.empty()) {
      co_await wait_until(session->wake, std::chrono::steady_clock::time_point::max());
      continue;
    }
    if (session->faults.reversed && session->protocol.authenticated() && in_order == 0) {
      asio::steady_timer pause(socket->get_executor());
      co_await wait_until(pause, std::chrono::steady_clock::now() + k_reverse_window);
      std::reverse(session->queue.begin(), session->queue.end());
      in_order = session->queue.size();
    }
    in_order = session->protocol.coalesces() || in_order == 0 ? 0 : in_order - 1;
    good = co_await send_next<Stream>(session, socket);
  }
}

// --- the reader ---------------------------------------------------------------------------------

template <class Stream>
awaitable<void> read_frames(SessionPtr session, Socket<Stream> socket) {
  beast::flat_buffer buffer;
  while (!session->closing) {
    const auto [error, size] = co_await socket->async_read(buffer, k_token);
    if (error) break;
    if (!socket->got_text()) {
      session->finish();
      continue;
    }
    const auto bytes = buffer.cdata();
    const std::string_view text(static_cast<const char*>(bytes.data()), bytes.size());
    Reply reply = session->protocol.receive(text);
    buffer.consume(buffer.size());
    if (session->faults.silent == Faults::Stage::auth && session->protocol.authenticated()) {
      if (session->answers++ > 0) continue;  // only auth_ok is still said
    }
    session->push(std::move(reply.messages));
    if (reply.close) session->finish();
  }
}

template <class Stream>
awaitable<void> limit_auth_time(SessionPtr session, Socket<Stream> socket) {
  asio::steady_timer timer(socket->get_executor());
  co_await wait_until(timer,
                      std::chrono::steady_clock::now() + session->world().options.auth_timeout);
  if (!session->protocol.authenticated()) session->finish();
}

template <class Stream>
awaitable<void> serve_websocket(SessionPtr session, Stream stream,
                                http::request<http::string_body> request, Sessions& sessions) {
  auto socket = std::make_shared<websocket::stream<Stream>>(std::move(stream));
  socket->read_message_max(k_max_client_message);
  socket->auto_fragment(false);
  const auto [error] = co_await socket->async_accept(request, k_token);
  if (error) co_return;
  ++session->world().counters.upgrades;
  session->cut = [weak = std::weak_ptr(socket)] {
    if (const auto alive = weak.lock()) reset(beast::get_lowest_layer(*alive).socket());
  };
  if (session->faults.silent == Faults::Stage::upgrade) {
    co_await stay_silent(socket->next_layer());
    co_return;
  }
  sessions.insert(session);
  session->push({{session->protocol.greeting()}});
  asio::co_spawn(socket->get_executor(), limit_auth_time<Stream>(session, socket), asio::detached);
  asio::co_spawn(socket->get_executor(), write_frames<Stream>(session, socket), asio::detached);
  co_await read_frames<Stream>(session, socket);
  // A closing writer reads the peer's close frame itself.
  if (!session->closing) session->gone = true;
  session->wake.cancel();
  sessions.erase(session);
}

// --- HTTP ---------------------------------------------------------------------------------------

http::response<http::string_body> response_to(const http::request<http::string_body>& request,
                                              HttpAnswer answer) {
  http::response<http::string_body> response(static_cast<http::status>(answer.status),
                                             request.version());
  response.set(http::field::server, "haingest ha-simulator");
  response.set(http::field::content_type, answer.content_type);
  if (!answer.location.empty()) response.set(http::field::location, answer.location);
  response.keep_alive(request.keep_alive());
  response.body() = std::move(answer.body);
  response.prepare_payload();
  if (request.method() == http::verb::head) response.body().clear();
  return response;
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

template <class Stream>
awaitable<void> serve_http(SessionPtr session, Stream stream, Sessions& sessions) {
  beast::flat_buffer buffer;
  bool keep = true;
  while (keep) {
    http::request<http::string_body> request;
    const auto [error, size] = co_await http::async_read(stream, buffer, request, k_token);
    if (error) break;
    HttpAnswer answer;
    if (websocket::is_upgrade(request)) {
      answer = answer_upgrade(session->world(), session->faults, view(request.target()));
      if (answer.status == 101) {
        co_await serve_websocket<Stream>(session, std::move(stream), std::move(request), sessions);
        co_return;
      }
    } else {
      answer = answer_http(session->world(), view(request.method_string()), view(request.target()),
                           view(request[http::field::authorization]));
    }
    auto response = response_to(request, std::move(answer));
    keep = response.keep_alive();
    const auto [write_error, written] = co_await http::async_write(stream, response, k_token);
    keep = keep && !write_error;
  }
  beast::error_code ignored;
  beast::get_lowest_layer(stream).socket().shutdown(tcp::socket::shutdown_send, ignored);
}

awaitable<void> serve_tls(SessionPtr session, TcpStream stream, asio::ssl::context& tls,
                          Sessions& sessions) {
  TlsStream secure(std::move(stream), tls);
  const auto [error] = co_await secure.async_handshake(asio::ssl::stream_base::server, k_token);
  if (error) co_return;
  co_await serve_http<TlsStream>(session, std::move(secure), sessions);
}

}  // namespace

awaitable<void> serve_connection(tcp::socket socket, asio::ssl::context* tls, World& world,
                                 Sessions& sessions, std::size_t number) {
  const auto session = std::make_shared<Session>(socket, world, number);
  TcpStream stream(std::move(socket));
  if (number <= world.options.faults.refuse) {
    reset(stream.socket());
  } else if (session->faults.silent == Faults::Stage::accept) {
    co_await stay_silent(stream);
  } else {
    if (session->faults.bytes_per_second > 0) {
      stream.rate_policy().write_limit(session->faults.bytes_per_second);
    }
    if (tls == nullptr) {
      co_await serve_http<TcpStream>(session, std::move(stream), sessions);
    } else {
      co_await serve_tls(session, std::move(stream), *tls, sessions);
    }
  }
  --world.counters.open;
}

}  // namespace haingest::fakes
