// SPDX-License-Identifier: MIT
// Small questions about text that several rooms ask.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace haingest::base {

// U+FFFD, in place of what is no character.
inline constexpr std::string_view k_replacement = "\xEF\xBF\xBD";

// Appends `text` as a JSON string, quotes included. Bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// `text` with every byte that is no UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string repair_utf8(std::string_view text);

// Shell globs (* ? [..]) over the whole text; letters match in either case.
[[nodiscard]] bool matches_glob(std::string_view text, const std::string& glob);

// Whether every [ of a glob has its ]; one that has none stands for itself, which nobody means.
[[nodiscard]] bool closes_brackets(std::string_view glob);

// Whether `needle` stands in `text`, ASCII letters in either case.
[[nodiscard]] bool contains_ignoring_case(std::string_view text, std::string_view needle);

// The candidate that a mistyped word most likely meant, or "": the shortest that begins with it,
// else the one with the fewest wrong letters.
[[nodiscard]] std::string closest_to(std::string_view word,
                                     const std::vector<std::string>& candidates);

}  // namespace haingest::base
