// SPDX-License-Identifier: MIT
#include "core/jobs/event_queue.hpp"

#include <string>
#include <thread>
#include <vector>

#include "tests/support/catch.hpp"

namespace haingest::jobs {
namespace {

using Steady = std::chrono::steady_clock;
using What = EventChunk::What;
using namespace std::chrono_literals;

std::vector<std::string> texts_of(const EventChunk& chunk) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < chunk.size(); ++i) texts.emplace_back(chunk.item(i).json);
  return texts;
}

TEST_CASE("all that waits comes at once, in its order") {
  EventQueue queue(1'000);
  REQUIRE(queue.push(What::listening, ""));
  REQUIRE(queue.push(What::event, "one"));
  REQUIRE(queue.push(What::event, "two"));
  EventChunk chunk;
  REQUIRE(queue.pop(chunk, Steady::now(), Steady::now()));
  CHECK(texts_of(chunk) == std::vector<std::string>{"", "one", "two"});
  CHECK(chunk.item(0).what == What::listening);
  REQUIRE(queue.pop(chunk, Steady::now(), Steady::now()));
  CHECK(chunk.empty());
}

TEST_CASE("an event that finds no room is refused, what else comes is not") {
  EventQueue queue(5);
  REQUIRE(queue.push(What::event, "12345"));
  CHECK_FALSE(queue.push(What::event, "6"));
  CHECK(queue.push(What::states, "[]"));
}

TEST_CASE("before its time a first event is left to gather others") {
  EventQueue queue(1'000);
  REQUIRE(queue.push(What::event, "one"));
  const auto earliest = Steady::now() + 50ms;
  std::thread later([&queue] { static_cast<void>(queue.push(What::event, "two")); });
  EventChunk chunk;
  REQUIRE(queue.pop(chunk, earliest, earliest + 10s));
  CHECK(Steady::now() >= earliest);
  later.join();
  CHECK(texts_of(chunk) == std::vector<std::string>{"one", "two"});
}

TEST_CASE("a great many need not wait for the time") {
  EventQueue queue(EventQueue::k_plenty * 2);
  REQUIRE(queue.push(What::event, "one"));
  std::thread later([&queue] {
    static_cast<void>(queue.push(What::event, std::string(EventQueue::k_plenty, 'x')));
  });
  EventChunk chunk;
  const auto earliest = Steady::now() + 60s;
  REQUIRE(queue.pop(chunk, earliest, earliest));
  later.join();
  CHECK(Steady::now() < earliest);
  CHECK(chunk.size() == 2);
}

TEST_CASE("a chunk gives the memory of states back, and that of a burst") {
  EventChunk chunk;
  const std::string large(EventQueue::k_plenty, 'x');
  chunk.add(What::event, large);
  const std::size_t usual = chunk.capacity();
  chunk.clear();
  CHECK(chunk.capacity() == usual);
  chunk.add(What::states, large);
  chunk.clear();
  CHECK(chunk.capacity() < 100);
  for (int i = 0; i < 5; ++i) chunk.add(What::event, large);
  chunk.clear();
  CHECK(chunk.capacity() < 100);
}

TEST_CASE("neither need the last ones") {
  EventQueue queue(1'000);
  REQUIRE(queue.push(What::event, "one"));
  std::thread later([&queue] { queue.close(); });
  EventChunk chunk;
  const auto earliest = Steady::now() + 60s;
  REQUIRE(queue.pop(chunk, earliest, earliest));
  later.join();
  CHECK(Steady::now() < earliest);
  CHECK(texts_of(chunk) == std::vector<std::string>{"one"});
  CHECK_FALSE(queue.pop(chunk, earliest, earliest));
  CHECK_FALSE(queue.push(What::event, "late"));
}

}  // namespace
}  // namespace haingest::jobs
