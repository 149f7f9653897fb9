// SPDX-License-Identifier: MIT
// What of an old InfluxDB is to be copied, where it goes, and in which windows.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/influx/query.hpp"
#include "core/influx/target.hpp"
#include "core/migrate/extent.hpp"
#include "core/migrate/reading.hpp"
#include "core/migrate/source.hpp"

namespace haingest::migrate {

struct CopyFilter {
  std::vector<std::string> measurements;  // globs; empty: all
  std::optional<std::int64_t> since;      // nanoseconds
  std::optional<std::int64_t> until;      // not in it
  std::string policy = {};                // of each database; "": all

  [[nodiscard]] Span span() const { return {since.value_or(k_earliest), until.value_or(k_end)}; }
};

// Where a policy's points go. What a server makes of it is its sink's: of 2.x the bucket
// "database", or "database/policy" of one that is not the default.
struct Place {
  std::string database;
  std::string policy;
  bool is_default = false;
  std::chrono::seconds shard_duration{0};  // as in the source: then types clash nowhere else
  bool operator==(const Place&) const = default;
};

// A measurement of a policy. Points into the source, which outlives it.
struct Part {
  const Database* database = nullptr;
  const Policy* policy = nullptr;
  const Measurement* measurement = nullptr;
  Place place = {};
};
// "house.autogen.power"
[[nodiscard]] std::string name_of(const Part& part);

// In the order of their names. `into` gives the place its names where it has some (a target's
// `database` or `bucket`, and `retention_policy`): `usage` when more than one would fall together
// there.
[[nodiscard]] base::Result<std::vector<Part>> parts_of(const Source& source,
                                                       const CopyFilter& filter,
                                                       const influx::Target& into = {});

// A part's windows, one after the other, behind what is done of it.
class Windows {
 public:
  // `done`: nanoseconds, what is before is not read again.
  Windows(const Part& part, const CopyFilter& filter, std::optional<std::int64_t> done);

  // The next one that may hold points; none behind the last.
  [[nodiscard]] base::Result<std::optional<Window>> next(influx::QueryClient& client);
  // What one of them held: behind one without points the next that has some is asked for, and
  // whoever has long ones gets shorter ones, since a window is what is read again when a server
  // goes away. Those that were given out before are not changed by it.
  void had(const Span& span, std::uint64_t points);

 private:
  const Part& part_;
  const std::int64_t until_;
  std::int64_t from_;
  bool ask_ = true;
  std::int64_t longest_;
};

struct PartPlan {
  Part part;
  std::optional<Extent> extent = {};  // within the filter's span; none: no points
  std::uint64_t bytes = 0;            // of line protocol, estimated
};
struct CopyPlan {
  std::vector<PartPlan> parts;
  std::vector<std::string> warnings;  // a sentence each
  std::uint64_t points = 0;           // at least
  std::uint64_t values = 0;
  std::uint64_t bytes = 0;
};
// To count exactly takes a third of the time that reading all of it takes. An estimate is made of
// parts of some shards, where they are known; it has no last moment but the first, no series and no
// bytes, and of an InfluxDB 3 no numbers at all.
enum class Counting { exact, estimate };
[[nodiscard]] base::Result<CopyPlan> plan_of(influx::QueryClient& client,
                                             const std::vector<Part>& parts,
                                             const CopyFilter& filter, base::Timestamp now,
                                             Counting counting = Counting::exact);

// How long the copy will take, roughly: the source's answers and a server's own work are not the
// same everywhere.
[[nodiscard]] std::chrono::seconds estimated_time(const CopyPlan& plan, bool to_server);

// What to say of the parts before anything is copied. Pure.
[[nodiscard]] std::vector<std::string> warnings_of(const std::vector<PartPlan>& parts,
                                                   base::Timestamp now);

}  // namespace haingest::migrate
