// SPDX-License-Identifier: MIT
#include "tests/fakes/ha_http.hpp"

namespace haingest::fakes {
namespace {

HttpAnswer plain(int status, std::string_view text) {
  return {status, "text/plain; charset=utf-8", std::to_string(status) + ": " + std::string(text),
          ""};
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

}  // namespace

std::string api_path(const ServerOptions& options) {
  return options.prefix + (options.supervisor ? "/core/api/" : "/api/");
}

bool is_websocket_path(const ServerOptions& options, std::string_view target) {
  return path_of(target) ==
         options.prefix + (options.supervisor ? "/core/websocket" : "/api/websocket");
}

HttpAnswer answer_upgrade(World& world, const Faults& faults, std::string_view target) {
  if (world.banned) return plain(403, "Forbidden");
  if (!faults.redirect.empty()) {
    return {302, "text/plain; charset=utf-8", "302: Found", faults.redirect};
  }
  if (faults.http_status != 0) return plain(faults.http_status, "Told to fail");
  if (!is_websocket_path(world.options, target)) return plain(404, "Not Found");
  return {101, "", "", ""};
}

HttpAnswer answer_http(World& world, std::string_view method, std::string_view target,
                       std::string_view authorization) {
  ++world.counters.http_requests;
  if (world.banned) return plain(403, "Forbidden");
  if (is_websocket_path(world.options, target)) return plain(400, "No WebSocket UPGRADE hdr");
  if (path_of(target) != api_path(world.options)) return plain(404, "Not Found");
  if (method != "GET" && method != "HEAD") return plain(405, "Method Not Allowed");
  constexpr std::string_view k_bearer = "Bearer ";
  const bool authorized = authorization.starts_with(k_bearer) &&
                          base::equal_in_constant_time(authorization.substr(k_bearer.size()),
                                                       world.options.token.reveal());
  if (!authorized) {
    if (!authorization.empty()) {
      ++world.counters.auth_failures;
      world.banned = world.options.faults.ban;
    }
    return plain(401, "Unauthorized");
  }
  return {200, "application/json", R"({"message":"API running."})", ""};
}

}  // namespace haingest::fakes
