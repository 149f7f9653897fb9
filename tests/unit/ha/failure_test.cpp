// SPDX-License-Identifier: MIT
#include "core/ha/failure.hpp"

#include "tests/support/catch.hpp"

using namespace haingest;
using namespace std::chrono_literals;
using base::ErrorKind;
using net::WsFailure;
using net::WsStep;
using What = net::WsFailure::What;

namespace {

const base::Secret k_token("very-secret-token");

// The message without its "URL: ".
std::string told(const WsFailure& failure, const std::string& url = "http://ha:8123",
                 ErrorKind kind = ErrorKind::unreachable) {
  const base::Error error =
      ha::explain(failure, *ha::locate(url), k_token, "with 2 requests unanswered");
  CHECK(error.kind == kind);
  CHECK(error.message.find('\n') == std::string::npos);
  CHECK(error.message.find(k_token.reveal()) == std::string::npos);
  if (failure.what == What::bad_ca_file) return error.message;
  REQUIRE(error.message.starts_with(url + ": "));
  return error.message.substr(url.size() + 2);
}

std::string declined(unsigned status, const std::string& location = "",
                     const std::string& url = "http://ha:8123") {
  return told({.what = What::declined,
               .step = WsStep::upgrade,
               .http_status = status,
               .location = location},
              url, status == 403 ? ErrorKind::credentials : ErrorKind::unreachable);
}

}  // namespace

TEST_CASE("failure: each step that takes too long", "[failure]") {
  const auto late = [](WsStep step) {
    return told({.what = What::timeout, .step = step, .limit = 30s});
  };
  CHECK(late(WsStep::resolve) == "no address for the name ha within 30 s; check the DNS");
  CHECK(late(WsStep::connect) ==
        "no connection within 30 s; check that the host is up and no firewall stands between");
  CHECK(late(WsStep::tls) ==
        "no TLS handshake within 30 s; check that the port is right and speaks TLS");
  CHECK(late(WsStep::upgrade) ==
        "no answer to the WebSocket request within 30 s; something listens there but stays silent, "
        "check that the port is Home Assistant's");
  CHECK(late(WsStep::read) ==
        "silent with 2 requests unanswered for 30 s; it may be overloaded, or the network cut: try "
        "again later, or give more time with --timeout");
}

TEST_CASE("failure: names, addresses and ports", "[failure]") {
  CHECK(told({.what = What::no_address, .detail = "Name or service not known"}) ==
        "the name ha has no address (Name or service not known); check its spelling, or give the "
        "IP address");
  CHECK(told({.what = What::not_connected, .detail = "Connection refused"}) ==
        "connection refused; check that Home Assistant runs and that the port is right");
  CHECK(told({.what = What::not_connected, .detail = "No route to host"}) ==
        "cannot connect (No route to host); check the address and the network");
}

TEST_CASE("failure: certificates, each with what helps against it", "[failure]") {
  const auto untrusted = [](const std::string& detail) {
    return told({.what = What::untrusted, .step = WsStep::tls, .detail = detail});
  };
  CHECK(untrusted("self-signed certificate in certificate chain") ==
        "its certificate is not trusted (self-signed certificate in certificate chain); give the "
        "authority's certificate with --ca-file, or --insecure to skip the check");
  CHECK(untrusted("hostname mismatch") ==
        "its certificate is not trusted (hostname mismatch); give the URL with the name that "
        "stands in the certificate, or --insecure to skip the check");
  CHECK(untrusted("certificate has expired") ==
        "its certificate is not trusted (certificate has expired); renew it, or --insecure to skip "
        "the check");
  CHECK(told({.what = What::no_tls}) ==
        "answers without TLS; give the URL with http:// instead of https://");
  CHECK(told({.what = What::tls_failed, .detail = "unsupported protocol"}) ==
        "TLS failed (unsupported protocol); check that the port is right and speaks TLS 1.2 or "
        "newer");
  CHECK(told({.what = What::tls_failed}) ==
        "ended the connection in the TLS handshake; check the port, and give http:// if it speaks "
        "no TLS");
  CHECK(told({.what = What::bad_ca_file, .detail = "the CA file x cannot be used"},
             "http://ha:8123", ErrorKind::usage) == "the CA file x cannot be used");
}

TEST_CASE("failure: an upgrade that is declined", "[failure]") {
  CHECK(declined(403) ==
        "refused this machine's address (HTTP 403): Home Assistant bans one after failed logins; "
        "take it out of ip_bans.yaml, restart Home Assistant and use a valid token");
  CHECK(declined(302, "https://ha.example/?token=x") ==
        "redirects to https://ha.example/ (HTTP 302); give the URL that it leads to");
  CHECK(declined(301) == "redirects to nowhere (HTTP 301); check the URL");
  CHECK(declined(308, "https://ha/very-secret-token") ==
        "redirects to https://ha/******** (HTTP 308); give the URL that it leads to");
  CHECK(declined(400) ==
        "HTTP 400: a reverse proxy that Home Assistant does not trust, or one that passes no "
        "WebSockets; see trusted_proxies under http: in configuration.yaml");
  CHECK(declined(401) ==
        "HTTP 401: a proxy in front asks for a login of its own; give a URL that leads to Home "
        "Assistant directly");
  CHECK(declined(404) ==
        "HTTP 404 for /api/websocket: no Home Assistant there, or its path prefix is wrong; give "
        "the URL that a browser opens, up to the part before /lovelace or /config");
  CHECK(declined(502) ==
        "HTTP 502: a proxy in front says that Home Assistant behind it is not up; try again later");
  CHECK(declined(200) == "HTTP 200 instead of a WebSocket; check that the URL is Home Assistant's");
  CHECK(declined(502, "", "http://supervisor/core") ==
        "Home Assistant Core is still starting, or stopped: the Supervisor's proxy answers in its "
        "place (HTTP 502); try again later");
}

TEST_CASE("failure: connections that end", "[failure]") {
  const auto closed = [](unsigned code, const std::string& reason) {
    return told({.what = What::closed, .detail = reason, .close_code = code});
  };
  CHECK(closed(1000, "") ==
        "closed the connection with 2 requests unanswered (1000); Home Assistant may be "
        "restarting: try again in a minute");
  CHECK(closed(1005, "") ==
        "closed the connection with 2 requests unanswered; Home Assistant may be restarting: try "
        "again in a minute");
  CHECK(closed(1001, "") ==
        "closed the connection with 2 requests unanswered (1001: going away); Home Assistant may "
        "be restarting: try again in a minute");
  CHECK(closed(1009, "") ==
        "closed the connection with 2 requests unanswered (1009: a frame over a limit on that "
        "side); Home Assistant may be restarting: try again in a minute");
  CHECK(closed(4001, "very-secret-token\nsays") ==
        "closed the connection with 2 requests unanswered (4001: ******** says); Home Assistant "
        "may be restarting: try again in a minute");
  CHECK(told({.what = What::lost, .step = WsStep::read, .detail = "Connection reset by peer"}) ==
        "the connection was cut with 2 requests unanswered (Connection reset by peer); Home "
        "Assistant may be restarting: try again in a minute");
}

TEST_CASE("failure: frames that nobody can use", "[failure]") {
  CHECK(told({.what = What::too_big, .limit_bytes = std::size_t{64} * 1024 * 1024}) ==
        "sent a frame over our limit of 64 MiB; check the URL, or report it if this is your Home "
        "Assistant");
  CHECK(told({.what = What::too_big, .limit_bytes = 1000})
            .starts_with("sent a frame over our limit of 1000 bytes; "));
  CHECK(told({.what = What::not_text}) ==
        "sent a frame that is no text, which Home Assistant never does; check the URL");
  CHECK(told({.what = What::bad_frame, .detail = "x"}) ==
        "sent what is no WebSocket frame (x); check the URL and what stands between haingest and "
        "Home Assistant");
  CHECK(told({.what = What::no_http, .detail = "bad version"}) ==
        "no proper answer to the WebSocket request (bad version); check the port, and use https:// "
        "if it expects TLS");
}

TEST_CASE("failure: a refused token", "[failure]") {
  const base::Error error = ha::explain_refused_token(*ha::locate("http://ha:8123"), "Invalid");
  CHECK(error.kind == ErrorKind::credentials);
  CHECK(
      error.message ==
      "http://ha:8123: Home Assistant refused the token (Invalid); it is not tried again, because "
      "Home Assistant bans addresses after failed logins. Make a new one in your Home Assistant "
      "profile, Security, Long-lived access tokens");
  CHECK(error.try_command == "haingest discover --ha-url http://ha:8123 --ha-token-file FILE");
}

TEST_CASE("failure: a peer's words fit one line and hide the token", "[failure]") {
  CHECK(ha::quote("Unknown command.", k_token) == "Unknown command");
  CHECK(ha::quote("very-secret-tokenvery-secret-token", k_token) == "****************");
  CHECK(ha::quote("a\r\n\x1b[31mb\x7f"
                  "c",
                  k_token) == "a   [31mb c");
  CHECK(ha::quote("a\xc2\x9b"
                  "31mb",
                  k_token) == "a 31mb");
  CHECK(ha::quote("caf\xe9", k_token) == "caf\xef\xbf\xbd");
  CHECK(ha::quote(" . ", k_token).empty());
  const std::string cut = ha::quote(std::string(199, 'x') +
                                        "\xc3\xa9"
                                        "and more",
                                    k_token);
  CHECK(cut.size() < 210);
  CHECK(cut.ends_with("…"));
  CHECK(ha::quote("no token to hide", base::Secret()) == "no token to hide");
}
