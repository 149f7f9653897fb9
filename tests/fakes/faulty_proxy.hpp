// SPDX-License-Identifier: MIT
// A proxy before a real HTTP server that makes the faults which that one cannot be made to make.
// One connection to the server, and one of the client, for each request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace haingest::fakes {

struct ProxiedRequest {
  std::string method;
  std::string target;
  std::size_t number = 0;  // of all, from 1
};

enum class ProxyFault {
  none,
  reset_before_body,  // a RST as soon as the head is there
  reset_after_body,   // nothing of it reaches the server
  swallow,            // the server has it, and its answer is not passed on
  hang,               // nothing reaches the server; silence until release()
  hang_answered,      // the server has it, then as `hang`
  truncate,           // half of the server's answer
  stall,              // half of the server's answer, then silence until release()
  change,             // what `change` makes of the server's answer, then the connection ends
  answer,             // `status` and `body` instead of the server
};

struct ProxyPlan {
  ProxyFault fault = ProxyFault::none;
  int status = 503;
  std::string headers = {};  // lines, each with its "\r\n"
  std::string body = {};
  // From the head to the end, as it is on the wire.
  std::function<std::string(const std::string& answer)> change = {};
};

class FaultyProxy {
 public:
  // `url` is the server's, "http://127.0.0.1:8086".
  explicit FaultyProxy(const std::string& url);
  ~FaultyProxy();
  FaultyProxy(const FaultyProxy&) = delete;
  FaultyProxy& operator=(const FaultyProxy&) = delete;

  [[nodiscard]] std::string url() const;
  // Asked for each request, one at a time; at first nothing is wrong.
  void plan(std::function<ProxyPlan(const ProxiedRequest&)> plan);
  // Told of each request whose body has come, one at a time; what its plan is does not matter.
  void observe(std::function<void(const ProxiedRequest&, const std::string& body)> observer);
  void release();  // what hangs is cut
  // Refuses connections until listen().
  void refuse();
  void listen();
  [[nodiscard]] std::size_t requests() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::fakes
