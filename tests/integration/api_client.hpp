// SPDX-License-Identifier: MIT
// A service in a thread and clients that speak to it byte by byte, for the tests of the data API's
// sockets.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "core/api/service.hpp"
#include "core/mirror/mirror.hpp"
#include "core/store/database.hpp"
#include "tests/support/document.hpp"
#include "tests/support/http_answer.hpp"
#include "tests/support/temp_dir.hpp"

namespace haingest::test {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// "[{"id":"d0","name":"Device 0"}, …]"
[[nodiscard]] inline std::string devices_json(int count) {
  std::string json = "[";
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    json += (i > 0 ? "," : "") + std::string{R"({"id":"d)"} + number + R"(","name":"Device )" +
            number + R"(","manufacturer":"Acme"})";
  }
  return json + "]";
}

// Makes the store say what a Home Assistant with so many devices says.
inline void fill(const std::string& path, int devices) {
  auto database = store::Database::open(path, 10s);
  mirror::Policy policy;
  policy.new_house = true;
  static_cast<void>(mirror::synchronise(database, snapshot_of({.devices = devices_json(devices)}),
                                        policy, {"sync", "http://ha.test", base::system_now()},
                                        base::system_now));
}

// A service on a free port of 127.0.0.1, with a store of three devices unless told otherwise.
class Served {
 public:
  explicit Served(api::Options options = {}, int devices = 3) {
    path = options.database_path.empty() ? dir.file("metadata.db") : options.database_path;
    if (devices > 0) fill(path, devices);
    options.database_path = path;
    options.listen = {{"127.0.0.1", 0}};
    service = std::make_unique<api::Service>(options);
    const std::string url = service->urls().at(0);
    port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    thread_ = std::thread([this] {
      service->run();
      ended = true;
    });
  }
  ~Served() {
    if (!ended) service->stop();
    if (!ended) service->stop();
    thread_.join();
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  TempDir dir;
  std::string path;
  std::unique_ptr<api::Service> service;
  std::uint16_t port = 0;
  std::atomic<bool> ended = false;

 private:
  std::thread thread_;
};

// A connection; reads throw after ten seconds without a byte.
class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ::close(fd_);
      throw std::runtime_error("cannot connect: " + std::to_string(errno));
    }
  }
  Client(Client&& other) noexcept : fd_(other.fd_), buffer_(std::move(other.buffer_)) {
    other.fd_ = -1;
  }
  ~Client() {
    if (fd_ >= 0) ::close(fd_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client& operator=(Client&&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

  // False when the other side has closed.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // One answer; `head_only` for what has none behind its header (HEAD, 304). Throws at the end of
  // the connection.
  HttpAnswer read(bool head_only = false) {
    while (buffer_.find("\r\n\r\n") == std::string::npos) {
      if (!more()) throw std::runtime_error("closed in the middle of: " + buffer_);
    }
    HttpAnswer answer;
    const auto end = buffer_.find("\r\n\r\n") + 4;
    answer.head = buffer_.substr(0, end);
    answer.status = std::stoi(answer.head.substr(9, 3));
    buffer_.erase(0, end);
    const std::string length = answer.header("Content-Length");
    const std::size_t size = head_only || length.empty() ? 0 : std::stoul(length);
    while (buffer_.size() < size) {
      if (!more()) throw std::runtime_error("closed in the middle of a body");
    }
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return answer;
  }

  HttpAnswer get(const std::string& target, const std::string& more_headers = "") {
    send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more_headers + "\r\n");
    return read();
  }
  HttpAnswer post(const std::string& target, const std::string& body,
                  const std::string& more_headers = "") {
    send("POST " + target +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + more_headers + "\r\n" + body);
    return read();
  }

  // Whether the other side has closed (or does so within `patience`) without another byte.
  bool closed(std::chrono::milliseconds patience = 10s) {
    if (!buffer_.empty()) return false;
    pollfd wait{fd_, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(patience.count())) <= 0) return false;
    return !more() && buffer_.empty();
  }
  [[nodiscard]] const std::string& unread() const { return buffer_; }

 private:
  // False at the end of the connection.
  bool more() {
    pollfd wait{fd_, POLLIN, 0};
    if (::poll(&wait, 1, 10'000) <= 0) throw std::runtime_error("no byte for ten seconds");
    char bytes[16384];
    const auto count = ::recv(fd_, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  int fd_;
  std::string buffer_;
};

}  // namespace haingest::test
