// SPDX-License-Identifier: MIT
#include "core/jobs/watch.hpp"

#include <malloc.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "core/base/log.hpp"
#include "core/base/service_manager.hpp"
#include "core/jobs/applier.hpp"
#include "core/jobs/device_history.hpp"
#include "core/jobs/intake.hpp"
#include "core/jobs/status_writer.hpp"
#include "core/sqlite/writer_lock.hpp"
#include "core/store/database.hpp"

namespace haingest::jobs {
namespace {

// What is bigger is the system's again when it is freed. Left alone, glibc learns from the first
// backlog to keep such buffers for good, in each thread's heap.
constexpr int k_big_buffer = 256 * 1024;

std::string_view name_of(ha::LiveState::Phase phase) {
  switch (phase) {
    case ha::LiveState::Phase::connecting:
      return "connecting";
    case ha::LiveState::Phase::connected:
      return "connected";
    case ha::LiveState::Phase::waiting:
      break;
  }
  return "waiting";
}

std::vector<std::string> incomplete_of(const mirror::Report& report) {
  std::vector<std::string> sentences;
  for (const auto& [part, code] : report.failed) {
    sentences.push_back(model::explain_failed(part, code));
  }
  return sentences;
}

}  // namespace

struct Watcher::Impl {
  Impl(WatchOptions given, OnReport report);

  ha::LiveHandlers live_handlers();
  ApplierHandlers applier_handlers();
  IntakeHandlers intake_handlers();
  void begin_connection();
  void take_state(const ha::LiveState& state);
  void take_update(ha::LiveUpdate update);
  void take_event(std::string_view event);
  // The first final error counts; everything ends then.
  void fail(const base::Error& error);
  base::Result<void> run();

  const WatchOptions options;
  const OnReport on_report;
  const sqlite::WatchLock lock;
  ha::Live live;  // calls nobody before run()
  StatusWriter status;
  std::mutex mutex;
  std::optional<base::Error> failure;  // guarded by mutex
  std::atomic<int> stops = 0;
  std::atomic<bool> forced = false;
  // On Live's thread, of this connection.
  bool states_taken = false;
  bool deaf = false;  // an event was lost: what comes behind it would hide that
  std::unique_ptr<Points> points;
  std::optional<DeviceHistory> device_history;  // on the applier's thread
  // Made by run(), used on Live's thread, gone when run() returns.
  std::unique_ptr<Intake> intake;
  std::unique_ptr<Applier> applier;
};

Watcher::Impl::Impl(WatchOptions given, OnReport report)
    : options(std::move(given)),
      on_report(std::move(report)),
      lock(options.database_path),
      live(options.live, live_handlers(), options.clock),
      // The thread that talks with Home Assistant is the one that must not be stuck.
      status(options.database_path, options.clock,
             {.beat = [this] { live.when_alive([] { base::tell_service_manager("WATCHDOG=1"); }); },
              .at_rest = [] { ::malloc_trim(0); }}) {
  // What is wrong with the file is said now, and not when the first snapshot has come.
  static_cast<void>(store::Database::open(options.database_path, options.lock_timeout));
  if (!options.points) return;
  points = std::make_unique<Points>(*options.points, options.database_path, options.clock,
                                    PointsHandlers{
                                        .failed = [this](const base::Error& error) { fail(error); },
                                        .changed = [this] { status.touch(); },
                                    });
  if (!options.points->device_history) return;
  device_history.emplace(options.database_path, points->recorder().devices_written(),
                         options.clock);
}

void Watcher::Impl::fail(const base::Error& error) {
  {
    const std::lock_guard guard(mutex);
    if (failure) return;
    failure = error;
  }
  live.stop();
}

void Watcher::Impl::take_state(const ha::LiveState& state) {
  status.change([&](model::WatchStatus& now) {
    now.connection = name_of(state.phase);
    now.url = state.url;
    now.ha_version = state.ha_version;
    now.connection_since = state.since;
    now.connections = state.connections;
    now.last_error = state.last_error;
  });
}

void Watcher::Impl::begin_connection() {
  states_taken = false;
  deaf = false;
  if (points) points->backfill().begin_connection();
  intake->begin_connection();
}

void Watcher::Impl::take_update(ha::LiveUpdate update) {
  const model::HaInfo& home = update.document.ha;
  status.change([&](model::WatchStatus& now) { now.ha_state = home.state; });
  intake->set_time_zone(home.time_zone);
  if (points) points->backfill().set_home(home.running(), home.time_zone);
  // What changed while nobody listened, and then never again, is in no event.
  if (!states_taken && !update.states.view().empty()) {
    intake->take_states(update.states);
    states_taken = true;
  }
  applier->take(std::move(update));
}

void Watcher::Impl::take_event(std::string_view event) {
  status.count_event();
  if (deaf || intake->take_event(event)) return;
  deaf = true;
  live.reconnect("events come faster than they can be taken; what was missed is asked for again");
}

ha::LiveHandlers Watcher::Impl::live_handlers() {
  return {
      .listening = [this] { begin_connection(); },
      .update = [this](ha::LiveUpdate update) { take_update(std::move(update)); },
      .state_changed = [this](std::string_view event) { take_event(event); },
      .state = [this](const ha::LiveState& state) { take_state(state); },
  };
}

ApplierHandlers Watcher::Impl::applier_handlers() {
  return {
      .applied =
          [this](const mirror::Report& report) {
            status.change([&](model::WatchStatus& now) {
              now.confirmed_at = report.run.ha_when;
              now.held = report.held;
              now.incomplete = incomplete_of(report);
            });
            if (on_report) on_report(report);
          },
      .world =
          [this](std::shared_ptr<const model::World> world, bool confirmed) {
            if (points && confirmed) points->backfill().set_world(world);
            intake->set_world(std::move(world), confirmed);
            if (!device_history || !confirmed) return;
            if (auto news = device_history->look()) intake->write_devices(std::move(*news));
          },
      .trouble =
          [this](const std::string& sentence) {
            status.change([&](model::WatchStatus& now) { now.store_error = sentence; });
          },
      .failed = [this](const base::Error& error) { fail(error); },
  };
}

IntakeHandlers Watcher::Impl::intake_handlers() {
  return {
      .description_changed = [this] { live.refresh(model::Part::states); },
      .gap_noted = [this] { points->backfill().note_gap(); },
      .trouble =
          [this](const std::string& sentence) {
            status.change([&](model::WatchStatus& now) { now.spool_error = sentence; });
          },
      .failed = [this](const base::Error& error) { fail(error); },
  };
}

base::Result<void> Watcher::Impl::run() {
  ::mallopt(M_MMAP_THRESHOLD, k_big_buffer);
  ::mallopt(M_TRIM_THRESHOLD, k_big_buffer);
  if (points) {
    points->start_backfill(
        [this](std::string type, std::string members, std::function<void(ha::Reply)> done) {
          live.ask(std::move(type), std::move(members), std::move(done));
        });
    status.set_gather([this](model::WatchStatus& now) { points->tell(now); });
    points->start();
  }
  intake = std::make_unique<Intake>(intake_handlers(), points ? &points->recorder() : nullptr,
                                    options.queue_bytes);
  applier = std::make_unique<Applier>(ApplierOptions{.database_path = options.database_path,
                                                     .lock_timeout = options.lock_timeout,
                                                     .policy = options.policy,
                                                     .clock = options.clock},
                                      applier_handlers());
  base::Result<void> ended = live.run();
  // Nothing comes any more; what has come is finished.
  applier.reset();
  intake.reset();
  if (points) points->drain(forced);
  status.end();
  status.set_gather({});
  if (points) points->end_backfill();
  const std::lock_guard guard(mutex);
  if (failure) return *failure;
  return ended;
}

Watcher::Watcher(WatchOptions options, OnReport on_report)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(on_report))) {}
Watcher::~Watcher() = default;

base::Result<void> Watcher::run() { return impl_->run(); }
std::string Watcher::status_line() const { return impl_->status.now().line(); }
void Watcher::stop() {
  if (++impl_->stops > 1) impl_->forced = true;
  impl_->live.stop();
}

base::Result<void> watch(const WatchOptions& options, const OnReport& on_report,
                         const OnQuestion& on_question, net::StopSignal& stop) {
  try {
    Watcher watcher(options, on_report);
    stop.listen([&watcher](int) {
      base::tell_service_manager("STOPPING=1");
      watcher.stop();
    });
    stop.listen_to_questions([&] { on_question(watcher.status_line()); });
    base::tell_service_manager("READY=1");
    base::Result<void> ended = watcher.run();
    stop.listen({});
    stop.listen_to_questions({});
    return ended;
  } catch (const base::Failure& failure) {
    return failure.error();
  }
}

}  // namespace haingest::jobs
