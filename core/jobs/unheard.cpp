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

}  // namespace

void Unheard::begin(Marks taken) {
  taken_ = std::move(taken);
  newest_ = {};
  for (const auto& [entity_id, mark] : taken_) newest_ = std::max(newest_, mark);
  heard_.clear();
  now_.clear();
  open_ = true;
}

void Unheard::heard(std::string_view entity_id, base::Timestamp last_updated) {
  if (open_) heard_.try_emplace(std::string(entity_id), last_updated);
}

void Unheard::is_now(std::string_view entity_id, base::Timestamp last_updated) {
  if (open_) now_.insert_or_assign(std::string(entity_id), last_updated);
}

bool Unheard::was_taken(std::string_view entity_id, base::Timestamp last_updated) const {
  const Moment taken = moment_of(entity_id, taken_);
  const Moment heard = moment_of(entity_id, heard_);
  return (taken && last_updated <= *taken) || (heard && last_updated >= *heard);
}

Unheard::Moment Unheard::from_of(const std::string& entity_id, base::Timestamp now) const {
  if (const Moment taken = moment_of(entity_id, taken_)) return taken;
  if (!taken_.empty()) return newest_ - k_overlap;
  if (first_) return now - *first_;
  return std::nullopt;
}

void Unheard::add_present(influx::Gap& gap) const {
  for (const auto& [entity_id, last_updated] : now_) {
    const Moment from = from_of(entity_id, gap.noticed);
    const base::Timestamp next =
        std::min(last_updated, moment_of(entity_id, heard_).value_or(last_updated));
    if (!from || next <= *from) continue;  // it is as it was when it was last heard of
    gap.open.push_back({entity_id, *from, next});
  }
}

// Renamed or gone, after changes perhaps.
void Unheard::add_absent(influx::Gap& gap, bool snapshot) {
  std::set<std::string, std::less<>> absent;
  for (const auto& [entity_id, mark] : taken_) {
    if (now_.contains(entity_id)) continue;
    absent.insert(entity_id);
    const Moment next = moment_of(entity_id, heard_);
    const bool known = snapshot && absent_.contains(entity_id) && !next;
    if (known || mark < newest_ - k_forgotten || (next && *next <= mark)) continue;
    gap.open.push_back({entity_id, mark, next});
  }
  if (snapshot) absent_ = std::move(absent);
}

std::optional<influx::Gap> Unheard::end(base::Timestamp now, bool snapshot) {
  influx::Gap gap;
  gap.noticed = gap.to = now;
  add_present(gap);
  add_absent(gap, snapshot);
  for (const auto& [entity_id, last_updated] : now_) gap.to = std::max(gap.to, last_updated);
  for (const auto& [entity_id, first] : heard_) gap.to = std::max(gap.to, first);
  open_ = false;
  taken_.clear();
  heard_.clear();
  now_.clear();
  if (gap.open.empty()) return std::nullopt;
  return gap;
}

std::optional<influx::Gap> Unheard::settle(base::Timestamp now) { return end(now, true); }

std::optional<influx::Gap> Unheard::settle_without_snapshot(base::Timestamp now) {
  now_ = heard_;
  return end(now, false);
}

}  // namespace haingest::jobs
