// SPDX-License-Identifier: MIT
// A question about a span of time, asked in as few pieces as the server takes it in.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/error.hpp"
#include "core/migrate/source.hpp"

namespace haingest::migrate {

enum class Order : std::uint8_t { oldest_first, newest_first };

// Asks about the whole; where the server says that this is too much of its files, about each half
// in this order, and so on. InfluxDB 3 Core does with more than 432, which are three days of a
// measurement, before it has sent a row and whatever LIMIT says (`--query-file-limit`; read in its
// source, 3.10). `ask` returns whether to go on: false ends it, and is returned.
[[nodiscard]] base::Result<bool> ask_in_pieces(
    const Span& whole, Order order, const std::function<base::Result<bool>(const Span&)>& ask);

// " WHERE time >= … AND time < …"; nothing for all times.
[[nodiscard]] std::string within(const Span& span);

}  // namespace haingest::migrate
