// SPDX-License-Identifier: MIT
#include "core/net/resolve.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <future>

#include "tests/support/catch.hpp"

using namespace haingest;
using namespace std::chrono_literals;

namespace {

net::Addresses resolve_now(const std::string& host, net::Deadline deadline, net::Lookup lookup) {
  boost::asio::io_context io(1);
  net::Addresses found;
  boost::asio::co_spawn(
      io, net::resolve(host, 8123, deadline, std::move(lookup)),
      [&](std::exception_ptr, net::Addresses result) { found = std::move(result); });
  io.run();
  return found;
}

net::Addresses never(const std::string& /*host*/, std::uint16_t /*port*/) {
  FAIL("looked up");
  return {};
}

}  // namespace

TEST_CASE("resolve: numeric addresses need no look-up", "[resolve]") {
  const auto v4 = resolve_now("127.0.0.1", net::Deadline::in(5s), never);
  REQUIRE(v4.endpoints.size() == 1);
  CHECK(v4.endpoints[0].address().to_string() == "127.0.0.1");
  CHECK(v4.endpoints[0].port() == 8123);
  const auto v6 = resolve_now("::1", net::Deadline::in(5s), never);
  REQUIRE(v6.endpoints.size() == 1);
  CHECK(v6.endpoints[0].address().is_v6());
}

TEST_CASE("resolve: a name's addresses, or the resolver's words", "[resolve]") {
  const auto local = resolve_now("localhost", net::Deadline::in(20s), net::look_up);
  CHECK_FALSE(local.endpoints.empty());
  const auto none = resolve_now("does-not-exist.invalid", net::Deadline::in(60s), net::look_up);
  CHECK(none.endpoints.empty());
  CHECK_FALSE(none.problem.empty());
  CHECK_FALSE(none.timed_out);
}

TEST_CASE("resolve: a look-up that hangs is left behind at the deadline", "[resolve]") {
  auto release = std::make_shared<std::promise<void>>();
  auto left = std::make_shared<std::promise<void>>();
  const net::Lookup hangs = [release, left](const std::string&, std::uint16_t) {
    release->get_future().wait();
    left->set_value();
    return net::Addresses{};
  };
  const auto start = std::chrono::steady_clock::now();
  const auto found = resolve_now("slow.example", net::Deadline::in(50ms), hangs);
  CHECK(found.timed_out);
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  // Its late answer finds nobody, the io_context included, and harms nothing.
  release->set_value();
  CHECK(left->get_future().wait_for(10s) == std::future_status::ready);
}

TEST_CASE("resolve: a look-up outlives the io_context that was destroyed meanwhile", "[resolve]") {
  auto release = std::make_shared<std::promise<void>>();
  auto left = std::make_shared<std::promise<void>>();
  const net::Lookup hangs = [release, left](const std::string&, std::uint16_t) {
    release->get_future().wait();
    left->set_value();
    return net::Addresses{};
  };
  {
    boost::asio::io_context io(1);
    boost::asio::co_spawn(io, net::resolve("slow.example", 1, net::Deadline::in(60s), hangs),
                          [](std::exception_ptr, net::Addresses) {});
    io.run_for(20ms);
  }
  release->set_value();
  CHECK(left->get_future().wait_for(10s) == std::future_status::ready);
}
