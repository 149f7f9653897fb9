// SPDX-License-Identifier: MIT
// What of which entity nobody listened to, from one connection to the next: a gap for the spool.
// Pure; one thread.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/base/timestamp.hpp"
#include "core/influx/spool.hpp"

namespace haingest::jobs {

class Unheard {
 public:
  using Marks = std::map<std::string, base::Timestamp, std::less<>>;

  // `first`: how far back to ask where nothing was ever taken; none: then there is no gap.
  explicit Unheard(std::optional<std::chrono::milliseconds> first) : first_(first) {}

  // A new connection, now; `taken`: each entity's newest change that the spool has.
  void begin(Marks taken, base::Timestamp now);
  // What comes then, of entities that are wanted: a change, a state of the snapshot. The snapshot
  // comes once, whole.
  void heard(std::string_view entity_id, base::Timestamp last_updated);
  void is_now(std::string_view entity_id, base::Timestamp last_updated);

  // Since begin(), until the gap is told: what is heard must not be committed yet.
  [[nodiscard]] bool open() const { return stage_ == Stage::open; }
  // While open: whether a state of the snapshot was taken before, or heard since. The snapshot is
  // older than the last events in front of it: a state that they have replaced already may have
  // been heard by nobody.
  [[nodiscard]] bool was_taken(std::string_view entity_id, base::Timestamp last_updated) const;
  // The snapshot is there: only what has changed meanwhile has a gap, and when it was not waited
  // for, what it alone has told of. None: nothing has.
  [[nodiscard]] std::optional<influx::Gap> settle(base::Timestamp now);
  // It is not waited for: everything that is known has one.
  [[nodiscard]] std::optional<influx::Gap> settle_without_snapshot(base::Timestamp now);

 private:
  using Moment = std::optional<base::Timestamp>;
  enum class Stage {
    closed,
    open,
    late,  // told without the snapshot, which is still to come
  };

  [[nodiscard]] bool listens_for(std::string_view entity_id) const;
  [[nodiscard]] Moment from_of(const std::string& entity_id) const;
  void add_present(influx::Gap& gap) const;
  void add_absent(influx::Gap& gap, bool snapshot);
  std::optional<influx::Gap> end(influx::Gap gap, Stage next);

  const std::optional<std::chrono::milliseconds> first_;
  Marks taken_;
  Moment new_from_;  // from where an entity is asked for that was never taken
  Marks heard_;      // the first change of each
  Marks now_;
  std::set<std::string, std::less<>> told_;    // while late: they have been looked at
  std::set<std::string, std::less<>> absent_;  // without a state when last looked at
  Stage stage_ = Stage::closed;
};

}  // namespace haingest::jobs
