// SPDX-License-Identifier: MIT
#include "core/migrate/target_setup.hpp"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/influx/endpoint.hpp"
#include "core/influx/query.hpp"
#include "core/migrate/sink.hpp"
#include "core/migrate/statement.hpp"

namespace haingest::migrate {
namespace {

using influx::Flavour;
using influx::quoted_name;
using Json = nlohmann::json;

constexpr std::size_t k_max_answer = std::size_t{1} << 20U;

class Setup {
 public:
  Setup(const influx::CarrierOptions& options, Flavour flavour, const Place& place,
        const std::function<void(const std::string&)>& warn)
      : options_(options),
        flavour_(flavour),
        place_(place),
        warn_(warn),
        query_({options.target, flavour, options.tls, options.request_timeout}),
        client_(options.tls) {}

  // --- InfluxDB 1 ---

  void make_policy() {
    const std::string database = quoted_name(place_.database);
    auto policies = rows_of(query_, {}, "SHOW RETENTION POLICIES ON " + database);
    const bool missing =
        policies.has_error() && policies.error().message.starts_with("database not found");
    if (missing) {
      run("CREATE DATABASE " + database, "the database " + place_.database);
      policies = rows_of(query_, {}, "SHOW RETENTION POLICIES ON " + database);
    }
    if (!policies) fail("it does not say how long it keeps points", policies.error());
    for (const Row& row : *policies) {
      if (row.text("name") != place_.policy) continue;
      const std::string duration = row.text("duration");
      if (duration != "0s") warn_limited(place_.database + "." + place_.policy, duration);
      return;
    }
    std::string statement = "CREATE RETENTION POLICY " + quoted_name(place_.policy) + " ON " +
                            database + " DURATION INF REPLICATION 1";
    if (place_.shard_duration.count() > 0) {
      statement += " SHARD DURATION " + std::to_string(place_.shard_duration.count()) + "s";
    }
    // Of a database that was there, somebody else has chosen it.
    if (missing && place_.is_default) statement += " DEFAULT";
    run(statement, "the retention policy " + place_.policy + " of " + place_.database);
  }

  // --- InfluxDB 2 ---

  void make_bucket() {
    const std::string name = target_for({}, flavour_, place_).bucket;
    const Json found = get("/api/v2/buckets?name=" + influx::url_encoded(name) +
                           "&org=" + influx::url_encoded(options_.target.org));
    // A token that may write only sees none, and 404 says the same.
    if (found.contains("buckets") && found["buckets"].is_array() && !found["buckets"].empty()) {
      return warn_of(found["buckets"][0], name);
    }
    const std::string organisation = organisation_id();
    // That it may not be made shows in the first write.
    if (organisation.empty()) return;
    Json rule{{"type", "expire"}, {"everySeconds", 0}};
    if (place_.shard_duration.count() > 0) {
      rule["shardGroupDurationSeconds"] = place_.shard_duration.count();
    }
    const Json bucket{
        {"name", name}, {"orgID", organisation}, {"retentionRules", Json::array({rule})}};
    const net::HttpResponse answer = send(
        "POST", "/api/v2/buckets", bucket.dump(-1, ' ', false, Json::error_handler_t::replace));
    if (answer.status == 201) return;
    fail("it does not make the bucket " + name,
         {answer.status == 401 ? base::ErrorKind::credentials : base::ErrorKind::failure,
          words_of(answer),
          {}});
  }

 private:
  void run(const std::string& statement, const std::string& what) {
    const auto done = query_.ask({}, statement, {});
    if (!done) fail("it does not make " + what, done.error());
  }

  [[noreturn]] void fail(const std::string& what, const base::Error& error) const {
    throw base::Failure(error.kind, influx::shown_server(options_.target, flavour_) + ": " + what +
                                        " (" + error.message + ")");
  }

  void warn_limited(const std::string& name, const std::string& duration) const {
    warn_(influx::shown_server(options_.target, flavour_) + ": " + name +
          " keeps points for no longer than " + duration + "; older ones are refused");
  }

  void warn_of(const Json& bucket, const std::string& name) const {
    if (!bucket.is_object() || !bucket.contains("retentionRules")) return;
    for (const Json& rule : bucket["retentionRules"]) {
      const auto seconds = rule.is_object() ? rule.find("everySeconds") : rule.end();
      if (seconds == rule.end() || !seconds->is_number_integer()) continue;
      if (seconds->get<std::int64_t>() > 0) warn_limited(name, seconds->dump() + "s");
    }
  }

  std::string organisation_id() {
    const Json found = get("/api/v2/orgs?org=" + influx::url_encoded(options_.target.org));
    if (!found.contains("orgs") || !found["orgs"].is_array()) return "";
    for (const Json& one : found["orgs"]) {
      const bool named = one.is_object() && one.contains("id") && one["id"].is_string();
      if (!named) continue;
      const std::string id = one["id"].get<std::string>();
      if (id == options_.target.org || one.value("name", Json()) == Json(options_.target.org)) {
        return id;
      }
    }
    return "";
  }

  // An empty object where it says no.
  Json get(const std::string& path) {
    const net::HttpResponse answer = send("GET", path, "");
    if (answer.status == 401)
      fail("it does not let this token in", {base::ErrorKind::credentials, words_of(answer), {}});
    if (answer.status / 100 != 2) return Json::object();
    Json object = Json::parse(answer.body, nullptr, false);
    return object.is_object() ? object : Json::object();
  }

  net::HttpResponse send(const std::string& method, const std::string& path,
                         const std::string& body) {
    net::HttpRequest request;
    request.method = method;
    request.url = influx::address_of(options_.target, path);
    request.authorization = influx::authorization_of(options_.target, flavour_);
    request.body = body;
    if (!body.empty()) request.headers = {"Content-Type: application/json"};
    request.timeout = options_.request_timeout;
    request.max_response_bytes = k_max_answer;
    auto answer = client_.send(request);
    if (!answer) throw base::Failure(answer.error());
    if (answer->status >= 500 || answer->status == 429) {
      fail("it cannot say what it has", {base::ErrorKind::unreachable, words_of(*answer), {}});
    }
    return std::move(*answer);
  }

  static std::string words_of(const net::HttpResponse& answer) {
    const Json body = Json::parse(answer.body, nullptr, false);
    const bool has_words =
        body.is_object() && body.contains("message") && body["message"].is_string();
    return has_words ? body["message"].get<std::string>()
                     : "it answers " + std::to_string(answer.status);
  }

  const influx::CarrierOptions& options_;
  const Flavour flavour_;
  const Place& place_;
  const std::function<void(const std::string&)>& warn_;
  influx::QueryClient query_;
  net::HttpClient client_;
};

}  // namespace

void set_up(const influx::CarrierOptions& options, Flavour flavour, const Place& place,
            const std::function<void(const std::string&)>& warn) {
  Setup setup(options, flavour, place, warn);
  if (flavour == Flavour::influxdb1) setup.make_policy();
  if (flavour == Flavour::influxdb2) setup.make_bucket();
}

}  // namespace haingest::migrate
