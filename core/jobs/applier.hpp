// SPDX-License-Identifier: MIT
// The one writer of `watch`: what Home Assistant says becomes the store's, an update after the
// other, each in one transaction. An update that comes while another is written takes the place of
// one that still waits: it says all that the other did, and more.
#pragma once

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
#include "core/ha/live.hpp"
#include "core/mirror/mirror.hpp"
#include "core/model/world.hpp"

namespace haingest::jobs {

struct ApplierOptions {
  std::string database_path;
  std::chrono::milliseconds lock_timeout{30'000};
  std::chrono::milliseconds retry_pause{5'000};  // when the store cannot be written
  // A run that changed nothing is recorded this often, so that the store's age can be told.
  std::chrono::minutes confirm_every{10};
  mirror::Policy policy;  // hold_removals is set: `watch` goes on
  base::Clock clock = base::system_now;
};

// On the applier's thread.
struct ApplierHandlers {
  std::function<void(const mirror::Report&)> applied;
  // The store as it is after a commit that changed it, or the first of a connection (`confirmed`:
  // by Home Assistant), and once at the start, as it was found.
  std::function<void(std::shared_ptr<const model::World>, bool confirmed)> world;
  // What cannot be written, "" when it can again.
  std::function<void(const std::string&)> trouble;
  // Nothing more is applied: another house, a newer schema.
  std::function<void(const base::Error&)> failed;
};

class Applier {
 public:
  Applier(ApplierOptions options, ApplierHandlers handlers);
  // Finishes what was taken.
  ~Applier();
  Applier(const Applier&) = delete;
  Applier& operator=(const Applier&) = delete;

  // Any thread; never waits.
  void take(ha::LiveUpdate update);

 private:
  void work();
  [[nodiscard]] std::optional<ha::LiveUpdate> next();
  // False when it must be tried again.
  bool apply(const ha::LiveUpdate& update);
  void write(const ha::LiveUpdate& update);
  void say_once(const mirror::Report& report);
  void publish(bool confirmed);

  const ApplierOptions options_;
  const ApplierHandlers handlers_;
  std::mutex mutex_;
  std::condition_variable come_;
  std::optional<ha::LiveUpdate> waiting_;  // guarded by mutex_
  bool stopping_ = false;                  // guarded by mutex_
  bool over_ = false;                      // of the thread
  std::string trouble_;                    // of the thread
  std::vector<std::string> said_;          // of the thread
  base::Timestamp confirmed_at_{};         // of the thread
  std::thread thread_;
};

}  // namespace haingest::jobs
