// SPDX-License-Identifier: MIT
// The data API: `serve` in one object. Binds, then answers until it is stopped.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/api/listen.hpp"
#include "core/base/secret.hpp"
#include "core/base/timestamp.hpp"

namespace haingest::api {

// What a stranger may use up. The defaults are what `serve` runs with; tests shrink them.
struct Limits {
  std::size_t header_bytes = std::size_t{16} * 1024;
  std::size_t body_bytes =
      std::size_t{64} * 1024 * 1024;  // only behind the write check; else 64 KiB
  std::size_t json_depth = 64;
  // All bodies that are being received, and all answers that wait for a slow reader; beyond, a new
  // body is refused with 503, and the slowest reader's connection is closed.
  std::size_t body_bytes_at_once = std::size_t{128} * 1024 * 1024;
  std::size_t answer_bytes_at_once = std::size_t{128} * 1024 * 1024;
  std::chrono::milliseconds header_time{10'000};      // the whole header, from its first byte
  std::chrono::milliseconds body_idle_time{30'000};   // to the body's next byte
  std::chrono::milliseconds write_time{30'000};       // to the response's next byte taken
  std::chrono::milliseconds keep_alive_time{60'000};  // idle between requests
  std::size_t connections = 1024;  // at the cap the one that waited longest for a request is closed
  std::size_t requests_per_connection = 10'000;
  std::chrono::milliseconds drain_time{10'000};  // graceful stop
};

struct Options {
  std::string database_path;
  std::vector<Listen> listen = {Listen{}};
  base::Secret api_token;  // empty: writes are open to direct loopback peers only
  bool private_reads = false;
  std::vector<std::string> cors_origins;
  std::vector<std::string> allowed_hosts;
  std::chrono::milliseconds lock_timeout{30'000};
  Limits limits;
  base::Clock clock = base::system_now;
};

class Service {
 public:
  // Opens the database for reading and binds. Throws Failure: `usage` for an address that is none,
  // `failure` when the port is taken or the file cannot be read.
  explicit Service(const Options& options);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // "http://127.0.0.1:8006", with the ports they really have, in the order of Options::listen.
  [[nodiscard]] std::vector<std::string> urls() const;
  // Serves until stop() (which may have come before); returns when everything in flight is answered
  // or drain_time is over.
  void run();
  // From any thread; the first drains, a second ends at once.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::api
