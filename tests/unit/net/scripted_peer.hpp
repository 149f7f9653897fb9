// SPDX-License-Identifier: MIT
// A server for tests that follows a script, byte by byte: HTTP answers as they are typed, WebSocket
// frames that no library would send. One thread a connection; everything ends with the object.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace haingest::test {

// One connection, seen from the server. Reading from a client that has gone throws Gone, which ends
// the script.
class ScriptedPeer {
 public:
  struct Gone {};

  explicit ScriptedPeer(int fd) : fd_(fd) {}

  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw Gone{};
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  [[nodiscard]] std::string read_exactly(std::size_t size) const {
    std::string bytes(size, '\0');
    std::size_t have = 0;
    while (have < size) {
      const ssize_t got = ::recv(fd_, bytes.data() + have, size - have, 0);
      if (got <= 0) throw Gone{};
      have += static_cast<std::size_t>(got);
    }
    return bytes;
  }

  // The header of an HTTP request, its empty line included.
  [[nodiscard]] std::string read_header() const {
    std::string header;
    while (!header.ends_with("\r\n\r\n")) header += read_exactly(1);
    return header;
  }

  // Waits for the client's end.
  void read_to_the_end() const {
    char byte = 0;
    while (::recv(fd_, &byte, 1, 0) > 0) continue;
  }

  // --- WebSocket ---
  std::string accept_websocket() const {
    std::string header = read_header();
    const std::size_t at = header.find("Sec-WebSocket-Key: ") + 19;
    const std::string key = header.substr(at, header.find("\r\n", at) - at);
    send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        accept_key(key) + "\r\n\r\n");
    return header;
  }

  void send_frame(int opcode, std::string_view payload) const {
    std::string frame(1, static_cast<char>(0x80 | opcode));
    if (payload.size() < 126) {
      frame += static_cast<char>(payload.size());
    } else {
      // The shortest form that holds it: RFC 6455 forbids the others.
      const int bits = payload.size() < 65536 ? 16 : 64;
      frame += static_cast<char>(bits == 16 ? 126 : 127);
      for (int shift = bits - 8; shift >= 0; shift -= 8) {
        frame += static_cast<char>((static_cast<std::uint64_t>(payload.size()) >> shift) & 0xffU);
      }
    }
    frame += payload;
    send(frame);
  }
  void send_text(std::string_view text) const { send_frame(1, text); }
  void send_close(unsigned code, std::string_view reason) const {
    std::string payload;
    payload += static_cast<char>(code >> 8U);
    payload += static_cast<char>(code & 0xffU);
    payload += reason;
    send_frame(8, payload);
  }

  struct Frame {
    int opcode = 0;
    std::string payload;
  };
  [[nodiscard]] Frame read_frame() const {
    const std::string head = read_exactly(2);
    Frame frame{head[0] & 0x0f, {}};
    std::size_t size = static_cast<unsigned char>(head[1]) & 0x7fU;
    const std::size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (more > 0) {
      size = 0;
      for (const char c : read_exactly(more)) size = size << 8U | static_cast<unsigned char>(c);
    }
    const std::string mask = read_exactly(4);
    frame.payload = read_exactly(size);
    for (std::size_t i = 0; i < size; ++i) {
      frame.payload[i] = static_cast<char>(frame.payload[i] ^ mask[i % 4]);
    }
    return frame;
  }
  // The next text of the client; other frames are passed over.
  [[nodiscard]] std::string read_text() const {
    for (;;) {
      Frame frame = read_frame();
      if (frame.opcode == 1) return std::move(frame.payload);
    }
  }

 private:
  static std::string accept_key(const std::string& key) {
    const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    std::array<unsigned char, 64> base64{};
    EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
    return reinterpret_cast<const char*>(base64.data());
  }

  int fd_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(ScriptedPeer&)>;

  explicit ScriptedServer(Script script, bool ipv6 = false) : script_(std::move(script)) {
    listener_ = ::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ipv6 ? bind_ipv6() : bind_ipv4();
    if (::listen(listener_, 16) != 0) throw std::runtime_error("listen");
    thread_ = std::thread([this] { accept_all(); });
  }
  ~ScriptedServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& session : sessions_) session.join();
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void bind_ipv4() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("bind 127.0.0.1");
    }
    port_ = ntohs(address.sin_port);
  }
  void bind_ipv6() {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("bind ::1");
    }
    port_ = ntohs(address.sin6_port);
  }

  void accept_all() {
    while (!stopping_) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      ++connections_;
      const std::lock_guard lock(mutex_);
      open_.push_back(fd);
      sessions_.emplace_back([this, fd] { serve(fd); });
    }
  }

  void serve(int fd) {
    ScriptedPeer peer(fd);
    try {
      script_(peer);
    } catch (const ScriptedPeer::Gone&) {
    }
    const std::lock_guard lock(mutex_);
    std::erase(open_, fd);
    ::close(fd);
  }

  Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;              // guarded by mutex_
  std::vector<std::thread> sessions_;  // guarded by mutex_ until the acceptor has ended
  std::thread thread_;
};

// A port on which nobody listens (one that was just given back).
[[nodiscard]] inline std::uint16_t unused_port() {
  const ScriptedServer server([](ScriptedPeer&) {});
  return server.port();
}

}  // namespace haingest::test
