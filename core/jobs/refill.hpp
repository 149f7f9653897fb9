// SPDX-License-Identifier: MIT
// What the recorder answers about some entities of a gap, as a commit of the spool: their points,
// and how far they are filled. Pure but for the encoder; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/influx/encoder.hpp"
#include "core/influx/spool.hpp"
#include "core/model/json_text.hpp"
#include "core/model/state_change.hpp"

namespace haingest::jobs {

class Refill {
 public:
  // `present`: what renamed entities are called now; their points go under that name, whichever
  // of the two the recorder keeps their rows under.
  using Names = std::map<std::string, std::string>;
  Refill(const influx::Gap& gap, std::vector<influx::GapEntity> entities, const Names& present,
         influx::Encoder& encoder);

  // All in the gap's bounds: where to ask from, where it ends.
  [[nodiscard]] base::Timestamp from() const;
  [[nodiscard]] base::Timestamp to() const;
  // Of those that have a part of their gap between the moments.
  [[nodiscard]] std::vector<std::string> ids_between(base::Timestamp begin,
                                                     base::Timestamp end) const;
  // Whether the gap of one of them begins there.
  [[nodiscard]] bool begins_between(base::Timestamp begin, base::Timestamp end) const;

  // The answer for the rows behind `start` and up to `end`; `start` is when it was asked from.
  // Answers what is to be committed (which entities are to be struck out, complete() tells).
  [[nodiscard]] base::Result<influx::SpoolCommit> take(const model::JsonText& answer,
                                                       base::Timestamp start, base::Timestamp end);
  // When all of it has been asked for: those that are complete, for nothing can be missing.
  [[nodiscard]] std::vector<std::string> complete(bool recorder_is_done) const;

  [[nodiscard]] std::uint64_t points() const { return points_; }

 private:
  struct Entity {
    influx::GapEntity gap;
    base::Timestamp filled{};  // up to its last row
    base::Timestamp noted{};   // what the spool knows of that
    bool met_next = false;
    bool renamed = false;  // the rows of its present name, in the bounds of the old one
    // Of the row before.
    std::optional<std::string> state = {};
    std::optional<base::Timestamp> last_changed = {};
  };

  void add_renamed(const influx::Gap& gap);
  [[nodiscard]] bool is_in_gap(const Entity& entity, base::Timestamp moment) const;
  void take_row(const model::StateChange& row, base::Timestamp start, base::Timestamp end);
  void write(const model::StateChange& row, Entity& entity);
  static void remember(const model::StateChange& row, Entity& entity);

  const base::Timestamp to_;
  const std::int64_t gap_id_;
  const Names& present_;
  influx::Encoder& encoder_;
  model::StateReader reader_;
  std::map<std::string, Entity, std::less<>> entities_;
  influx::SpoolCommit commit_;
  std::string lines_;
  std::uint64_t points_ = 0;
};

}  // namespace haingest::jobs
