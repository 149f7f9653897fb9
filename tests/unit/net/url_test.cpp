// SPDX-License-Identifier: MIT
#include "core/net/url.hpp"

#include "core/net/deadline.hpp"
#include "tests/support/catch.hpp"

using namespace haingest;
using net::parse_url;
using net::Url;

namespace {

std::string refusal(const std::string& text) {
  const base::Result<Url> url = parse_url(text);
  REQUIRE(url.has_error());
  CHECK(url.error().kind == base::ErrorKind::usage);
  return url.error().message;
}

// scheme|host|port|path|query
std::string parts(const std::string& text) {
  const base::Result<Url> url = parse_url(text);
  if (!url) return "error: " + url.error().message;
  return url->scheme + "|" + url->host + "|" + std::to_string(url->port) + "|" + url->path + "|" +
         url->query;
}

}  // namespace

TEST_CASE("url: the four schemes with their ports, hosts in lower case", "[url]") {
  CHECK(parts("http://HomeAssistant.local:8123") == "http|homeassistant.local|8123||");
  CHECK(parts("http://ha") == "http|ha|80||");
  CHECK(parts("https://ha/") == "https|ha|443||");
  CHECK(parts("ws://ha") == "ws|ha|80||");
  CHECK(parts("WSS://ha") == "wss|ha|443||");
  CHECK(parts("http://192.168.1.5:1") == "http|192.168.1.5|1||");
  CHECK(parts("http://ha:") == "http|ha|80||");
  CHECK(parts("http://my_host-2.example.:65535") == "http|my_host-2.example.|65535||");
}

TEST_CASE("url: paths lose their last slash, queries stay, fragments go", "[url]") {
  CHECK(parts("https://proxy/ha/house/") == "https|proxy|443|/ha/house|");
  CHECK(parts("https://proxy//") == "https|proxy|443||");
  CHECK(parts("http://influx:8086/?db=home&rp=a") == "http|influx|8086||db=home&rp=a");
  CHECK(parts("http://influx?db=x") == "http|influx|80||db=x");
  CHECK(parts("http://ha/lovelace#top?x") == "http|ha|80|/lovelace|");
}

TEST_CASE("url: IPv6 addresses stand in brackets, with a zone if need be", "[url]") {
  CHECK(parts("http://[::1]:8123") == "http|::1|8123||");
  CHECK(parts("https://[FE80::A%25eth0]/x") == "https|fe80::a%eth0|443|/x|");
  CHECK(parts("http://[fe80::1%eth0]") == "http|fe80::1%eth0|80||");
  CHECK(refusal("http://fe80::1:8123") ==
        "\"http://fe80::1:8123\" is no URL that haingest can use: an IPv6 address needs brackets: "
        "http://[fe80::1]/");
  CHECK(
      refusal("http://[::1") ==
      "\"http://[::1\" is no URL that haingest can use: the \"]\" of its IPv6 address is missing");
  CHECK(refusal("http://[hello]") ==
        "\"http://[hello]\" is no URL that haingest can use: its IPv6 address is none");
  CHECK(refusal("http://[::1]8123") ==
        "\"http://[::1]8123\" is no URL that haingest can use: after \"]\" only a port may follow");
}

TEST_CASE("url: what is none is refused with its reason", "[url]") {
  CHECK(refusal("homeassistant.local:8123") ==
        "\"homeassistant.local:8123\" is no URL that haingest can use: it lacks the scheme, as in "
        "http://host:port");
  for (const char* const text : {"http:/ha", "HTTPS:ha", "ws:/"}) {
    CHECK(refusal(text) == "\"" + std::string(text) +
                               "\" is no URL that haingest can use: two slashes stand behind the "
                               "scheme, as in http://host:port");
  }
  CHECK(refusal("ftp://ha") ==
        "\"ftp://ha\" is no URL that haingest can use: the scheme must be http, https, ws or wss");
  CHECK(refusal("http://") == "\"http://\" is no URL that haingest can use: it names no host");
  CHECK(refusal("http://:8123") ==
        "\"http://:8123\" is no URL that haingest can use: it names no host");
  CHECK(refusal("http://ha:0") ==
        "\"http://ha:0\" is no URL that haingest can use: its port is no number from 1 to 65535");
  CHECK(refusal("http://ha:65536").ends_with("its port is no number from 1 to 65535"));
  CHECK(refusal("http://ha:81x").ends_with("its port is no number from 1 to 65535"));
  CHECK(refusal("http://h$a").ends_with("its host name has characters that none can have"));
  CHECK(refusal("http://ha /x") ==
        "this URL cannot be used: it has spaces or characters beyond ASCII");
  CHECK(refusal("http://h\nHost: x") ==
        "this URL cannot be used: it has spaces or characters beyond ASCII");
  CHECK(refusal(std::string("http://h\0x", 10)) ==
        "this URL cannot be used: it has spaces or characters beyond ASCII");
  CHECK(refusal("") ==
        "\"\" is no URL that haingest can use: it lacks the scheme, as in http://host:port");
}

TEST_CASE("url: user information is refused and never repeated", "[url]") {
  const std::string expected =
      "this URL cannot be used: it carries a user name or password; put the token into a file or "
      "the environment";
  CHECK(refusal("http://admin:hunter2@ha:8123") == expected);
  CHECK(refusal("http://hunter2@ha") == expected);
  CHECK(refusal("https://a:hunter2@[::1]/") == expected);
  // Refused for another reason, and still not repeated.
  CHECK(refusal("admin:hunter2@ha").find("hunter2") == std::string::npos);
  CHECK(refusal("ftp://admin:hunter2@ha").find("hunter2") == std::string::npos);
}

TEST_CASE("url: the Host header and the origin", "[url]") {
  CHECK(authority_of(*parse_url("http://ha")) == "ha");
  CHECK(authority_of(*parse_url("http://ha:443")) == "ha:443");
  CHECK(authority_of(*parse_url("https://ha:443")) == "ha");
  CHECK(authority_of(*parse_url("http://[fe80::1%25eth0]:8123/x")) == "[fe80::1]:8123");
  CHECK(origin_of(*parse_url("https://ha:8443/x?token=y")) == "https://ha:8443");
}

TEST_CASE("deadline: a step never outlives the whole, and knows what was granted", "[deadline]") {
  using namespace std::chrono_literals;
  const net::Deadline whole = net::Deadline::in(100ms);
  CHECK(whole.step(20ms).limit == 20ms);
  CHECK(whole.step(20ms).at < whole.at);
  CHECK(whole.step(30s).at == whole.at);
  CHECK(whole.step(30s).limit == 100ms);
  CHECK_FALSE(whole.passed());
  CHECK(net::Deadline::in(-1ms).passed());
  CHECK(net::Deadline::in(-1ms).left() == 0ms);
  // Spans that no clock can hold.
  CHECK_FALSE(net::Deadline::in(std::chrono::milliseconds::max()).passed());
  CHECK(net::Deadline{}.step(5s).limit == 5s);
}
