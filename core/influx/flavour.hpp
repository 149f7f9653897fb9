// SPDX-License-Identifier: MIT
// Who answers at an address: InfluxDB 1, 2, 3 or VictoriaMetrics.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/influx/target.hpp"
#include "core/net/http_client.hpp"

namespace haingest::influx {

struct Server {
  Flavour flavour = Flavour::unknown;
  std::string version;  // as it calls itself, "1.6.7~rc0", "v2.7.12"; "" where it does not
};

// What it said when asked; what was not asked, or not answered, is not there.
struct Signs {
  std::optional<net::HttpResponse> ping;    // GET /ping
  std::optional<net::HttpResponse> health;  // GET /health
  std::optional<net::HttpResponse> setup;   // GET /api/v2/setup
};
[[nodiscard]] Server recognise(const Signs& signs);

// Asks; an error is that of the connection. Sends the target's credentials: some want them here
// too, and one that refuses them is recognised all the same.
[[nodiscard]] base::Result<Server> who_answers(net::HttpClient& client, const Target& target,
                                               std::chrono::milliseconds timeout,
                                               const std::atomic<bool>* cancel = nullptr);

// What to say of a server that who_answers() does not know.
inline constexpr std::string_view k_no_known_server =
    "what answers there is no InfluxDB and no VictoriaMetrics; check the URL";
// After an error: why nobody answers.
[[nodiscard]] std::string why_away(const net::HttpClient& client);

}  // namespace haingest::influx
