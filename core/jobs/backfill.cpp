// SPDX-License-Identifier: MIT
#include "core/jobs/backfill.hpp"

#include <algorithm>
#include <future>
#include <utility>

#include "core/base/counted.hpp"
#include "core/base/log.hpp"
#include "core/ha/history.hpp"
#include "core/model/kind.hpp"
#include "core/store/reader.hpp"

namespace haingest::jobs {
namespace {

// The bounds of what is asked for are exclusive; and the row before the gap tells the old state.
constexpr std::chrono::seconds k_margin{1};
// What is live comes behind what is in the spool: a second or so of it, as fast as targets are.
constexpr std::uint64_t k_most_waiting_lines = 50'000;
constexpr std::chrono::milliseconds k_poll{100};
// A target that is away does not stop it, it only goes on slowly, up to half of the spool.
constexpr std::chrono::seconds k_longest_for_room{5};
constexpr std::chrono::seconds k_retry{1};
constexpr std::chrono::hours k_clock_skew{24};
constexpr std::chrono::minutes k_longest_pause{1};
constexpr int k_most_closed = 3;

std::string entities(std::size_t count) {
  return model::counted(model::Kind::entity, static_cast<std::int64_t>(count));
}

base::Timestamp from_of(const influx::Gap& gap) {
  base::Timestamp from = gap.to;
  for (const influx::GapEntity& each : gap.open) from = std::min(from, each.from);
  return from;
}

base::Timestamp from_of(const std::vector<influx::Gap>& gaps) {
  base::Timestamp from = base::Timestamp::max();
  for (const influx::Gap& gap : gaps) from = std::min(from, from_of(gap));
  return from;
}

}  // namespace

Backfill::Backfill(BackfillOptions options, influx::Spool& spool, Ask ask, base::Clock clock,
                   Handlers handlers)
    : options_(std::move(options)),
      spool_(spool),
      ask_(std::move(ask)),
      clock_(std::move(clock)),
      handlers_(std::move(handlers)),
      encoder_(options_.encoder),
      thread_([this] { work(); }) {}

Backfill::~Backfill() {
  stop();
  thread_.join();
}

void Backfill::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

void Backfill::begin_connection() {
  const std::lock_guard lock(mutex_);
  world_.reset();
  running_ = false;
  ++connection_;
}

void Backfill::set_world(std::shared_ptr<const model::World> world) {
  {
    const std::lock_guard lock(mutex_);
    world_ = std::move(world);
    news_ = true;
  }
  changed_.notify_all();
}

void Backfill::set_home(bool running, const std::string& time_zone) {
  {
    const std::lock_guard lock(mutex_);
    if (running == running_ && time_zone == time_zone_) return;
    running_ = running;
    time_zone_ = time_zone;
    news_ = true;
  }
  changed_.notify_all();
}

void Backfill::note_gap() {
  {
    const std::lock_guard lock(mutex_);
    news_ = true;
  }
  changed_.notify_all();
}

void Backfill::tell(model::WatchStatus& status) {
  status.backfill_open = open_;
  status.backfilled = points_;
  status.unverified = unverified_;
  status.backfill_since.reset();
  if (open_ > 0) status.backfill_since = base::Timestamp{std::chrono::microseconds(since_)};
  const std::lock_guard lock(mutex_);
  status.backfill_error = trouble_;
}

bool Backfill::may_ask() const { return world_ && running_; }

bool Backfill::pause(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, limit, [this] { return stopping_; });
}

bool Backfill::adopt_context() {
  const std::lock_guard lock(mutex_);
  if (!may_ask()) return false;
  // What was tried in vain before Home Assistant went away says nothing of now.
  if (std::exchange(asked_connection_, connection_) != connection_) attempts_.clear();
  encoder_.set_world(world_);
  if (!time_zone_.empty()) encoder_.set_time_zone(time_zone_);
  return true;
}

// Live first: whatever waits for a target that can take it goes before.
void Backfill::await_room() {
  const auto deadline = Steady::now() + k_longest_for_room;
  while (true) {
    std::uint64_t lines = 0, bytes = 0;
    for (const std::string& target : options_.targets) {
      const influx::SpoolDepth depth = spool_.depth(target);
      lines = std::max(lines, depth.lines);
      bytes = std::max(bytes, depth.bytes);
    }
    const bool full = bytes > options_.spool_max_bytes / 2;
    if (!full && (lines < k_most_waiting_lines || Steady::now() >= deadline)) return;
    if (!pause(k_poll)) return;
  }
}

Backfill::Asked Backfill::ask(const std::string& members, std::string& answer) {
  {
    // Names and world are those of the connection that they came with.
    const std::lock_guard lock(mutex_);
    if (connection_ != asked_connection_ || !may_ask()) return Asked::closed;
  }
  const auto promise = std::make_shared<std::promise<ha::Reply>>();
  std::future<ha::Reply> come = promise->get_future();
  ask_(std::string(ha::k_history), members,
       [promise](ha::Reply reply) { promise->set_value(std::move(reply)); });
  while (come.wait_for(k_poll) != std::future_status::ready) {
    const std::lock_guard lock(mutex_);
    if (stopping_) return Asked::closed;
  }
  ha::Reply reply = come.get();
  switch (reply.outcome) {
    case ha::Reply::Outcome::answered:
      answer = std::move(reply.json);
      set_trouble("");
      return Asked::answered;
    case ha::Reply::Outcome::closed:
      return Asked::closed;
    default:
      break;
  }
  if (reply.code == "unknown_command") {
    set_trouble("this Home Assistant keeps no history (its recorder or history is not loaded)");
    return Asked::missing;
  }
  set_trouble("Home Assistant's recorder says " + reply.code + ": " + reply.text);
  return Asked::unable;
}

void Backfill::set_trouble(std::string sentence) {
  const std::lock_guard lock(mutex_);
  if (!sentence.empty() && trouble_ != sentence) base::log::debug(sentence);
  trouble_ = std::move(sentence);
}

bool Backfill::commit(const influx::SpoolCommit& commit) {
  if (commit.empty()) return true;
  std::string said;
  while (true) {
    const base::Result<std::int64_t> done = spool_.commit(commit);
    if (done) return true;
    if (said != done.error().message) base::log::error(done.error().message + "; trying again");
    said = done.error().message;
    if (!pause(k_retry)) return false;
  }
}

void Backfill::strike_out(std::int64_t gap, const std::vector<std::string>& entities) {
  if (entities.empty()) return;
  influx::SpoolCommit done;
  done.filled.push_back({gap, entities});
  static_cast<void>(commit(done));
}

Backfill::Asked Backfill::fill_some(const influx::Gap& gap, std::vector<influx::GapEntity> entities,
                                    Attempt& attempt) {
  Refill refill(gap, std::move(entities), present_, encoder_);
  const base::Timestamp to = refill.to();
  base::Timestamp begin = refill.from();
  std::uint64_t counted = 0;
  do {
    await_room();
    const base::Timestamp end = std::min(begin + size_.window(), to);
    const base::Timestamp start = begin - k_margin;
    const std::string members = ha::history_members(
        refill.ids_between(begin, end), start, end + k_margin, refill.begins_between(begin, end));
    std::string answer;
    const Asked asked = ask(members, answer);
    if (asked != Asked::answered) return asked;
    const std::size_t bytes = answer.size();
    base::Result<influx::SpoolCommit> rows = refill.take(std::move(answer), start, end);
    if (!rows) return Asked::unable;
    // A mark that is yet to come would hide the next gap.
    for (influx::Mark& mark : rows->marks) {
      mark.last_updated = std::min(mark.last_updated, clock_());
    }
    if (!commit(*rows)) return Asked::closed;
    closed_at_least_ = 0;
    attempt.points += refill.points() - counted;
    points_ += refill.points() - counted;
    counted = refill.points();
    size_.answered(bytes);
    begin = end;
  } while (begin < to);
  strike_out(gap.id, refill.complete(clock_() >= gap.noticed + options_.pauses.settled));
  return Asked::answered;
}

bool Backfill::fill(const influx::Gap& gap, Attempt& attempt) {
  std::vector<influx::GapEntity> todo = gap.open;
  // What the old id has been heard of, the new one need not be asked for.
  for (influx::GapEntity& each : todo) {
    const auto renamed = present_.find(each.entity_id);
    if (renamed == present_.end()) continue;
    const auto now = std::ranges::find(todo, renamed->second, &influx::GapEntity::entity_id);
    if (now != todo.end()) now->from = std::max(now->from, each.from);
  }
  std::ranges::sort(todo, {}, &influx::GapEntity::from);
  attempt.answered = true;
  for (std::size_t done = 0; done < todo.size();) {
    const std::size_t count = std::min(size_.entities(), todo.size() - done);
    const auto begin = todo.begin() + static_cast<std::ptrdiff_t>(done);
    const std::vector<influx::GapEntity> some(begin, begin + static_cast<std::ptrdiff_t>(count));
    switch (fill_some(gap, some, attempt)) {
      case Asked::answered:
        done += count;
        break;
      case Asked::missing:
        attempt.answered = false;
        return true;
      case Asked::closed:
        // A request that ends the connection would end the next one, too.
        if (!size_.shrink() && ++closed_at_least_ == k_most_closed) {
          closed_at_least_ = 0;
          set_aside(gap.id, some.front().entity_id);
        }
        return false;
      case Asked::unable:
        if (size_.shrink()) break;
        attempt.answered = false;
        ++done;  // it is asked for again, with those that are not there yet
        break;
    }
  }
  return true;
}

void Backfill::set_aside(std::int64_t gap, const std::string& entity_id) {
  if (!pause(std::chrono::milliseconds(0))) return;  // it has ended because it was told to
  base::log::warning("Home Assistant's connection has ended each time " + entity_id +
                     "'s history was asked for; what it did meanwhile is not known");
  ++unverified_;
  strike_out(gap, {entity_id});
}

void Backfill::say_begun(const influx::Gap& gap, Attempt& attempt) const {
  if (std::exchange(attempt.said, true)) return;
  base::log::info("filling what was not heard between " + base::to_iso_text(from_of(gap)) +
                  " and " + base::to_iso_text(gap.to) +
                  " from Home Assistant's recorder: " + entities(gap.open.size()));
}

void Backfill::say_done(const influx::Gap& gap, const Attempt& attempt) {
  base::log::info(base::counted(attempt.points, "point") + " of the time before " +
                  base::to_iso_text(gap.to) + " came from Home Assistant's recorder");
  if (attempt.unverified.empty()) return;
  base::log::warning(
      "what " + entities(attempt.unverified.size()) + " did before " + base::to_iso_text(gap.to) +
      " is not known but for the state they had then: Home Assistant's recorder does not have it "
      "(" +
      attempt.unverified.front() + (attempt.unverified.size() > 1 ? ", …" : "") + ")");
}

void Backfill::give_up(const influx::Gap& gap, Attempt& attempt) {
  for (const influx::GapEntity& each : gap.open) attempt.unverified.push_back(each.entity_id);
  unverified_ += gap.open.size();
  strike_out(gap.id, attempt.unverified);
}

std::vector<influx::Gap> Backfill::look() {
  std::vector<influx::Gap> gaps = spool_.gaps();
  std::uint64_t open = 0;
  for (const influx::Gap& gap : gaps) open += gap.open.size();
  since_ = from_of(gaps).time_since_epoch().count();
  open_ = open;
  handlers_.changed();
  return gaps;
}

std::optional<influx::Gap> Backfill::left_of(std::int64_t gap) {
  const std::vector<influx::Gap> gaps = look();
  const auto left = std::ranges::find(gaps, gap, &influx::Gap::id);
  return left == gaps.end() ? std::nullopt : std::optional(*left);
}

bool Backfill::try_gap(const influx::Gap& gap, Attempt& attempt) {
  say_begun(gap, attempt);
  const std::uint64_t points_before = attempt.points;
  if (!fill(gap, attempt)) return false;
  const auto now = Steady::now();
  if (!attempt.since || attempt.points != points_before) attempt.since = now;
  attempt.pause = attempt.pause.count() == 0
                      ? options_.pauses.again
                      : std::min<std::chrono::milliseconds>(attempt.pause * 2, k_longest_pause);
  attempt.next = now + attempt.pause;
  std::optional<influx::Gap> left = left_of(gap.id);
  const auto limit =
      attempt.answered ? options_.pauses.give_up : options_.pauses.give_up_unanswered;
  if (left && now > *attempt.since + limit) {
    give_up(*left, attempt);
    left = left_of(gap.id);
  }
  attempt.done = !left;
  if (attempt.done) say_done(gap, attempt);
  return true;
}

Backfill::Steady::time_point Backfill::fill_due() {
  const auto now = Steady::now();
  auto due = now + std::chrono::hours(1);
  const std::vector<influx::Gap> gaps = look();
  if (gaps.empty() || !adopt_context()) return due;
  present_ = store::Reader(options_.database_path).renamed_since(from_of(gaps) - k_clock_skew);
  for (const influx::Gap& gap : gaps) {
    Attempt& attempt = attempts_.try_emplace(gap.id).first->second;
    // When it is cut short, the next connection goes on.
    if (Steady::now() >= attempt.next && !try_gap(gap, attempt)) return due;
    if (attempt.done) {
      attempts_.erase(gap.id);
    } else {
      due = std::min(due, attempt.next);
    }
  }
  return due;
}

void Backfill::work() {
  try {
    auto due = Steady::now();
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      const auto look = [&] { return stopping_ || (may_ask() && (news_ || Steady::now() >= due)); };
      if (may_ask()) {
        changed_.wait_until(lock, due, look);
      } else {
        changed_.wait(lock, look);
      }
      if (stopping_ || !look()) continue;
      news_ = false;
      lock.unlock();
      due = fill_due();
      lock.lock();
    }
  } catch (const std::exception& error) {
    handlers_.failed(base::unexpected(error));
  }
}

}  // namespace haingest::jobs
