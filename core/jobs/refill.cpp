// SPDX-License-Identifier: MIT
#include "core/jobs/refill.hpp"

#include <algorithm>
#include <utility>

#include "core/model/history.hpp"

namespace haingest::jobs {

Refill::Refill(const influx::Gap& gap, std::vector<influx::GapEntity> entities,
               const Names& present, influx::Encoder& encoder)
    : to_(gap.to), gap_id_(gap.id), present_(present), encoder_(encoder) {
  for (influx::GapEntity& each : entities) {
    std::string id = each.entity_id;
    Entity entity{.gap = std::move(each)};
    entity.filled = entity.noted = entity.gap.from;
    entities_.emplace(std::move(id), std::move(entity));
  }
  add_renamed(gap);
}

// Home Assistant moves an entity's rows to its new name, also when the gap was noted under the old
// one.
void Refill::add_renamed(const influx::Gap& gap) {
  for (const auto& [old_id, present_id] : present_) {
    const auto old = entities_.find(old_id);
    const bool has_own =
        std::ranges::find(gap.open, present_id, &influx::GapEntity::entity_id) != gap.open.end();
    if (old == entities_.end() || has_own) continue;
    Entity entity = old->second;
    entity.renamed = true;
    entities_.emplace(present_id, std::move(entity));
  }
}

base::Timestamp Refill::from() const {
  base::Timestamp earliest = to_;
  for (const auto& [id, entity] : entities_) earliest = std::min(earliest, entity.gap.from);
  return earliest;
}

base::Timestamp Refill::to() const {
  base::Timestamp latest = from();
  for (const auto& [id, entity] : entities_) {
    latest = std::max(latest, entity.gap.next.value_or(to_));
  }
  return latest;
}

std::vector<std::string> Refill::ids_between(base::Timestamp begin, base::Timestamp end) const {
  std::vector<std::string> ids;
  for (const auto& [id, entity] : entities_) {
    const base::Timestamp last = entity.gap.next.value_or(to_);
    if (entity.gap.from <= end && last >= begin) ids.push_back(id);
  }
  return ids;
}

bool Refill::begins_between(base::Timestamp begin, base::Timestamp end) const {
  return std::ranges::any_of(entities_, [&](const auto& each) {
    return each.second.gap.from >= begin && each.second.gap.from <= end;
  });
}

bool Refill::is_in_gap(const Entity& entity, base::Timestamp moment) const {
  // Of two rows of one moment in an answer the later one counts, too: it is the last.
  const bool again = moment == entity.filled && entity.noted != entity.filled;
  if (moment <= entity.filled && !again) return false;
  return entity.gap.next ? moment < *entity.gap.next : moment <= to_;
}

void Refill::write(const model::StateChange& row, Entity& entity) {
  model::StateChange change = row;
  const auto present = present_.find(entity.gap.entity_id);
  if (present != present_.end()) change.entity_id = present->second;
  if (entity.state) change.old_state = *entity.state;
  change.old_last_changed = entity.last_changed;
  lines_.clear();
  if (encoder_.encode(change, lines_) != influx::Encoded::lines) return;
  influx::append_lines(commit_.blocks, lines_);
  points_ += static_cast<std::uint64_t>(std::ranges::count(lines_, '\n'));
}

void Refill::remember(const model::StateChange& row, Entity& entity) {
  if (row.removed) {
    entity.state.reset();
    entity.last_changed.reset();
    return;
  }
  // Of a state that lasts the recorder tells in whole seconds since when; the row with which it
  // began is exact, if it was seen.
  const bool lasts = row.last_changed != row.last_updated;
  if (!lasts) entity.last_changed = row.last_updated;
  if (lasts && entity.state != row.state) entity.last_changed.reset();
  entity.state = row.state;
}

void Refill::take_row(const model::StateChange& row, base::Timestamp start, base::Timestamp end) {
  const auto at = entities_.find(row.entity_id);
  if (at == entities_.end() || row.last_updated > end) return;
  Entity& entity = at->second;
  if (row.last_updated <= start) {
    // What Home Assistant puts in front: the state is right, its moments are those of the request.
    if (!entity.state && !row.removed) entity.state = row.state;
    return;
  }
  if (is_in_gap(entity, row.last_updated)) {
    if (!row.removed) write(row, entity);
    entity.filled = row.last_updated;
  }
  if (entity.gap.next && row.last_updated >= *entity.gap.next) entity.met_next = true;
  remember(row, entity);
}

base::Result<influx::SpoolCommit> Refill::take(const model::JsonText& answer, base::Timestamp start,
                                               base::Timestamp end) {
  commit_ = {};
  const base::Result<std::uint64_t> read = model::read_history(
      answer, reader_, [&](const model::StateChange& row) { take_row(row, start, end); });
  if (!read) return read.error();
  for (auto& [id, entity] : entities_) {
    const bool news = std::exchange(entity.noted, entity.filled) != entity.filled;
    if (!news) continue;
    // Of a gap that has two names the later one counts: the recorder wrote in order.
    commit_.filled.push_back({gap_id_, {entity.gap.entity_id}, entity.filled});
    if (!entity.renamed) commit_.marks.push_back({id, entity.filled});
  }
  return std::move(commit_);
}

// The recorder writes in the order in which things happened: what comes behind is the proof.
std::vector<std::string> Refill::complete(bool recorder_is_done) const {
  std::vector<std::string> ids;
  for (const auto& [id, entity] : entities_) {
    const std::string& gap_id = entity.gap.entity_id;
    const bool known = std::ranges::find(ids, gap_id) != ids.end();
    if (!known && (entity.gap.next ? entity.met_next : recorder_is_done)) ids.push_back(gap_id);
  }
  return ids;
}

}  // namespace haingest::jobs
