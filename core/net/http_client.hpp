// SPDX-License-Identifier: MIT
// A blocking HTTP client (libcurl); one object a thread, connections are kept alive.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/secret.hpp"

namespace haingest::net {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;  // "Name: value", no secrets
  base::Secret bearer_token;         // sent as Authorization: Bearer; empty: not sent
  base::Secret authorization;  // the header's whole value, "Basic bWU6Li4u"; instead of a token
  std::string body;            // as it goes onto the wire; compressed by the caller, if at all
  std::chrono::milliseconds timeout{30'000};
  std::size_t max_response_bytes = std::size_t{64} * 1024 * 1024;
  // Where set, the body of a 2xx answer goes here in pieces, as it comes, and none is kept; false
  // ends the request. `timeout` is how long nothing may come then, and not how long all of it may
  // take.
  std::function<bool(std::string_view)> on_body;
  // Set by another thread to end the request within a second; not looked at when null.
  const std::atomic<bool>* cancel = nullptr;
};

struct HttpResponse {
  long status = 0;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, 64 KiB at most
  std::string body;

  // The first header of that name (lower case), "" without one.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// How the last request of a client went, for whom "unreachable" says too little.
struct HttpAttempt {
  // How often the request was begun on a connection: 0 when there was none, 2 when a kept one had
  // died and libcurl took a fresh one. More than 0: the server may have acted on it.
  int sends = 0;
  bool timed_out = false;
  bool cut = false;    // the connection ended before the answer was complete
  std::string reason;  // the error without the address and advice: "connection refused"
};

struct TlsOptions {
  std::string ca_file;  // PEM; empty: the system's
  bool verify = true;
};

class HttpClient {
 public:
  explicit HttpClient(TlsOptions tls);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  // Any HTTP status is a response. Errors are `unreachable` (the message names the host, never a
  // token or user information), or `usage` for a URL that is none and a CA file that cannot be
  // read. Redirects are not followed, and no proxy of the environment is used: a token goes to its
  // URL and nowhere else.
  [[nodiscard]] base::Result<HttpResponse> send(const HttpRequest& request);
  [[nodiscard]] const HttpAttempt& last_attempt() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::net
