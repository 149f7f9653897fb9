// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "core/influx/batch.hpp"
#include "core/influx/carrier.hpp"
#include "core/influx/endpoint.hpp"
#include "core/influx/flavour.hpp"
#include "core/migrate/sink.hpp"
#include "core/migrate/target_setup.hpp"

namespace haingest::migrate {
namespace {

using influx::Flavour;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t k_writers = 2;

// What the writers share.
struct Common {
  Common(ServerSinkOptions sink_options, Flavour found, Rejects& sink_rejects)
      : options(std::move(sink_options)), flavour(found), rejects(sink_rejects) {}

  const ServerSinkOptions options;
  std::atomic<Flavour> flavour;
  Rejects& rejects;
  influx::StartWatch start{[this] { lost = true; }};
  std::atomic<bool> lost = false;
  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> dropped_texts = 0;

  [[nodiscard]] std::string who() const {
    return influx::shown_server(options.target, flavour) + ": ";
  }

  void end(base::ErrorKind kind, const std::string& sentence) {
    {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = base::Error{kind, who() + sentence, {}};
    }
    stop();
  }

  [[nodiscard]] std::optional<base::Error> error() {
    const std::lock_guard lock(mutex_);
    return error_;
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping = true;
    }
    changed_.notify_all();
  }

  void well() {
    const std::lock_guard lock(mutex_);
    if (std::exchange(failing_since_, std::nullopt)) changed_.notify_all();
  }

  void failing(const std::string& sentence) {
    bool too_long = false;
    {
      const std::lock_guard lock(mutex_);
      const auto now = SteadyClock::now();
      if (!failing_since_) failing_since_ = now;
      too_long = now - *failing_since_ >= options.patience;
    }
    if (too_long) return end(base::ErrorKind::unreachable, sentence);
    options.trouble(who() + sentence);
  }

  void pause(milliseconds span) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, span, [this] { return stopping || !failing_since_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<base::Error> error_;                      // guarded by mutex_
  std::optional<SteadyClock::time_point> failing_since_;  // guarded by mutex_
};

class Writer : private influx::CarrierHost {
 public:
  explicit Writer(Common& common) : common_(common), options_(common.options) {}

  [[nodiscard]] bool write(const Place& place, influx::Block block) {
    if (!carrier_ || place != place_) go_to(place);
    const Flavour flavour = common_.flavour;
    if (flavour == Flavour::victoria_metrics && common_.options.texts != Texts::map) {
      NumberLines numbers = number_lines(block.lines, common_.options.texts);
      block.lines = std::move(numbers.lines);
      block.count = numbers.count;
      common_.dropped_texts += numbers.dropped;
    }
    std::vector<influx::Block> blocks;
    blocks.push_back(std::move(block));
    influx::Batch batch = influx::to_portions(blocks, flavour);
    blocks.clear();
    common_.dropped_texts += batch.dropped_texts;
    switch (carrier_->carry(std::move(batch.portions), flavour, false)) {
      case influx::Carrier::Carried::all:
        return true;
      case influx::Carrier::Carried::other_flavour:
        throw base::Failure(base::ErrorKind::failure,
                            common_.who() + "another server answers than when this began");
      case influx::Carrier::Carried::stopped:
        break;
    }
    if (const auto error = common_.error()) throw base::Failure(*error);
    return false;
  }

  [[nodiscard]] bool has_written() const { return carrier_.has_value(); }
  // Only then.
  [[nodiscard]] bool has_same_server() { return carrier_->look() == influx::Carrier::Since::up; }

 private:
  void go_to(const Place& place) {
    carrier_.reset();
    options_.target = target_for(common_.options.target, common_.flavour, place);
    influx::CarrierHost& host = *this;
    carrier_.emplace(options_, common_.start, common_.stopping, host);
    place_ = place;
  }

  void recognised(const influx::Server& server) override { common_.flavour = server.flavour; }
  [[nodiscard]] Flavour flavour() override { return common_.flavour; }
  void sending() override {}
  void repeated(std::uint64_t /*lines*/) override {}
  void stored(std::uint64_t /*lines*/) override {}

  void expired(const influx::Portion& portion) override {
    std::vector<influx::DeadLetter> letters;
    std::string_view rest = portion.lines;
    while (!rest.empty()) {
      letters.push_back(
          influx::letter_for(influx::next_line(rest), "older than the target keeps points"));
    }
    static_cast<void>(bury(std::move(letters)));
  }

  [[nodiscard]] bool bury(std::vector<influx::DeadLetter> letters) override {
    try {
      common_.rejects.add(place_, letters);
    } catch (const base::Failure& failure) {
      common_.end(failure.error().kind, std::string("refused points: ") + failure.what());
      return false;
    }
    common_.refused += letters.size();
    return true;
  }

  void well() override { common_.well(); }
  void retrying(const std::string& sentence) override { common_.failing(sentence); }
  // Nobody waits for an operator here: the copy can go on when she has been there.
  void held(base::ErrorKind kind, const std::string& sentence) override {
    common_.end(kind, sentence);
  }
  void warn(const std::string& sentence) override {
    common_.options.trouble(common_.who() + sentence);
  }
  void pause(milliseconds span) override { common_.pause(span); }

  Common& common_;
  influx::CarrierOptions options_;
  Place place_;
  std::optional<influx::Carrier> carrier_;
};

class ServerSink : public Sink {
 public:
  ServerSink(ServerSinkOptions options, Flavour flavour, Rejects& rejects)
      : common_(std::move(options), flavour, rejects), writers_{Writer(common_), Writer(common_)} {}

  [[nodiscard]] Spelling spelling() const override {
    const Flavour flavour = common_.flavour;
    const bool exact = flavour == Flavour::influxdb1 || flavour == Flavour::influxdb2;
    return exact ? Spelling::exact : Spelling::shared;
  }
  [[nodiscard]] std::size_t writers() const override { return writers_.size(); }

  [[nodiscard]] bool resume(const Positions& positions) override {
    common_.rejects.resume(positions.rejects);
    return true;
  }

  void prepare(const Place& place) override {
    set_up(common_.options, common_.flavour, place, common_.options.trouble);
  }

  [[nodiscard]] bool write(std::size_t writer, const Place& place, influx::Block block) override {
    return writers_.at(writer).write(place, std::move(block));
  }

  // What was sent is sent again, and the same then.
  void rewind(const Positions& positions) override {
    common_.rejects.resume(positions.rejects);
    static_cast<void>(take_refusals());
  }

  void finish() override {}

  [[nodiscard]] Positions positions() const override { return {0, common_.rejects.position()}; }

  [[nodiscard]] milliseconds hold() const override {
    return common_.flavour == Flavour::victoria_metrics ? common_.options.hold_lines
                                                        : milliseconds{0};
  }
  // Nothing is being written, so that a writer can be lent.
  [[nodiscard]] bool confirm() override {
    const auto writer = std::ranges::find_if(writers_, &Writer::has_written);
    return writer != writers_.end() && writer->has_same_server() && !common_.lost;
  }

  [[nodiscard]] Refusals take_refusals() override {
    return {common_.refused.exchange(0), common_.dropped_texts.exchange(0)};
  }

  void stop() override { common_.stop(); }

 private:
  Common common_;
  std::array<Writer, k_writers> writers_;
};

}  // namespace

base::Result<std::unique_ptr<Sink>> open_server_sink(ServerSinkOptions options, Rejects& rejects) {
  net::HttpClient client(options.tls);
  const auto server = influx::who_answers(client, options.target, options.request_timeout);
  if (!server) return server.error();
  if (server->flavour == Flavour::unknown) {
    return base::Error{
        base::ErrorKind::failure,
        influx::shown_url(options.target) + ": " + std::string(influx::k_no_known_server),
        {}};
  }
  return std::unique_ptr<Sink>(
      std::make_unique<ServerSink>(std::move(options), server->flavour, rejects));
}

influx::Target target_for(influx::Target target, Flavour flavour, const Place& place) {
  const std::string name = place.is_default ? place.database : place.database + "/" + place.policy;
  target.database = flavour == Flavour::influxdb1 ? place.database : name;
  target.retention_policy = flavour == Flavour::influxdb1 ? place.policy : "";
  target.bucket = flavour == Flavour::influxdb2 ? name : "";
  return target;
}

}  // namespace haingest::migrate
