// SPDX-License-Identifier: MIT
#include "tests/fakes/influxdb3_front.hpp"

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <regex>
#include <utility>

#include "tests/fakes/http_wire.hpp"
#include "tests/fakes/influx_request.hpp"

namespace haingest::fakes {
namespace {

using nlohmann::json;

constexpr const char* k_no_rows = R"({"results":[{"statement_id":0}]})";

struct Answer {
  int status = 200;
  std::string body;
};

// In an answer of 200, as everything that goes wrong with a statement.
Answer error(const std::string& text) {
  return {200, json{{"results", {{{"statement_id", 0}, {"error", text}}}}}.dump()};
}

Answer series(const std::string& name, const json& columns, const json& values) {
  const json one{{"name", name}, {"columns", columns}, {"values", values}};
  return {200, json{{"results", {{{"statement_id", 0}, {"series", json::array({one})}}}}}.dump()};
}

std::string text_of(const Answer& answer) {
  return "HTTP/1.1 " + std::to_string(answer.status) +
         " Said\r\ncluster-uuid: 1b4e28ba\r\nContent-Length: " +
         std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body;
}

std::string encoded(const std::string& text) {
  static constexpr const char* k_digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', k_digits[byte >> 4U], k_digits[byte & 15U]};
  }
  return out;
}

std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return text + '"';
}

// "house/long_term" is what 1.8 has as the policy "long_term" of "house".
std::pair<std::string, std::string> place_of(const std::string& database) {
  const std::size_t slash = database.find('/');
  if (slash == std::string::npos) return {database, "autogen"};
  return {database.substr(0, slash), database.substr(slash + 1)};
}

}  // namespace

struct Influxdb3Front::Impl {
  Impl(std::uint16_t port, std::string authorization, const Influxdb3Files& files)
      : port_(port), authorization_(std::move(authorization)), files_(files) {}

  void serve(Wire& wire) {
    for (;;) {
      const WireHead head = wire.read_head();
      InfluxRequest request = request_of(head);
      add_parameters(read_plain_body(wire, head), request.parameters);
      wire.send(text_of(answer(request)));
    }
  }

  [[nodiscard]] Answer answer(const InfluxRequest& request) {
    const auto given = request.headers.find("authorization");
    if (given == request.headers.end() || given->second != std::string("Bearer ") + k_token) {
      return {401, R"({"error": "the request was not authenticated"})"};
    }
    if (request.path == "/ping") {
      return {200, R"({"product_name":"InfluxDB 3 Core","version":"3.10.0"})"};
    }
    if (request.path == "/health") return {200, "OK"};
    if (request.path != "/query") return {404, "Not found"};
    const std::string& accept = request.headers.at("accept");
    if (accept != "application/json") {
      return {400, json{{"error", "invalid mime type (" + accept + ")"}}.dump()};
    }
    const auto database = request.parameters.find("db");
    Answer answer = ask(database == request.parameters.end() ? "" : database->second,
                        request.parameters.at("q"));
    // In chunks no rows are no chunk.
    if (request.parameters.contains("chunked") && answer.body == k_no_rows) answer.body.clear();
    return answer;
  }

  [[nodiscard]] Answer ask(const std::string& database, const std::string& statement) {
    if (statement == "SHOW DATABASES") return databases();
    if (statement.starts_with("SHOW RETENTION POLICIES ON \"")) {
      const std::string name = statement.substr(28, statement.size() - 29);
      return series("retention_policies", {"name", "duration", "default"}, {{name, "0s", true}});
    }
    const auto [name, policy] = place_of(database);
    if (statement.starts_with("SHOW TAG KEYS")) {
      if (statement.find('"') != std::string::npos) {
        return error(
            "datafusion error: This feature is not implemented: retention policy in from clause");
      }
      return behind("", "",
                    "SHOW TAG KEYS ON " + quoted(name) + " FROM " + quoted(policy) + "./(?s)./");
    }
    if (statement == "SHOW FIELD KEYS") return behind(name, policy, statement);
    if (statement.starts_with("SHOW ")) {
      return error(
          "error in InfluxQL statement: parsing error: invalid SHOW statement, expected DATABASES, "
          "FIELD KEYS, MEASUREMENTS, TAG KEYS, TAG VALUES, or RETENTION POLICIES following SHOW at "
          "pos 5");
    }
    if (statement.find("SLIMIT") != std::string::npos) {
      return error(
          "datafusion error: rewriting statement\ncaused by\nThis feature is not implemented: "
          "SLIMIT or SOFFSET");
    }
    if (is_too_much(statement)) {
      ++refused_;
      return error(
          "datafusion error: External error: Query would scan 432 Parquet files, exceeding the "
          "file limit. InfluxDB 3 Core caps file access to prevent performance degradation and "
          "memory issues. Use a narrower time range.\n\nTo remove this limitation, upgrade.");
    }
    return behind(name, policy, statement);
  }

  // Only bounds count, no LIMIT.
  [[nodiscard]] bool is_too_much(const std::string& statement) const {
    std::int64_t begin = files_.first;
    std::int64_t end = files_.last;
    std::smatch found;
    if (std::regex_search(statement, found, std::regex("time >= (-?[0-9]+)"))) {
      begin = std::max<std::int64_t>(begin, std::stoll(found[1]));
    }
    if (std::regex_search(statement, found, std::regex("time < (-?[0-9]+)"))) {
      end = std::min<std::int64_t>(end, std::stoll(found[1]));
    }
    return end > begin && end - begin > files_.most;
  }

  [[nodiscard]] Answer databases() {
    json names = json::array();
    const auto rows_of = [&](const std::string& statement) {
      const json result = json::parse(behind("", "", statement).body)["results"][0];
      return result["series"][0]["values"];
    };
    for (const json& row : rows_of("SHOW DATABASES")) {
      const std::string name = row[0];
      names.push_back({name});
      for (const json& policy : rows_of("SHOW RETENTION POLICIES ON " + quoted(name))) {
        if (policy[0] != "autogen" && name != "_internal") {
          names.push_back({name + "/" + policy[0].get<std::string>()});
        }
      }
    }
    return series("databases", {"name"}, names);
  }

  // What the InfluxDB 1.8 says, which prints floats without a fraction as 3 does.
  [[nodiscard]] Answer behind(const std::string& database, const std::string& policy,
                              const std::string& statement) const {
    Wire wire(connect_to(port_));
    const std::string form = "q=" + encoded(statement);
    wire.send("POST /query?epoch=ns&chunked=true&chunk_size=10000&db=" + encoded(database) +
              "&rp=" + encoded(policy) +
              " HTTP/1.1\r\nHost: influx\r\nAuthorization: " + authorization_ +
              "\r\nAccept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\n"
              "Content-Length: " +
              std::to_string(form.size()) + "\r\n\r\n" + form);
    const WireHead head = wire.read_head();
    std::string body = read_plain_body(wire, head);
    std::erase(body, '\n');
    return {head.status, body};
  }

  const std::uint16_t port_;
  const std::string authorization_;
  const Influxdb3Files files_;
  std::atomic<std::size_t> refused_ = 0;
  WireListener listener_{[this](Wire& wire) { serve(wire); }};
};

Influxdb3Front::Influxdb3Front(std::uint16_t port, std::string authorization,
                               const Influxdb3Files& files)
    : impl_(std::make_unique<Impl>(port, std::move(authorization), files)) {}
Influxdb3Front::~Influxdb3Front() = default;

std::string Influxdb3Front::url() const {
  return "http://127.0.0.1:" + std::to_string(impl_->listener_.port());
}

std::size_t Influxdb3Front::refused() const { return impl_->refused_; }

}  // namespace haingest::fakes
