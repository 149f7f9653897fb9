// SPDX-License-Identifier: MIT
#include "core/ha/live.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <optional>
#include <random>
#include <utility>

#include "core/base/log.hpp"
#include "core/ha/failure.hpp"
#include "core/ha/follower.hpp"
#include "core/ha/session_impl.hpp"

namespace haingest::ha {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds k_goodbye{1'000};

// Ends with the session, and so does whoever follows it.
asio::awaitable<void> run_session(Session& session, Follower& follower) {
  co_await session.run();
  follower.wake();
}

}  // namespace

struct Live::Impl {
  Impl(LiveOptions given, LiveHandlers taken, base::Clock time)
      : options(std::move(given)), handlers(std::move(taken)), clock(std::move(time)), pause(io) {}

  asio::awaitable<void> keep_connected();
  // One round over the endpoints; true when one of them was connected for a while.
  asio::awaitable<bool> try_all();
  asio::awaitable<void> follow(std::unique_ptr<Session> opened, const Address& address);
  asio::awaitable<void> rest(bool was_connected);
  [[nodiscard]] std::chrono::milliseconds next_pause(bool was_connected);

  void say(LiveState::Phase phase, const std::string& url);
  void lost(const base::Error& error);

  const LiveOptions options;
  const LiveHandlers handlers;
  const base::Clock clock;

  asio::io_context io{1};
  asio::steady_timer pause;
  std::vector<Address> addresses;
  std::unique_ptr<Session> session;
  Follower* follower = nullptr;
  bool stopping = false;
  std::optional<base::Error> final_error;

  LiveState state;
  std::chrono::milliseconds last_pause{0};
  // Until then Home Assistant is taken to be restarting.
  Steady::time_point restart_until = Steady::time_point::min();
  std::minstd_rand random{std::random_device{}()};
};

void Live::Impl::say(LiveState::Phase phase, const std::string& url) {
  state.phase = phase;
  state.url = url;
  state.since = clock();
  if (handlers.state) handlers.state(state);
}

// Each state is said once: that it is away, and what ends it.
void Live::Impl::lost(const base::Error& error) {
  if (stopping) return;
  if (state.last_error.empty()) {
    base::log::warning("Home Assistant at " + error.message + "; trying again until it is there");
  } else if (state.last_error != error.message) {
    base::log::debug("Home Assistant at " + error.message);
  }
  state.last_error = error.message;
}

asio::awaitable<void> Live::Impl::follow(std::unique_ptr<Session> opened, const Address& address) {
  using namespace asio::experimental::awaitable_operators;
  session = std::move(opened);
  Follower following(*session, address, options.pauses, handlers, clock, io.get_executor());
  follower = &following;
  ++state.connections;
  state.ha_version = session->ha_version();
  state.last_error.clear();
  base::log::info("connected with Home Assistant " + state.ha_version + " at " + address.shown);
  say(LiveState::Phase::connected, address.shown);
  auto both = run_session(*session, following) && following.run();
  co_await std::move(both);
  follower = nullptr;
  if (session->closed_by_peer()) restart_until = Steady::now() + options.pauses.restart_time;
  if (session->ended()) lost(*session->ended());
  session.reset();
}

asio::awaitable<bool> Live::Impl::try_all() {
  for (std::size_t i = 0; i < addresses.size() && !stopping; ++i) {
    say(LiveState::Phase::connecting, addresses[i].shown);
    auto opening = Session::open(session_options(options.connect, addresses, i));
    base::Result<std::unique_ptr<Session>> opened = co_await std::move(opening);
    if (stopping) co_return false;
    if (opened) {
      co_await follow(std::move(*opened), addresses[i]);
      co_return true;
    }
    // HA counts failed logins; a CA file that cannot be read stays so.
    if (opened.error().kind != base::ErrorKind::unreachable) {
      final_error = opened.error();
      co_return false;
    }
    lost(opened.error());
  }
  co_return false;
}

std::chrono::milliseconds Live::Impl::next_pause(bool was_connected) {
  const LivePauses& pauses = options.pauses;
  last_pause =
      was_connected ? pauses.first : std::clamp(last_pause * 2, pauses.first, pauses.longest);
  if (Steady::now() < restart_until) last_pause = std::min(last_pause, pauses.restarting);
  std::uniform_int_distribution<std::int64_t> jitter(-last_pause.count() / 4,
                                                     last_pause.count() / 4);
  return last_pause + std::chrono::milliseconds(jitter(random));
}

asio::awaitable<void> Live::Impl::keep_connected() {
  while (!stopping && !final_error) {
    const bool was_connected = co_await try_all();
    if (stopping || final_error) break;
    say(LiveState::Phase::waiting, addresses.front().shown);
    pause.expires_after(next_pause(was_connected));
    co_await pause.async_wait(k_await);
  }
}

Live::Live(LiveOptions options, LiveHandlers handlers, base::Clock clock)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handlers), std::move(clock))) {}
Live::~Live() = default;

base::Result<void> Live::run() {
  base::Result<std::vector<Address>> addresses = locate_all(impl_->options.connect);
  if (!addresses) return addresses.error();
  impl_->addresses = std::move(*addresses);
  std::exception_ptr thrown;
  asio::co_spawn(impl_->io, impl_->keep_connected(), [&](const std::exception_ptr& error) {
    thrown = error;
    impl_->io.stop();
  });
  impl_->io.run();
  if (thrown) std::rethrow_exception(thrown);
  if (impl_->final_error) return *impl_->final_error;
  return {};
}

namespace {

// The request is on its way: when the session ends it is answered, so that this needs it no more.
asio::awaitable<void> await_answer(Session& session, std::shared_ptr<Session::Request> request,
                                   std::function<void(Reply)> done) {
  done(co_await session.answer(std::move(request)));
}

asio::awaitable<void> say_goodbye(Session& session) { co_await session.close(k_goodbye); }

}  // namespace

void Live::stop() {
  asio::post(impl_->io, [impl = impl_.get()] {
    if (std::exchange(impl->stopping, true)) {
      impl->io.stop();
      return;
    }
    impl->pause.cancel();
    if (impl->session) {
      asio::co_spawn(impl->io, say_goodbye(*impl->session), asio::detached);
    } else {
      impl->io.stop();  // a try that is under way is not waited for
    }
  });
}

void Live::ask(std::string type, std::string members, std::function<void(Reply)> done) {
  asio::post(impl_->io, [impl = impl_.get(), type = std::move(type), members = std::move(members),
                         done = std::move(done)]() mutable {
    if (impl->follower == nullptr) {
      done({.outcome = Reply::Outcome::closed, .text = "not connected"});
      return;
    }
    asio::co_spawn(impl->io,
                   await_answer(*impl->session, impl->session->ask(type, members), std::move(done)),
                   asio::detached);
  });
}

void Live::when_alive(std::function<void()> work) { asio::post(impl_->io, std::move(work)); }

void Live::refresh(model::Part part) {
  asio::post(impl_->io, [impl = impl_.get(), part] {
    if (impl->follower != nullptr) impl->follower->mark(part);
  });
}

void Live::reconnect(std::string why) {
  asio::post(impl_->io, [impl = impl_.get(), why = std::move(why)] {
    if (!impl->session) return;
    impl->session->cut({base::ErrorKind::unreachable, impl->state.url + ": " + why, {}});
  });
}

}  // namespace haingest::ha
