// SPDX-License-Identifier: MIT
#include "core/migrate/window_queue.hpp"

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/catch.hpp"

namespace haingest::migrate {
namespace {

influx::Block block(const std::string& lines) {
  influx::Block block;
  block.lines = lines;
  block.count = 1;
  return block;
}

// A queue, and the begins of the windows that are done.
struct Desk {
  std::vector<std::int64_t> done;
  Part part;
  WindowQueue queue{
      10, [this](const WindowQueue::Ticket& ticket) { done.push_back(ticket.span.begin); }};

  WindowQueue::Open& begin(std::int64_t begin) {
    WindowQueue::Open* window = queue.begin(part, {begin, begin + 1});
    REQUIRE(window != nullptr);
    return *window;
  }

  void window(std::int64_t at, const std::vector<std::string>& blocks) {
    WindowQueue::Open& window = begin(at);
    for (const std::string& lines : blocks) REQUIRE(queue.put(window, block(lines)));
    REQUIRE(queue.end(window, {1, 1}, at));
  }

  std::string take() {
    const auto item = queue.take();
    return item ? item->block.lines : "none";
  }
};

}  // namespace

TEST_CASE("window queue: the next window waits until the one before is done") {
  Desk desk;
  desk.window(1, {"a", "b"});
  desk.window(2, {"c"});
  CHECK(desk.take() == "a");
  CHECK(desk.take() == "b");
  std::string third;
  std::thread other([&] { third = desk.take(); });
  desk.queue.done();
  CHECK(desk.done.empty());
  desk.queue.done();
  other.join();
  CHECK(third == "c");
  CHECK(desk.done == std::vector<std::int64_t>{1});
  desk.queue.done();
  CHECK(desk.queue.finish());
  CHECK(desk.done == std::vector<std::int64_t>{1, 2});
  CHECK_FALSE(desk.queue.take().has_value());
}

TEST_CASE("window queue: windows without lines are done in their turn") {
  Desk desk;
  desk.window(1, {});
  CHECK(desk.done == std::vector<std::int64_t>{1});
  desk.window(2, {"a"});
  desk.window(3, {});
  CHECK(desk.done == std::vector<std::int64_t>{1});
  CHECK(desk.queue.take().has_value());
  desk.queue.done();
  CHECK(desk.done == std::vector<std::int64_t>{1, 2, 3});
}

TEST_CASE("window queue: windows that are read at once are given out and done in their order") {
  Desk desk;
  WindowQueue::Open& first = desk.begin(1);
  WindowQueue::Open& second = desk.begin(2);
  REQUIRE(desk.queue.put(second, block("c")));
  REQUIRE(desk.queue.end(second, {1, 1}, 2));
  REQUIRE(desk.queue.put(first, block("a")));
  REQUIRE(desk.queue.put(first, block("b")));
  CHECK(desk.take() == "a");
  desk.queue.done();
  CHECK(desk.take() == "b");
  desk.queue.done();
  CHECK(desk.done.empty());
  REQUIRE(desk.queue.end(first, {2, 2}, 1));
  CHECK(desk.done == std::vector<std::int64_t>{1});
  CHECK(desk.take() == "c");
  desk.queue.done();
  CHECK(desk.done == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("window queue: who reads waits for room, but for one block of the first window always") {
  Desk desk;
  WindowQueue::Open& window = desk.begin(1);
  REQUIRE(desk.queue.put(window, block("more than ten bytes")));
  bool put = false;
  std::thread reader([&] { put = desk.queue.put(window, block("next")); });
  CHECK(desk.take() == "more than ten bytes");
  CHECK(desk.take() == "next");
  reader.join();
  CHECK(put);
}

TEST_CASE("window queue: half of the room is for the first window alone") {
  Desk desk;
  WindowQueue::Open& first = desk.begin(1);
  WindowQueue::Open& second = desk.begin(2);
  REQUIRE(desk.queue.put(second, block("12345")));
  std::atomic<bool> put = false;
  std::thread reader([&] { put = desk.queue.put(second, block("6")); });
  REQUIRE(desk.queue.put(first, block("abcde")));
  CHECK_FALSE(put);  // ten bytes wait
  CHECK(desk.take() == "abcde");
  desk.queue.done();
  CHECK_FALSE(put);  // five of them are not the first window's
  REQUIRE(desk.queue.end(first, {1, 1}, 1));
  CHECK(desk.take() == "12345");
  CHECK(desk.take() == "6");
  reader.join();
  CHECK(put);
}

TEST_CASE("window queue: a window that is read again begins anew") {
  Desk desk;
  desk.window(1, {"a"});
  WindowQueue::Open& second = desk.begin(2);
  REQUIRE(desk.queue.put(second, block("half")));
  CHECK(desk.queue.drop(second) == std::optional(false));
  REQUIRE(desk.queue.put(second, block("next")));
  CHECK(desk.take() == "a");
  desk.queue.done();
  CHECK(desk.take() == "next");
  std::atomic<bool> read = false;
  std::optional<bool> dropped;
  std::thread reader([&] {  // asserts nothing: this thread does
    dropped = desk.queue.drop(second);
    read = dropped && desk.queue.put(second, block("whole")) && desk.queue.end(second, {1, 1}, 2);
  });
  CHECK_FALSE(read);  // a block of it is on its way
  desk.queue.done();
  CHECK(desk.take() == "whole");
  desk.queue.done();
  reader.join();
  CHECK(dropped == std::optional(true));
  CHECK(read);
  CHECK(desk.done == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("window queue: what cannot be noted ends it, and is not tried again") {
  Part part;
  int tries = 0;
  WindowQueue queue(10, [&](const WindowQueue::Ticket&) {
    ++tries;
    throw std::runtime_error("disk full");
  });
  WindowQueue::Open* first = queue.begin(part, {1, 2});
  WindowQueue::Open* second = queue.begin(part, {2, 3});
  REQUIRE((first != nullptr && second != nullptr));
  CHECK_THROWS_AS(queue.end(*first, {0, 0}, 1), std::runtime_error);
  CHECK_FALSE(queue.end(*second, {0, 0}, 2));
  CHECK_FALSE(queue.finish());
  CHECK(tries == 1);
}

TEST_CASE("window queue: stopped, nobody waits and nothing is done any more") {
  Desk desk;
  desk.window(1, {"a"});
  CHECK(desk.queue.take().has_value());
  WindowQueue::Open& second = desk.begin(2);
  REQUIRE(desk.queue.put(second, block("12345")));
  bool put = true;
  std::thread another([&] { put = desk.queue.put(second, block("6")); });
  bool finished = true;
  bool taken = true;
  std::thread reader([&] { finished = desk.queue.finish(); });
  std::thread writer([&] { taken = desk.queue.take().has_value(); });
  desk.queue.stop();
  another.join();
  reader.join();
  writer.join();
  CHECK_FALSE(put);
  CHECK_FALSE(finished);
  CHECK_FALSE(taken);
  desk.queue.done();
  CHECK(desk.done.empty());
  CHECK(desk.queue.begin(desk.part, {2, 3}) == nullptr);
}

}  // namespace haingest::migrate
