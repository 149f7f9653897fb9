// SPDX-License-Identifier: MIT
// `haingest migrate-from-influx --history-to` from an InfluxDB 1.6 to a 2.7 and back, undisturbed
// and through faults and kills: every value is there in the end, with its type, and nobody else's.
// 160 000 values and 8 kills; HAINGEST_TEST_LONG=1: 12 million and 50.
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <stdexcept>

#include "tests/integration/copy_stored.hpp"
#include "tests/integration/copy_storm.hpp"
#include "tests/integration/copy_truth.hpp"
#include "tests/integration/program.hpp"
#include "tests/support/sanitized.hpp"

using namespace haingest;
using namespace haingest::test;
using namespace std::chrono_literals;

namespace {

constexpr auto k_deadline = 1'800s;  // of a whole copy in the long form
constexpr long k_most_kilobytes = (k_is_sanitized ? 1'024 : 64) * 1'024;

struct Size {
  TruthSize truth;
  int kills = 8;
  int one_fault_in = 8;  // writes
};

Size size_of_test() {
  const char* const word = std::getenv("HAINGEST_TEST_LONG");
  if (word == nullptr || std::string(word) != "1") return {};
  return {{.measurements = 40, .points = 75'000, .weeks = 10}, 50, 3};
}

// --- A run of the command ---

// A process, and the most memory that it has had. wait4() tells that, too, but no less than the
// test had itself when it forked.
class Run {
 public:
  explicit Run(const Command& command) : process_(command) {}

  [[nodiscard]] bool ended() {
    look();
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(process_.pid()), &info, WEXITED | WNOHANG | WNOWAIT) ==
               0 &&
           info.si_pid == process_.pid();
  }
  void kill() {
    look();
    process_.signal(SIGKILL);
    CHECK(process_.wait().exit_code == 128 + SIGKILL);
    CHECK(kilobytes_ < k_most_kilobytes);
  }
  Outcome wait() {
    if (!eventually([this] { return ended(); }, k_deadline)) {
      throw std::runtime_error("still copying at the deadline\n" + process_.err());
    }
    CHECK(kilobytes_ > 0);
    CHECK(kilobytes_ < k_most_kilobytes);
    return process_.wait();
  }
  [[nodiscard]] long kilobytes() const { return kilobytes_; }

 private:
  // A process that has ended has none any more.
  void look() {
    std::ifstream status("/proc/" + std::to_string(process_.pid()) + "/status");
    const std::string key = "VmHWM:";
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with(key)) kilobytes_ = std::stol(line.substr(key.size()));
    }
  }

  Background process_;
  long kilobytes_ = 0;
};

// One way of a copy: what is to be said to the command, and what it leaves.
class Way {
 public:
  Way(const InfluxSource& from, const InfluxSource& to)
      : source_{from.is_2() ? "--influx-bucket" : "--influx-database", "house"} {
    read_from(from, from.target.url);
    write_to(to, to.target.url);
  }

  void read_from(const InfluxSource& from, const std::string& url) {
    program_.environment["INFLUXDB_URL"] = url;
    program_.environment["INFLUXDB_USERNAME"] = from.target.username;
    program_.environment["INFLUXDB_PASSWORD"] = from.target.password.reveal();
    program_.environment["INFLUXDB_TOKEN"] = from.target.token.reveal();
    program_.environment["INFLUXDB_ORG"] = from.target.org;
    std::erase_if(program_.environment, [](const auto& one) { return one.second.empty(); });
  }
  void write_to(const InfluxSource& to, const std::string& url) {
    program_.environment["HAINGEST_HISTORY_PASSWORD"] = to.target.password.reveal();
    program_.environment["HAINGEST_HISTORY_TOKEN"] = to.target.token.reveal();
    std::erase_if(program_.environment, [](const auto& one) { return one.second.empty(); });
    target_ = {"--history-to", url};
    if (to.is_2()) {
      target_.insert(target_.end(), {"--history-org", to.target.org});
    } else {
      target_.insert(target_.end(),
                     {"--history-username", to.target.username, "--history-database", "back"});
    }
  }

  [[nodiscard]] Command command() const {
    Words words{"migrate-from-influx", "--db", program_.file("metadata.db"),
                "--no-sync",           "-o",   "json"};
    words.insert(words.end(), source_.begin(), source_.end());
    words.insert(words.end(), target_.begin(), target_.end());
    return program_.command(words);
  }
  [[nodiscard]] std::string checkpoint() const { return program_.file("metadata.db-copy"); }

  // Everything was taken.
  void ended_well(const Outcome& outcome, const CopyTruth& truth) const {
    INFO(outcome.err);
    REQUIRE(outcome.exit_code == 0);
    const auto told = nlohmann::json::parse(outcome.out).at("history");
    std::uint64_t points = 0;
    for (const auto& one : told.at("measurements")) points += one.at("points").get<std::uint64_t>();
    CHECK(points == truth.points());
    CHECK(told.at("complete") == true);
    CHECK(told.at("differences").empty());
    CHECK_FALSE(std::filesystem::exists(checkpoint()));
    CHECK_FALSE(std::filesystem::exists(program_.file("metadata.db-rejects")));
  }

 private:
  Program program_;
  Words source_;
  Words target_;
};

// --- Faults and kills ---

class Storm {
 public:
  Storm(Way& way, const InfluxSource& from, const InfluxSource& to, const CopyTruth& truth)
      : way_(way), truth_(truth), before_(from.target.url), behind_(to.target.url) {
    way_.read_from(from, before_.url());
    way_.write_to(to, behind_.url());
  }

  void rage(int kills, std::minstd_rand& random) {
    const int between = truth_.windows() / (kills + 1);
    int killed = 0;
    while (killed < kills && killed_after(static_cast<int>(random() % between))) ++killed;
    CHECK(killed == kills);
    begin();
    Run run(way_.command());
    REQUIRE(eventually([&] { return weather_.tend(), run.ended(); }, k_deadline));
    way_.ended_well(run.wait(), truth_);
    note(run);
    CHECK(sent_.most() >= 1);
    CHECK(sent_.most() <= 2);
    CHECK(asked_.again() == 0);
    std::cout << "copied through " << killed << " kills and " << weather_.faults() << " faults in "
              << weather_.writes() << " writes; " << asked_.windows()
              << " windows read; most often one was read " << asked_.most() << " times, sent in "
              << sent_.most() << " runs; at most " << most_kilobytes_ << " kB" << std::endl;
  }

 private:
  void begin() {
    recorded_ = recorded_in(way_.checkpoint());
    REQUIRE(asked_.next_run(recorded_));
    sent_.next_run();
  }

  // Kills a run that has recorded something and then sent so many writes more. False when it ended
  // by itself.
  bool killed_after(int more_writes) {
    begin();
    Run run(way_.command());
    int writes = -1;
    const auto is_due = [&] {
      if (writes < 0 && recorded_in(way_.checkpoint()) != recorded_) {
        writes = weather_.writes() + more_writes;
      }
      return writes >= 0 && weather_.writes() >= writes;
    };
    bool due = false;
    REQUIRE(
        eventually([&] { return weather_.tend(), (due = is_due()) || run.ended(); }, k_deadline));
    if (!due) {
      UNSCOPED_INFO(run.wait().err);
      return false;
    }
    run.kill();
    note(run);
    // Nothing of it is on its way any more.
    before_.refuse();
    before_.listen();
    weather_.settle();
    return true;
  }

  void note(const Run& run) { most_kilobytes_ = std::max(most_kilobytes_, run.kilobytes()); }

  Way& way_;
  const CopyTruth& truth_;
  FaultyProxy before_;
  FaultyProxy behind_;
  Asked asked_{before_};
  Sent sent_{behind_};
  Weather weather_{behind_, size_of_test().one_fault_in};
  Recorded recorded_;
  long most_kilobytes_ = 0;
};

void tell(const std::string& what, const Amounts& amounts) {
  std::cout << what << ": " << amounts.points << " points, " << amounts.values << " values"
            << std::endl;
}

}  // namespace

TEST_CASE("copy, long: from 1.6 to 2.7 and back, in little memory", "[parts]") {
  if (!have_part("influxdb1") || !have_part("influxdb2")) return;
  const CopyTruth truth(size_of_test().truth);
  const InfluxSource old("influxdb1");
  const InfluxSource other("influxdb2");
  fill(old, truth);
  const auto copy = [&](const InfluxSource& from, const InfluxSource& to) {
    const Way way(from, to);
    Run run(way.command());
    way.ended_well(run.wait(), truth);
    std::cout << "copied; at most " << run.kilobytes() << " kB" << std::endl;
  };
  copy(old, other);
  tell("in the 2.7", same_as(truth, other, "house"));
  copy(other, old);
  tell("back in the 1.6", same_as(truth, old, "back"));
}

TEST_CASE("copy, long: through faults and kills, and no window more than twice", "[parts]") {
  if (!have_part("influxdb1") || !have_part("influxdb2")) return;
  const Size size = size_of_test();
  const CopyTruth truth(size.truth);
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::minstd_rand random(seed);
  const InfluxSource old("influxdb1");
  const InfluxSource other("influxdb2");
  fill(old, truth);
  const auto copy = [&](const InfluxSource& from, const InfluxSource& to) {
    Way way(from, to);
    Storm(way, from, to, truth).rage(size.kills / 2, random);
  };
  copy(old, other);
  tell("in the 2.7", same_as(truth, other, "house"));
  copy(other, old);
  tell("back in the 1.6", same_as(truth, old, "back"));
}
