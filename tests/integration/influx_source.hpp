// SPDX-License-Identifier: MIT
// An old InfluxDB of each release, filled by line protocol and asked by InfluxQL.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "core/influx/endpoint.hpp"
#include "core/influx/query.hpp"
#include "core/net/http_client.hpp"
#include "tests/parts/part.hpp"
#include "tests/support/catch.hpp"

namespace haingest::test {

class InfluxSource {
 public:
  // "influxdb1", "influxdb18" or "influxdb2", which have_part() has.
  // Its data goes into `folder`, where one is given.
  explicit InfluxSource(const std::string& part, const std::string& folder = "") {
    if (part == "influxdb2") {
      auto server = std::make_shared<InfluxDb2>(folder);
      target.token = base::Secret(server->token());
      target.org = "haingest";
      flavour = influx::Flavour::influxdb2;
      server_ = std::move(server);
    } else {
      auto server = part == "influxdb1"
                        ? std::make_shared<InfluxDb1>(InfluxDb1::Access::administrator, folder)
                        : std::make_shared<InfluxDb18>(InfluxDb1::Access::administrator, folder);
      target.username = server->user();
      target.password = base::Secret(server->password());
      server_ = std::move(server);
    }
    target.url = server_->url();
  }

  influx::Target target;
  influx::Flavour flavour = influx::Flavour::influxdb1;

  [[nodiscard]] bool is_2() const { return flavour == influx::Flavour::influxdb2; }
  [[nodiscard]] const TimeSeriesServer& server() const { return *server_; }

  [[nodiscard]] influx::QueryOptions options() const {
    influx::QueryOptions options;
    options.source = target;
    options.flavour = flavour;
    return options;
  }
  // "http://127.0.0.1:8086"
  [[nodiscard]] std::uint16_t port() const {
    return static_cast<std::uint16_t>(std::stoi(target.url.substr(target.url.rfind(':') + 1)));
  }
  [[nodiscard]] std::string authorization() const {
    return std::string(influx::authorization_of(target, flavour).reveal());
  }
  // The same through a proxy.
  [[nodiscard]] influx::QueryOptions options(const std::string& url) const {
    influx::QueryOptions with = options();
    with.source.url = url;
    return with;
  }

  // On 1.x a database, and where it is given, a retention policy of it; on 2.x a bucket.
  // `durations` are those of the data and of a group of shards, "" for what the server takes.
  void make(const std::string& database, const std::string& policy = "",
            const std::string& shard_duration = "") const {
    if (is_2()) {
      nlohmann::json rule{{"type", "expire"}, {"everySeconds", 0}};
      if (!shard_duration.empty()) {  // "24h"
        rule["shardGroupDurationSeconds"] = std::stol(shard_duration) * 3'600;
      }
      const nlohmann::json bucket{{"name", policy.empty() ? database : database + "/" + policy},
                                  {"orgID", organisation()},
                                  {"retentionRules", nlohmann::json::array({rule})}};
      REQUIRE(post("/api/v2/buckets", bucket.dump()).status == 201);
      return;
    }
    statement("CREATE DATABASE " + influx::quoted_name(database));
    if (policy.empty()) return;
    statement("CREATE RETENTION POLICY " + influx::quoted_name(policy) + " ON " +
              influx::quoted_name(database) + " DURATION INF REPLICATION 1" +
              (shard_duration.empty() ? "" : " SHARD DURATION " + shard_duration));
  }

  // All of it is taken.
  void write(const std::string& lines, const std::string& database,
             const std::string& policy = "") const {
    const std::string path =
        is_2() ? "/api/v2/write?org=haingest&bucket=" + database +
                     (policy.empty() ? "" : "%2F" + policy)
               : "/write?db=" + database + (policy.empty() ? "" : "&rp=" + policy);
    const net::HttpResponse answer = post(path, lines);
    INFO(answer.body);
    REQUIRE(answer.status == 204);
  }

  // What changes something in 1.x.
  void statement(const std::string& text) const {
    influx::QueryClient client(options());
    const auto done = client.ask({}, text, {});
    INFO((done ? std::string() : done.error().message));
    REQUIRE(done.has_value());
  }

  // Of 2.x, with the token that may do everything.
  [[nodiscard]] net::HttpResponse post(const std::string& path, const std::string& body) const {
    net::HttpRequest request;
    request.method = "POST";
    request.body = body;
    return send(std::move(request), path);
  }
  [[nodiscard]] std::string organisation() const {
    const net::HttpResponse answer = send({}, "/api/v2/orgs");
    return nlohmann::json::parse(answer.body).at("orgs").at(0).at("id").get<std::string>();
  }

 private:
  [[nodiscard]] net::HttpResponse send(net::HttpRequest request, const std::string& path) const {
    request.url = target.url + path;
    request.authorization = influx::authorization_of(target, flavour);
    auto answer = net::HttpClient({}).send(request);
    REQUIRE(answer.has_value());
    return std::move(*answer);
  }

  std::shared_ptr<TimeSeriesServer> server_;
};

}  // namespace haingest::test
