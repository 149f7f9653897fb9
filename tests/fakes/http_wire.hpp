// SPDX-License-Identifier: MIT
// HTTP/1.1 as bytes on sockets, for fakes that must be able to break off anywhere: a blocking
// thread a connection. Private to the fakes.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace haingest::fakes {

struct WireHead {
  std::string bytes;   // all of it, the empty line included
  std::string method;  // of a request
  std::string target;
  int status = 0;                                            // of an answer
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case

  [[nodiscard]] std::string header(std::string_view name) const;
};

// One connection. What the other side has ended throws Gone.
class Wire {
 public:
  struct Gone {};

  explicit Wire(int fd) : fd_(fd) {}
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  [[nodiscard]] WireHead read_head();
  // The body that the head promises: by length, in chunks (as they stand), or to the end for an
  // answer without either. Asked to, says first that it may come.
  [[nodiscard]] std::string read_body(const WireHead& head);
  void send(std::string_view bytes) const;
  // Ends with a RST instead of a FIN.
  void reset();
  void shut_down() const;  // any thread

 private:
  [[nodiscard]] bool more();
  [[nodiscard]] std::string take(std::size_t size);

  std::atomic<int> fd_;
  std::string buffer_;
};

// Throws std::runtime_error.
[[nodiscard]] int connect_to(std::uint16_t port);

class WireListener {
 public:
  using Serve = std::function<void(Wire&)>;

  explicit WireListener(Serve serve);
  ~WireListener();
  WireListener(const WireListener&) = delete;
  WireListener& operator=(const WireListener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // Cuts every connection and refuses new ones; open() listens again on the same port.
  void close();
  void open();

 private:
  void accept_all(int listener);
  void serve(int fd);

  Serve serve_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::thread thread_;
  std::mutex mutex_;
  bool closing_ = false;               // guarded by mutex_
  std::vector<Wire*> open_;            // guarded by mutex_
  std::vector<std::thread> sessions_;  // guarded by mutex_
};

}  // namespace haingest::fakes
