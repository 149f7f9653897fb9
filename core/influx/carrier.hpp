// SPDX-License-Identifier: MIT
// Carries portions to a server: asks who answers, sends, and does what the answer demands, until
// every line is stored, refused or expired. One object a thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/influx/batch.hpp"
#include "core/influx/dead_letters.hpp"
#include "core/influx/flavour.hpp"
#include "core/influx/refusal.hpp"
#include "core/influx/start_watch.hpp"
#include "core/influx/target.hpp"
#include "core/influx/verdict.hpp"
#include "core/net/http_client.hpp"

namespace haingest::influx {

struct CarrierOptions {
  Target target;
  net::TlsOptions tls;
  std::chrono::milliseconds request_timeout{30'000};
  std::chrono::milliseconds longest_pause{30'000};  // between tries
  std::chrono::milliseconds probe_pause{60'000};    // after wrong credentials, a missing database
  std::optional<bool> gzip;                         // none: where it pays
  base::Clock clock = base::system_now;
};

// Who a carrier works for; called on the carrier's thread. Sentences stand behind "InfluxDB 2 at
// http://…: ".
class CarrierHost {
 public:
  CarrierHost() = default;
  CarrierHost(const CarrierHost&) = delete;
  CarrierHost& operator=(const CarrierHost&) = delete;
  virtual ~CarrierHost() = default;

  virtual void recognised(const Server& server) = 0;
  // As it was recognised last, by whichever carrier.
  [[nodiscard]] virtual Flavour flavour() = 0;

  virtual void sending() = 0;                      // a request is about to go
  virtual void repeated(std::uint64_t lines) = 0;  // were sent that may have been stored before
  virtual void stored(std::uint64_t lines) = 0;
  virtual void expired(const Portion& portion) = 0;  // older than the server keeps any
  // Lines that are refused for good, at least one. False when they cannot be written down: then the
  // server is asked again, and says the same. Waits by itself before.
  [[nodiscard]] virtual bool bury(std::vector<DeadLetter> letters) = 0;

  virtual void well() = 0;
  virtual void retrying(const std::string& sentence) = 0;  // before a pause
  // Likewise, and an operator is needed: `credentials`, or `failure` for anything else.
  virtual void held(base::ErrorKind kind, const std::string& sentence) = 0;
  virtual void warn(const std::string& sentence) = 0;
  // Sleeps until the time is up, stopping, or something that is worth another try.
  virtual void pause(std::chrono::milliseconds span) = 0;
};

class Carrier {
 public:
  // All of them outlive it; the host is called from within these functions only.
  Carrier(const CarrierOptions& options, StartWatch& start, const std::atomic<bool>& stopping,
          CarrierHost& host);

  // Finds out who answers, where that is not known, until somebody does; false when stopping.
  [[nodiscard]] bool find();
  void greet();  // does that, and says that all is well

  // `other_flavour`: what answers now stores other lines; those of this call may be stored.
  enum class Carried { all, other_flavour, stopped };
  // `repeated`: they were sent before, and may be stored.
  [[nodiscard]] Carried carry(std::vector<Portion> portions, Flavour flavour, bool repeated);

  enum class Since { up, not_sure, away };
  // Whether VictoriaMetrics is the process that it was when this was asked before.
  [[nodiscard]] Since look();

 private:
  // A portion on its way, and what is known about it.
  struct Task {
    Portion portion;
    bool maybe_stored = false;  // an earlier request had it, or a part of it
    bool sent_again = false;    // for Action::again
    bool plain = false;         // gzip was not understood
    int conflicts = 0;          // that were taken out of it
  };

  [[nodiscard]] bool find_server();
  void cannot_connect();
  [[nodiscard]] base::Result<net::HttpResponse> send(const Task& task, Flavour flavour);
  void count_repeats(Task& task);
  void not_answered(std::vector<Task>& tasks);
  void act(const Verdict& verdict, std::vector<Task>& tasks);
  void expire(const Verdict& verdict, std::vector<Task>& tasks);
  void halve(const Verdict& verdict, std::vector<Task>& tasks);
  void take(Cured cured, std::uint64_t others, std::vector<Task>& tasks);
  static void replace(std::vector<Task>& tasks, std::pair<Portion, Portion> halves);
  [[nodiscard]] bool bury(std::vector<DeadLetter> letters);
  void well();
  void pause_for_retry(std::optional<std::chrono::milliseconds> after);
  void hold(base::ErrorKind kind, const std::string& sentence);

  const CarrierOptions& options_;
  StartWatch& start_;
  const std::atomic<bool>& stopping_;
  CarrierHost& host_;
  net::HttpClient client_;
  std::minstd_rand random_;
  bool must_ask_ = true;        // who answers is not known, or may have changed
  int failures_in_a_row_ = 0;   // for the back-off
  std::size_t sent_bytes_ = 0;  // of the last request's body
};

}  // namespace haingest::influx
