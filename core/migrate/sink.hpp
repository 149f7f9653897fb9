// SPDX-License-Identifier: MIT
// Where a copy goes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/error.hpp"
#include "core/influx/carrier.hpp"
#include "core/influx/spool.hpp"
#include "core/influx/target.hpp"
#include "core/migrate/checkpoint.hpp"
#include "core/migrate/copy_plan.hpp"
#include "core/migrate/reading.hpp"
#include "core/migrate/rejects.hpp"
#include "core/migrate/texts.hpp"

namespace haingest::migrate {

// What became of lines besides being stored.
struct Refusals {
  std::uint64_t lines = 0;  // in the rejects, with a field of theirs or as a whole
  std::uint64_t texts = 0;  // fields that the target cannot store, left out (VictoriaMetrics)
};

// For one copy. Each of these throws Failure where the copy cannot go on.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  [[nodiscard]] virtual Spelling spelling() const = 0;
  // How many threads may write at once; each has a number below that.
  [[nodiscard]] virtual std::size_t writers() const = 0;

  // Goes on behind what `positions()` said at the end of a window; false: that is not possible, and
  // it starts anew. Called once, before anything else.
  [[nodiscard]] virtual bool resume(const Positions& positions) = 0;
  // Makes what is missing for the lines of a place: a database, a policy, a bucket.
  virtual void prepare(const Place& place) = 0;
  // On return all of the lines are stored, or in the rejects. False after stop().
  [[nodiscard]] virtual bool write(std::size_t writer, const Place& place, influx::Block block) = 0;
  // A window is about to be written again; what stands behind these is of its first try.
  virtual void rewind(const Positions& positions) = 0;
  // All windows are written.
  virtual void finish() = 0;

  // Between two windows, on any thread.
  [[nodiscard]] virtual Positions positions() const = 0;
  // Whether what is written may still get lost, for so long; then what confirm() says counts:
  // false when something was lost.
  [[nodiscard]] virtual std::chrono::milliseconds hold() const { return {}; }
  [[nodiscard]] virtual bool confirm() { return true; }
  [[nodiscard]] virtual Refusals take_refusals() { return {}; }  // since the last call

  // write() comes back soon, from now on. Any thread.
  virtual void stop() {}
};

// A file, compressed when its name ends in ".gz": written as `path`.part, synced and renamed in the
// end. "-": the standard output.
[[nodiscard]] std::unique_ptr<Sink> make_file_sink(const std::string& path);

struct ServerSinkOptions : influx::CarrierOptions {
  // The target's database, policy and bucket are those of the places, whatever it says itself.
  std::chrono::milliseconds patience{5 * 60'000};  // longer away, and the copy ends
  std::chrono::milliseconds hold_lines{15'000};    // VictoriaMetrics acknowledges before it stores
  Texts texts = Texts::map;                        // where VictoriaMetrics answers
  // One sentence, on any thread: what is tried again, or is not as one may think.
  std::function<void(const std::string&)> trouble = [](const std::string&) {};
};
// InfluxDB 1, 2 or 3 or VictoriaMetrics, asked which. `rejects` outlives it.
[[nodiscard]] base::Result<std::unique_ptr<Sink>> open_server_sink(ServerSinkOptions options,
                                                                   Rejects& rejects);

// The names of a place on a server.
[[nodiscard]] influx::Target target_for(influx::Target target, influx::Flavour flavour,
                                        const Place& place);

}  // namespace haingest::migrate
