// SPDX-License-Identifier: MIT
// What a flavour wants to be asked, and how we say who we are. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/influx/target.hpp"
#include "core/net/http_client.hpp"

namespace haingest::influx {

// The request that brings points; the body and the limits are the caller's. `usage` when the target
// lacks what the flavour needs; the message stands behind "InfluxDB 2 at http://…: ".
[[nodiscard]] base::Result<net::HttpRequest> write_request(const Target& target, Flavour flavour);

// The URL that InfluxQL is posted to, with what a statement is about: the database (of 2.x the
// bucket), and where it is given, the retention policy.
[[nodiscard]] std::string query_url(const Target& target, const std::string& database,
                                    const std::string& retention_policy);
// A form's body with the one statement.
[[nodiscard]] std::string query_form(const std::string& statement);

// The value of the Authorization header; empty without credentials. It goes nowhere else: what
// stands in a URL ends up in logs.
[[nodiscard]] base::Secret authorization_of(const Target& target, Flavour flavour);

// A name as a parameter of a URL.
[[nodiscard]] std::string url_encoded(std::string_view text);

// The target's address with `path`, for what is no write: "/ping".
[[nodiscard]] std::string address_of(const Target& target, const std::string& path);

// Its address for people: no user information, no parameters.
[[nodiscard]] std::string shown_url(const Target& target);
// "InfluxDB 2 at http://…"; unknown ones are InfluxDB, too.
[[nodiscard]] std::string shown_server(const Target& target, Flavour flavour);

}  // namespace haingest::influx
