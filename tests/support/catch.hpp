// SPDX-License-Identifier: MIT
// Catch2 v2 (Debian 12) or v3 (later): the one place that knows the difference.
#pragma once

#include <string>

#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_all.hpp>
namespace haingest::test {
using Catch::Matchers::ContainsSubstring;
}
#else
#include <catch2/catch.hpp>
namespace haingest::test {
// The name in v3.
[[nodiscard]] inline auto ContainsSubstring(const std::string& text) {
  return Catch::Matchers::Contains(text);
}
}  // namespace haingest::test
#endif
