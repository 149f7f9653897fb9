// SPDX-License-Identifier: MIT
#include "core/influx/uploader.hpp"

#include <array>
#include <cstdlib>
#include <exception>
#include <limits>
#include <thread>
#include <utility>

#include "core/base/log.hpp"
#include "core/influx/claims.hpp"
#include "core/influx/delivery.hpp"
#include "core/net/url.hpp"

namespace haingest::influx {
namespace {

using std::chrono::milliseconds;

// How long a worker without work sleeps in the spool; it is woken for new blocks.
constexpr milliseconds k_idle{1'000};

UploaderOptions checked(UploaderOptions options) {
  const auto url = net::parse_url(options.target.url);
  if (!url) throw base::Failure(url.error());
  return options;
}

}  // namespace

struct Uploader::Impl {
  Impl(UploaderOptions options, Spool& spool, DeadLetters& dead_letters)
      : shared(checked(std::move(options)), spool, dead_letters) {}

  Shared shared;
  std::array<std::thread, k_upload_workers> workers;
  std::uint64_t enough_failures = std::numeric_limits<std::uint64_t>::max();  // for drained()

  void work(std::size_t number) noexcept {
    std::string why;
    try {
      Delivery delivery(shared, number);
      // That a target is away is said at the start, also when there is nothing to send yet.
      if (number == 0 && shared.claims.all_sent()) delivery.greet();
      while (!shared.stopping) {
        look_after_held(delivery);
        if (const auto claim = shared.claims.next(idle_time())) deliver(delivery, *claim);
      }
      return;
    } catch (const std::exception& error) {
      why = error.what();
    } catch (...) {
      why = "an exception of no known kind";
    }
    fail("the uploader to " + shared.options.target.name + " cannot go on: " + why);
  }

  // Nobody would notice a thread that is gone; a process that ends is started again.
  void fail(const std::string& line) noexcept {
    if (shared.options.failed) {
      shared.options.failed(line);
      return;
    }
    base::log::error(line);
    std::_Exit(EXIT_FAILURE);
  }

  [[nodiscard]] milliseconds idle_time() const {
    return std::min(k_idle, std::max(shared.options.hold / 3, milliseconds{1}));
  }

  void deliver(Delivery& delivery, const Claim& claim) {
    const Delivery::Brought brought = delivery.bring(claim);
    if (!brought.all) {
      shared.claims.give_back(claim);
    } else if (brought.flavour == Flavour::victoria_metrics) {
      shared.claims.hold(claim, brought.stored, brought.losses);
    } else {
      shared.state.stored(brought.stored);
      note(shared.claims.finish(claim));
    }
  }

  // VictoriaMetrics has what it acknowledged in its memory for a while.
  void look_after_held(Delivery& delivery) {
    const auto now = Claims::Clock::now();
    if (!shared.claims.begin_look(now, shared.options.hold)) return;
    if (delivery.look() == Carrier::Since::up) {
      shared.state.stored(shared.claims.confirm(now, shared.options.hold));
      note(shared.claims.acknowledge());
    }
    shared.claims.end_look();
  }

  void note(const base::Result<void>& acknowledged) {
    if (acknowledged) return;
    shared.state.warn(
        "what it has stored cannot be struck out of the spool and may be sent again: " +
        acknowledged.error().message);
  }

  void end() {
    shared.stopping = true;
    shared.wake();
    shared.claims.stop();
    for (std::thread& worker : workers) {
      if (worker.joinable()) worker.join();
    }
  }
};

Uploader::Uploader(UploaderOptions options, Spool& spool, DeadLetters& dead_letters)
    : impl_(std::make_unique<Impl>(std::move(options), spool, dead_letters)) {}

Uploader::~Uploader() { impl_->end(); }

void Uploader::start() {
  for (std::size_t i = 0; i < impl_->workers.size(); ++i) {
    impl_->workers.at(i) = std::thread([this, i] { impl_->work(i); });
  }
}

void Uploader::begin_drain() {
  const UploadStatus now = status();
  if (now.failing_since) impl_->enough_failures = now.failures + 1;
  impl_->shared.wake();
}

bool Uploader::drained() {
  return impl_->shared.claims.all_sent() || status().failures >= impl_->enough_failures;
}

UploadStatus Uploader::status() const {
  return impl_->shared.state.status(impl_->shared.claims.busy());
}

}  // namespace haingest::influx
