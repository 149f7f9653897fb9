// SPDX-License-Identifier: MIT
// A blocking HTTP client (libcurl); one object a thread, connections are kept alive.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/secret.hpp"

namespace haingest::net {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;  // "Name: value", no secrets
  base::Secret bearer_token;         // sent as Authorization: Bearer; empty: not sent
  std::string body;
  std::chrono::milliseconds timeout{30'000};
  std::size_t max_response_bytes = std::size_t{64} * 1024 * 1024;
};

struct HttpResponse {
  long status = 0;
  std::string content_type;
  std::string body;
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

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::net
