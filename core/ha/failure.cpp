// SPDX-License-Identifier: MIT
#include "core/ha/failure.hpp"

#include "core/base/span.hpp"
#include "core/base/text.hpp"

namespace haingest::ha {
namespace {

using What = net::WsFailure::What;
using net::WsStep;

constexpr std::size_t k_longest_quote = 200;
constexpr std::string_view k_starting =
    "Home Assistant Core is still starting, or stopped: the Supervisor's proxy answers in its "
    "place";
constexpr std::string_view k_restarting =
    "; Home Assistant may be restarting: try again in a minute";

std::string in_brackets(const std::string& detail) {
  return detail.empty() ? "" : " (" + detail + ")";
}

std::string size_text(std::size_t bytes) {
  constexpr std::size_t k_mib = std::size_t{1024} * 1024;
  if (bytes % k_mib == 0) return std::to_string(bytes / k_mib) + " MiB";
  return std::to_string(bytes) + " bytes";
}

std::string timeout_text(const net::WsFailure& failure, const Address& address,
                         std::string_view moment) {
  const std::string within = " within " + base::to_text(failure.limit);
  switch (failure.step) {
    case WsStep::resolve:
      return "no address for the name " + address.url.host + within + "; check the DNS";
    case WsStep::connect:
      return "no connection" + within +
             "; check that the host is up and no firewall stands between";
    case WsStep::tls:
      return "no TLS handshake" + within + "; check that the port is right and speaks TLS";
    case WsStep::upgrade:
      return "no answer to the WebSocket request" + within +
             "; something listens there but stays silent, check that the port is Home "
             "Assistant's";
    case WsStep::read:
    case WsStep::write:
      break;
  }
  return "silent " + std::string(moment) + " for " + base::to_text(failure.limit) +
         "; it may be overloaded, or the network cut: try again later, or give more time with "
         "--timeout";
}

std::string redirect_text(const net::WsFailure& failure, const base::Secret& token,
                          std::string_view status) {
  if (failure.location.empty()) {
    return "redirects to nowhere (" + std::string(status) + "); check the URL";
  }
  // A query may carry a session's secret.
  const std::string to = quote(failure.location.substr(0, failure.location.find('?')), token);
  return "redirects to " + to + " (" + std::string(status) + "); give the URL that it leads to";
}

std::string declined_text(const net::WsFailure& failure, const Address& address,
                          const base::Secret& token) {
  const std::string status = "HTTP " + std::to_string(failure.http_status);
  switch (failure.http_status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      return redirect_text(failure, token, status);
    case 400:
      return status +
             ": a reverse proxy that Home Assistant does not trust, or one that passes no "
             "WebSockets; see trusted_proxies under http: in configuration.yaml";
    case 401:
      return status +
             ": a proxy in front asks for a login of its own; give a URL that leads to Home "
             "Assistant directly";
    case 404:
      return status + " for " + address.target +
             ": no Home Assistant there, or its path prefix is wrong; give the URL that a browser "
             "opens, up to the part before /lovelace or /config";
    case 502:
    case 503:
    case 504:
      if (address.supervisor) return std::string(k_starting) + " (" + status + "); try again later";
      return status +
             ": a proxy in front says that Home Assistant behind it is not up; try again "
             "later";
    default:
      return status + " instead of a WebSocket; check that the URL is Home Assistant's";
  }
}

std::string closed_text(const net::WsFailure& failure, const base::Secret& token,
                        std::string_view moment) {
  const std::string code = failure.close_code == 1005 ? "" : std::to_string(failure.close_code);
  std::string words = quote(failure.detail, token);
  if (words.empty() && failure.close_code == 1001) words = "going away";
  if (words.empty() && failure.close_code == 1009) words = "a frame over a limit on that side";
  const std::string separator = !code.empty() && !words.empty() ? ": " : "";
  return "closed the connection " + std::string(moment) + in_brackets(code + separator + words) +
         std::string(k_restarting);
}

// The authority is wrong only where neither the name nor the date is.
std::string untrusted_text(const net::WsFailure& failure) {
  const bool other_name = failure.detail.find("mismatch") != std::string::npos;
  const bool old = failure.detail.find("expired") != std::string::npos;
  std::string advice = "give the authority's certificate with --ca-file";
  if (other_name) advice = "give the URL with the name that stands in the certificate";
  if (old) advice = "renew it";
  return "its certificate is not trusted" + in_brackets(failure.detail) + "; " + advice +
         ", or --insecure to skip the check";
}

std::string text_of(const net::WsFailure& failure, const Address& address,
                    const base::Secret& token, std::string_view moment) {
  const std::string detail = in_brackets(failure.detail);
  switch (failure.what) {
    case What::timeout:
      return timeout_text(failure, address, moment);
    case What::no_address:
      return "the name " + address.url.host + " has no address" + detail +
             "; check its spelling, or give the IP address";
    case What::not_connected:
      if (failure.detail == "Connection refused") {
        return "connection refused; check that Home Assistant runs and that the port is right";
      }
      return "cannot connect" + detail + "; check the address and the network";
    case What::bad_ca_file:
      return failure.detail;
    case What::untrusted:
      return untrusted_text(failure);
    case What::no_tls:
      return "answers without TLS; give the URL with http:// instead of https://";
    case What::tls_failed:
      if (failure.detail.empty()) {
        return "ended the connection in the TLS handshake; check the port, and give http:// if it "
               "speaks no TLS";
      }
      return "TLS failed" + detail + "; check that the port is right and speaks TLS 1.2 or newer";
    case What::declined:
      return declined_text(failure, address, token);
    case What::no_http:
      return "no proper answer to the WebSocket request" + detail +
             "; check the port, and use https:// if it expects TLS";
    case What::closed:
      return closed_text(failure, token, moment);
    case What::lost:
      return "the connection was cut " + std::string(moment) + detail + std::string(k_restarting);
    case What::too_big:
      return "sent a frame over our limit of " + size_text(failure.limit_bytes) +
             "; check the URL, or report it if this is your Home Assistant";
    case What::not_text:
      return "sent a frame that is no text, which Home Assistant never does; check the URL";
    case What::bad_frame:
      return "sent what is no WebSocket frame" + detail +
             "; check the URL and what stands between haingest and Home Assistant";
  }
  return "failed";
}

// Control characters, those of C1 (U+0080 to U+009F, in UTF-8 two bytes) among them: a terminal
// obeys both.
void blank_controls(std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (byte < ' ' || byte == 0x7f || c1) text.replace(i, c1 ? 2 : 1, " ");
  }
}

}  // namespace

base::Error explain(const net::WsFailure& failure, const Address& address,
                    const base::Secret& token, std::string_view moment) {
  if (failure.what == What::bad_ca_file) {
    return {base::ErrorKind::usage, failure.detail, {}};
  }
  if (failure.what == What::declined && failure.http_status == 403) {
    return {base::ErrorKind::credentials,
            address.shown +
                ": refused this machine's address (HTTP 403): Home Assistant bans one after failed "
                "logins; take it out of ip_bans.yaml, restart Home Assistant and use a valid token",
            {}};
  }
  return unreachable(address, text_of(failure, address, token, moment));
}

base::Error explain_refused_token(const Address& address, std::string_view words) {
  const std::string said = words.empty() ? "" : " (" + std::string(words) + ")";
  return {base::ErrorKind::credentials,
          address.shown + ": Home Assistant refused the token" + said +
              "; it is not tried again, because Home Assistant bans addresses after failed logins. "
              "Make a new one in your Home Assistant profile, Security, Long-lived access tokens",
          "haingest discover --ha-url " + address.shown + " --ha-token-file FILE"};
}

base::Error explain_starting(const Address& address) {
  return unreachable(address, std::string(k_starting) + "; try again later");
}

base::Error unreachable(const Address& address, std::string sentence) {
  return {base::ErrorKind::unreachable, address.shown + ": " + std::move(sentence), {}};
}

std::string quote(std::string_view words, const base::Secret& token) {
  std::string text = base::repair_utf8(words);
  if (!token.empty()) {
    for (std::size_t at = text.find(token.reveal()); at != std::string::npos;
         at = text.find(token.reveal(), at)) {
      text.replace(at, token.reveal().size(), "********");
    }
  }
  blank_controls(text);
  while (text.ends_with(' ') || text.ends_with('.')) text.pop_back();
  if (text.size() > k_longest_quote) {
    text.resize(k_longest_quote);
    text = base::repair_utf8(text) + "…";
  }
  return text;
}

}  // namespace haingest::ha
