// SPDX-License-Identifier: MIT
// One worker's way of bringing points to the target: asks who answers, sends, and does what the
// answer demands, until every point is stored, dead or expired.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/influx/batch.hpp"
#include "core/influx/claims.hpp"
#include "core/influx/dead_letters.hpp"
#include "core/influx/flavour.hpp"
#include "core/influx/refusal.hpp"
#include "core/influx/upload_state.hpp"
#include "core/influx/uploader.hpp"
#include "core/influx/verdict.hpp"
#include "core/net/http_client.hpp"

namespace haingest::influx {

// What the workers of a target share.
struct Shared {
  Shared(const UploaderOptions& uploader_options, Spool& spool, DeadLetters& letters)
      : options(uploader_options),
        claims(spool, options.target.name),
        dead_letters(letters),
        state(options, [this] { return claims.waiting_lines(); }) {}

  const UploaderOptions options;
  Claims claims;
  DeadLetters& dead_letters;
  UploadState state;
  std::atomic<bool> stopping = false;

  // Sleeps until the time is up, stopping, or a call of wake().
  void pause(std::chrono::milliseconds span);
  void wake();

  // What VictoriaMetrics says of when it was started, in whole seconds: false when it had said
  // something else before, or when that is in doubt; then what was held is lost. (A server that
  // dies in the second of its start is noticed by the connection alone.)
  [[nodiscard]] bool take_start(const std::string& started);
  [[nodiscard]] bool start_is_known();
  // A connection was lost: it may be another process by now.
  void doubt_start();

 private:
  std::mutex mutex_;
  std::condition_variable woken_;
  std::uint64_t wakes_ = 0;             // guarded by mutex_
  std::optional<std::string> started_;  // guarded by mutex_; none: never asked
  bool doubted_ = false;                // guarded by mutex_
};

class Delivery {
 public:
  Delivery(Shared& shared, std::size_t worker);

  // Finds out who answers, until somebody does.
  void greet();

  struct Brought {
    bool all = false;                    // false: the process is about to end
    Flavour flavour = Flavour::unknown;  // who has it
    std::uint64_t stored = 0;
    std::uint64_t losses = 0;  // of the claims, before the first of it was sent that is stored
  };
  [[nodiscard]] Brought bring(const Claim& claim);

  enum class Since { up, not_sure, away };
  // Whether VictoriaMetrics is the process that it was when this was asked before. If it is
  // another, what was held is lost.
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
  enum class Next { go_on, other_flavour, stopped };

  [[nodiscard]] bool find_server();
  void cannot_connect();
  [[nodiscard]] Next bring_portions(std::vector<Portion> portions, Flavour flavour, bool repeated);
  [[nodiscard]] base::Result<net::HttpResponse> send(const Task& task, Flavour flavour);
  void count_repeats(Task& task);
  void not_answered(std::vector<Task>& tasks);
  void act(const Verdict& verdict, std::vector<Task>& tasks);
  void count_stored(std::uint64_t lines);
  void expire(const Verdict& verdict, std::vector<Task>& tasks);
  void halve(const Verdict& verdict, std::vector<Task>& tasks);
  void take(Cured cured, std::uint64_t others, std::vector<Task>& tasks);
  static void replace(std::vector<Task>& tasks, std::pair<Portion, Portion> halves);
  [[nodiscard]] bool bury(std::vector<DeadLetter> letters);
  void well();
  void pause_for_retry(std::optional<std::chrono::milliseconds> after);
  void hold(const std::string& sentence);

  Shared& shared_;
  const std::size_t worker_;
  net::HttpClient client_;
  std::minstd_rand random_;
  bool must_ask_ = true;                // who answers is not known, or may have changed
  int failures_in_a_row_ = 0;           // for the back-off
  std::size_t sent_bytes_ = 0;          // of the last request's body
  std::uint64_t losses_ = 0;            // before the last request
  Flavour flavour_ = Flavour::unknown;  // that it was for
  std::optional<Brought> brought_;
};

}  // namespace haingest::influx
