// SPDX-License-Identifier: MIT
// A token or password. It has no way to be printed, compared or serialised by accident; reveal()
// is called only where the bytes go onto the wire or into a comparison made for that purpose.
#pragma once

#include <string>
#include <string_view>

namespace haingest::base {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
  [[nodiscard]] std::string_view reveal() const noexcept { return text_; }

 private:
  void wipe() noexcept;

  std::string text_;
};

// Equality in a time that depends on the lengths alone.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace haingest::base
