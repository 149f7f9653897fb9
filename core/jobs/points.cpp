// SPDX-License-Identifier: MIT
#include "core/jobs/points.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/log.hpp"

namespace haingest::jobs {
namespace {

// How soon `haingest dead-letters retry` is seen.
constexpr std::chrono::seconds k_look_every{2};
constexpr std::chrono::milliseconds k_drain_step{20};

influx::SpoolOptions spool_options(const PointsOptions& options, const std::string& database_path) {
  influx::SpoolOptions spool = options.spool;
  spool.database = database_path;
  for (const influx::Target& target : options.targets) spool.targets.push_back(target.name);
  return spool;
}

std::string_view name_of(influx::UploadStatus::State state) {
  switch (state) {
    case influx::UploadStatus::State::idle:
      return "idle";
    case influx::UploadStatus::State::sending:
      return "sending";
    case influx::UploadStatus::State::retrying:
      return "retrying";
    case influx::UploadStatus::State::held:
      break;
  }
  return "held";
}

std::string server_of(const influx::UploadStatus& status) {
  if (status.flavour == influx::Flavour::unknown) return "";
  const std::string version = status.server_version.empty() ? "" : " " + status.server_version;
  return std::string(influx::name_of(status.flavour)) + version;
}

}  // namespace

Points::Points(const PointsOptions& options, const std::string& database_path,
               const base::Clock& clock, PointsHandlers handlers)
    : options_(options),
      database_path_(database_path),
      clock_(clock),
      handlers_(std::move(handlers)),
      spool_(influx::Spool::open(database_path + "-spool", spool_options(options, database_path),
                                 clock)),
      dead_letters_(database_path + "-dead", database_path),
      recorder_(options.encoder, spool_, clock, options.first_backfill) {
  for (const std::string& sentence : spool_.report()) base::log::warning(sentence);
  for (const influx::Target& target : options_.targets) {
    influx::UploaderOptions upload;
    upload.target = target;
    upload.tls = options_.tls;
    upload.one_of_several = options_.targets.size() > 1;
    upload.request_timeout = options_.request_timeout;
    upload.clock = clock;
    upload.failed = [this](const std::string& why) {
      handlers_.failed({base::ErrorKind::failure, why, {}});
    };
    upload.changed = handlers_.changed;
    uploaders_.push_back(
        std::make_unique<influx::Uploader>(std::move(upload), spool_, dead_letters_));
  }
}

Points::~Points() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ending_.notify_one();
  if (housekeeper_.joinable()) housekeeper_.join();
}

void Points::start() {
  for (const auto& uploader : uploaders_) uploader->start();
  housekeeper_ = std::thread([this] { look_for_letters(); });
}

void Points::start_backfill(Backfill::Ask ask) {
  BackfillOptions backfill;
  backfill.encoder = options_.encoder;
  backfill.database_path = database_path_;
  for (const influx::Target& target : options_.targets) backfill.targets.push_back(target.name);
  backfill.spool_max_bytes = options_.spool.max_bytes;
  backfill.pauses = options_.backfill_pauses;
  backfill_ = std::make_unique<Backfill>(
      std::move(backfill), spool_, std::move(ask), clock_,
      Backfill::Handlers{.changed = handlers_.changed, .failed = handlers_.failed});
}

void Points::end_backfill() { backfill_.reset(); }

// What `haingest dead-letters retry` has marked goes into the spool, for its own target.
void Points::queue_again() {
  std::map<std::string, influx::NewBlock> blocks;
  std::vector<std::int64_t> ids;
  std::string nobody;  // a target of letters that is no longer configured
  for (const influx::DeadLetter& letter : dead_letters_.marked()) {
    if (std::ranges::find(options_.targets, letter.target, &influx::Target::name) ==
        options_.targets.end()) {
      nobody = letter.target;
      continue;
    }
    influx::NewBlock& block = blocks[letter.target];
    block.only_target = letter.target;
    block.lines += letter.line + "\n";
    ++block.count;
    ids.push_back(letter.id);
    if (block.count >= influx::k_max_block_lines - 1 ||
        block.lines.size() >= influx::k_max_block_bytes) {
      break;  // the rest the next time
    }
  }
  if (!ids.empty()) {
    influx::SpoolCommit commit;
    for (auto& [target, block] : blocks) commit.blocks.push_back(std::move(block));
    const base::Result<std::int64_t> done = spool_.commit(commit);
    if (!done) throw base::Failure(done.error());
    dead_letters_.take(ids);
    handlers_.changed();
    base::log::info(std::to_string(ids.size()) + " dead letters are sent again");
  }
  if (nobody.empty()) return;
  throw base::Failure(base::ErrorKind::failure,
                      "dead letters of the target \"" + nobody +
                          "\" wait to be sent again, but it is no longer configured; put its "
                          "[[influx]] table back, or delete them: haingest dead-letters drop");
}

void Points::look_for_letters() {
  std::string trouble;
  std::unique_lock lock(mutex_);
  while (!ending_.wait_for(lock, k_look_every, [this] { return stopping_; })) {
    lock.unlock();
    try {
      queue_again();
      trouble.clear();
    } catch (const base::Failure& failure) {
      if (trouble != failure.what()) base::log::warning(failure.what());
      trouble = failure.what();
    }
    lock.lock();
  }
}

void Points::drain(const std::atomic<bool>& forced) {
  if (backfill_) backfill_->stop();
  const auto deadline = std::chrono::steady_clock::now() + options_.drain_time;
  const auto drained = [](const auto& uploader) { return uploader->drained(); };
  for (const auto& uploader : uploaders_) uploader->begin_drain();
  while (!forced && std::chrono::steady_clock::now() < deadline &&
         !std::ranges::all_of(uploaders_, drained)) {
    std::this_thread::sleep_for(k_drain_step);
  }
}

void Points::tell(model::WatchStatus& status) {
  const RecorderCounts& counts = recorder_.counts();
  status.spooled = counts.lines;
  status.unwanted = counts.unwanted;
  status.collisions = counts.collisions;
  status.future = counts.future;
  if (backfill_) backfill_->tell(status);
  const influx::SpoolLosses losses = spool_.losses();
  status.given_up = losses.given_up_lines;
  status.damaged = losses.damaged_lines;
  try {
    status.dead_letters = static_cast<std::uint64_t>(dead_letters_.count());
  } catch (const base::Failure& failure) {
    status.spool_error = failure.what();
  }
  status.targets.clear();
  for (const auto& uploader : uploaders_) {
    const influx::UploadStatus upload = uploader->status();
    const influx::SpoolDepth depth = spool_.depth(upload.target);
    model::TargetStatus target;
    target.name = upload.target;
    target.url = upload.url;
    target.server = server_of(upload);
    target.state = name_of(upload.state);
    target.last_error = upload.last_error;
    target.failing_since = upload.failing_since;
    target.last_stored_at = upload.last_stored_at;
    target.stored = upload.stored_lines;
    target.refused = upload.dead_lines;
    target.expired = upload.expired_lines;
    target.repeated = upload.repeated_lines;
    target.waiting = depth.lines;
    target.waiting_bytes = depth.bytes;
    target.oldest_waiting = depth.oldest;
    status.targets.push_back(std::move(target));
  }
}

}  // namespace haingest::jobs
