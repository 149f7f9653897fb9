// SPDX-License-Identifier: MIT
#include "core/jobs/applier.hpp"

#include <algorithm>
#include <utility>

#include "core/base/log.hpp"
#include "core/model/snapshot.hpp"
#include "core/store/database.hpp"
#include "core/store/reader.hpp"

namespace haingest::jobs {

Applier::Applier(ApplierOptions options, ApplierHandlers handlers)
    : options_(std::move(options)), handlers_(std::move(handlers)), thread_([this] { work(); }) {}

Applier::~Applier() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  come_.notify_one();
  thread_.join();
}

void Applier::take(ha::LiveUpdate update) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_) update.first = update.first || waiting_->first;
    waiting_ = std::move(update);
  }
  come_.notify_one();
}

std::optional<ha::LiveUpdate> Applier::next() {
  std::unique_lock lock(mutex_);
  come_.wait(lock, [this] { return waiting_ || stopping_; });
  return std::exchange(waiting_, std::nullopt);
}

// A store that nobody has filled yet says nothing of any entity, which is not worth telling.
void Applier::publish(bool confirmed) {
  store::Reader reader(options_.database_path);
  if (!reader.last_run()) return;
  handlers_.world(std::make_shared<const model::World>(reader.read_all()), confirmed);
}

// What stays as it was is not said again at each run.
void Applier::say_once(const mirror::Report& report) {
  std::vector<std::string> sentences = report.held;
  for (const auto& [part, code] : report.failed) {
    sentences.push_back(model::explain_failed(part, code));
  }
  for (const std::string& sentence : sentences) {
    if (std::ranges::find(said_, sentence) == said_.end()) base::log::warning(sentence);
  }
  said_ = std::move(sentences);
}

void Applier::write(const ha::LiveUpdate& update) {
  const model::Snapshot snapshot = model::to_snapshot(update.document);
  store::Database database = store::Database::open(options_.database_path, options_.lock_timeout);
  mirror::Policy policy = options_.policy;
  policy.hold_removals = true;
  const base::Timestamp now = options_.clock();
  policy.record_unchanged = update.first || now >= confirmed_at_ + options_.confirm_every;
  const mirror::Requester requester{"watch", update.document.ha.url, now};
  const mirror::Report report =
      mirror::synchronise(database, snapshot, policy, requester, options_.clock);
  if (report.run.id != 0) confirmed_at_ = now;
  say_once(report);
  handlers_.applied(report);
  if (update.first || report.changed()) publish(true);
}

bool Applier::apply(const ha::LiveUpdate& update) {
  try {
    write(update);
    if (!trouble_.empty()) base::log::info("the database can be written again");
    trouble_.clear();
    handlers_.trouble("");
    return true;
  } catch (const base::Failure& failure) {
    if (failure.error().kind == base::ErrorKind::guard) {
      over_ = true;
      handlers_.failed(failure.error());
      return true;
    }
    if (trouble_ != failure.error().message) {
      base::log::error(failure.error().message + "; trying again");
    }
    trouble_ = failure.error().message;
    handlers_.trouble(trouble_);
    return false;
  }
}

void Applier::work() {
  try {
    publish(false);
    while (!over_) {
      std::optional<ha::LiveUpdate> update = next();
      if (!update) return;
      while (!over_ && !apply(*update)) {
        std::unique_lock lock(mutex_);
        come_.wait_for(lock, options_.retry_pause, [this] { return stopping_; });
        if (stopping_) return;
        if (waiting_) {
          waiting_->first = waiting_->first || update->first;
          update = std::exchange(waiting_, std::nullopt);
        }
      }
    }
  } catch (const std::exception& error) {
    handlers_.failed(base::unexpected(error));
  }
}

}  // namespace haingest::jobs
