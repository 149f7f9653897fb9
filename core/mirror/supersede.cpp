// SPDX-License-Identifier: MIT
#include "core/mirror/supersede.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_set>

namespace haingest::mirror {
namespace {

using model::Alias;
using model::Kind;
using model::Row;
using model::Table;

// The identifiers and connections of a device, each as JSON text.
std::set<std::string> marks_of(Row device) {
  std::set<std::string> marks;
  for (const std::size_t column : {model::device::identifiers, model::device::connections}) {
    const auto list = nlohmann::json::parse(device[column].text(), nullptr, false);
    if (!list.is_array()) continue;
    for (const auto& mark : list) marks.insert(mark.dump());
  }
  return marks;
}

bool share_a_mark(const std::set<std::string>& a, const std::set<std::string>& b) {
  return std::ranges::any_of(a, [&b](const std::string& mark) { return b.contains(mark); });
}

bool same(const Alias& a, const Alias& b) {
  return std::ranges::is_permutation(a.new_ids, b.new_ids) && a.primary_id == b.primary_id &&
         a.inferred == b.inferred;
}

void add_once(std::vector<std::string>& ids, const std::string& id) {
  if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
}

}  // namespace

Successors::Successors(const model::Snapshot& snapshot, const model::Stored& stored)
    : snapshot_(snapshot), stored_(stored) {
  for (const Alias& alias : stored.aliases) aliases_.emplace(alias.old_id, alias);
  for (const Alias& split : snapshot.splits) {
    if (split.new_ids.empty()) continue;
    Alias& alias = aliases_[split.old_id];
    const std::string chosen = alias.primary_id;
    std::vector<std::string> ids;
    for (const std::string& id : split.new_ids) add_once(ids, id);
    // A half that was removed drops out of HA's map; it stays in ours.
    for (const std::string& id : alias.new_ids) {
      if (!alias.inferred) add_once(ids, id);
    }
    // HA's word, else the choice of an earlier run as long as it is a half.
    std::string primary = split.primary_id;
    if (primary.empty() && std::ranges::find(ids, chosen) != ids.end()) primary = chosen;
    if (primary.empty()) primary = heir_of(split.old_id, split.new_ids);
    add_once(ids, primary);
    alias = {split.old_id, std::move(ids), primary, false};
  }
}

const Successors::Newcomers& Successors::newcomers() {
  if (newcomers_) return *newcomers_;
  newcomers_.emplace();
  std::unordered_set<std::string_view> known;
  const Table& before = stored_.of(Kind::device);
  for (std::size_t i = 0; i < before.size(); ++i) {
    known.insert(before.row(i)[model::device::device_id].text());
  }
  const Table& now = snapshot_.of(Kind::device).table;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const model::Value created = now.row(i)[model::device::created_at];
    if (created.has_text() && !known.contains(now.row(i)[model::device::device_id].text())) {
      (*newcomers_)[created.text()].push_back(i);
    }
  }
  return *newcomers_;
}

const Successors::Moves& Successors::moves() {
  if (moves_) return *moves_;
  moves_.emplace();
  std::unordered_map<std::string_view, std::string_view> device_now;  // by registry id
  const Table& now = snapshot_.of(Kind::entity).table;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const Row entity = now.row(i);
    if (!entity[model::entity::registry_id].has_text()) continue;
    device_now.emplace(entity[model::entity::registry_id].text(),
                       entity[model::entity::device_id].text());
  }
  const Table& before = stored_.of(Kind::entity);
  for (std::size_t i = 0; i < before.size(); ++i) {
    const Row entity = before.row(i);
    const auto found = device_now.find(entity[model::entity::registry_id].text());
    if (found == device_now.end()) continue;
    (*moves_)[entity[model::entity::device_id].text()].push_back(found->second);
  }
  return *moves_;
}

std::string Successors::heir_of(std::string_view old_id,
                                const std::vector<std::string>& candidates) {
  std::map<std::string_view, std::size_t> votes;
  if (const auto moved = moves().find(old_id); moved != moves().end()) {
    for (const std::string_view device : moved->second) ++votes[device];
  }
  std::string heir = candidates.front();
  for (const std::string& candidate : candidates) {
    if (votes[candidate] > votes[heir]) heir = candidate;
  }
  return heir;
}

Alias Successors::infer(Row vanished) {
  Alias alias{std::string{vanished[model::device::device_id].text()}, {}, "", true};
  const auto same_age = newcomers().find(vanished[model::device::created_at].text());
  if (same_age == newcomers().end()) return alias;
  // The halves copy created_at and, at first, what identifies the device.
  const std::set<std::string> marks = marks_of(vanished);
  const Table& now = snapshot_.of(Kind::device).table;
  for (const std::size_t i : same_age->second) {
    if (share_a_mark(marks, marks_of(now.row(i)))) {
      alias.new_ids.emplace_back(now.row(i)[model::device::device_id].text());
    }
  }
  if (!alias.new_ids.empty()) alias.primary_id = heir_of(alias.old_id, alias.new_ids);
  return alias;
}

const Alias* Successors::of(Row vanished_device) {
  const std::string_view id = vanished_device[model::device::device_id].text();
  auto found = aliases_.find(id);
  if (found == aliases_.end() && snapshot_.splits_presence == model::Presence::complete) {
    Alias inferred = infer(vanished_device);
    if (!inferred.new_ids.empty()) {
      found = aliases_.emplace(inferred.old_id, std::move(inferred)).first;
    }
  }
  return found == aliases_.end() ? nullptr : &found->second;
}

std::vector<Alias> Successors::news() const {
  std::map<std::string_view, const Alias*> known;
  for (const Alias& alias : stored_.aliases) known.emplace(alias.old_id, &alias);
  std::vector<Alias> news;
  for (const auto& [old_id, alias] : aliases_) {
    const auto found = known.find(old_id);
    if (found == known.end() || !same(*found->second, alias)) news.push_back(alias);
  }
  return news;
}

}  // namespace haingest::mirror
