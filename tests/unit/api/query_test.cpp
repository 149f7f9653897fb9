// SPDX-License-Identifier: MIT
// Targets and parameters, hostile ones above all.
#include "core/api/query.hpp"

#include <nlohmann/json.hpp>
#include <random>

#include "core/api/router.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/api/fixture.hpp"

using namespace haingest;
using api::parse_target;

namespace {

std::string told(const std::string& text) {
  const api::Target target = parse_target(text);
  std::string out = target.authority;
  for (const std::string& segment : target.segments) out += "/" + segment;
  for (const auto& [name, value] : target.parameters) out += "|" + name + "=" + value;
  return out;
}

std::int64_t limit(const std::string& value, bool& valid) {
  const api::Target target = parse_target("/?limit=" + value);
  api::Parameters parameters(target);
  const auto number = parameters.integer("limit", 100, 1, 1000);
  valid = parameters.violations().empty();
  return number;
}

}  // namespace

TEST_CASE("target: path, parameters, authority, fragment") {
  CHECK(told("/api/devices") == "/api/devices");
  CHECK(told("/api/devices/") == "/api/devices");
  CHECK(told("/api/devices?a=1&b=2&a=3") == "/api/devices|a=1|b=2|a=3");
  CHECK(told("/a?x") == "/a|x=");
  CHECK(told("/a?&&x=1&") == "/a|x=1");
  CHECK(told("/a?x=1=2") == "/a|x=1=2");
  CHECK(told("/a?x=1#y=2") == "/a|x=1");
  CHECK(told("http://h:1/a/b?c=d") == "h:1/a/b|c=d");
  CHECK(told("http://h") == "h");
  CHECK(told("*") == "/*");
  CHECK(told("") == "");
  CHECK(told("?a=b") == "|a=b");
}

TEST_CASE("target: escapes are decoded once, and never make another path of it") {
  CHECK(told("/api/devices/a%2Fb") == "/api/devices/a/b");
  CHECK(parse_target("/api/devices/a%2Fb").segments.size() == 3);
  CHECK(told("/a%20b+c?d=e%20f+g%2B") == "/a b+c|d=e f g+");
  CHECK(told("/%252F") == "/%2F");
  CHECK(told("/%zz%4%?a=%&b=%4") == "/%zz%4%|a=%|b=%4");
  CHECK(told("/a?%6c=%31") == "/a|l=1");
  CHECK(told("/a?b=1%262=3") == "/a|b=1&2=3");
  CHECK(parse_target("/a%00b").segments[0] == std::string("a\0b", 3));
  CHECK(told("/../../etc/passwd") == "/../../etc/passwd");
  CHECK(told("//api//devices") == "/api//devices");
}

TEST_CASE("parameters: integers as FastAPI takes them") {
  bool valid = false;
  for (const auto& [text, number] : std::vector<std::pair<std::string, std::int64_t>>{
           {"1", 1}, {"1000", 1000}, {"%2B5", 5}, {"%205%20", 5}, {"5.0", 5}, {"005", 5}}) {
    INFO(text);
    CHECK(limit(text, valid) == number);
    CHECK(valid);
  }
  for (const char* text : {"",
                           "x",
                           "1x",
                           "0x10",
                           "1e3",
                           "5.5",
                           "5.",
                           ".5",
                           "--5",
                           "%2B-5",
                           "1 2",
                           "NaN",
                           "%EF%BC%91",
                           "1%00",
                           "-1",
                           "0",
                           "1001",
                           "9223372036854775808",
                           "-9223372036854775809",
                           "99999999999999999999999999999999"}) {
    INFO(text);
    static_cast<void>(limit(text, valid));
    CHECK_FALSE(valid);
  }
}

TEST_CASE("parameters: two targets that mean the same have one key, no two others do") {
  const auto key = [](const std::string& text) {
    const api::Target target = parse_target(text);
    api::Parameters parameters(target);
    static_cast<void>(api::read_list_query(model::Kind::device, parameters));
    return parameters.key();
  };
  CHECK(key("/?limit=5&q=a") == key("/?q=a&limit=05&other=1"));
  CHECK(key("/") == key("/?limit=100&offset=0"));
  CHECK(key("/?q=a") != key("/?q=A"));
  CHECK(key("/?q=a&sort=name") != key("/?q=a%26sort=4:name"));
  CHECK(key("/?manufacturer=x") != key("/?model=x"));
  CHECK(key("/?include_removed=1") != key("/?include_removed=0"));
}

TEST_CASE("query: a hostile string never breaks an answer out of its JSON") {
  test::Api api;
  api.sync(test::small_house());
  for (const char* hostile : {"%22%7D", "%00", "%0d%0aX:%20y", "%ff%fe", "%c0%af", "%ed%a0%80",
                              "%5c%22", "%e2%80%a8", "'%20or%201=1", "%3Cscript%3E"}) {
    INFO(hostile);
    for (const std::string& target :
         {std::string{"/api/devices/"} + hostile, std::string{"/api/devices?limit="} + hostile,
          std::string{"/api/devices?sort="} + hostile,
          std::string{"/api/devices?fields="} + hostile, std::string{"/api/devices?q="} + hostile,
          std::string{"/"} + hostile, std::string{"/api/integrations/"} + hostile + "/analytics",
          std::string{"/api/changes?since="} + hostile}) {
      const auto answer = api.get(target);
      CHECK(nlohmann::json::accept(answer.body));
      CHECK(answer.head.find("\r\n\r\n") == answer.head.size() - 4);
      CHECK(answer.head.find("X: y") == std::string::npos);
    }
  }
}

TEST_CASE("query: whatever bytes come, an answer goes out") {
  test::Api api;
  api.sync(test::small_house());
  std::mt19937 random(20261125);
  const std::string alphabet = "/?&=%+#.,:abdeiqs015-_~\"'\\<> \x01\xff";
  for (int round = 0; round < 3000; ++round) {
    std::string target = round % 3 == 0 ? "/" : "/api/devices";
    for (std::size_t length = random() % 40; length > 0; --length) {
      target += alphabet[random() % alphabet.size()];
    }
    const auto answer = api.get(target);
    INFO(target);
    const bool known = answer.status == 200 || answer.status == 404 || answer.status == 422 ||
                       answer.status == 403;
    CHECK(known);
    CHECK(nlohmann::json::accept(answer.body));
  }
}
