// SPDX-License-Identifier: MIT
// Which answers are worth gzip, and whether a client takes it. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace haingest::api {

// Below this, headers and a second packet cost more than compressing saves.
inline constexpr std::size_t k_gzip_from_bytes = 1024;

// Reads Accept-Encoding: "gzip" or "x-gzip" with a weight above zero ("*" alone is not taken up).
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace haingest::api
