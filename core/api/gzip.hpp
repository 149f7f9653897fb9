// SPDX-License-Identifier: MIT
// gzip for answers, and whether a client takes it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace haingest::api {

// Below this, headers and a second packet cost more than compressing saves.
inline constexpr std::size_t k_gzip_from_bytes = 1024;

[[nodiscard]] std::string gzip(std::string_view text);

// Reads Accept-Encoding: "gzip" or "x-gzip" with a weight above zero ("*" alone is not taken up).
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace haingest::api
