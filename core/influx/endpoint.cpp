// SPDX-License-Identifier: MIT
#include "core/influx/endpoint.hpp"

#include <array>
#include <cstdint>
#include <utility>

#include "core/net/url.hpp"

namespace haingest::influx {
namespace {

std::string base64(std::string_view text) {
  static constexpr std::string_view k_letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((text.size() + 2) / 3 * 4);  // no copies of a secret are left behind
  for (std::size_t at = 0; at < text.size(); at += 3) {
    const auto byte = [text](std::size_t index) -> std::uint32_t {
      return index < text.size() ? static_cast<unsigned char>(text[index]) : 0U;
    };
    const std::uint32_t bits = byte(at) << 16U | byte(at + 1) << 8U | byte(at + 2);
    out += k_letters[bits >> 18U];
    out += k_letters[bits >> 12U & 63U];
    out += at + 1 < text.size() ? k_letters[bits >> 6U & 63U] : '=';
    out += at + 2 < text.size() ? k_letters[bits & 63U] : '=';
  }
  return out;
}

base::Secret with_scheme(std::string_view scheme, const base::Secret& token) {
  std::string text;
  text.reserve(scheme.size() + token.reveal().size());
  text.append(scheme).append(token.reveal());
  return base::Secret(std::move(text));
}

base::Secret basic(const Target& target) {
  std::string pair;
  pair.reserve(target.username.size() + 1 + target.password.reveal().size());
  pair.append(target.username).append(":").append(target.password.reveal());
  const base::Secret plain(std::move(pair));
  return with_scheme("Basic ", base::Secret(base64(plain.reveal())));
}

base::Error lacks(std::string_view what) {
  return {base::ErrorKind::usage, "it needs " + std::string(what) + ", and none is set"};
}

base::Result<std::string> write_url(const Target& target, Flavour flavour) {
  // Whoever moves from 1 to 2 or 3 has the one name set, not the other.
  const std::string& database = target.database.empty() ? target.bucket : target.database;
  const std::string& bucket = target.bucket.empty() ? target.database : target.bucket;
  switch (flavour) {
    case Flavour::influxdb1: {
      if (database.empty()) return lacks("a database");
      // Nanoseconds without a word: 1.6 reads a precision that it does not know as such.
      std::string url = address_of(target, "/write?db=" + url_encoded(database));
      if (!target.retention_policy.empty()) url += "&rp=" + url_encoded(target.retention_policy);
      return url;
    }
    case Flavour::influxdb2:
      if (target.org.empty()) return lacks("an organisation");
      if (bucket.empty()) return lacks("a bucket");
      return address_of(target, "/api/v2/write?org=" + url_encoded(target.org) +
                                    "&bucket=" + url_encoded(bucket));
    case Flavour::influxdb3:
      if (database.empty()) return lacks("a database");
      return address_of(target, "/api/v3/write_lp?db=" + url_encoded(database) +
                                    "&precision=nanosecond&accept_partial=true");
    case Flavour::victoria_metrics:
      // It guesses from the number otherwise, and takes what is near 1970 for something else.
      return address_of(target, "/write?precision=ns");
    case Flavour::unknown:
      break;
  }
  return base::Error{base::ErrorKind::usage, "it is no server that haingest knows"};
}

}  // namespace

std::string url_encoded(std::string_view text) {
  static constexpr std::string_view k_digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += k_digits[byte >> 4U];
    out += k_digits[byte & 0xfU];
  }
  return out;
}

std::string address_of(const Target& target, const std::string& path) {
  const auto url = net::parse_url(target.url);
  return url ? net::origin_of(*url) + url->path + path : path;
}

std::string shown_url(const Target& target) {
  const auto url = net::parse_url(target.url);
  return url ? net::origin_of(*url) + url->path : "(no URL)";
}

std::string shown_server(const Target& target, Flavour flavour) {
  const bool known = flavour != Flavour::unknown;
  return std::string(known ? name_of(flavour) : "InfluxDB") + " at " + shown_url(target);
}

base::Result<net::HttpRequest> write_request(const Target& target, Flavour flavour) {
  auto url = write_url(target, flavour);
  if (!url) return url.error();
  net::HttpRequest request;
  request.method = "POST";
  request.url = std::move(*url);
  request.headers = {"Content-Type: text/plain; charset=utf-8"};
  request.authorization = authorization_of(target, flavour);
  return request;
}

std::string query_url(const Target& target, const std::string& database,
                      const std::string& retention_policy) {
  // `epoch`, or times are an extension type of MessagePack.
  std::string url = address_of(target, "/query?epoch=ns");
  if (!database.empty()) url += "&db=" + url_encoded(database);
  if (!retention_policy.empty()) url += "&rp=" + url_encoded(retention_policy);
  return url;
}

std::string query_form(const std::string& statement) { return "q=" + url_encoded(statement); }

base::Secret authorization_of(const Target& target, Flavour flavour) {
  const bool has_user = !target.username.empty();
  switch (flavour) {
    case Flavour::influxdb1:  // 1.6 knows no other scheme than Basic
      if (has_user) return basic(target);
      return target.token.empty() ? base::Secret{} : with_scheme("Token ", target.token);
    case Flavour::influxdb2:
      if (!target.token.empty()) return with_scheme("Token ", target.token);
      return has_user ? basic(target) : base::Secret{};
    case Flavour::influxdb3:
    case Flavour::victoria_metrics:
    case Flavour::unknown:
      if (!target.token.empty()) return with_scheme("Bearer ", target.token);
      return has_user ? basic(target) : base::Secret{};
  }
  return {};
}

}  // namespace haingest::influx
