// SPDX-License-Identifier: MIT
// What can go wrong on the way to a Home Assistant, in words that say what happened, what it means
// and what to do. Every message is "URL: sentence"; fetch_snapshot puts them together. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/ha/address.hpp"
#include "core/net/ws_stream.hpp"

namespace haingest::ha {

// A failed connection. `moment` says how far it had come: "during the login", "before any answer".
// `token` is there to be kept out of what the peer said.
[[nodiscard]] base::Error explain(const net::WsFailure& failure, const Address& address,
                                  const base::Secret& token, std::string_view moment);

// auth_invalid, with HA's own words, quoted.
[[nodiscard]] base::Error explain_refused_token(const Address& address, std::string_view words);

// The Supervisor takes the login itself and then finds that Core does not answer yet.
[[nodiscard]] base::Error explain_starting(const Address& address);

[[nodiscard]] base::Error unreachable(const Address& address, std::string sentence);

// A peer's words, fit for one line of a message: no token, no control characters, bounded.
[[nodiscard]] std::string quote(std::string_view words, const base::Secret& token);

}  // namespace haingest::ha
