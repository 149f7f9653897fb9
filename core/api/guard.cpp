// SPDX-License-Identifier: MIT
#include "core/api/guard.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace haingest::api {
namespace {

std::string lower(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1;
}

bool is_bracketed_address(std::string_view host) {
  if (!host.starts_with('[') || !host.ends_with(']')) return false;
  std::string inside{host.substr(1, host.size() - 2)};
  inside = inside.substr(0, inside.find('%'));  // a zone: [fe80::1%25eth0]
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET6, inside.c_str(), bytes.data()) == 1;
}

// Takes ":8006" off the end of `host`. False when what follows the colon is no port.
bool split_port(std::string_view& host) {
  const auto bracket = host.rfind(']');
  const auto colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return true;
  if (!is_port(host.substr(colon + 1))) return false;
  host = host.substr(0, colon);
  return true;
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() < scheme.size()) return std::nullopt;
  if (lower(authorization.substr(0, scheme.size())) != scheme) return std::nullopt;
  authorization.remove_prefix(scheme.size());
  const auto first = authorization.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view{} : authorization.substr(first);
}

Refusal wrong_token(const Request& request) {
  Refusal refusal{401, "This needs the API token: send it as \"Authorization: Bearer <token>\"."};
  if (!request.authorization.empty()) {
    refusal.sentence =
        "The API token is not the right one: send the server's own as "
        "\"Authorization: Bearer <token>\".";
  }
  refusal.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"haingest\"");
  return refusal;
}

// A browser names the page's origin. One that "*" lets read the answers may not write on the
// strength of running on this machine; one that is named in --cors-origin, or our own, may.
bool comes_from_a_foreign_page(const Request& request, std::string_view host,
                               const Access& access) {
  if (request.origin.empty() || request.origin == "http://" + std::string{host}) return false;
  return std::ranges::find(access.cors_origins, request.origin) == access.cors_origins.end();
}

std::optional<Refusal> refuse_stranger(const Request& request, std::string_view host,
                                       const Access& access) {
  if (!access.token.empty()) {
    const auto token = bearer_token(request.authorization);
    const bool right = token && base::equal_in_constant_time(*token, access.token.reveal());
    return right ? std::nullopt : std::optional{wrong_token(request)};
  }
  if (comes_from_a_foreign_page(request, host, access)) {
    return Refusal{403,
                   "This server has no API token, so this is not open to the pages of " +
                       request.origin.substr(0, 100) +
                       ": name them with --cors-origin, or give it one with --api-token-file.",
                   {}};
  }
  if (request.from_loopback && !request.forwarded) return std::nullopt;
  return Refusal{403,
                 "This server has no API token, so this is open to clients on its own machine "
                 "only, and to none that come through a proxy: give it one with --api-token-file "
                 "or API_KEY.",
                 {}};
}

}  // namespace

Method method_of(std::string_view method) {
  if (method == "GET") return Method::get;
  if (method == "HEAD") return Method::head;
  if (method == "POST") return Method::post;
  if (method == "DELETE") return Method::remove;
  if (method == "OPTIONS") return Method::options;
  return Method::other;
}

bool writes(Method method) {
  return method != Method::get && method != Method::head && method != Method::options;
}

bool is_json(std::string_view content_type) {
  std::string_view media = content_type.substr(0, content_type.find(';'));
  while (media.ends_with(' ') || media.ends_with('\t')) media.remove_suffix(1);
  return lower(media) == "application/json";
}

bool host_is_ours(std::string_view host, const Access& access) {
  const std::string whole = lower(host);
  std::string_view name = whole;
  if (!split_port(name)) return false;
  const bool allowed = std::ranges::any_of(access.allowed_hosts, [&](const std::string& entry) {
    return entry == "*" || lower(entry) == whole || lower(entry) == name;
  });
  if (allowed || is_bracketed_address(name) || is_address(std::string{name})) return true;
  if (name.ends_with('.')) name.remove_suffix(1);
  const std::string machine = lower(access.machine_name);
  return name == "localhost" ||
         (!machine.empty() && (name == machine || name == machine + ".local"));
}

std::string_view allowed_origin(std::string_view origin, const Access& access) {
  if (origin.empty()) return {};
  for (const std::string& entry : access.cors_origins) {
    if (entry == "*") return "*";
    if (entry == origin) return entry;
  }
  return {};
}

std::optional<Refusal> refuse(const Request& request, std::string_view host, const Access& access) {
  const bool no_host_needed = request.http_1_0 && host.empty();
  if (!no_host_needed && !host_is_ours(host, access)) {
    return Refusal{403,
                   "\"" + std::string{host.substr(0, 100)} +
                       "\" is not a name of this server: ask for its address, localhost or its "
                       "own name, or start it with --allowed-host.",
                   {}};
  }
  const Method method = method_of(request.method);
  if (method == Method::options) return std::nullopt;  // says nothing but what is allowed
  if (writes(method) || access.private_reads) {
    if (auto refusal = refuse_stranger(request, host, access)) return refusal;
  }
  if (writes(method) && request.has_body && !is_json(request.content_type)) {
    return Refusal{415, "The body must be JSON: send \"Content-Type: application/json\".", {}};
  }
  if (request.has_body && !request.content_encoding.empty() &&
      lower(request.content_encoding) != "identity") {
    return Refusal{415, "The body must not be compressed: send it without Content-Encoding.", {}};
  }
  return std::nullopt;
}

}  // namespace haingest::api
