// SPDX-License-Identifier: MIT
// The way of the points in `watch`: recorder, spool, dead letters and an uploader a target.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/influx/dead_letters.hpp"
#include "core/influx/encoder.hpp"
#include "core/influx/spool.hpp"
#include "core/influx/uploader.hpp"
#include "core/jobs/backfill.hpp"
#include "core/jobs/recorder.hpp"
#include "core/model/watch_status.hpp"

namespace haingest::jobs {

struct PointsOptions {
  influx::EncoderOptions encoder;
  influx::SpoolOptions spool;  // `targets` and `database` are set
  std::vector<influx::Target> targets;
  // Asked of the recorder when the spool is new.
  std::optional<std::chrono::milliseconds> first_backfill;
  BackfillPauses backfill_pauses;
  bool device_history = false;  // a point of each device that changes, see DeviceHistory
  net::TlsOptions tls;
  std::chrono::milliseconds request_timeout{30'000};
  std::chrono::milliseconds drain_time{10'000};
};

// Called on several threads.
struct PointsHandlers {
  std::function<void(const base::Error&)> failed;  // a worker cannot go on
  std::function<void()> changed;                   // tell() says something else by now
};

class Points {
 public:
  // Opens `<database>-spool` and `<database>-dead`; throws Failure as they do, and for a target
  // that is none.
  Points(const PointsOptions& options, const std::string& database_path, const base::Clock& clock,
         PointsHandlers handlers);
  // Ends at once; what is left stays in the spool.
  ~Points();
  Points(const Points&) = delete;
  Points& operator=(const Points&) = delete;

  [[nodiscard]] Recorder& recorder() { return recorder_; }
  void start();
  // From start_backfill() to end_backfill().
  [[nodiscard]] Backfill& backfill() { return *backfill_; }
  void start_backfill(Backfill::Ask ask);
  void end_backfill();
  // Sends what waits, for drain_time at most, or until `forced`.
  void drain(const std::atomic<bool>& forced);
  void tell(model::WatchStatus& status);

 private:
  void look_for_letters();
  void queue_again();

  const PointsOptions options_;
  const std::string database_path_;
  const base::Clock clock_;
  const PointsHandlers handlers_;
  influx::Spool spool_;
  influx::DeadLetters dead_letters_;
  Recorder recorder_;
  std::vector<std::unique_ptr<influx::Uploader>> uploaders_;
  std::unique_ptr<Backfill> backfill_;
  std::mutex mutex_;
  std::condition_variable ending_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread housekeeper_;
};

}  // namespace haingest::jobs
