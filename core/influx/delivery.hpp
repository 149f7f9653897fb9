// SPDX-License-Identifier: MIT
// One worker's way of bringing points from the spool to the target, until every point is stored,
// dead or expired.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/influx/carrier.hpp"
#include "core/influx/claims.hpp"
#include "core/influx/dead_letters.hpp"
#include "core/influx/start_watch.hpp"
#include "core/influx/upload_state.hpp"
#include "core/influx/uploader.hpp"

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
  StartWatch start{[this] { claims.lost(); }};
  std::atomic<bool> stopping = false;

  // Sleeps until the time is up, stopping, or a call of wake().
  void pause(std::chrono::milliseconds span);
  void wake();

 private:
  std::mutex mutex_;
  std::condition_variable woken_;
  std::uint64_t wakes_ = 0;  // guarded by mutex_
};

class Delivery : private CarrierHost {
 public:
  Delivery(Shared& shared, std::size_t worker);

  // Finds out who answers, until somebody does.
  void greet() { carrier_.greet(); }

  struct Brought {
    bool all = false;                    // false: the process is about to end
    Flavour flavour = Flavour::unknown;  // who has it
    std::uint64_t stored = 0;
    std::uint64_t losses = 0;  // of the claims, before the first of it was sent that is stored
  };
  [[nodiscard]] Brought bring(const Claim& claim);

  // Whether VictoriaMetrics is the process that it was when this was asked before. If it is
  // another, what was held is lost.
  [[nodiscard]] Carrier::Since look() { return carrier_.look(); }

 private:
  void recognised(const Server& server) override;
  [[nodiscard]] Flavour flavour() override;
  void sending() override;
  void repeated(std::uint64_t lines) override;
  void stored(std::uint64_t lines) override;
  void expired(const Portion& portion) override;
  [[nodiscard]] bool bury(std::vector<DeadLetter> letters) override;
  void well() override;
  void retrying(const std::string& sentence) override;
  void held(base::ErrorKind kind, const std::string& sentence) override;
  void warn(const std::string& sentence) override;
  void pause(std::chrono::milliseconds span) override;

  Shared& shared_;
  const std::size_t worker_;
  Carrier carrier_;
  std::uint64_t losses_ = 0;            // before the last request
  Flavour flavour_ = Flavour::unknown;  // that it was for
  std::optional<Brought> brought_;
};

}  // namespace haingest::influx
