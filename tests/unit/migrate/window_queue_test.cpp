// SPDX-License-Identifier: MIT
#include "core/migrate/window_queue.hpp"

#include <thread>

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

  void window(std::int64_t begin, const std::vector<std::string>& blocks) {
    REQUIRE(queue.begin(part, {begin, begin + 1}));
    for (const std::string& lines : blocks) REQUIRE(queue.put(block(lines)));
    REQUIRE(queue.end({1, 1}, begin));
  }
};

}  // namespace

TEST_CASE("window queue: the next window waits until the one before is done") {
  Desk desk;
  desk.window(1, {"a", "b"});
  desk.window(2, {"c"});
  CHECK(desk.queue.take()->block.lines == "a");
  CHECK(desk.queue.take()->block.lines == "b");
  std::string third;
  std::thread other([&] { third = desk.queue.take()->block.lines; });
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

TEST_CASE("window queue: who reads waits for room, but for one block always") {
  Desk desk;
  REQUIRE(desk.queue.begin(desk.part, {1, 2}));
  REQUIRE(desk.queue.put(block("more than ten bytes")));
  bool put = false;
  std::thread reader([&] { put = desk.queue.put(block("next")); });
  CHECK(desk.queue.take()->block.lines == "more than ten bytes");
  CHECK(desk.queue.take()->block.lines == "next");
  reader.join();
  CHECK(put);
}

TEST_CASE("window queue: a window that is read again begins anew") {
  Desk desk;
  desk.window(1, {"a"});
  REQUIRE(desk.queue.begin(desk.part, {2, 3}));
  REQUIRE(desk.queue.put(block("half")));
  bool read = false;
  std::vector<std::int64_t> done_before;
  std::thread reader([&] {  // asserts nothing: this thread does
    read = desk.queue.drop();
    done_before = desk.done;
    read = read && desk.queue.begin(desk.part, {2, 3}) && desk.queue.put(block("whole")) &&
           desk.queue.end({1, 1}, 2);
  });
  CHECK(desk.queue.take()->block.lines == "a");
  desk.queue.done();
  // `half` was thrown away, or is on its way before.
  std::string lines = desk.queue.take()->block.lines;
  if (lines == "half") {
    desk.queue.done();
    lines = desk.queue.take()->block.lines;
  }
  CHECK(lines == "whole");
  desk.queue.done();
  reader.join();
  CHECK(read);
  CHECK(done_before == std::vector<std::int64_t>{1});
  CHECK(desk.done == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("window queue: stopped, nobody waits and nothing is done any more") {
  Desk desk;
  desk.window(1, {"a"});
  CHECK(desk.queue.take().has_value());
  bool finished = true;
  bool taken = true;
  std::thread reader([&] { finished = desk.queue.finish(); });
  std::thread writer([&] { taken = desk.queue.take().has_value(); });
  desk.queue.stop();
  reader.join();
  writer.join();
  CHECK_FALSE(finished);
  CHECK_FALSE(taken);
  desk.queue.done();
  CHECK(desk.done.empty());
  CHECK_FALSE(desk.queue.put(block("b")));
}

}  // namespace haingest::migrate
