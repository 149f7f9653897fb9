// SPDX-License-Identifier: MIT
#include "core/influx/endpoint.hpp"

#include "tests/support/catch.hpp"

using namespace haingest;
using influx::Flavour;
using influx::Target;

namespace {

Target target() {
  Target target;
  target.name = "home";
  target.url = "http://me.example:8086/influx/";
  target.database = "homeassistant";
  target.retention_policy = "two years";
  target.org = "my org";
  target.bucket = "ha/events";
  return target;
}

std::string url(const Target& target, Flavour flavour) {
  return influx::write_request(target, flavour).value().url;
}
std::string error(const Target& target, Flavour flavour) {
  const auto result = influx::write_request(target, flavour);
  REQUIRE(result.has_error());
  CHECK(result.error().kind == base::ErrorKind::usage);
  return result.error().message;
}
std::string authorization(const Target& target, Flavour flavour) {
  return std::string(influx::authorization_of(target, flavour).reveal());
}

}  // namespace

TEST_CASE("endpoint: each flavour's address and parameters") {
  Target where = target();
  CHECK(url(where, Flavour::influxdb1) ==
        "http://me.example:8086/influx/write?db=homeassistant&rp=two%20years");
  CHECK(url(where, Flavour::influxdb2) ==
        "http://me.example:8086/influx/api/v2/write?org=my%20org&bucket=ha%2Fevents");
  CHECK(url(where, Flavour::influxdb3) ==
        "http://me.example:8086/influx/api/v3/write_lp?db=homeassistant&precision=nanosecond&"
        "accept_partial=true");
  CHECK(url(where, Flavour::victoria_metrics) ==
        "http://me.example:8086/influx/write?precision=ns");
  where.retention_policy.clear();
  where.database = "a&b=c%ü";
  CHECK(url(where, Flavour::influxdb1) ==
        "http://me.example:8086/influx/write?db=a%26b%3Dc%25%C3%BC");
}

TEST_CASE("endpoint: a database is a bucket, and a bucket a database") {
  Target where = target();
  where.bucket.clear();
  CHECK(url(where, Flavour::influxdb2) ==
        "http://me.example:8086/influx/api/v2/write?org=my%20org&bucket=homeassistant");
  where = target();
  where.database.clear();
  where.retention_policy.clear();
  CHECK(url(where, Flavour::influxdb1) == "http://me.example:8086/influx/write?db=ha%2Fevents");
}

TEST_CASE("endpoint: what a target lacks") {
  Target where = target();
  where.org.clear();
  CHECK(error(where, Flavour::influxdb2) == "it needs an organisation, and none is set");
  where = target();
  where.database.clear();
  where.bucket.clear();
  CHECK(error(where, Flavour::influxdb1) == "it needs a database, and none is set");
  CHECK(error(where, Flavour::influxdb2) == "it needs a bucket, and none is set");
  CHECK(error(where, Flavour::influxdb3) == "it needs a database, and none is set");
  CHECK(error(where, Flavour::unknown) == "it is no server that haingest knows");
}

TEST_CASE("endpoint: credentials in the scheme that the flavour takes, never in the URL") {
  Target where = target();
  for (const Flavour flavour :
       {Flavour::influxdb1, Flavour::influxdb2, Flavour::influxdb3, Flavour::victoria_metrics}) {
    CHECK(influx::authorization_of(where, flavour).empty());
  }
  where.username = "me";
  where.password = base::Secret("test");
  for (const Flavour flavour :
       {Flavour::influxdb1, Flavour::influxdb2, Flavour::influxdb3, Flavour::victoria_metrics}) {
    CHECK(authorization(where, flavour) == "Basic bWU6dGVzdA==");
  }
  where.token = base::Secret("t0ken");
  CHECK(authorization(where, Flavour::influxdb1) == "Basic bWU6dGVzdA==");
  CHECK(authorization(where, Flavour::influxdb2) == "Token t0ken");
  CHECK(authorization(where, Flavour::influxdb3) == "Bearer t0ken");
  CHECK(authorization(where, Flavour::victoria_metrics) == "Bearer t0ken");
  where.username.clear();
  CHECK(authorization(where, Flavour::influxdb1) == "Token t0ken");
  for (const Flavour flavour :
       {Flavour::influxdb1, Flavour::influxdb2, Flavour::influxdb3, Flavour::victoria_metrics}) {
    CHECK(url(where, flavour).find("t0ken") == std::string::npos);
  }
  // RFC 4648 section 10, behind an empty name's colon.
  where.username = "foob";
  where.password = base::Secret("ar");
  CHECK(authorization(where, Flavour::influxdb1) == "Basic Zm9vYjphcg==");
  where.password = base::Secret("arb");
  CHECK(authorization(where, Flavour::influxdb1) == "Basic Zm9vYjphcmI=");
  where.password = base::Secret("\xff");
  CHECK(authorization(where, Flavour::influxdb1) == "Basic Zm9vYjr/");
}

TEST_CASE("endpoint: what is shown of an address has no parameters and no user") {
  Target where;
  where.url = "https://me.example/vm?token=x";
  CHECK(influx::shown_url(where) == "https://me.example/vm");
  CHECK(influx::address_of(where, "/ping") == "https://me.example/vm/ping");
  where.url = "https://me:secret@me.example/";
  CHECK(influx::shown_url(where) == "(no URL)");
}
