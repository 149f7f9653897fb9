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
  const auto taken = taken_.find(entity_id);
  if (taken != taken_.end() && last_updated <= taken->second) return true;
  const auto heard = heard_.find(entity_id);
  return heard != heard_.end() && last_updated >= heard->second;
}

Unheard::Moment Unheard::first_heard(const std::string& entity_id) const {
  const auto at = heard_.find(entity_id);
  return at == heard_.end() ? Moment{} : at->second;
}

Unheard::Moment Unheard::from_of(const std::string& entity_id, base::Timestamp now) const {
  const auto at = taken_.find(entity_id);
  if (at != taken_.end()) return at->second;
  if (!taken_.empty()) return newest_ - k_overlap;
  if (first_) return now - *first_;
  return std::nullopt;
}

void Unheard::add_present(influx::Gap& gap) const {
  for (const auto& [entity_id, last_updated] : now_) {
    const Moment from = from_of(entity_id, gap.noticed);
    const base::Timestamp next =
        std::min(last_updated, first_heard(entity_id).value_or(last_updated));
    if (!from || next <= *from) continue;  // it is as it was when it was last heard of
    gap.open.push_back({entity_id, *from, next});
  }
}

// Renamed or gone, after changes perhaps.
void Unheard::add_absent(influx::Gap& gap, bool with_known) {
  std::set<std::string, std::less<>> absent;
  for (const auto& [entity_id, mark] : taken_) {
    if (now_.contains(entity_id)) continue;
    absent.insert(entity_id);
    const Moment next = first_heard(entity_id);
    const bool known = !with_known && absent_.contains(entity_id) && !next;
    if (known || mark < newest_ - k_forgotten || (next && *next <= mark)) continue;
    gap.open.push_back({entity_id, mark, next});
  }
  if (!with_known) absent_ = std::move(absent);
}

std::optional<influx::Gap> Unheard::end(influx::Gap gap) {
  open_ = false;
  gap.to = gap.noticed;
  for (const auto& [entity_id, last_updated] : now_) gap.to = std::max(gap.to, last_updated);
  for (const auto& [entity_id, first] : heard_) gap.to = std::max(gap.to, first);
  taken_.clear();
  heard_.clear();
  now_.clear();
  if (gap.open.empty()) return std::nullopt;
  return gap;
}

std::optional<influx::Gap> Unheard::settle(base::Timestamp now) {
  influx::Gap gap;
  gap.noticed = now;
  add_present(gap);
  add_absent(gap, false);
  return end(std::move(gap));
}

std::optional<influx::Gap> Unheard::settle_without_snapshot(base::Timestamp now) {
  influx::Gap gap;
  gap.noticed = now;
  now_ = heard_;
  add_present(gap);
  add_absent(gap, true);
  return end(std::move(gap));
}

}  // namespace haingest::jobs
