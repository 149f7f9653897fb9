// SPDX-License-Identifier: MIT
// JSON that every reader takes. Two things pass JSON's grammar and stop many parsers: an escape of
// half a surrogate pair, and a number that no double holds.
#pragma once

#include <string>

namespace haingest::model {

// The well-formed `json` with a lone surrogate's escape replaced by U+FFFD, as it is in texts, and
// a number that no double holds by the text of its digits, as it is in columns: 1e400 -> "1e400".
// Everything else stays byte for byte.
[[nodiscard]] std::string portable_json(std::string json);

}  // namespace haingest::model
