// SPDX-License-Identifier: MIT
#include "core/base/secret.hpp"

#include <sstream>
#include <type_traits>

#include "tests/support/catch.hpp"

using haingest::base::Secret;

namespace {
template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
}  // namespace

TEST_CASE("secret: cannot be printed, compared or turned into text by accident") {
  STATIC_REQUIRE_FALSE(Printable<Secret>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Secret, std::string>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::string, Secret>);
}

TEST_CASE("secret: moving leaves nothing behind") {
  Secret from{std::string{"short"}};
  const Secret to{std::move(from)};
  CHECK(to.reveal() == "short");
  CHECK(from.empty());  // NOLINT(bugprone-use-after-move): this is what is tested
}

TEST_CASE("secret: constant-time equality is equality") {
  using haingest::base::equal_in_constant_time;
  CHECK(equal_in_constant_time("abc", "abc"));
  CHECK_FALSE(equal_in_constant_time("abc", "abd"));
  CHECK_FALSE(equal_in_constant_time("abc", "abcd"));
  CHECK(equal_in_constant_time("", ""));
}
