// SPDX-License-Identifier: MIT
#include "core/influx/flavour.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/influx/endpoint.hpp"

namespace haingest::influx {
namespace {

using Json = nlohmann::json;

constexpr std::size_t k_max_answer = std::size_t{1} << 20U;

// The object in an answer; null when it is none.
Json object_of(const std::optional<net::HttpResponse>& answer) {
  if (!answer) return {};
  Json json = Json::parse(answer->body, nullptr, false);
  return json.is_object() ? json : Json{};
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string header_of(const std::optional<net::HttpResponse>& answer, std::string_view name) {
  return answer ? std::string(answer->header(name)) : "";
}

bool is_influxdb3(const Signs& signs, const std::string& version) {
  if (version.starts_with("3.") || version.starts_with("v3.")) return true;
  if (!text_at(object_of(signs.ping), "product_name").empty()) return true;
  for (const auto* answer : {&signs.ping, &signs.health}) {
    if (!header_of(*answer, "cluster-uuid").empty()) return true;
    // Without a token it tells nobody its version.
    if (*answer && (*answer)->status == 401 &&
        (*answer)->body.find("the request was not authenticated") != std::string::npos) {
      return true;
    }
  }
  return false;
}

// Self-built ones call themselves "dev" or "unknown": the number proves nothing. 1.13 has most of
// the /api/v2 routes, but not this one.
bool is_influxdb2(const Signs& signs) {
  if (signs.setup && signs.setup->status == 200 && object_of(signs.setup).contains("allowed")) {
    return true;
  }
  return object_of(signs.health).contains("commit");
}

// Its /query claims to be InfluxDB 1.8; the headers of the rest do not.
bool is_victoria_metrics(const Signs& signs) {
  return !header_of(signs.ping, "x-server-hostname").empty() ||
         !header_of(signs.health, "x-server-hostname").empty();
}

base::Result<net::HttpResponse> get(net::HttpClient& client, const Target& target,
                                    const std::string& path, std::chrono::milliseconds timeout,
                                    const std::atomic<bool>* cancel) {
  net::HttpRequest request;
  request.url = address_of(target, path);
  request.authorization = authorization_of(target, Flavour::unknown);
  request.timeout = timeout;
  request.max_response_bytes = k_max_answer;
  request.cancel = cancel;
  auto answer = client.send(request);
  // One that is starting, or a proxy before one that is down, says nothing about who it is.
  if (answer && (answer->status >= 500 || answer->status == 429)) {
    return base::Error{base::ErrorKind::unreachable,
                       "GET " + request.url + ": answers " + std::to_string(answer->status)};
  }
  return answer;
}

}  // namespace

std::string_view name_of(Flavour flavour) {
  switch (flavour) {
    case Flavour::unknown:
      break;
    case Flavour::influxdb1:
      return "InfluxDB 1";
    case Flavour::influxdb2:
      return "InfluxDB 2";
    case Flavour::influxdb3:
      return "InfluxDB 3";
    case Flavour::victoria_metrics:
      return "VictoriaMetrics";
  }
  return "unknown";
}

Server recognise(const Signs& signs) {
  std::string version = header_of(signs.ping, "x-influxdb-version");
  if (is_influxdb3(signs, version)) {
    if (version.empty()) version = text_at(object_of(signs.ping), "version");
    return {Flavour::influxdb3, std::move(version)};
  }
  if (is_influxdb2(signs)) {
    if (version.empty()) version = text_at(object_of(signs.health), "version");
    return {Flavour::influxdb2, std::move(version)};
  }
  if (!version.empty() || !header_of(signs.ping, "x-influxdb-build").empty()) {
    return {Flavour::influxdb1, std::move(version)};
  }
  if (is_victoria_metrics(signs)) return {Flavour::victoria_metrics, ""};
  return {};
}

base::Result<Server> who_answers(net::HttpClient& client, const Target& target,
                                 std::chrono::milliseconds timeout,
                                 const std::atomic<bool>* cancel) {
  Signs signs;
  auto ping = get(client, target, "/ping", timeout, cancel);
  if (!ping) return ping.error();
  signs.ping = std::move(*ping);
  Server server = recognise(signs);
  // These two say enough by themselves; InfluxDB 1 and 2 are told apart by what follows.
  if (server.flavour == Flavour::influxdb3 || server.flavour == Flavour::victoria_metrics) {
    return server;
  }
  auto health = get(client, target, "/health", timeout, cancel);
  if (!health) return health.error();
  signs.health = std::move(*health);
  auto setup = get(client, target, "/api/v2/setup", timeout, cancel);
  if (!setup) return setup.error();
  signs.setup = std::move(*setup);
  return recognise(signs);
}

std::string why_away(const net::HttpClient& client) {
  const std::string& reason = client.last_attempt().reason;
  return reason.empty() ? "it is starting, or what stands before it cannot reach it" : reason;
}

}  // namespace haingest::influx
