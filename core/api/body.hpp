// SPDX-License-Identifier: MIT
// What is looked at in a JSON body before it is parsed: how deep it goes, and where the values of
// its outermost object lie. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace haingest::api {

// Whether no bracket of `json` is nested deeper than `limit`. Says nothing about anything else.
[[nodiscard]] bool is_within_depth(std::string_view json, std::size_t limit);

// The text of the array under `key` in an outermost object, or `json` itself when it is an array;
// empty when there is neither. Lenient: the parser behind it decides what is JSON.
[[nodiscard]] std::string_view find_array(std::string_view json, std::string_view key);

}  // namespace haingest::api
