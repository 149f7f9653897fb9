// SPDX-License-Identifier: MIT
// The gaps of the spool, filled from Home Assistant's recorder while the connection lasts. A thread
// of its own, with one request on its way; what is live goes first.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/ha/reply.hpp"
#include "core/influx/encoder.hpp"
#include "core/influx/spool.hpp"
#include "core/jobs/chunk_size.hpp"
#include "core/jobs/refill.hpp"
#include "core/model/watch_status.hpp"
#include "core/model/world.hpp"

namespace haingest::jobs {

// The defaults are what `watch` runs with; tests shrink them.
struct BackfillPauses {
  // The recorder commits every 5 s, or as it is configured: what it must have and has not is asked
  // for again after the first of these, doubling, and given up after the last.
  std::chrono::milliseconds again{3'000};
  std::chrono::milliseconds give_up{300'000};
  // Where it does not answer at all.
  std::chrono::milliseconds give_up_unanswered{24 * 3'600'000};
  // Where it cannot be told what it must have.
  std::chrono::milliseconds settled{15'000};
};

struct BackfillOptions {
  influx::EncoderOptions encoder;
  std::string database_path;  // its changes tell what was renamed
  std::vector<std::string> targets;
  std::uint64_t spool_max_bytes = 0;
  BackfillPauses pauses;
};

class Backfill {
 public:
  // As ha::Live::ask, from any thread.
  using Ask = std::function<void(std::string type, std::string members,
                                 std::function<void(ha::Reply)> done)>;

  // On its thread: `changed` when tell() has something new to tell, `failed` when it cannot go on.
  struct Handlers {
    std::function<void()> changed;
    std::function<void(const base::Error&)> failed;
  };

  Backfill(BackfillOptions options, influx::Spool& spool, Ask ask, base::Clock clock,
           Handlers handlers);
  ~Backfill();
  Backfill(const Backfill&) = delete;
  Backfill& operator=(const Backfill&) = delete;

  // Any thread, never waiting. A new connection: it is not known yet what is renamed, and whether
  // Home Assistant is running.
  void begin_connection();
  void set_world(std::shared_ptr<const model::World> world);  // of this connection
  void set_home(bool running, const std::string& time_zone);
  void note_gap();
  // No answer is waited for any more; what is not filled stays noted.
  void stop();
  void tell(model::WatchStatus& status);

 private:
  using Steady = std::chrono::steady_clock;
  enum class Asked { answered, unable, missing, closed };
  // What has been tried of a gap.
  struct Attempt {
    std::optional<Steady::time_point> since;  // the first pass since which nothing new came
    Steady::time_point next{};
    std::chrono::milliseconds pause{0};
    bool answered = false;  // in the last pass, everything
    bool said = false;
    bool done = false;
    std::uint64_t points = 0;
    std::vector<std::string> unverified = {};
  };

  void work();
  [[nodiscard]] bool may_ask() const;  // under mutex_
  // When to look again.
  Steady::time_point fill_due();
  // Both: false when the connection is gone, or it is to stop.
  bool try_gap(const influx::Gap& gap, Attempt& attempt);
  bool fill(const influx::Gap& gap, Attempt& attempt);
  Asked fill_some(const influx::Gap& gap, std::vector<influx::GapEntity> entities,
                  Attempt& attempt);
  Asked ask(const std::string& members, std::string& answer);
  void set_aside(std::int64_t gap, const std::string& entity_id);
  void set_trouble(std::string sentence);
  void give_up(const influx::Gap& gap, Attempt& attempt);
  // What the spool has to be filled now; counts it.
  std::vector<influx::Gap> look();
  std::optional<influx::Gap> left_of(std::int64_t gap);
  void strike_out(std::int64_t gap, const std::vector<std::string>& entities);
  void say_begun(const influx::Gap& gap, Attempt& attempt) const;
  void say_done(const influx::Gap& gap, const Attempt& attempt);
  [[nodiscard]] bool commit(const influx::SpoolCommit& commit);  // false when it is to stop
  void await_room();
  bool adopt_context();                         // false when there is none
  bool pause(std::chrono::milliseconds limit);  // false when it is to stop

  const BackfillOptions options_;
  influx::Spool& spool_;
  const Ask ask_;
  const base::Clock clock_;
  const Handlers handlers_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_, as those that follow
  bool running_ = false;
  std::uint64_t connection_ = 0;
  bool news_ = true;
  std::shared_ptr<const model::World> world_;  // of this connection
  std::string time_zone_;
  std::string trouble_;

  // Of the thread.
  influx::Encoder encoder_;
  Refill::Names present_;
  ChunkSize size_;
  std::uint64_t asked_connection_ = 0;
  int closed_at_least_ = 0;  // connections that ended with the smallest request on its way
  std::map<std::int64_t, Attempt> attempts_;

  std::atomic<std::uint64_t> open_ = 0;        // entities of all gaps
  std::atomic<std::uint64_t> points_ = 0;      // since the start
  std::atomic<std::uint64_t> unverified_ = 0;  // likewise, entities
  std::atomic<std::int64_t> since_ = 0;        // microseconds since 1970, of the oldest gap

  std::thread thread_;
};

}  // namespace haingest::jobs
