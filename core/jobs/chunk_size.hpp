// SPDX-License-Identifier: MIT
// How much history is asked for at once. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace haingest::jobs {

// Home Assistant answers a request whole, and cuts no answer short: an entity with a change a
// second and large attributes is 3 MB an hour. It starts carefully and grows with small answers.
class ChunkSize {
 public:
  [[nodiscard]] std::size_t entities() const { return entities_; }
  [[nodiscard]] std::chrono::seconds window() const { return window_; }

  void answered(std::size_t bytes) {
    if (bytes > k_large) shrink();
    if (bytes > k_small) return;
    if (entities_ < k_most_entities) {
      entities_ = std::min(entities_ * 2, k_most_entities);
    } else {
      window_ = std::min(window_ * 4, k_longest);
    }
  }
  // False when it cannot be less.
  bool shrink() {
    if (window_ > k_shortest) {
      window_ = std::max(window_ / 4, k_shortest);
    } else if (entities_ > 1) {
      entities_ /= 2;
    } else {
      return false;
    }
    return true;
  }

 private:
  static constexpr std::size_t k_small = std::size_t{512} << 10U;
  static constexpr std::size_t k_large = std::size_t{4} << 20U;
  static constexpr std::size_t k_most_entities = 50;
  static constexpr std::chrono::seconds k_shortest{60};
  static constexpr std::chrono::seconds k_longest{std::chrono::days{400}};

  std::size_t entities_ = k_most_entities;
  std::chrono::seconds window_{600};
};

}  // namespace haingest::jobs
