// SPDX-License-Identifier: MIT
// State changes into the spool: encoded, each entity's newest moment beside them, and committed in
// groups. One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/text_map.hpp"
#include "core/base/timestamp.hpp"
#include "core/influx/encoder.hpp"
#include "core/influx/spool.hpp"
#include "core/jobs/device_history.hpp"
#include "core/jobs/unheard.hpp"
#include "core/model/state_change.hpp"
#include "core/model/world.hpp"

namespace haingest::jobs {

// What became of the state changes, since the start. For any thread.
struct RecorderCounts {
  std::atomic<std::uint64_t> lines = 0;       // committed to the spool
  std::atomic<std::uint64_t> unwanted = 0;    // left out by --include and --exclude
  std::atomic<std::uint64_t> empty = 0;       // the layout has nothing for them
  std::atomic<std::uint64_t> collisions = 0;  // of an entity, at the moment of the one before
  std::atomic<std::uint64_t> future = 0;      // stamped later than now, by a wrong clock
  std::atomic<std::uint64_t> impossible = 0;  // a moment that line protocol does not know
};

class Recorder {
 public:
  // `first_backfill`: how much of the past is a gap where the spool knows nothing yet.
  Recorder(const influx::EncoderOptions& options, influx::Spool& spool, base::Clock clock,
           std::optional<std::chrono::milliseconds> first_backfill = {});

  void set_world(std::shared_ptr<const model::World> world) {
    encoder_.set_world(std::move(world));
  }
  void set_time_zone(const std::string& name) { encoder_.set_time_zone(name); }

  // A new connection, after a flush(): what nobody heard before it becomes a gap, which is written
  // down with the next flush().
  void begin_connection();
  // A snapshot's state that is not newer than what was taken of its entity is left out.
  void take(const model::StateChange& change);
  void end_snapshot();
  // The device history. How far it is stands beside its points in the spool: none at all, none.
  void take_devices(const DeviceNews& news);
  [[nodiscard]] std::optional<base::Timestamp> devices_written();
  // What has come of this connection waits for the snapshot, which tells where the gap is.
  [[nodiscard]] bool awaits_snapshot() const { return unheard_.open(); }
  [[nodiscard]] bool has_pending() const {
    return !pending_marks_.empty() || pending_.new_gap.has_value();
  }
  // Whether enough has gathered for a commit.
  [[nodiscard]] bool is_full() const { return pending_bytes_ >= k_commit_bytes; }
  // Commits what was taken, the snapshot awaited or not; true when it wrote a gap down, too. What
  // could not be committed stays, for another try.
  [[nodiscard]] base::Result<bool> flush();

  [[nodiscard]] const RecorderCounts& counts() const { return counts_; }

 private:
  static constexpr std::size_t k_commit_bytes = std::size_t{4} << 20U;
  // The device history's place among the entities' marks; an entity_id has a dot.
  static constexpr const char* k_devices_mark = "devices";

  // Of an entity (and of the device history).
  struct Newest {
    base::Timestamp last_updated{};
    base::Timestamp mark{};   // the same, but never yet to come
    std::uint64_t group = 0;  // the block it is in, counted by opened_blocks_
    // The newest mark since the last commit; none: there is nothing to commit.
    std::optional<base::Timestamp> pending_mark = {};
  };
  using Table = base::TextMap<Newest>;

  [[nodiscard]] bool was_taken(const model::StateChange& state, const Newest* before) const;
  void add_lines(const model::StateChange& change, const Newest* before);
  influx::NewBlock& append_lines();
  void mark(const model::StateChange& change, Table::iterator known, base::Timestamp now);
  void note_mark(Table::value_type& of, base::Timestamp mark);
  void say_unwanted(std::string_view entity_id);
  void say_cut(std::string_view entity_id);
  void count_odd(const model::StateChange& change, const Newest* before, base::Timestamp now);

  influx::Encoder encoder_;
  influx::Spool& spool_;
  const base::Clock clock_;
  Table newest_;
  Unheard unheard_;
  std::string lines_;  // of one change
  influx::SpoolCommit pending_;
  std::size_t pending_bytes_ = 0;
  std::vector<Table::value_type*> pending_marks_;  // of newest_, which nothing leaves
  std::uint64_t opened_blocks_ = 0;
  bool future_said_ = false;
  bool cut_said_ = false;
  std::unordered_set<std::string, base::TextHash, std::equal_to<>> unwanted_said_;
  RecorderCounts counts_;
};

}  // namespace haingest::jobs
