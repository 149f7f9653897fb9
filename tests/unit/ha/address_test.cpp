// SPDX-License-Identifier: MIT
#include "core/ha/address.hpp"

#include "tests/support/catch.hpp"

using namespace haingest;

namespace {

// scheme://host:port target, and "supervisor" for the Supervisor's proxy.
std::string located(const std::string& url) {
  const base::Result<ha::Address> address = ha::locate(url);
  if (!address) return "error: " + address.error().message;
  CHECK(address->shown == url);
  return origin_of(address->url) + " " + address->target +
         (address->supervisor ? " supervisor" : "");
}

}  // namespace

TEST_CASE("address: the WebSocket of a plain URL", "[address]") {
  CHECK(located("http://ha:8123") == "http://ha:8123 /api/websocket");
  CHECK(located("https://ha/") == "https://ha /api/websocket");
  CHECK(located("ws://ha:8123") == "ws://ha:8123 /api/websocket");
  CHECK(located("http://[fe80::1]:8123/") == "http://[fe80::1]:8123 /api/websocket");
  CHECK(located("wss://abc.ui.nabu.casa/api/websocket") == "wss://abc.ui.nabu.casa /api/websocket");
  CHECK(located("http://ha:8123/api") == "http://ha:8123 /api/websocket");
  CHECK(located("http://ha:8123/api/") == "http://ha:8123 /api/websocket");
}

TEST_CASE("address: a path prefix of a reverse proxy stays", "[address]") {
  CHECK(located("https://proxy/ha") == "https://proxy /ha/api/websocket");
  CHECK(located("https://proxy/ha/house/") == "https://proxy /ha/house/api/websocket");
  CHECK(located("https://proxy/ha/api/websocket") == "https://proxy /ha/api/websocket");
  // A prefix of this name is not the Supervisor.
  CHECK(located("https://proxy/core") == "https://proxy /core/api/websocket");
}

TEST_CASE("address: the Supervisor's proxy, however it is written", "[address]") {
  CHECK(located("http://supervisor/core") == "http://supervisor /core/websocket supervisor");
  CHECK(located("http://supervisor") == "http://supervisor /core/websocket supervisor");
  CHECK(located("http://supervisor/core/api/") == "http://supervisor /core/websocket supervisor");
  CHECK(located("ws://supervisor/core/websocket") == "ws://supervisor /core/websocket supervisor");
  CHECK(located("http://hassio/homeassistant") == "http://hassio /core/websocket supervisor");
  CHECK(located("ws://172.30.32.2/core/websocket") ==
        "ws://172.30.32.2 /core/websocket supervisor");
}

TEST_CASE("address: what cannot be one", "[address]") {
  CHECK(located("http://ha:8123/?auth=secret") ==
        "error: Home Assistant's URL http://ha:8123 carries a query; give scheme, host, port and "
        "at most a path prefix");
  CHECK(located("homeassistant.local") ==
        "error: \"homeassistant.local\" is no URL that haingest can use: it lacks the scheme, as "
        "in http://host:port");
  CHECK(ha::locate("http://me:hunter2@ha").error().kind == base::ErrorKind::usage);
}
