// SPDX-License-Identifier: MIT
#include "core/net/url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace haingest::net {
namespace {

constexpr std::array<std::string_view, 4> k_schemes{"http", "https", "ws", "wss"};
constexpr std::size_t k_longest_host = 253;  // of a DNS name

base::Error no_url(std::string_view text, std::string_view why) {
  // Whatever stands before an "@" may be a password.
  const bool shown = text.find('@') == std::string_view::npos && text.size() <= 300;
  std::string message = shown ? "\"" + std::string(text) + "\" is no URL that haingest can use: "
                              : std::string("this URL cannot be used: ");
  message.append(why);
  return {base::ErrorKind::usage, std::move(message), {}};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool valid_name(std::string_view host) {
  if (host.empty() || host.size() > k_longest_host) return false;
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

// An IPv6 address as it stands between brackets; RFC 6874 writes a zone's "%" as "%25".
bool take_ipv6(std::string_view inside, std::string& host) {
  const std::size_t percent = inside.find('%');
  const std::string address = lower(inside.substr(0, percent));
  in6_addr ignored{};
  if (::inet_pton(AF_INET6, address.c_str(), &ignored) != 1) return false;
  host = address;
  if (percent == std::string_view::npos) return true;
  std::string_view zone = inside.substr(percent + 1);
  if (zone.starts_with("25") && zone.size() > 2) zone.remove_prefix(2);
  if (zone.empty()) return false;
  host += '%';
  host += zone;
  return true;
}

bool take_port(std::string_view digits, std::uint16_t& port) {
  if (digits.empty()) return true;  // "http://host:/" means the default
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return false;
  if (value == 0 || value > 65535) return false;
  port = static_cast<std::uint16_t>(value);
  return true;
}

// "" when the authority was understood, else why not.
std::string_view take_authority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos) {
    return "it carries a user name or password; put the token into a file or the environment";
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return "the \"]\" of its IPv6 address is missing";
    if (!take_ipv6(authority.substr(1, end - 1), url.host)) return "its IPv6 address is none";
    port = authority.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return "after \"]\" only a port may follow";
  } else {
    const std::size_t colon = authority.find(':');
    if (colon != authority.rfind(':')) return "an IPv6 address needs brackets: http://[fe80::1]/";
    url.host = lower(authority.substr(0, colon));
    if (url.host.empty()) return "it names no host";
    if (!valid_name(url.host)) return "its host name has characters that none can have";
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (!port.empty()) port.remove_prefix(1);
  return take_port(port, url.port) ? "" : "its port is no number from 1 to 65535";
}

void take_path(std::string_view rest, Url& url) {
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos) url.query = rest.substr(question + 1);
  std::string_view path = rest.substr(0, question);
  while (path.ends_with('/')) path.remove_suffix(1);
  url.path = path;
}

}  // namespace

base::Result<Url> parse_url(std::string_view text) {
  if (!printable_ascii(text)) return no_url("@", "it has spaces or characters beyond ASCII");
  const std::size_t separator = text.find("://");
  if (separator == std::string_view::npos) {
    const std::string word = lower(text.substr(0, text.find(':')));
    const bool named = text.find(':') != std::string_view::npos &&
                       std::find(k_schemes.begin(), k_schemes.end(), word) != k_schemes.end();
    return no_url(text, named ? "two slashes stand behind the scheme, as in http://host:port"
                              : "it lacks the scheme, as in http://host:port");
  }
  Url url;
  url.scheme = lower(text.substr(0, separator));
  if (std::find(k_schemes.begin(), k_schemes.end(), url.scheme) == k_schemes.end()) {
    return no_url(text, "the scheme must be http, https, ws or wss");
  }
  url.port = url.tls() ? 443 : 80;
  std::string_view rest = text.substr(separator + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view wrong = take_authority(rest.substr(0, end), url);
  if (!wrong.empty()) return no_url(text, wrong);
  rest.remove_prefix(end);
  take_path(rest.substr(0, rest.find('#')), url);
  return url;
}

std::string authority_of(const Url& url) {
  const bool ipv6 = url.host.find(':') != std::string::npos;
  // A zone means something on this machine only.
  std::string text = ipv6 ? "[" + url.host.substr(0, url.host.find('%')) + "]" : url.host;
  if (!url.default_port()) text += ":" + std::to_string(url.port);
  return text;
}

std::string origin_of(const Url& url) { return url.scheme + "://" + authority_of(url); }

}  // namespace haingest::net
