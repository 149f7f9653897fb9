// SPDX-License-Identifier: MIT
#include "core/influx/claims.hpp"

#include <set>

#include "tests/unit/influx/spool_fixture.hpp"

namespace haingest::influx {
namespace {

using namespace std::chrono_literals;
using test::block_of;
using test::commit_of;
using test::take;

constexpr std::int64_t k_blocks = 60;  // of the backlog, a thousand lines each

class Desk {
 public:
  explicit Desk(std::int64_t blocks) {
    for (std::int64_t i = 0; i < blocks; ++i) take(spool, commit_of(block_of(1'000)));
  }
  std::int64_t comes(bool alone = false) {
    NewBlock block = block_of(1);
    block.alone = alone;
    return take(spool, commit_of(std::move(block)));
  }
  // Their ids; none when there is nothing.
  std::vector<std::int64_t> next() {
    const auto claim = claims.next(0ms);
    if (!claim) return {};
    std::vector<std::int64_t> ids;
    for (const Block& block : claim->blocks) ids.push_back(block.id);
    REQUIRE(claims.finish(*claim).has_value());
    return ids;
  }

  // Whether the spool has nothing left.
  bool all_stored() {
    REQUIRE(claims.acknowledge().has_value());
    return spool.depth("a").blocks == 0;
  }

  test::TempDir folder;
  Spool spool = open();
  Claims claims{spool, "a"};

 private:
  Spool open() const {
    SpoolOptions options;
    options.targets = {"a"};
    return Spool::open(folder.file("spool"), options, base::system_now);
  }
};

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("claims: oldest first") {
  Desk desk(6);
  CHECK(desk.next() == Ids{1, 2, 3, 4, 5});
  const std::int64_t live = desk.comes();
  CHECK(desk.next() == Ids{6, live});
  CHECK(desk.all_stored());
}

TEST_CASE("claims: what is live goes before a backlog, and nothing goes twice or is left") {
  Desk desk(k_blocks);
  std::multiset<std::int64_t> sent;
  const auto send = [&] {
    const Ids ids = desk.next();
    sent.insert(ids.begin(), ids.end());
    return ids;
  };
  CHECK(send() == Ids{1, 2, 3, 4, 5});
  const Ids live{desk.comes(), desk.comes()};
  CHECK(send() == live);
  CHECK(send() == Ids{6, 7, 8, 9, 10});
  // It may replace a line that is still in the backlog.
  const std::int64_t later = desk.comes();
  const std::int64_t alone = desk.comes(true);
  const std::int64_t last = desk.comes();
  CHECK(send() == Ids{later});
  CHECK(send() == Ids{11, 12, 13, 14, 15});
  CHECK_FALSE(desk.all_stored());
  while (sent.count(k_blocks) == 0) REQUIRE(send().back() <= k_blocks);
  CHECK(send() == Ids{alone});
  CHECK(send() == Ids{last});
  CHECK(send().empty());
  CHECK(desk.all_stored());
  CHECK(sent.size() == static_cast<std::size_t>(last));
  CHECK(std::set<std::int64_t>(sent.begin(), sent.end()).size() == sent.size());
}

TEST_CASE("claims: what was live and is lost goes again, and the backlog is not passed over") {
  Desk desk(k_blocks);
  CHECK(desk.next() == Ids{1, 2, 3, 4, 5});
  const std::int64_t live = desk.comes();
  const auto claim = desk.claims.next(0ms);
  REQUIRE(claim);
  REQUIRE(claim->blocks.front().id == live);
  desk.claims.hold(*claim, 1, desk.claims.losses());
  CHECK_FALSE(desk.all_stored());
  desk.claims.lost();
  CHECK(desk.next() == Ids{live});
  CHECK(desk.next() == Ids{6, 7, 8, 9, 10});
}

TEST_CASE("claims: with a live block held, a backlog that is gone is all") {
  Desk desk(k_blocks);
  static_cast<void>(desk.next());
  const std::int64_t live = desk.comes();
  const auto claim = desk.claims.next(0ms);
  REQUIRE(claim);
  desk.claims.hold(*claim, 1, desk.claims.losses());
  Ids ids;
  while (!(ids = desk.next()).empty()) REQUIRE(ids.back() < live);
  CHECK(desk.claims.all_sent());
  CHECK_FALSE(desk.all_stored());
  CHECK(desk.claims.confirm(Claims::Clock::now() + 1s, 0ms) == 1);
  CHECK(desk.all_stored());
}

}  // namespace haingest::influx
