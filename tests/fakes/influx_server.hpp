// SPDX-License-Identifier: MIT
// What stores line protocol, for what real ones cannot be made to do. Answers as InfluxDB 1.6, 2.7,
// 3 or VictoriaMetrics do, or as a script says, and keeps what it has stored so that a test can say
// "exactly these".
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace haingest::fakes {

enum class InfluxKind { influxdb1, influxdb2, influxdb3, victoria_metrics };

struct InfluxRequest {
  std::string method;
  std::string path;
  std::map<std::string, std::string> parameters;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // of a write: inflated
  std::size_t wire_bytes = 0;                  // of the body as it came
  std::size_t number = 0;                      // of the writes, from 1
  std::size_t at_once = 0;  // the most writes that were on their way while this one was
};

enum class InfluxFault {
  none,
  reset_before_body,  // a RST as soon as the head is there
  reset_after_body,   // the body is taken, nothing is stored
  swallow,            // everything is stored, and the connection ends without an answer
  hang,               // nothing is stored and nothing said, until release() or the end
  hang_stored,        // everything is stored, and then as `hang`
  truncate,           // everything is stored, half of an answer comes
};

struct InfluxAnswer {
  int status = 204;
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  InfluxFault fault = InfluxFault::none;
  std::chrono::milliseconds delay{0};  // before the answer
};

// A row of an InfluxDB: "series time" and its fields as they stood in the line.
using InfluxRows = std::map<std::string, std::map<std::string, std::string>>;

class InfluxServer {
 public:
  explicit InfluxServer(InfluxKind kind);
  ~InfluxServer();
  InfluxServer(const InfluxServer&) = delete;
  InfluxServer& operator=(const InfluxServer&) = delete;

  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::uint16_t port() const;

  // Asked about each write twice: when its head is there (only reset_before_body counts then) and
  // with its body; `number` tells them apart. No answer: as the kind does. On the threads of the
  // server, one at a time. What is stored: what is answered with 2xx, and the faults that say so.
  using Script = std::function<std::optional<InfluxAnswer>(const InfluxRequest&)>;
  void script(Script script);

  // Only writes with this value of Authorization are let in; "" for all.
  void require(std::string authorization);
  // Lines before this moment (nanoseconds) are refused as a retention policy does.
  void expire_before(std::int64_t nanoseconds);
  void release();  // what hangs ends

  // Refuses connections and cuts those that are; start() listens again on the same port.
  void stop();
  void start();
  // VictoriaMetrics: as after kill -9, what came since the last flush() is gone; up again at once.
  void crash();
  void flush();
  // Another server at this address.
  void become(InfluxKind kind);

  [[nodiscard]] InfluxRows rows() const;
  // How many samples of VictoriaMetrics there are, equal ones counted each time.
  [[nodiscard]] std::size_t samples() const;
  [[nodiscard]] std::vector<InfluxRequest> writes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::fakes
