// SPDX-License-Identifier: MIT
#include "core/api/listen.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <optional>

namespace haingest::api {
namespace {

bool is_address(const std::string& text, int family) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(family, text.substr(0, text.find('%')).c_str(), bytes.data()) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// What stands before the port, and the port where there is one.
struct Parts {
  std::string_view host;
  std::optional<std::string_view> port;
};

Parts split(std::string_view text) {
  if (is_number(text)) return {{}, text};
  if (text.starts_with('[')) {
    const auto bracket = text.find(']');
    if (bracket == std::string_view::npos || bracket == 1) return {text, std::nullopt};
    const std::string_view rest = text.substr(bracket + 1);
    if (rest.empty()) return {text.substr(1, bracket - 1), std::nullopt};
    if (!rest.starts_with(':')) return {text, std::nullopt};
    return {text.substr(1, bracket - 1), rest.substr(1)};
  }
  if (is_address(std::string{text}, AF_INET6)) return {text, std::nullopt};
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

base::Result<Listen> parse_listen(std::string_view text) {
  const Parts parts = split(text);
  Listen listen;
  if (!parts.host.empty()) listen.address = parts.host == "*" ? "::" : std::string{parts.host};
  const bool known = listen.address == "localhost" || is_address(listen.address, AF_INET) ||
                     is_address(listen.address, AF_INET6);
  const auto port = parts.port ? parse_port(*parts.port) : listen.port;
  if (text.empty() || !known || !port) {
    return base::Error{base::ErrorKind::usage,
                       "\"" + std::string{text.substr(0, 100)} +
                           "\" is no address to listen on; give an IP address and a port, as in "
                           "127.0.0.1:8006 for this machine alone or [::]:8006 for every network",
                       "haingest serve --listen 127.0.0.1:8006"};
  }
  listen.port = *port;
  return listen;
}

std::string url_of(const Listen& listen) {
  const bool v6 = listen.address.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + listen.address + "]" : listen.address) + ":" +
         std::to_string(listen.port);
}

}  // namespace haingest::api
