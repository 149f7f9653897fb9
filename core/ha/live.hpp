// SPDX-License-Identifier: MIT
// Home Assistant, followed for months: a connection that comes back by itself, a whole snapshot
// each time, then what its events say has changed, and every state change as it comes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/ha/endpoints.hpp"
#include "core/ha/reply.hpp"
#include "core/model/json_text.hpp"
#include "core/model/snapshot.hpp"

namespace haingest::ha {

// How patient it is. The defaults are what `watch` runs with; tests shrink them.
struct LivePauses {
  // Between connections: doubling from the first to the longest, each with a quarter of jitter.
  std::chrono::milliseconds first{500};
  std::chrono::milliseconds longest{30'000};
  // After Home Assistant has closed the connection itself, as it does when it restarts: no longer
  // than this between tries, for `restart_time`.
  std::chrono::milliseconds restarting{3'000};
  std::chrono::milliseconds restart_time{300'000};
  // Events of registries: read again when none came for `quiet`, at the latest after `burst`.
  std::chrono::milliseconds quiet{100};
  std::chrono::milliseconds burst{500};
  // get_states alone is read no more often than this: in some houses states come and go all day.
  std::chrono::milliseconds states{5'000};
  std::chrono::milliseconds starting{1'000};  // between reads while HA is not RUNNING
  std::chrono::milliseconds failed{10'000};   // until what failed is asked for again; doubling
  std::chrono::milliseconds failed_longest{600'000};
  std::chrono::milliseconds everything{3'600'000};  // events can be missed: a whole read
};

struct LiveOptions {
  ConnectOptions connect;
  LivePauses pauses;
};

// Everything that Home Assistant said last, whenever some of it was asked for again.
struct LiveUpdate {
  model::Document document;
  bool first = false;      // of a connection: everything is new
  model::JsonText states;  // the whole result of get_states, when it was read now
};

struct LiveState {
  enum class Phase { connecting, connected, waiting };
  Phase phase = Phase::connecting;
  std::string url;  // of the endpoint that is tried or connected
  std::string ha_version;
  base::Timestamp since{};
  std::string last_error;  // why the last try or connection ended; "" when none did
  std::uint64_t connections = 0;
};

// Called on the thread of run(). They must not wait: Home Assistant cuts who falls behind.
struct LiveHandlers {
  // A new connection subscribes: what state_changed brings from here on is without a hole.
  std::function<void()> listening;
  std::function<void(LiveUpdate)> update;
  // The `event` of each state_changed; ha::Session::EventHandler says how long it is good. Empty:
  // not subscribed to.
  std::function<void(std::string_view event)> state_changed;
  std::function<void(const LiveState&)> state;
};

class Live {
 public:
  Live(LiveOptions options, LiveHandlers handlers, base::Clock clock);
  ~Live();
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  // Until stop(). Errors, all of them final: `credentials` for a refused token (never tried again),
  // `usage` for endpoints that cannot be used.
  [[nodiscard]] base::Result<void> run();

  // From any thread.
  void stop();
  // A command of its own, as Session::ask; `done` gets the answer on the thread of run(), at once
  // (`closed`) while there is no connection, and never when run() has ended.
  void ask(std::string type, std::string members, std::function<void(Reply)> done);
  // Calls it on the thread of run(), if that is not stuck.
  void when_alive(std::function<void()> work);
  // Reads the part again, soon.
  void refresh(model::Part part);
  // Ends the connection and makes a new one: its events cannot be taken.
  void reconnect(std::string why);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::ha
