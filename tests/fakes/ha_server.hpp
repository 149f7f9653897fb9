// SPDX-License-Identifier: MIT
// A simulated Home Assistant: WebSocket API and a little of the HTTP API on one port, on a thread
// of its own. Its public functions may be called from any thread; it stops when it is destroyed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/secret.hpp"
#include "tests/fakes/faults.hpp"
#include "tests/fakes/house.hpp"

namespace haingest::fakes {

// The token that a server takes when it is given none. Not a secret of anyone's.
[[nodiscard]] base::Secret demo_token();

struct TlsOptions {
  bool enabled = false;
  // PEM files; when both are empty a certificate is made at the start, signed by a CA made for it.
  std::string certificate_file;
  std::string key_file;
  std::vector<std::string> host_names{"localhost", "127.0.0.1", "::1"};
  bool expired = false;  // the made certificate ended yesterday
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  base::Secret token = demo_token();
  std::string prefix;  // "/ha": what a reverse proxy puts before Home Assistant's paths
  // The Supervisor's proxy: /core/websocket and /core/api/, its own words for a refused token.
  bool supervisor = false;
  bool user_is_admin = true;
  std::chrono::milliseconds auth_timeout{10'000};
  TlsOptions tls;
  Faults faults;
};

// What has happened since the start.
struct Counters {
  std::size_t connections = 0;    // TCP connections accepted, the refused ones too
  std::size_t open = 0;           // of these now
  std::size_t http_requests = 0;  // without the upgrades
  std::size_t upgrades = 0;       // WebSocket handshakes that succeeded
  std::size_t auth_attempts = 0;
  std::size_t auth_failures = 0;
  std::size_t events_sent = 0;
  std::map<std::string, std::size_t> commands;  // by type, the ones that were refused too
  std::vector<std::string> history_requests;    // JSON, whole, in their order; the refused ones too
};

class HaServer {
 public:
  // Listens when the constructor returns; throws std::runtime_error when it cannot.
  explicit HaServer(House house, ServerOptions options = {});
  ~HaServer();
  HaServer(const HaServer&) = delete;
  HaServer& operator=(const HaServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  // "http://127.0.0.1:40123/ha": what a user would give as Home Assistant's URL.
  [[nodiscard]] std::string url() const;
  // "ws://127.0.0.1:40123/ha/api/websocket".
  [[nodiscard]] std::string websocket_url() const;
  [[nodiscard]] base::Secret token() const;
  // The certificate that a client must trust, as PEM; empty without TLS or with given files.
  [[nodiscard]] std::string ca_pem() const;

  // Runs `edit` on the server's thread, waits for it and sends what it fired to who subscribed. An
  // exception of `edit` comes back to the caller.
  void change(const std::function<void(House&)>& edit);
  [[nodiscard]] House house() const;
  void set_house(House house);
  void set_faults(Faults faults);
  void set_token(base::Secret token);
  // As when Home Assistant restarts: every connection is cut, listening goes on.
  void drop_connections();
  [[nodiscard]] Counters counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::fakes
