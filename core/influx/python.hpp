// SPDX-License-Identifier: MIT
// What Python makes of texts and of JSON values: layout `home-assistant` has to, since Home
// Assistant's own integration writes float(value) and str(value). Tried with Python 3.11. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace haingest::influx {

// float(text); none where Python raises ValueError. May be infinite or NaN.
[[nodiscard]] std::optional<double> python_float(std::string_view text);

// Appends str(value) of a JSON array, object or number. Characters that are assigned to nothing
// count as printable, which Python escapes; what is no JSON is appended somehow.
void append_python_str(std::string& out, std::string_view json);

// The number that the integration scrapes out of a text that is none: all its digits and its only
// dot, when two digits stand together or beside that dot ("v1.25-b3" -> 1.253). None otherwise, and
// for one that no double holds.
[[nodiscard]] std::optional<double> scraped_number(std::string_view text);

}  // namespace haingest::influx
