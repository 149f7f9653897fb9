// SPDX-License-Identifier: MIT
#include "core/jobs/recorder.hpp"

#include <algorithm>
#include <utility>

#include "core/base/log.hpp"

namespace haingest::jobs {
namespace {

// A clock this much ahead is wrong, and not just another machine's.
constexpr std::chrono::minutes k_future{1};

}  // namespace

Recorder::Recorder(const influx::EncoderOptions& options, influx::Spool& spool, base::Clock clock,
                   std::optional<std::chrono::milliseconds> first_backfill)
    : encoder_(options), spool_(spool), clock_(std::move(clock)), unheard_(first_backfill) {
  for (const auto& [entity_id, mark] : spool_.marks()) newest_[entity_id] = {mark, mark};
}

void Recorder::begin_connection() {
  Unheard::Marks marks = spool_.marks();
  marks.erase(k_devices_mark);
  unheard_.begin(std::move(marks), clock_());
}

void Recorder::end_snapshot() {
  if (auto gap = unheard_.settle(clock_())) pending_.new_gap = std::move(gap);
}

void Recorder::count_odd(const model::StateChange& change, const Newest* before,
                         base::Timestamp now) {
  if (before != nullptr && change.last_updated == before->last_updated) ++counts_.collisions;
  if (change.last_updated <= now + k_future) return;
  ++counts_.future;
  if (std::exchange(future_said_, true)) return;
  base::log::warning(std::string(change.entity_id) + " has a state of " +
                     base::to_iso_text(change.last_updated) +
                     ", which is yet to come: check the clocks of Home Assistant and of this "
                     "machine; it is stored as it is, further ones are only counted");
}

influx::NewBlock& Recorder::append_lines() {
  const std::size_t blocks = pending_.blocks.size();
  influx::NewBlock& block = influx::append_lines(pending_.blocks, lines_);
  opened_blocks_ += pending_.blocks.size() - blocks;
  pending_bytes_ += lines_.size();
  return block;
}

void Recorder::add_lines(const model::StateChange& change, const Newest* before) {
  influx::NewBlock& block = append_lines();
  // In one block the later line is the later one; in two it must be seen to.
  const bool meets = before != nullptr && change.last_updated == before->last_updated;
  if (meets && before->group != opened_blocks_) block.alone = true;
}

void Recorder::mark(const model::StateChange& change, Table::iterator known, base::Timestamp now) {
  // A mark that is yet to come would hide the next gap.
  const base::Timestamp mark = std::min(change.last_updated, now);
  if (known == newest_.end()) known = newest_.emplace(change.entity_id, Newest{}).first;
  Newest& newest = known->second;
  newest.last_updated = std::max(newest.last_updated, change.last_updated);
  newest.mark = std::max(newest.mark, mark);
  newest.group = opened_blocks_;
  note_mark(*known, mark);
}

// With the next commit.
void Recorder::note_mark(Table::value_type& of, base::Timestamp mark) {
  std::optional<base::Timestamp>& pending = of.second.pending_mark;
  if (!pending) pending_marks_.push_back(&of);
  pending = std::max(pending.value_or(mark), mark);
}

// Each once, for who asks where an entity has stayed.
void Recorder::say_unwanted(std::string_view entity_id) {
  if (unwanted_said_.contains(entity_id)) return;
  unwanted_said_.emplace(entity_id);
  base::log::debug(encoder_.why(entity_id));
}

void Recorder::say_cut(std::string_view entity_id) {
  if (cut_said_ || encoder_.cut_texts() == 0) return;
  cut_said_ = true;
  base::log::warning("a text of " + std::string(entity_id) +
                     " is longer than any server takes and is cut after 1 MB; further ones are "
                     "cut without a word");
}

bool Recorder::was_taken(const model::StateChange& state, const Newest* before) const {
  if (before == nullptr) return false;
  if (state.last_updated == before->last_updated) return true;
  return unheard_.open() ? unheard_.was_taken(state.entity_id, state.last_updated)
                         : state.last_updated <= before->mark;
}

void Recorder::take(const model::StateChange& change) {
  const bool snapshot = change.source == model::StateChange::Source::snapshot;
  const auto known = newest_.find(change.entity_id);
  const Newest* const before = known == newest_.end() ? nullptr : &known->second;
  if (change.removed) {
    ++counts_.empty;
    return;
  }
  if (snapshot && was_taken(change, before)) {
    unheard_.is_now(change.entity_id, change.last_updated);
    return;
  }
  lines_.clear();
  switch (encoder_.encode(change, lines_)) {
    case influx::Encoded::unwanted:
      ++counts_.unwanted;
      say_unwanted(change.entity_id);
      return;
    case influx::Encoded::out_of_time:
      ++counts_.impossible;
      return;
    case influx::Encoded::empty:
      ++counts_.empty;
      break;
    case influx::Encoded::lines:
      break;
  }
  if (snapshot) {
    unheard_.is_now(change.entity_id, change.last_updated);
  } else {
    unheard_.heard(change.entity_id, change.last_updated);
  }
  const base::Timestamp now = clock_();
  count_odd(change, before, now);
  say_cut(change.entity_id);
  if (!lines_.empty()) add_lines(change, before);
  mark(change, known, now);
}

void Recorder::take_devices(const DeviceNews& news) {
  for (const auto& [device_id, when] : news.devices) {
    const auto device = news.world->find(model::Kind::device, device_id);
    if (!device) continue;
    lines_.clear();
    encoder_.encode_device(*news.world, *device, when, lines_);
    if (!lines_.empty()) append_lines();
  }
  note_mark(*newest_.try_emplace(k_devices_mark).first, news.up_to);
}

std::optional<base::Timestamp> Recorder::devices_written() {
  const Unheard::Marks marks = spool_.marks();
  const auto mark = marks.find(k_devices_mark);
  return mark == marks.end() ? std::nullopt : std::optional(mark->second);
}

base::Result<bool> Recorder::flush() {
  if (unheard_.open()) pending_.new_gap = unheard_.settle_without_snapshot(clock_());
  if (pending_.blocks.empty() && pending_marks_.empty() && !pending_.new_gap) return false;
  pending_.marks.clear();
  for (const Table::value_type* pending : pending_marks_) {
    pending_.marks.push_back({pending->first, *pending->second.pending_mark});
  }
  const base::Result<std::int64_t> committed = spool_.commit(pending_);
  if (!committed) return committed.error();
  for (const influx::NewBlock& block : pending_.blocks) counts_.lines += block.count;
  const bool wrote_gap = pending_.new_gap.has_value();
  pending_ = {};
  for (Table::value_type* written : pending_marks_) written->second.pending_mark.reset();
  pending_marks_.clear();
  pending_bytes_ = 0;
  ++opened_blocks_;
  return wrote_gap;
}

}  // namespace haingest::jobs
