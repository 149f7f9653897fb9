// SPDX-License-Identifier: MIT
#include "core/migrate/copy.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "core/influx/batch.hpp"
#include "core/migrate/window_queue.hpp"

namespace haingest::migrate {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t k_block_bytes = std::size_t{2} << 20U;
// Windows that are read at once: an InfluxDB answers a query on one core.
constexpr std::size_t k_readers = 2;
constexpr milliseconds k_look_for_cancel{50};

// The copy ends before its time: thrown by those who read, out of a reading.
struct Stopped {};

Checkpoint::Key key_of(const Part& part) {
  return {part.database->name, part.policy->name, part.measurement->name};
}

base::Error of_source(base::Error error) {
  error.message = "the source: " + error.message;
  return error;
}

class Copy {
 public:
  Copy(const CopyOptions& options, const std::vector<Part>& parts, Sink& sink,
       Checkpoint& checkpoint)
      : options_(options),
        parts_(parts),
        sink_(sink),
        checkpoint_(checkpoint),
        queue_(options.most_bytes, [this](const WindowQueue::Ticket& ticket) { note(ticket); }) {}

  base::Result<CopyReport> run() {
    try {
      resume();
    } catch (const base::Failure& failure) {
      return failure.error();
    }
    std::vector<std::thread> threads;
    threads.emplace_back([this] { look_for_cancel(); });
    for (std::size_t i = 0; i < sink_.writers(); ++i) {
      threads.emplace_back([this, i] { guarded([&] { write(i); }); });
    }
    std::vector<std::thread> readers;
    for (std::size_t i = 0; i < k_readers; ++i) {
      readers.emplace_back([this] { guarded([this] { read(); }); });
    }
    for (std::thread& reader : readers) reader.join();
    guarded([this] { finish(); });
    stop();
    for (std::thread& thread : threads) thread.join();
    if (error_) return *error_;
    return report();
  }

 private:
  // What is written and may still get lost.
  struct Held {
    Checkpoint::Key key;
    Done done;
    Positions positions;
    SteadyClock::time_point since;
  };

  influx::QueryOptions with_cancel(influx::QueryOptions options) const {
    options.cancel = &stopping_;
    return options;
  }

  void resume() {
    const bool is_new = checkpoint_.is_new();
    started_anew_ = !sink_.resume(checkpoint_.positions()) && !is_new;
    if (started_anew_) checkpoint_.forget();
    noted_ = checkpoint_.positions();
    for (const Part& part : parts_) {
      const auto found = checkpoint_.find(key_of(part));
      if (found) begins_[key_of(part)] = found->until;
      const Done done = found.value_or(Done{});
      progress_.points += done.points;
      progress_.values += done.values;
      done_[key_of(part)] = done;
    }
  }

  // --- Ending ---

  template <class Work>
  void guarded(Work work) noexcept {
    try {
      work();
    } catch (const Stopped&) {
    } catch (const base::Failure& failure) {
      fail(failure.error());
    } catch (const std::exception& error) {
      fail(base::unexpected(error));
    }
  }

  void fail(const base::Error& error) {
    {
      const std::lock_guard lock(mutex_);
      // What follows from the end itself is no error.
      if (!error_ && !stopping_) error_ = error;
    }
    stop();
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    stopped_.notify_all();
    queue_.stop();
    sink_.stop();
  }

  void stop_if_cancelled() {
    if (options_.cancel == nullptr || !*options_.cancel) return;
    stop();
    throw Stopped{};
  }

  void look_for_cancel() {
    if (options_.cancel == nullptr) return;
    while (!stopping_) {
      if (*options_.cancel) return stop();
      std::unique_lock lock(mutex_);
      stopped_.wait_for(lock, k_look_for_cancel, [this] { return stopping_.load(); });
    }
  }

  void sleep(milliseconds span) {
    std::unique_lock lock(mutex_);
    if (stopped_.wait_for(lock, span, [this] { return stopping_.load(); })) throw Stopped{};
  }

  // --- Reading ---

  // One of the windows, and where its lines go.
  struct Task {
    const Part* part;
    Window window;
    WindowQueue::Open* open;
  };

  void read() {
    influx::QueryClient client(with_cancel(options_.source));
    while (const auto task = next_task(client)) {
      const std::uint64_t points = read_window(client, *task);
      const std::lock_guard turn(turn_);
      const bool is_going_on = windows_ && &parts_[part_] == task->part;
      if (is_going_on) windows_->had(task->window.span, points);
    }
  }

  // One reader at a time, so that the queue has the windows in their order.
  std::optional<Task> next_task(influx::QueryClient& client) {
    const std::lock_guard turn(turn_);
    stop_if_cancelled();
    for (; part_ < parts_.size(); ++part_, windows_.reset()) {
      const Part& part = parts_[part_];
      if (!windows_) {
        if (part_ == 0 || parts_[part_ - 1].place != part.place) {
          persist([&] { return prepare(part.place); });
        }
        windows_.emplace(part, options_.filter, begin_of(part));
      }
      std::optional<Window> window;
      persist([&]() -> base::Result<void> {
        auto next = windows_->next(client);
        if (!next) return of_source(next.error());
        window = *next;
        return {};
      });
      if (!window) continue;
      WindowQueue::Open* open = queue_.begin(part, window->span);
      if (open == nullptr) throw Stopped{};
      return Task{&part, *window, open};
    }
    return std::nullopt;
  }

  std::optional<std::int64_t> begin_of(const Part& part) const {
    const auto begin = begins_.find(key_of(part));
    return begin == begins_.end() ? std::nullopt : std::optional(begin->second);
  }

  base::Result<void> prepare(const Place& place) {
    try {
      sink_.prepare(place);
    } catch (const base::Failure& failure) {
      return failure.error();
    }
    return {};
  }

  // Until it succeeds, or has failed too often: that ends the copy before anybody else tries.
  template <class Try>
  void persist(Try attempt) {
    milliseconds pause = options_.first_pause;
    for (int tries = 1;; ++tries) {
      if (stopping_) throw Stopped{};
      const base::Result<void> done = attempt();
      if (done) return;
      if (stopping_) throw Stopped{};
      const base::Error& error = done.error();
      if (error.kind != base::ErrorKind::unreachable || tries >= options_.most_tries) {
        fail(error);
        throw Stopped{};
      }
      options_.trouble(error.message);
      sleep(pause);
      pause *= 2;
    }
  }

  // Returns its points.
  std::uint64_t read_window(influx::QueryClient& client, const Task& task) {
    std::uint64_t points = 0;
    bool again = false;
    persist([&]() -> base::Result<void> {
      if (std::exchange(again, true)) {
        const std::optional<bool> may_be_out = queue_.drop(*task.open);
        if (!may_be_out) throw Stopped{};
        if (*may_be_out) sink_.rewind(noted_);
      }
      auto amount = send_window(client, task);
      if (!amount) return of_source(amount.error());
      points = amount->points;
      return {};
    });
    return points;
  }

  base::Result<Amount> send_window(influx::QueryClient& client, const Task& task) {
    influx::Block block;
    std::int64_t last = task.window.span.begin;
    const auto put = [&] {
      if (!queue_.put(*task.open, std::exchange(block, {}))) throw Stopped{};
    };
    const auto amount =
        migrate::read_window(client, task.window, sink_.spelling(), [&](const PointLine& point) {
          const bool full = block.count >= influx::k_max_request_lines ||
                            block.lines.size() + point.line.size() > k_block_bytes;
          if (full && block.count > 0) put();
          block.lines += point.line;
          ++block.count;
          last = std::max(last, point.time);
        });
    if (!amount) return amount.error();
    if (block.count > 0) put();
    if (!queue_.end(*task.open, *amount, last)) throw Stopped{};
    return *amount;
  }

  // --- Writing ---

  void write(std::size_t writer) {
    while (auto item = queue_.take()) {
      const std::uint64_t lines = item->block.count;
      if (!sink_.write(writer, item->part->place, std::move(item->block))) return stop();
      say(*item->part, lines, 0);
      queue_.done();
    }
  }

  void say(const Part& part, std::uint64_t points, std::uint64_t values) {
    const std::lock_guard lock(progress_mutex_);
    progress_.part = &part;
    progress_.points += points;
    progress_.values += values;
    options_.progress(progress_);
  }

  // A window is done; one call at a time, and nothing is being written.
  void note(const WindowQueue::Ticket& ticket) {
    const Refusals refusals = sink_.take_refusals();
    dropped_texts_ += refusals.texts;
    if (ticket.amount.points == 0) return;
    const Checkpoint::Key key = key_of(*ticket.part);
    Done& done = done_[key];
    // What is not over yet may get more points behind the last one.
    const bool over = ticket.span.end <= nanoseconds_since_1970(options_.clock());
    done.until = over ? ticket.span.end : std::min(ticket.last + 1, ticket.span.end);
    done.points += ticket.amount.points;
    done.values += ticket.amount.values;
    done.rejected += refusals.lines;
    noted_ = sink_.positions();
    if (sink_.hold().count() == 0) {
      checkpoint_.add(key, done, noted_);
    } else {
      held_.push_back({key, done, noted_, SteadyClock::now()});
      release(false);
    }
    say(*ticket.part, 0, ticket.amount.values);
  }

  // Writes down what cannot get lost any more.
  void release(bool all) {
    const auto now = SteadyClock::now();
    const auto is_safe = [&](const Held& held) { return now - held.since >= sink_.hold(); };
    if (held_.empty() || !is_safe(held_.front())) return;
    if (!all && now - looked_ < sink_.hold() / 3) return;
    looked_ = now;
    if (!sink_.confirm()) {
      throw base::Failure(base::ErrorKind::unreachable,
                          "the target was started anew, and what it had acknowledged shortly "
                          "before may be lost; the same command copies it again");
    }
    while (!held_.empty() && is_safe(held_.front())) {
      checkpoint_.add(held_.front().key, held_.front().done, held_.front().positions);
      held_.pop_front();
    }
  }

  void finish() {
    if (!queue_.finish()) throw Stopped{};
    while (!held_.empty()) {
      const auto safe = held_.back().since + sink_.hold();
      const auto now = SteadyClock::now();
      if (safe > now) sleep(std::chrono::ceil<milliseconds>(safe - now));
      release(true);
    }
    sink_.finish();
    complete_ = true;
  }

  CopyReport report() const {
    CopyReport report{complete_, started_anew_, {}, 0, dropped_texts_};
    for (const Part& part : parts_) {
      report.parts.push_back({part, done_.at(key_of(part))});
      report.rejected += report.parts.back().done.rejected;
    }
    return report;
  }

  const CopyOptions& options_;
  const std::vector<Part>& parts_;
  Sink& sink_;
  Checkpoint& checkpoint_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  std::atomic<bool> stopping_ = false;
  std::optional<base::Error> error_;  // guarded by mutex_
  WindowQueue queue_;
  std::map<Checkpoint::Key, std::int64_t> begins_;  // where an earlier run ended
  // Whose turn it is to take a window.
  std::mutex turn_;
  std::size_t part_ = 0;            // guarded by turn_
  std::optional<Windows> windows_;  // of that part; likewise
  // Under the queue's lock.
  std::map<Checkpoint::Key, Done> done_;
  std::deque<Held> held_;
  Positions noted_;  // behind the last window that is done
  SteadyClock::time_point looked_{};
  std::uint64_t dropped_texts_ = 0;

  std::mutex progress_mutex_;
  CopyProgress progress_;  // guarded by progress_mutex_
  bool started_anew_ = false;
  bool complete_ = false;
};

}  // namespace

base::Result<CopyReport> copy(const CopyOptions& options, const std::vector<Part>& parts,
                              Sink& sink, Checkpoint& checkpoint) {
  return Copy(options, parts, sink, checkpoint).run();
}

}  // namespace haingest::migrate
