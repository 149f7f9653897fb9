// SPDX-License-Identifier: MIT
// Builds a Plan kind by kind; one rule a function. For those who decide: reconcile and import.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/mirror/match.hpp"
#include "core/mirror/reconcile.hpp"
#include "core/model/snapshot.hpp"
#include "core/model/table.hpp"
#include "core/model/world.hpp"
#include "core/store/database.hpp"

namespace haingest::mirror {

// The order in which changes are told: what others refer to comes first.
inline constexpr std::array k_told_order{model::Kind::floor,  model::Kind::area,
                                         model::Kind::label,  model::Kind::config_entry,
                                         model::Kind::device, model::Kind::entity};

class Planner {
 public:
  Planner(const model::Stored& stored, const store::RemovedIds& removed, base::Timestamp said);

  // Adds and updates; rows that another record's key pushes out are told apart later.
  void apply_records(const model::Table& records, const Match& match, bool confirmed);
  void remove(model::Kind kind, model::Row row, std::string_view why,
              const model::Alias* alias = nullptr);

  // A record out of the past, with its first_seen and last_seen: one that the store has not, and
  // one over a stored row, which nobody has confirmed.
  void add_past(model::Kind kind, model::Row record);
  void update_past(model::Kind kind, model::Row record, model::Row stored);
  // A stored row, of which the past says no more than since when it has been there.
  void backdate(model::Kind kind, model::Row stored, model::Value first_seen);
  // A record that was gone before the store began: into `removed`, once.
  void bury_past(model::Kind kind, model::Row record, std::string_view successor);

  // In a dry run, which goes on and tells the first of what would have stopped it.
  void would_stop(const base::Error& refusal);

  Plan& plan() { return plan_; }

 private:
  struct Seen {
    model::Value first;
    model::Value last;
  };

  std::int64_t& total(model::Kind kind) { return plan_.totals[model::index_of(kind)]; }
  model::Value text_of(base::Timestamp moment);
  void add(model::Kind kind, model::MutableRow row, Seen seen);
  void arrive(model::Kind kind, model::MutableRow row);
  bool update(model::Kind kind, model::MutableRow row, model::Row stored, bool confirmed);

  const model::Stored& stored_;
  const store::RemovedIds& removed_;
  Plan plan_;
  model::Value said_text_;
};

}  // namespace haingest::mirror
