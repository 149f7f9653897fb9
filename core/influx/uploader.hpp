// SPDX-License-Identifier: MIT
// From the spool to one target: batches, retries, dead letters, acknowledgements. Two threads of
// its own, each with its HTTP client; everything public is for any thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/influx/carrier.hpp"
#include "core/influx/dead_letters.hpp"
#include "core/influx/spool.hpp"
#include "core/influx/upload_status.hpp"

namespace haingest::influx {

struct UploaderOptions : CarrierOptions {
  std::chrono::milliseconds hold{15'000};  // VictoriaMetrics acknowledges before it stores
  bool one_of_several = false;             // the log tells it from the others by its name
  // Called by a worker that cannot go on, on its thread, with why; the process must end. Where
  // there is none it ends at once, with a line in the log.
  std::function<void(const std::string&)> failed;
  // Called on a worker's thread when how the target is doing is another than it was.
  std::function<void()> changed = [] {};
};

class Uploader {
 public:
  // Throws Failure (`usage`) for a URL that is none.
  Uploader(UploaderOptions options, Spool& spool, DeadLetters& dead_letters);
  ~Uploader();  // ends within a second or so; what was not acknowledged stays in the spool
  Uploader(const Uploader&) = delete;
  Uploader& operator=(const Uploader&) = delete;

  void start();
  // The process is about to end: what would be tried again later is tried now.
  void begin_drain();
  // Whether waiting any longer brings nothing: all is sent (VictoriaMetrics is not waited for to
  // stay up for a while), or a target that was in trouble then has been tried again in vain.
  [[nodiscard]] bool drained();
  [[nodiscard]] UploadStatus status() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::influx
