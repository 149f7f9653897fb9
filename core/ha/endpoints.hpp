// SPDX-License-Identifier: MIT
// The Home Assistants that are configured, for those who connect: one-shot commands try each once,
// `watch` goes round them for ever.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/ha/address.hpp"
#include "core/ha/session.hpp"

namespace haingest::ha {

// Where a Home Assistant is. Each address has its own token: a token goes nowhere else.
struct Endpoint {
  std::string url;  // http(s):// or ws(s)://, host, port, a path prefix; no user information
  base::Secret token;
};

struct ConnectOptions {
  std::vector<Endpoint> endpoints;                    // in order
  std::chrono::milliseconds request_timeout{30'000};  // over each step: connect, TLS, each answer
  std::chrono::milliseconds total_timeout{300'000};   // over everything; of one-shot commands
  std::string ca_file;                                // PEM; empty: the system's
  bool verify_tls = true;
  std::size_t max_frame_bytes = std::size_t{64} * 1024 * 1024;
};

// The addresses of all endpoints. Fails with `usage` when there is none, when one has no token or
// an URL that is none.
[[nodiscard]] base::Result<std::vector<Address>> locate_all(const ConnectOptions& options);

// For a session with the i-th endpoint, without a deadline over everything.
[[nodiscard]] SessionOptions session_options(const ConnectOptions& options,
                                             const std::vector<Address>& addresses, std::size_t i);

}  // namespace haingest::ha
