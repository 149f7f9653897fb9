// SPDX-License-Identifier: MIT
#include "core/jobs/unheard.hpp"

#include <algorithm>
#include <utility>

namespace haingest::jobs {
namespace {

// An entity that is new has no change of its own to ask from. Everything up to the newest change
// of any was listened to; events are not quite in the order of their moments.
constexpr std::chrono::minutes k_overlap{10};
// What has had no state for so long is not asked for with each start.
constexpr std::chrono::hours k_forgotten{24 * 30};

std::optional<base::Timestamp> moment_of(std::string_view entity_id,
                                         const Unheard::Marks& moments) {
  const auto at = moments.find(entity_id);
  return at == moments.end() ? std::nullopt : std::optional(at->second);
}

std::optional<base::Timestamp> newest_of(const Unheard::Marks& marks) {
  std::optional<base::Timestamp> newest;
  for (const auto& [entity_id, mark] : marks) newest = newest ? std::max(*newest, mark) : mark;
  return newest;
}

}  // namespace

void Unheard::begin(Marks taken, base::Timestamp now) {
  taken_ = std::move(taken);
  new_from_.reset();
  if (const Moment newest = newest_of(taken_)) {
    new_from_ = *newest - k_overlap;
  } else if (first_) {
    new_from_ = now - *first_;
  }
  heard_.clear();
  now_.clear();
  told_.clear();
  stage_ = Stage::open;
}

bool Unheard::listens_for(std::string_view entity_id) const {
  return stage_ == Stage::open || (stage_ == Stage::late && !told_.contains(entity_id));
}

void Unheard::heard(std::string_view entity_id, base::Timestamp last_updated) {
  if (listens_for(entity_id)) heard_.try_emplace(std::string(entity_id), last_updated);
}

void Unheard::is_now(std::string_view entity_id, base::Timestamp last_updated) {
  if (listens_for(entity_id)) now_.insert_or_assign(std::string(entity_id), last_updated);
}

bool Unheard::was_taken(std::string_view entity_id, base::Timestamp last_updated) const {
  const Moment taken = moment_of(entity_id, taken_);
  const Moment heard = moment_of(entity_id, heard_);
  return (taken && last_updated <= *taken) || (heard && last_updated >= *heard);
}

Unheard::Moment Unheard::from_of(const std::string& entity_id) const {
  const Moment taken = moment_of(entity_id, taken_);
  return taken ? taken : new_from_;
}

void Unheard::add_present(influx::Gap& gap) const {
  for (const auto& [entity_id, last_updated] : now_) {
    const Moment from = from_of(entity_id);
    const base::Timestamp next =
        std::min(last_updated, moment_of(entity_id, heard_).value_or(last_updated));
    if (!from || next <= *from) continue;  // it is as it was when it was last heard of
    gap.open.push_back({entity_id, *from, next});
  }
}

// Renamed or gone, after changes perhaps.
void Unheard::add_absent(influx::Gap& gap, bool snapshot) {
  const base::Timestamp newest = newest_of(taken_).value_or(base::Timestamp{});
  std::set<std::string, std::less<>> absent;
  for (const auto& [entity_id, mark] : taken_) {
    if (now_.contains(entity_id)) continue;
    absent.insert(entity_id);
    const Moment next = moment_of(entity_id, heard_);
    const bool known = snapshot && absent_.contains(entity_id) && !next;
    if (known || mark < newest - k_forgotten || (next && *next <= mark)) continue;
    gap.open.push_back({entity_id, mark, next});
  }
  if (snapshot) absent_ = std::move(absent);
}

std::optional<influx::Gap> Unheard::end(influx::Gap gap, Stage next) {
  for (const auto& [entity_id, last_updated] : now_) gap.to = std::max(gap.to, last_updated);
  for (const auto& [entity_id, first] : heard_) gap.to = std::max(gap.to, first);
  stage_ = next;
  taken_.clear();
  heard_.clear();
  now_.clear();
  if (gap.open.empty()) return std::nullopt;
  return gap;
}

std::optional<influx::Gap> Unheard::settle(base::Timestamp now) {
  if (stage_ == Stage::closed) return std::nullopt;
  influx::Gap gap;
  gap.noticed = gap.to = now;
  add_present(gap);
  if (stage_ == Stage::open) add_absent(gap, true);
  told_.clear();
  return end(std::move(gap), Stage::closed);
}

std::optional<influx::Gap> Unheard::settle_without_snapshot(base::Timestamp now) {
  influx::Gap gap;
  gap.noticed = gap.to = now;
  now_ = heard_;
  add_present(gap);
  add_absent(gap, false);
  for (const auto& [entity_id, mark] : taken_) told_.insert(entity_id);
  for (const auto& [entity_id, first] : heard_) told_.insert(entity_id);
  return end(std::move(gap), Stage::late);
}

}  // namespace haingest::jobs
