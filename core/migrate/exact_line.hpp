// SPDX-License-Identifier: MIT
// Line protocol from which InfluxDB 1 and 2 get the bytes that stood in the other one. What they
// cannot store does not come out of them either: a name that ends with a backslash, a line feed
// without one before it, an empty tag. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace haingest::migrate {

void append_exact_measurement(std::string& out, std::string_view name);
// A tag's key or its value.
void append_exact_name(std::string& out, std::string_view name);
void append_exact_field_key(std::string& out, std::string_view name);
// In quotes, of any length.
void append_exact_text(std::string& out, std::string_view text);
void append_integer(std::string& out, std::int64_t value);            // "-5i"
void append_unsigned_integer(std::string& out, std::uint64_t value);  // "5u"

}  // namespace haingest::migrate
