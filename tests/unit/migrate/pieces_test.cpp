// SPDX-License-Identifier: MIT
#include "core/migrate/pieces.hpp"

#include <vector>

#include "tests/support/catch.hpp"

namespace haingest::migrate {
namespace {

constexpr std::int64_t k_second = 1'000'000'000;

// A server that takes no question about more than so much.
struct Server {
  std::int64_t most = 0;
  std::size_t answers = 100;  // then it is enough
  std::vector<Span> answered = {};
  std::size_t refused = 0;

  base::Result<bool> ask(const Span& span) {
    if (span.begin < span.end - most) {
      ++refused;
      return base::Error{base::ErrorKind::failure,
                         "Query would scan 432 Parquet files, exceeding the file limit. Use less",
                         {}};
    }
    answered.push_back(span);
    return answered.size() < answers;
  }
  base::Result<bool> ask_all(const Span& whole, Order order) {
    return ask_in_pieces(whole, order, [this](const Span& span) { return ask(span); });
  }
};

TEST_CASE("pieces: one question where the server takes it") {
  Server server{.most = 8 * k_second};
  CHECK(server.ask_all({0, 8 * k_second}, Order::oldest_first).value());
  CHECK(server.answered == std::vector<Span>{{0, 8 * k_second}});
}

TEST_CASE("pieces: halves of what is refused, in the order that is asked for") {
  Server oldest{.most = 2 * k_second};
  CHECK(oldest.ask_all({-4 * k_second, 4 * k_second}, Order::oldest_first).value());
  CHECK(oldest.answered == std::vector<Span>{{-4 * k_second, -2 * k_second},
                                             {-2 * k_second, 0},
                                             {0, 2 * k_second},
                                             {2 * k_second, 4 * k_second}});
  CHECK(oldest.refused == 3);
  Server newest{.most = 2 * k_second, .answers = 2};
  CHECK_FALSE(newest.ask_all({-4 * k_second, 4 * k_second}, Order::newest_first).value());
  CHECK(newest.answered == std::vector<Span>{{2 * k_second, 4 * k_second}, {0, 2 * k_second}});
}

TEST_CASE("pieces: all times are halved without a number that is too large") {
  Server server{.most = k_end / 2, .answers = 1};
  CHECK_FALSE(server.ask_all(k_all_times, Order::oldest_first).value());
  REQUIRE(server.answered.size() == 1);
  CHECK(server.answered[0].begin == k_earliest);
}

TEST_CASE("pieces: what no halving helps is said") {
  Server server{.most = 0};
  const auto asked = server.ask_all({0, 8 * k_second}, Order::oldest_first);
  REQUIRE(asked.has_error());
  CHECK(asked.error().message ==
        "Query would scan 432 Parquet files, exceeding the file limit. Use less");
  CHECK(server.refused == 4);  // of 8, 4, 2 and 1 s
  const auto other = ask_in_pieces(k_all_times, Order::oldest_first, [](const Span&) {
    return base::Result<bool>(base::Error{base::ErrorKind::failure, "no", {}});
  });
  REQUIRE(other.has_error());
  CHECK(other.error().message == "no");
}

}  // namespace
}  // namespace haingest::migrate
