// SPDX-License-Identifier: MIT
// Home Assistant's version numbers, compared as the official JavaScript client does: by their
// leading numbers, so that "2026.9.0b3" and "2026.11.0.dev0" count as 2026.9 and 2026.11.
#pragma once

#include <compare>
#include <string_view>

namespace haingest::fakes {

struct HaVersion {
  int year = 0;
  int month = 0;

  auto operator<=>(const HaVersion&) const = default;
};

// Throws std::invalid_argument for what does not begin with YEAR.MONTH.
[[nodiscard]] HaVersion parse_ha_version(std::string_view text);

// The releases that changed what this fake says (the same facts that haingest is built on).
inline constexpr HaVersion k_ha_floors_labels{2024, 3};
inline constexpr HaVersion k_ha_fine_stamps{2024, 5};  // not in 2024.3, but in 2026.11
inline constexpr HaVersion k_ha_timestamps{2024, 8};
inline constexpr HaVersion k_ha_single_entry_devices{2026, 8};
inline constexpr HaVersion k_ha_child_devices{2026, 9};

}  // namespace haingest::fakes
