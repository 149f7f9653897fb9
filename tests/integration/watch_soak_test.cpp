// SPDX-License-Identifier: MIT
// `haingest watch` for long, between the simulated Home Assistant with a thousand changes a second
// and a real InfluxDB 1.6 (or else a simulated one), connections cut and the target away again and
// again: its memory and its descriptors stay as they were, every change arrives once. 10 s;
// HAINGEST_TEST_LONG=1: 20 minutes; HAINGEST_TEST_SOAK=SECONDS: any. In less than five minutes
// nothing is said of its memory.
#include <signal.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>
#include <vector>

#include "tests/fakes/faulty_proxy.hpp"
#include "tests/fakes/influx_server.hpp"
#include "tests/integration/numbered.hpp"
#include "tests/parts/part.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

using namespace haingest;
using namespace haingest::test;
using namespace std::chrono_literals;
using nlohmann::json;
using std::chrono::microseconds;
using Steady = std::chrono::steady_clock;

namespace {

constexpr auto k_end = 120s;
constexpr int k_changes_a_second = 1'000;
constexpr auto k_step = 10ms;            // of the changes
constexpr auto k_look_every = 100ms;     // at the process
constexpr auto k_longest_round = 50s;    // of what goes wrong
constexpr auto k_remembered = 120s;      // by Home Assistant's recorder
constexpr auto k_read_at_once = 60s;     // of the changes, from the server
constexpr auto k_memory_settled = 300s;  // what is shorter says nothing of the memory

std::chrono::seconds duration() {
  const char* const given = std::getenv("HAINGEST_TEST_SOAK");
  if (given != nullptr) return std::chrono::seconds(std::stoi(given));
  const char* const word = std::getenv("HAINGEST_TEST_LONG");
  return word != nullptr && std::string(word) == "1" ? 1'200s : 10s;
}

// What was seen in a quarter. While a backlog is sent the memory is more for moments, by chance,
// and files come and go: what stays is in the median of the one and the least of the other.
struct Seen {
  std::vector<std::size_t> memory_kb;
  std::size_t descriptors = SIZE_MAX;

  [[nodiscard]] std::size_t usual_kb() const {
    std::vector<std::size_t> sorted = memory_kb;
    std::ranges::sort(sorted);
    return sorted.at(sorted.size() / 2);
  }
  [[nodiscard]] std::size_t most_kb() const { return *std::ranges::max_element(memory_kb); }
};

class Gauge {
 public:
  explicit Gauge(pid_t pid) : folder_("/proc/" + std::to_string(pid)) {}

  void look(Seen& seen) const {
    seen.memory_kb.push_back(memory_kb());
    const std::filesystem::directory_iterator open(folder_ + "/fd");
    seen.descriptors =
        std::min(seen.descriptors, static_cast<std::size_t>(std::distance(begin(open), end(open))));
  }

 private:
  [[nodiscard]] std::size_t memory_kb() const {
    std::ifstream status(folder_ + "/status");
    std::string word;
    while (status >> word) {
      if (word != "VmRSS:") continue;
      std::size_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes;
    }
    throw std::runtime_error("no VmRSS in " + folder_ + "/status");
  }

  const std::string folder_;
};

// From one moment to before another, in microseconds since 1970.
using Reader = std::function<Numbers(std::int64_t, std::int64_t)>;

class Soak {
 public:
  Soak(const std::string& url, Reader read)
      : read_(std::move(read)),
        home_(fakes::make_house({.devices = 20, .entities = 100})),
        proxy_(url),
        ids_(home_.house().entity_ids()) {
    program.talk_to(home_);
    program.environment["INFLUXDB_URL"] = proxy_.url();
  }

  void run(std::chrono::seconds whole) {
    watch_ = std::make_unique<Background>(
        program.command({"watch", "--db", program.file("metadata.db")}));
    REQUIRE(eventually(
        [&] {
          const json now = points_told(program);
          return now.is_object() && now["spooled"] > 0;
        },
        k_end));
    const Gauge gauge(watch_->pid());
    const auto rounds = std::max<std::int64_t>(4, whole / k_longest_round);
    const Steady::time_point start = Steady::now();
    Steady::time_point look_at = start;
    for (Steady::duration passed{}; passed < whole; passed = Steady::now() - start) {
      change_until(k_changes_a_second * std::chrono::duration_cast<microseconds>(passed) / 1s);
      go_wrong(passed * rounds * 4 / whole);
      if (Steady::now() >= look_at) {
        gauge.look(seen_.at(static_cast<std::size_t>(passed * 4 / whole)));
        look_at += k_look_every;
      }
      std::this_thread::sleep_until(start + (passed / k_step + 1) * k_step);
    }
    proxy_.listen();
  }

  [[nodiscard]] bool calm() const {
    return eventually(
        [&] {
          const json now = points_told(program);
          return now.is_object() && now["backfill"]["open"] == 0 &&
                 now["targets"][0]["waiting"] == 0;
        },
        k_end);
  }
  Outcome stop() {
    watch_->signal(SIGTERM);
    return watch_->wait();
  }

  // Changes that the server has not, and points of it that nobody made.
  [[nodiscard]] std::pair<std::size_t, std::size_t> missing_and_invented() const {
    std::size_t missing = 0, invented = 0;
    for (std::size_t next = 0; next < changes_.size();) {
      Numbers expected;
      const std::int64_t from = changes_[next].moment;
      const std::int64_t to = from + microseconds(k_read_at_once).count();
      for (; next < changes_.size() && changes_[next].moment < to; ++next) {
        expected[k_first_number + static_cast<int>(next)] = {ids_[changes_[next].entity],
                                                             changes_[next].moment};
      }
      const Numbers found = read_(from, to);
      missing += missing_in(found, expected);
      for (const auto& [number, point] : found) {
        invented += static_cast<std::size_t>(point.times) - (expected.contains(number) ? 1 : 0);
      }
    }
    return {missing, invented};
  }

  [[nodiscard]] const Seen& quarter(std::size_t number) const { return seen_.at(number - 1); }
  [[nodiscard]] std::size_t changes() const { return changes_.size(); }
  [[nodiscard]] std::size_t cuts() const { return cuts_; }
  [[nodiscard]] std::size_t outages() const { return outages_; }

  Program program;

 private:
  struct Change {
    std::size_t entity = 0;
    std::int64_t moment = 0;  // microseconds since 1970, each its own
  };

  void change_until(std::int64_t count) {
    home_.change([&](fakes::House& now) {
      while (static_cast<std::int64_t>(changes_.size()) < count) {
        const std::int64_t clock =
            std::chrono::floor<microseconds>(base::system_now()).time_since_epoch().count();
        const std::int64_t moment =
            changes_.empty() ? clock : std::max(clock, changes_.back().moment + 1);
        const std::size_t entity = random_() % ids_.size();
        const int number = k_first_number + static_cast<int>(changes_.size());
        now.set_state_at(ids_[entity], std::to_string(number),
                         base::Timestamp{microseconds(moment)});
        changes_.push_back({entity, moment});
      }
    });
  }

  // In the second quarter of a round Home Assistant is cut off, in its third the target is away.
  void go_wrong(std::int64_t quarters) {
    if (std::exchange(quarters_, quarters) == quarters) return;
    switch (quarters % 4) {
      case 1:
        home_.drop_connections();
        ++cuts_;
        break;
      case 2:
        proxy_.refuse();
        ++outages_;
        break;
      case 3:
        proxy_.listen();
        home_.change(
            [](fakes::House& now) { now.forget_history(base::system_now() - k_remembered); });
        break;
      default:
        break;
    }
  }

  const Reader read_;
  fakes::HaServer home_;
  fakes::FaultyProxy proxy_;
  const std::vector<std::string> ids_;
  std::unique_ptr<Background> watch_;
  std::vector<Change> changes_;
  std::array<Seen, 4> seen_{};
  std::minstd_rand random_{3};
  std::int64_t quarters_ = 0;  // of rounds
  std::size_t cuts_ = 0;
  std::size_t outages_ = 0;
};

void soak(const std::string& url, const Reader& read) {
  const std::chrono::seconds whole = duration();
  Soak soak(url, read);
  soak.run(whole);
  // First, because what watch tells may be older than the last change.
  std::pair<std::size_t, std::size_t> wrong;
  static_cast<void>(
      eventually([&] { return (wrong = soak.missing_and_invented()).first == 0; }, k_end));
  CHECK(wrong.first == 0);
  CHECK(wrong.second == 0);
  REQUIRE(soak.calm());
  const json points = points_told(soak.program);
  CHECK(points["backfill"]["unverified"] == 0);
  CHECK(points["given_up"] == 0);
  CHECK(points["damaged"] == 0);
  CHECK(points["dead_letters"] == 0);
  CHECK(soak.stop().exit_code == 0);
  const Seen& before = soak.quarter(2);
  const Seen& after = soak.quarter(4);
  const auto told = [](const Seen& seen) {
    return std::to_string(seen.usual_kb()) + " kB (at most " + std::to_string(seen.most_kb()) +
           ") and " + std::to_string(seen.descriptors) + " descriptors";
  };
  std::cout << "soak: " << whole.count() << " s, " << soak.changes() << " changes, " << soak.cuts()
            << " cuts, " << soak.outages() << " outages; in the second quarter " << told(before)
            << ", in the last " << told(after) << "\n";
  CHECK(after.descriptors <= before.descriptors + 1);
  if (whole >= k_memory_settled) {
    CHECK(after.usual_kb() <= before.usual_kb() + before.usual_kb() / 20 + 1'024);
  }
}

// "home_assistant_events,…,entity_id=sensor.a,… 1767614400000000000" and its fields.
Numbers read_simulated(const fakes::InfluxServer& server, std::int64_t from, std::int64_t to) {
  Numbers numbers;
  for (const auto& [row, fields] : server.rows()) {
    const auto value = fields.find("value");
    if (value == fields.end() || std::stod(value->second) < k_first_number) continue;
    const std::int64_t moment = std::stoll(row.substr(row.rfind(' ') + 1)) / 1'000;
    if (moment < from || moment >= to) continue;
    const std::size_t entity = row.find(",entity_id=") + 11;
    add_to(numbers, static_cast<int>(std::stod(value->second)),
           {row.substr(entity, row.find_first_of(", ", entity) - entity), moment});
  }
  return numbers;
}

}  // namespace

TEST_CASE("A soak: memory and descriptors stay, and every change arrives", "[parts]") {
  if (have_part("influxdb1")) {
    const InfluxDb1 server;
    server.create_database();
    const InfluxReader reader{server.url()};
    soak(server.url(), [&](std::int64_t from, std::int64_t to) { return reader.read(from, to); });
  } else {
    const fakes::InfluxServer server(fakes::InfluxKind::influxdb1);
    soak(server.url(),
         [&](std::int64_t from, std::int64_t to) { return read_simulated(server, from, to); });
  }
}
