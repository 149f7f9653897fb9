// SPDX-License-Identifier: MIT
#include "tests/fakes/ha_version.hpp"

#include <charconv>
#include <stdexcept>
#include <string>

namespace haingest::fakes {

HaVersion parse_ha_version(std::string_view text) {
  HaVersion version;
  const char* const end = text.data() + text.size();
  const auto year = std::from_chars(text.data(), end, version.year);
  const bool has_month = year.ec == std::errc{} && year.ptr != end && *year.ptr == '.';
  if (!has_month || std::from_chars(year.ptr + 1, end, version.month).ec != std::errc{}) {
    throw std::invalid_argument("no Home Assistant version: " + std::string(text));
  }
  return version;
}

}  // namespace haingest::fakes
