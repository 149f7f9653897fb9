// SPDX-License-Identifier: MIT
// What a running `watch` says of itself, in a file beside the database (`<database>-status`): it
// writes, `serve` reads for /health. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/timestamp.hpp"

namespace haingest::model {

// One of the places that points go to.
struct TargetStatus {
  std::string name;
  std::string url;
  std::string server;  // "InfluxDB 2 v2.7.12"; "" until it was reached
  std::string state;   // "idle", "sending", "retrying", "held"
  std::string last_error;
  std::optional<base::Timestamp> failing_since;
  std::optional<base::Timestamp> last_stored_at;
  std::uint64_t stored = 0;    // points, since the start, as those that follow
  std::uint64_t refused = 0;   // kept as dead letters
  std::uint64_t expired = 0;   // older than the target keeps points
  std::uint64_t repeated = 0;  // sent again although they may have been stored already
  std::uint64_t waiting = 0;   // points in the spool
  std::uint64_t waiting_bytes = 0;
  std::optional<base::Timestamp> oldest_waiting;
};

struct WatchStatus {
  // While it runs the file is written this often at least; one that is much older is of a `watch`
  // that died.
  static constexpr std::chrono::seconds k_written_every{10};
  static constexpr std::chrono::seconds k_stale_after{40};

  std::int64_t pid = 0;
  bool running = true;  // false: it has ended as it was told to
  base::Timestamp started_at{};
  base::Timestamp written_at{};

  std::string connection;  // "connecting", "connected", "waiting"
  std::string url;
  std::string ha_version;
  std::string ha_state;  // get_config.state
  std::optional<base::Timestamp> connection_since;
  std::uint64_t connections = 0;
  std::string last_error;  // why the last connection, or try of one, ended; "" while connected
  std::uint64_t events = 0;
  std::optional<base::Timestamp> last_event_at;

  std::optional<base::Timestamp> confirmed_at;  // what Home Assistant said then is stored
  std::string store_error;                      // why the store cannot be written
  std::vector<std::string> held;                // removals held back, a sentence each
  std::vector<std::string> incomplete;          // registries that were not answered, likewise

  // The way of the points; `targets` is empty when there is no InfluxDB.
  std::vector<TargetStatus> targets;
  std::string spool_error;         // why nothing can be spooled
  std::uint64_t spooled = 0;       // points, since the start, as those that follow
  std::uint64_t unwanted = 0;      // state changes left out by --include and --exclude
  std::uint64_t collisions = 0;    // two states of one entity at one moment: the last one counts
  std::uint64_t future = 0;        // stamped later than now
  std::uint64_t given_up = 0;      // points, at a bound of the spool, since it was made
  std::uint64_t damaged = 0;       // points lost with a damaged part of it
  std::uint64_t dead_letters = 0;  // that wait for an operator
  // What was not heard and comes from Home Assistant's recorder.
  std::uint64_t backfill_open = 0;                // entities that are not filled yet
  std::optional<base::Timestamp> backfill_since;  // where the oldest gap begins
  std::string backfill_error;                     // why they cannot be filled now
  std::uint64_t backfilled = 0;                   // points, since the start
  std::uint64_t unverified = 0;  // entities, likewise: the recorder does not have what they did

  // What an operator has to know, a sentence each.
  [[nodiscard]] std::vector<std::string> problems() const;
  // All of it in one line, for people.
  [[nodiscard]] std::string line() const;
};

[[nodiscard]] std::string to_json(const WatchStatus& status);
// None for what is no such object.
[[nodiscard]] std::optional<WatchStatus> parse_watch_status(std::string_view json);

// "/var/lib/haingest/metadata.db-status".
[[nodiscard]] std::string watch_status_path(const std::string& database_path);

}  // namespace haingest::model
