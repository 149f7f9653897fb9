// SPDX-License-Identifier: MIT
// Copies the history of an old InfluxDB: some threads read, others write what these have read.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/influx/query.hpp"
#include "core/migrate/checkpoint.hpp"
#include "core/migrate/copy_plan.hpp"
#include "core/migrate/sink.hpp"

namespace haingest::migrate {

struct CopyProgress {
  const Part* part = nullptr;  // that is being written
  std::uint64_t points = 0;    // written, those of earlier runs included
  std::uint64_t values = 0;    // likewise; those of windows that are done
};

struct CopyOptions {
  influx::QueryOptions source;
  CopyFilter filter;
  // Where the source goes away, a window is read again so many times, after pauses of 1 s, doubled
  // with each.
  int most_tries = 6;
  std::chrono::milliseconds first_pause{1'000};
  std::size_t most_bytes = std::size_t{8} << 20U;  // of lines between reading and writing
  base::Clock clock = base::system_now;
  const std::atomic<bool>* cancel = nullptr;
  // On the threads of the copy, one call at a time, after each block and window.
  std::function<void(const CopyProgress&)> progress = [](const CopyProgress&) {};
  // One sentence on what is tried again, "the source: connection refused".
  std::function<void(const std::string&)> trouble = [](const std::string&) {};
};

// Of all runs of a copy.
struct PartReport {
  Part part;
  Done done;
};
struct CopyReport {
  bool complete = false;  // false: cancelled
  // Nothing of an earlier run could be used, although there was one: the output is not there any
  // more, or cannot be gone on with.
  bool started_anew = false;
  std::vector<PartReport> parts;
  std::uint64_t rejected = 0;       // lines
  std::uint64_t dropped_texts = 0;  // of this run; see Refusals
};

// An error leaves the checkpoint as it is: the copy can go on. `unreachable` when a server stays
// away. The checkpoint is the caller's to remove once it is complete.
[[nodiscard]] base::Result<CopyReport> copy(const CopyOptions& options,
                                            const std::vector<Part>& parts, Sink& sink,
                                            Checkpoint& checkpoint);

}  // namespace haingest::migrate
