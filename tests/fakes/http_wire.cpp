// SPDX-License-Identifier: MIT
#include "tests/fakes/http_wire.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>

namespace haingest::fakes {
namespace {

constexpr std::size_t k_read = 65'536;

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

WireHead parse_head(std::string bytes) {
  WireHead head;
  std::istringstream lines(bytes);
  std::string line;
  std::getline(lines, line);
  std::istringstream words(line);
  std::string first, second;
  words >> first >> second;
  if (first.starts_with("HTTP/")) {
    head.status = std::stoi(second);
  } else {
    head.method = first;
    head.target = second;
  }
  while (std::getline(lines, line) && line.size() > 1) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string value = line.substr(colon + 1);
    value.erase(0, value.find_first_not_of(" \t"));
    value.erase(value.find_last_not_of(" \t\r") + 1);
    head.headers.emplace_back(lower(line.substr(0, colon)), value);
  }
  head.bytes = std::move(bytes);
  return head;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

}  // namespace

std::string WireHead::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [name](const auto& one) { return one.first == name; });
  return found == headers.end() ? "" : found->second;
}

// --- Wire ---

Wire::~Wire() {
  if (fd_ >= 0) ::close(fd_);
}

bool Wire::more() {
  std::array<char, k_read> bytes{};
  const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
  if (got <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(got));
  return true;
}

std::string Wire::take(std::size_t size) {
  while (buffer_.size() < size) {
    if (!more()) throw Gone{};
  }
  std::string taken = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return taken;
}

WireHead Wire::read_head() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) throw Gone{};
  }
  return parse_head(take(end + 4));
}

std::string Wire::read_body(const WireHead& head) {
  if (lower(head.header("expect")) == "100-continue") send("HTTP/1.1 100 Continue\r\n\r\n");
  const std::string length = head.header("content-length");
  if (!length.empty()) return take(std::stoul(length));
  if (lower(head.header("transfer-encoding")) == "chunked") {
    std::string body;
    for (std::size_t size = 1; size > 0;) {
      std::size_t end = 0;
      while ((end = buffer_.find("\r\n")) == std::string::npos) {
        if (!more()) throw Gone{};
      }
      size = std::stoul(buffer_.substr(0, end), nullptr, 16);
      body += take(end + 2 + size + 2);
    }
    return body;
  }
  if (head.status == 0 || head.status == 204 || head.status == 304) return "";
  while (more()) continue;
  return std::exchange(buffer_, {});
}

void Wire::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) throw Gone{};
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Wire::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(fd_.exchange(-1));
  throw Gone{};
}

void Wire::shut_down() const { ::shutdown(fd_, SHUT_RDWR); }

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    throw std::runtime_error("cannot connect to port " + std::to_string(port));
  }
  return fd;
}

// --- WireListener ---

WireListener::WireListener(Serve serve) : serve_(std::move(serve)) { open(); }

WireListener::~WireListener() { close(); }

void WireListener::open() {
  if (thread_.joinable()) return;
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address = loopback(port_);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      ::listen(listener_, 64) != 0) {
    throw std::runtime_error("cannot listen on port " + std::to_string(port_));
  }
  port_ = ntohs(address.sin_port);
  {
    const std::lock_guard lock(mutex_);
    closing_ = false;
  }
  thread_ = std::thread([this, listener = listener_] { accept_all(listener); });
}

void WireListener::close() {
  if (!thread_.joinable()) return;
  std::vector<std::thread> sessions;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    for (const Wire* wire : open_) wire->shut_down();
  }
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
  {
    const std::lock_guard lock(mutex_);
    sessions.swap(sessions_);
  }
  for (std::thread& session : sessions) session.join();
}

void WireListener::accept_all(int listener) {
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (fd < 0 || closing_) {
      if (fd >= 0) ::close(fd);
      if (closing_) return;
      continue;
    }
    const int yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    sessions_.emplace_back([this, fd] { serve(fd); });
  }
}

void WireListener::serve(int fd) {
  Wire wire(fd);
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return;
    open_.push_back(&wire);
  }
  try {
    serve_(wire);
  } catch (const Wire::Gone&) {
  } catch (const std::exception&) {  // it said what is no HTTP
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_, &wire);
}

}  // namespace haingest::fakes
