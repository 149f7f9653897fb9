// SPDX-License-Identifier: MIT
// Requests and responses of the data API as plain values, so that everything but the transport is a
// function from one to the other.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace haingest::api {

struct Request {
  std::string method;  // as it came; HTTP's methods are upper case
  std::string target;  // as it came: "/api/devices?limit=5"
  std::string host;    // the Host header
  std::string authorization;
  std::string content_type;
  std::string content_encoding;
  std::string origin;
  std::string asked_method;  // Access-Control-Request-Method: this OPTIONS is a CORS preflight
  std::string if_none_match;
  bool accepts_gzip = false;
  bool has_body = false;   // Content-Length above 0, or chunked
  bool forwarded = false;  // carries Forwarded or X-Forwarded-*: a proxy's, not a local client's
  bool from_loopback = false;
  bool http_1_0 = false;
  bool keep_alive = true;
  std::string peer;  // address, for the log and sync_runs
  std::string body;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

}  // namespace haingest::api
