// SPDX-License-Identifier: MIT
#include "core/influx/delivery.hpp"

#include <utility>

namespace haingest::influx {

using std::chrono::milliseconds;

void Shared::pause(milliseconds span) {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, span, [this, before = wakes_] { return stopping || wakes_ != before; });
}

void Shared::wake() {
  {
    const std::lock_guard lock(mutex_);
    ++wakes_;
  }
  woken_.notify_all();
}

Delivery::Delivery(Shared& shared, std::size_t worker)
    : shared_(shared),
      worker_(worker),
      carrier_(shared.options, shared.start, shared.stopping, *this) {}

Delivery::Brought Delivery::bring(const Claim& claim) {
  bool repeated = claim.repeated;
  while (carrier_.find()) {
    // What a server can store depends on its flavour.
    flavour_ = shared_.state.flavour();
    Batch batch = to_portions(claim.blocks, flavour_);
    brought_.reset();
    switch (carrier_.carry(std::move(batch.portions), flavour_, repeated)) {
      case Carrier::Carried::all:
        if (!claim.repeated) shared_.state.texts_dropped(batch.dropped_texts);
        if (!brought_) brought_ = Brought{false, flavour_, 0, shared_.claims.losses()};
        brought_->all = true;
        return *brought_;
      case Carrier::Carried::stopped:
        return {};
      case Carrier::Carried::other_flavour:
        repeated = true;
    }
  }
  return {};
}

// --- What the carrier says ---

void Delivery::recognised(const Server& server) { shared_.state.recognised(server); }

Flavour Delivery::flavour() { return shared_.state.flavour(); }

void Delivery::sending() { losses_ = shared_.claims.losses(); }

void Delivery::repeated(std::uint64_t lines) { shared_.state.repeated(lines); }

void Delivery::stored(std::uint64_t lines) {
  if (!brought_) brought_ = Brought{false, flavour_, 0, losses_};
  brought_->stored += lines;
  shared_.state.took();
}

void Delivery::expired(const Portion& portion) { shared_.state.expired(portion.count); }

bool Delivery::bury(std::vector<DeadLetter> letters) {
  try {
    shared_.dead_letters.add(letters);
  } catch (const base::Failure& failure) {
    shared_.state.held(worker_,
                       std::string("refused points cannot be put aside: ") + failure.what());
    shared_.pause(shared_.options.probe_pause);
    return false;
  }
  shared_.state.dead(letters.size(), letters.front().reason);
  return true;
}

void Delivery::well() {
  // The other worker need not wait for the end of its pause.
  if (shared_.state.well(worker_)) shared_.wake();
}

void Delivery::retrying(const std::string& sentence) { shared_.state.retrying(worker_, sentence); }

void Delivery::held(base::ErrorKind /*kind*/, const std::string& sentence) {
  shared_.state.held(worker_, sentence);
}

void Delivery::warn(const std::string& sentence) { shared_.state.warn(sentence); }

void Delivery::pause(milliseconds span) { shared_.pause(span); }

}  // namespace haingest::influx
