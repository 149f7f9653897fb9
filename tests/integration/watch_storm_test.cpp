// SPDX-License-Identifier: MIT
// `haingest watch` between the simulated Home Assistant and a real InfluxDB or VictoriaMetrics
// while everything that can go wrong does, at random, and both watch and the server are killed: no
// change is missing, none is another than it was. 2 000 changes, 6 kills of watch and 5 of the
// server; HAINGEST_TEST_LONG=1: 100 000, 100 and 30 in six storms;
// HAINGEST_TEST_STORM=CHANGES,KILLS,KILLS,STORMS: any.
#include <signal.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <functional>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <vector>

#include "tests/fakes/faulty_proxy.hpp"
#include "tests/integration/numbered.hpp"
#include "tests/parts/part.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

using namespace haingest;
using namespace haingest::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr auto k_end = 120s;
constexpr auto k_visible = 60s;

struct Size {
  int changes = 2'000;
  int kills = 6;
  int server_kills = 5;
  int storms = 1;
};

Size size_of_storm() {
  Size size;
  const char* const given = std::getenv("HAINGEST_TEST_STORM");
  const char* const word = std::getenv("HAINGEST_TEST_LONG");
  if (given != nullptr) {
    std::istringstream text(given);
    char comma = ',';
    text >> size.changes >> comma >> size.kills >> comma >> size.server_kills >> comma >>
        size.storms;
  } else if (word != nullptr && std::string(word) == "1") {
    size = {100'000, 100, 30, 6};
  }
  return size;
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
  // `look` says which points the server has.
  Storm(const TimeSeriesServer& server, std::function<Numbers()> look)
      : server_(server),
        look_(std::move(look)),
        home_(fakes::make_house({.devices = 10, .entities = 40})),
        proxy_(server.url()) {
    program.talk_to(home_);
    tell_often(program);
    program.environment["INFLUXDB_URL"] = proxy_.url();
    // Each change is a second later than the one before; none is yet to come.
    home_.change([](fakes::House& now) {
      now.set_clock(std::chrono::floor<std::chrono::seconds>(base::system_now()) -
                    std::chrono::seconds(size_of_storm().changes) - 1h);
    });
    ids_ = home_.house().entity_ids();
  }

  void begin() {
    start();
    // What was before the first snapshot is nobody's gap.
    REQUIRE(eventually(
        [&] {
          const json now = points();
          return now.is_object() && now["spooled"] > 0;
        },
        k_end));
  }

  // So many more changes, and so many kills among them.
  void rage(int changes, int kills, int server_kills) {
    Weather weather(proxy_);
    plan_server_kills(changes, server_kills);
    const int end = made_ + changes;
    for (int left = kills; left >= 0; --left) {
      const int until = made_ + (end - made_) / (left + 1);
      while (made_ < until) change_some(until);
      if (left == 0) break;
      watch_->signal(SIGKILL);
      static_cast<void>(watch_->wait());
      // What happens while nobody listens.
      change_some(end);
      start();
      // One in two dies again before it has done anything.
      if (random_() % 2 == 0) watch_->wait_for_err("connected with Home Assistant", k_end);
    }
    weather.clear();
    proxy_.listen();
    set_server_up(true);
  }

  // The server has acknowledged everything; watch may keep it still.
  [[nodiscard]] bool delivered() const {
    return told([](const json& target) { return target["state"] == "idle"; });
  }
  // Watch has forgotten everything: now the server must keep it.
  [[nodiscard]] bool calm() const {
    return told([](const json& target) { return target["waiting"] == 0; });
  }
  void kill_server() {
    set_server_up(false);
    set_server_up(true);
  }
  // What was before the storm that has ended is asked of no recorder any more; one with a million
  // rows would be slow.
  void end() {
    const auto before = std::exchange(end_of_last_, home_.house().now());
    home_.change([&](fakes::House& now) { now.forget_history(before); });
  }

  // How many values the server lacks, or has elsewhere. (Some servers show what they have later.)
  [[nodiscard]] std::size_t missing() {
    std::size_t missing = expected_.size();
    static_cast<void>(eventually(
        [&] {
          stored_ = look_();
          missing = missing_in(stored_, expected_);
          return missing == 0;
        },
        k_visible));
    return missing;
  }
  // After missing(): how many points there are beyond one for each value.
  [[nodiscard]] std::size_t duplicates() const {
    std::size_t count = 0;
    for (const auto& [value, point] : stored_) count += static_cast<std::size_t>(point.times) - 1;
    return count;
  }
  // After missing(): values that nobody had.
  [[nodiscard]] std::size_t invented() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        stored_, [&](const auto& one) { return !expected_.contains(one.first); }));
  }

  Outcome stop() {
    watch_->signal(SIGTERM);
    return watch_->wait();
  }
  [[nodiscard]] json points() const { return points_told(program); }
  [[nodiscard]] std::size_t connections() const { return home_.counters().upgrades; }
  [[nodiscard]] std::size_t requests() const { return proxy_.requests(); }
  [[nodiscard]] int server_kills() const { return server_kills_; }

  Program program;

 private:
  void start() {
    watch_ = std::make_unique<Background>(
        program.command({"watch", "--db", program.file("metadata.db"), "--timeout", "5s"}));
  }

  // That nothing is left to be filled, and this of the target: by this watch, not by one that was
  // killed.
  [[nodiscard]] bool told(const std::function<bool(const json&)>& of_target) const {
    return eventually(
        [&] {
          const json status = status_told(program);
          if (!status.is_object() || status["pid"] != watch_->pid()) return false;
          const json& now = status["points"];
          return now.is_object() && now["backfill"]["open"] == 0 && of_target(now["targets"][0]);
        },
        k_end);
  }

  void set_server_up(bool up) {
    if (std::exchange(up_, up) == up) return;
    if (up) {
      server_.restart();
      server_start_ = this_second();
      return;
    }
    // VictoriaMetrics tells its start in whole seconds: one that dies in the second of its start
    // is not noticed.
    REQUIRE(eventually([&] { return this_second() > server_start_; }));
    server_.kill();
    ++server_kills_;
  }
  [[nodiscard]] static base::Timestamp this_second() {
    return std::chrono::floor<std::chrono::seconds>(base::system_now());
  }

  // Each at a change of its own; it is up again some changes later.
  void plan_server_kills(int changes, int kills) {
    kill_server_at_.clear();
    for (int i = 0; i < kills; ++i) {
      const int part = changes / kills;
      kill_server_at_.push_back(made_ + i * part + static_cast<int>(random_() % (part / 2 + 1)));
    }
  }
  void look_after_server() {
    if (!up_ && random_() % 4 == 0) set_server_up(true);
    if (kill_server_at_.empty() || made_ < kill_server_at_.front()) return;
    kill_server_at_.pop_front();
    set_server_up(true);
    set_server_up(false);
  }

  void change_some(int until) {
    const int end = std::min(until, made_ + 1 + static_cast<int>(random_() % 60));
    home_.change([&](fakes::House& now) {
      for (; made_ < end; ++made_) {
        const std::string& entity_id = ids_[random_() % ids_.size()];
        const int value = k_first_number + made_;
        now.set_state(entity_id, std::to_string(value));
        expected_[value] = {entity_id, now.now().time_since_epoch().count()};
      }
    });
    // Home Assistant restarts, the network is cut, the server is away; now and then.
    if (random_() % 40 == 0) home_.drop_connections();
    if (random_() % 40 == 0) proxy_.refuse();
    if (random_() % 10 == 0) proxy_.listen();
    if (random_() % 5 == 0) proxy_.release();
    look_after_server();
  }

  const TimeSeriesServer& server_;
  const std::function<Numbers()> look_;
  fakes::HaServer home_;
  fakes::FaultyProxy proxy_;
  std::unique_ptr<Background> watch_;
  std::vector<std::string> ids_;
  std::minstd_rand random_{42};
  int made_ = 0;  // changes
  Numbers expected_;
  Numbers stored_;
  bool up_ = true;
  base::Timestamp server_start_ = this_second();
  std::deque<int> kill_server_at_;    // changes
  base::Timestamp end_of_last_ = {};  // storm
  int server_kills_ = 0;
};

// Returns how many points there are twice.
std::size_t weather(Storm& storm) {
  const Size size = size_of_storm();
  const auto part = [&](int whole, int number) {
    return whole * (number + 1) / size.storms - whole * number / size.storms;
  };
  storm.begin();
  for (int i = 0; i < size.storms; ++i) {
    storm.rage(part(size.changes, i), part(size.kills, i), part(size.server_kills, i));
    REQUIRE(storm.delivered());
    storm.kill_server();
    REQUIRE(storm.calm());
    storm.kill_server();
    storm.end();
  }
  CHECK(storm.missing() == 0);
  CHECK(storm.invented() == 0);
  const json points = storm.points();
  CHECK(points["backfill"]["unverified"] == 0);
  CHECK(points["given_up"] == 0);
  CHECK(points["damaged"] == 0);
  CHECK(points["dead_letters"] == 0);
  CHECK(storm.stop().exit_code == 0);
  std::cout << "storm: " << size.changes << " changes, " << size.kills << " kills of watch, "
            << storm.server_kills() << " of the server, " << storm.connections() << " connections, "
            << storm.requests() << " requests; duplicates " << storm.duplicates() << "\n";
  return storm.duplicates();
}

}  // namespace

TEST_CASE("A storm before InfluxDB 1.6", "[parts]") {
  if (!have_part("influxdb1")) return;
  const InfluxDb1 server;
  server.create_database();
  const InfluxReader reader{server.url()};
  Storm storm(server, [&] { return reader.read(); });
  // One point at a moment: live or filled, sent once or often.
  CHECK(weather(storm) == 0);
}

TEST_CASE("A storm before InfluxDB 2.7", "[parts]") {
  if (!have_part("influxdb2")) return;
  const InfluxDb2 server;
  const InfluxReader reader{server.url(), {"Authorization: Token " + server.token()}};
  Storm storm(server, [&] { return reader.read(); });
  storm.program.environment["INFLUXDB_ORG"] = "haingest";
  storm.program.environment["INFLUXDB_TOKEN"] = server.token();
  CHECK(weather(storm) == 0);
}

// It acknowledges what a kill makes it forget, so that watch forgets it 15 s later only; and keeps
// what it is sent again, when an answer was lost or it might have died, beside what it has.
TEST_CASE("A storm before VictoriaMetrics", "[parts]") {
  if (!have_part("victoria-metrics")) return;
  const VictoriaMetrics server;
  Storm storm(server, [&] { return read_victoria_metrics(server.url()); });
  static_cast<void>(weather(storm));
}
