// SPDX-License-Identifier: MIT
// `haingest watch` between the simulated Home Assistant and a real InfluxDB while everything that
// can go wrong does, at random: no change is missing, none is another than it was. 2 000 changes
// and 6 kills; HAINGEST_TEST_LONG=1: 100 000 and 100; HAINGEST_TEST_STORM=CHANGES,KILLS: any.
#include <signal.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "core/net/http_client.hpp"
#include "tests/fakes/faulty_proxy.hpp"
#include "tests/integration/program.hpp"
#include "tests/parts/part.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

using namespace haingest;
using namespace haingest::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr auto k_end = 120s;
constexpr int k_first_value = 1'000'000;  // the house's own states are smaller

struct Size {
  int changes = 2'000;
  int kills = 6;
};

Size size_of_storm() {
  Size size;
  const char* const given = std::getenv("HAINGEST_TEST_STORM");
  const char* const word = std::getenv("HAINGEST_TEST_LONG");
  if (given != nullptr) {
    const std::string text = given;
    size = {std::stoi(text), std::stoi(text.substr(text.find(',') + 1))};
  } else if (word != nullptr && std::string(word) == "1") {
    size = {100'000, 100};
  }
  return size;
}

json ask(const std::string& url, const std::vector<std::string>& headers) {
  net::HttpRequest request;
  request.url = url;
  request.headers = headers;
  const auto answer = net::HttpClient({}).send(request);
  return answer ? json::parse(answer->body, nullptr, false) : json();
}

// Each fault of the proxy in a third of the requests.
class Weather {
 public:
  explicit Weather(fakes::FaultyProxy& proxy) : proxy_(proxy) {
    proxy_.plan([this](const fakes::ProxiedRequest&) { return next(); });
  }
  void clear() {
    proxy_.plan([](const fakes::ProxiedRequest&) { return fakes::ProxyPlan{}; });
    proxy_.release();
  }

 private:
  fakes::ProxyPlan next() {
    using Fault = fakes::ProxyFault;
    static const std::array<fakes::ProxyPlan, 9> plans{{
        {.fault = Fault::reset_before_body},
        {.fault = Fault::reset_after_body},
        {.fault = Fault::swallow},
        {.fault = Fault::hang},
        {.fault = Fault::hang_answered},
        {.fault = Fault::truncate},
        {.fault = Fault::answer, .status = 429, .headers = "Retry-After: 1\r\n"},
        {.fault = Fault::answer, .status = 500},
        {.fault = Fault::answer, .status = 503},
    }};
    if (random_() % 3 != 0) return {};
    return plans[number_++ % plans.size()];
  }

  fakes::FaultyProxy& proxy_;
  std::minstd_rand random_{7};
  std::size_t number_ = 0;
};

class Storm {
 public:
  Storm(const std::string& server_url, std::string query_url, std::vector<std::string> headers)
      : query_url_(std::move(query_url)),
        headers_(std::move(headers)),
        home_(fakes::make_house({.devices = 10, .entities = 40})),
        proxy_(server_url) {
    program.talk_to(home_);
    program.environment["INFLUXDB_URL"] = proxy_.url();
    home_.change([](fakes::House& now) {
      now.set_clock(std::chrono::floor<std::chrono::seconds>(base::system_now()) - 72h);
    });
  }

  void rage(const Size& size) {
    const std::vector<std::string> ids = home_.house().entity_ids();
    Weather weather(proxy_);
    start();
    // What was before the first snapshot is nobody's gap.
    REQUIRE(eventually(
        [&] {
          const json now = points();
          return now.is_object() && now["spooled"] > 0;
        },
        k_end));
    int made = 0;
    for (int left = size.kills; left >= 0; --left) {
      const int until = made + (size.changes - made) / (left + 1);
      while (made < until) made += change_some(ids, made, until);
      if (left == 0) break;
      watch_->signal(SIGKILL);
      static_cast<void>(watch_->wait());
      // What happens while nobody listens.
      made += change_some(ids, made, size.changes);
      start();
      // One in two dies again before it has done anything.
      if (random_() % 2 == 0) watch_->wait_for_err("connected with Home Assistant", k_end);
    }
    weather.clear();
    set_reachable(true);
  }

  // Nothing waits, nothing is left to be filled.
  [[nodiscard]] bool calm() const {
    return eventually(
        [&] {
          const json now = points();
          return now.is_object() && now["backfill"]["open"] == 0 &&
                 now["targets"][0]["waiting"] == 0;
        },
        k_end);
  }
  [[nodiscard]] bool arrived() const {
    const std::size_t wanted = expected_.size();
    std::size_t seen = 0;
    const bool all = eventually([&] { return (seen = stored().size()) == wanted; }, k_end);
    if (!all) UNSCOPED_INFO(seen << " of " << wanted);
    return all;
  }
  // Moments that have another value than they had, or none.
  [[nodiscard]] std::size_t wrong() const {
    const std::map<std::int64_t, int> found = stored();
    std::size_t wrong = 0;
    for (const auto& [moment, value] : expected_) {
      const auto at = found.find(moment);
      if (at == found.end() || at->second != value) ++wrong;
    }
    return wrong;
  }
  Outcome stop() {
    watch_->signal(SIGTERM);
    return watch_->wait();
  }
  [[nodiscard]] json points() const {
    if (!std::filesystem::exists(program.file("metadata.db-status"))) return {};
    const json status = json::parse(read_file(program.file("metadata.db-status")), nullptr, false);
    return status.is_object() ? status["points"] : json();
  }
  [[nodiscard]] std::size_t connections() const { return home_.counters().upgrades; }
  [[nodiscard]] std::size_t requests() const { return proxy_.requests(); }

  Program program;

 private:
  void start() {
    watch_ = std::make_unique<Background>(
        program.command({"watch", "--db", program.file("metadata.db"), "--timeout", "5s"}));
  }

  void set_reachable(bool reachable) {
    if (std::exchange(reachable_, reachable) == reachable) return;
    if (reachable) {
      proxy_.listen();
    } else {
      proxy_.refuse();
    }
  }

  int change_some(const std::vector<std::string>& ids, int made, int until) {
    const int count = std::min(until - made, 1 + static_cast<int>(random_() % 60));
    home_.change([&](fakes::House& now) {
      for (int i = made; i < made + count; ++i) {
        now.set_state(ids[random_() % ids.size()], std::to_string(k_first_value + i));
        expected_[now.now().time_since_epoch().count()] = k_first_value + i;
      }
    });
    // Home Assistant restarts, the network is cut, InfluxDB is away; now and then.
    if (random_() % 40 == 0) home_.drop_connections();
    if (random_() % 40 == 0) set_reachable(false);
    if (random_() % 10 == 0) set_reachable(true);
    if (random_() % 5 == 0) proxy_.release();
    return count;
  }

  // Microseconds since 1970 -> value.
  [[nodiscard]] std::map<std::int64_t, int> stored() const {
    std::map<std::int64_t, int> found;
    const json answer =
        ask(query_url_ +
                "&epoch=u&q=SELECT%20value%20FROM%20home_assistant_events%20WHERE%20"
                "value%3E=1000000",
            headers_);
    if (!answer.is_object() || !answer.contains("results")) return found;
    const json& result = answer["results"][0];
    if (!result.contains("series")) return found;
    for (const json& row : result["series"][0]["values"]) {
      found[row[0].get<std::int64_t>()] = static_cast<int>(row[1].get<double>());
    }
    return found;
  }

  const std::string query_url_;
  const std::vector<std::string> headers_;
  fakes::HaServer home_;
  fakes::FaultyProxy proxy_;
  std::unique_ptr<Background> watch_;
  std::map<std::int64_t, int> expected_;  // microseconds since 1970 -> value
  std::minstd_rand random_{42};
  bool reachable_ = true;
};

void weather(Storm& storm) {
  const Size size = size_of_storm();
  storm.rage(size);
  CHECK(storm.calm());
  CHECK(storm.arrived());
  CHECK(storm.wrong() == 0);
  const json points = storm.points();
  CHECK(points["backfill"]["unverified"] == 0);
  CHECK(points["given_up"] == 0);
  CHECK(points["damaged"] == 0);
  CHECK(points["dead_letters"] == 0);
  CHECK(storm.stop().exit_code == 0);
  std::cout << "storm: " << size.changes << " changes, " << size.kills << " kills, "
            << storm.connections() << " connections, " << storm.requests() << " requests\n";
}

}  // namespace

TEST_CASE("A storm before InfluxDB 1.6", "[parts]") {
  if (!have_part("influxdb1")) return;
  const InfluxDb1 server;
  net::HttpRequest create;
  create.method = "POST";
  create.url = server.url() + "/query?q=CREATE%20DATABASE%20home_assistant_events";
  REQUIRE(net::HttpClient({}).send(create)->status == 200);
  Storm storm(server.url(), server.url() + "/query?db=home_assistant_events", {});
  weather(storm);
}

TEST_CASE("A storm before InfluxDB 2.7", "[parts]") {
  if (!have_part("influxdb2")) return;
  const InfluxDb2 server;
  Storm storm(server.url(), server.url() + "/query?db=home_assistant_events",
              {"Authorization: Token " + server.token()});
  storm.program.environment["INFLUXDB_ORG"] = "haingest";
  storm.program.environment["INFLUXDB_TOKEN"] = server.token();
  weather(storm);
}
