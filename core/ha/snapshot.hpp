// SPDX-License-Identifier: MIT
// One Home Assistant, one connection, one whole snapshot. Blocking; for one-shot commands.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/base/timestamp.hpp"
#include "core/model/snapshot.hpp"

namespace haingest::ha {

// Where a Home Assistant is. Each address has its own token: a token goes nowhere else.
struct Endpoint {
  std::string url;  // http(s):// or ws(s)://, host, port, a path prefix; no user information
  base::Secret token;
};

struct ConnectOptions {
  std::vector<Endpoint> endpoints;  // in order; a one-shot command tries each once
  std::chrono::milliseconds request_timeout{30'000};  // over each step: connect, TLS, each answer
  std::chrono::milliseconds total_timeout{300'000};   // over everything
  std::string ca_file;                                // PEM; empty: the system's
  bool verify_tls = true;
  std::size_t max_frame_bytes = std::size_t{64} * 1024 * 1024;
};

// Asks for everything at once and waits for all answers. A command that HA answers with an error is
// a failed part of the Document, no failure of the call. Errors:
//   credentials  auth_invalid, or HTTP 403 on the upgrade (HA has banned this address): final, no
//                other endpoint is tried, because HA counts failed logins
//   unreachable  no endpoint could be reached, answered in time or stayed; the message names each
//   usage        a URL that is none, a CA file that cannot be read
[[nodiscard]] base::Result<model::Document> fetch_snapshot(const ConnectOptions& options,
                                                           const base::Clock& clock);

}  // namespace haingest::ha
