// SPDX-License-Identifier: MIT
#include "tests/contract/ha_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <variant>

namespace haingest::test {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;
using Error = boost::system::error_code;
using Plain = websocket::stream<beast::tcp_stream>;
using Secure = websocket::stream<beast::ssl_stream<beast::tcp_stream>>;

struct Place {
  bool tls = false;
  std::string host, port, prefix;
};

Place place_of(const std::string& url) {
  Place place;
  place.tls = url.starts_with("https://");
  std::string rest = url.substr(url.find("//") + 2);
  if (const std::size_t slash = rest.find('/'); slash != std::string::npos) {
    place.prefix = rest.substr(slash);
    rest.resize(slash);
  }
  if (place.prefix.ends_with('/')) place.prefix.pop_back();
  const std::size_t colon = rest.rfind(':');
  place.host = rest.substr(0, colon);
  place.port = rest.substr(colon + 1);
  if (place.host.starts_with('[')) place.host = place.host.substr(1, place.host.size() - 2);
  return place;
}

// Core's path, or the one of the Supervisor's proxy.
std::string websocket_path(const Place& place) {
  return place.prefix + (place.prefix.ends_with("/core") ? "/websocket" : "/api/websocket");
}

}  // namespace

struct HaClient::Impl {
  asio::io_context io;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  std::variant<std::monostate, Plain, Secure> stream;
  beast::flat_buffer buffer;
  std::optional<Error> read_done;  // of the read that is under way; none: it goes on
  bool reading = false;
  std::chrono::milliseconds patience{};

  // Runs until `done` has a value.
  void wait(const std::optional<Error>& done, const char* what) {
    io.restart();
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!done) {
      if (io.run_one_until(end) == 0 && std::chrono::steady_clock::now() >= end) {
        throw TimedOut(std::string("no end of it: ") + what);
      }
      if (io.stopped()) io.restart();
    }
  }

  template <class Start>
  Error run(const char* what, Start start) {
    std::optional<Error> done;
    start([&done](Error error, auto&&...) { done = error; });
    wait(done, what);
    return *done;
  }

  template <class Visitor>
  decltype(auto) with_stream(Visitor visitor) {
    if (auto* secure = std::get_if<Secure>(&stream)) return visitor(*secure);
    return visitor(std::get<Plain>(stream));
  }

  template <class Stream>
  void upgrade(Stream& socket, const Place& place) {
    socket.read_message_max(std::size_t{256} * 1024 * 1024);
    websocket::response_type response;
    const std::string host = place.host + ":" + place.port;
    const std::string path = websocket_path(place);
    const Error error = run(
        "upgrade", [&](auto handler) { socket.async_handshake(response, host, path, handler); });
    if (error == websocket::error::upgrade_declined) {
      throw Declined(response.result_int(), std::string(response[http::field::location]));
    }
    if (error) throw Ended("upgrade: " + error.message(), 1006);
  }

  [[noreturn]] void throw_ended(const Error& error) {
    const std::uint16_t code = with_stream([](auto& socket) { return socket.reason().code; });
    throw Ended(error.message(), error == websocket::error::closed ? code : std::uint16_t{1006});
  }

  void start_read() {
    if (reading) return;
    reading = true;
    read_done.reset();
    with_stream([this](auto& socket) {
      socket.async_read(buffer, [this](Error error, std::size_t) { read_done = error; });
    });
  }

  std::string take_frame() {
    reading = false;
    if (*read_done) throw_ended(*read_done);
    std::string frame = beast::buffers_to_string(buffer.cdata());
    buffer.consume(buffer.size());
    return frame;
  }

  void write(const std::string& frame, bool text) {
    const Error error = run("write", [&](auto handler) {
      with_stream([&](auto& socket) {
        socket.text(text);
        socket.async_write(asio::buffer(frame), handler);
      });
    });
    if (error) throw_ended(error);
  }
};

HaClient::HaClient(const std::string& url, const std::string& ca_pem,
                   std::chrono::milliseconds patience)
    : impl_(std::make_unique<Impl>()) {
  impl_->patience = patience;
  const Place place = place_of(url);
  tcp::resolver resolver(impl_->io);
  const auto endpoints = resolver.resolve(place.host, place.port);
  if (place.tls) {
    impl_->tls.add_certificate_authority(asio::buffer(ca_pem));
    impl_->tls.set_verify_mode(asio::ssl::verify_peer);
    impl_->tls.set_verify_callback(asio::ssl::host_name_verification(place.host));
    impl_->stream.emplace<Secure>(impl_->io, impl_->tls);
  } else {
    impl_->stream.emplace<Plain>(impl_->io);
  }
  impl_->with_stream([&](auto& socket) {
    const Error error = impl_->run("connect", [&](auto handler) {
      beast::get_lowest_layer(socket).async_connect(endpoints, handler);
    });
    if (error) throw std::runtime_error(url + ": " + error.message());
  });
  if (auto* secure = std::get_if<Secure>(&impl_->stream)) {
    const Error error = impl_->run("TLS", [&](auto handler) {
      secure->next_layer().async_handshake(asio::ssl::stream_base::client, handler);
    });
    if (error) throw std::runtime_error(url + ": " + error.message());
  }
  impl_->with_stream([&](auto& socket) { impl_->upgrade(socket, place); });
}

HaClient::~HaClient() {
  impl_->with_stream([](auto& socket) { beast::get_lowest_layer(socket).close(); });
  impl_->io.restart();
  impl_->io.run_for(std::chrono::seconds(1));  // the read under way ends
}

std::string HaClient::receive_frame() {
  impl_->start_read();
  impl_->wait(impl_->read_done, "a frame");
  return impl_->take_frame();
}

Json HaClient::receive() {
  if (waiting_.empty()) {
    Json frame = Json::parse(receive_frame());
    if (!frame.is_array()) return frame;
    for (Json& message : frame) waiting_.push_back(std::move(message));
  }
  Json first = std::move(waiting_.front());
  waiting_.erase(waiting_.begin());
  return first;
}

void HaClient::send_text(const std::string& frame) { impl_->write(frame, true); }
void HaClient::send_binary(const std::string& frame) { impl_->write(frame, false); }

Json HaClient::log_in(const std::string& token) {
  Json answer = receive();
  if (answer.value("type", "") != "auth_required") throw std::runtime_error(answer.dump());
  send(Json{{"type", "auth"}, {"access_token", token}});
  answer = receive();
  if (answer.value("type", "") != "auth_ok") throw std::runtime_error(answer.dump());
  return answer;
}

Json HaClient::ask(const std::string& type, const Json& members) {
  Json command{{"id", ++last_id_}, {"type", type}};
  command.update(members);
  send(command);
  std::vector<Json> others;
  for (;;) {
    Json message = receive();
    if (message.value("id", 0) == last_id_ && message.value("type", "") != "event") {
      waiting_.insert(waiting_.begin(), others.begin(), others.end());
      return message;
    }
    others.push_back(std::move(message));
  }
}

Json HaClient::result(const std::string& type, const Json& members) {
  Json answer = ask(type, members);
  if (!answer.value("success", false)) throw std::runtime_error(type + ": " + answer.dump());
  return std::move(answer["result"]);
}

std::uint16_t HaClient::wait_for_end() {
  try {
    for (;;) static_cast<void>(receive_frame());
  } catch (const Ended& end) {
    return end.code;
  }
}

bool HaClient::silent_for(int milliseconds) {
  impl_->start_read();
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  impl_->io.restart();
  while (!impl_->read_done && std::chrono::steady_clock::now() < end) {
    impl_->io.run_one_until(end);
    if (impl_->io.stopped()) impl_->io.restart();
  }
  return !impl_->read_done;
}

HttpReply http_send(const std::string& method, const std::string& url, const std::string& path,
                    const std::string& token, const std::string& body) {
  const Place place = place_of(url);
  asio::io_context io;
  tcp::resolver resolver(io);
  beast::tcp_stream stream(io);
  stream.connect(resolver.resolve(place.host, place.port));
  http::request<http::string_body> request(http::string_to_verb(method), place.prefix + path, 11);
  request.set(http::field::host, place.host + ":" + place.port);
  request.set(http::field::connection, "close");
  if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);
  if (!body.empty()) {
    request.set(http::field::content_type, "application/json");
    request.body() = body;
    request.prepare_payload();
  }
  http::write(stream, request);
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(stream, buffer, response);
  return {response.result_int(), std::string(response[http::field::content_type]), response.body()};
}

HttpReply http_get(const std::string& url, const std::string& path, const std::string& token) {
  return http_send("GET", url, path, token);
}

}  // namespace haingest::test
