// SPDX-License-Identifier: MIT
// A hash map by text that is asked with views, without a string made for each question.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace haingest::base {

struct TextHash : std::hash<std::string_view> {
  using is_transparent = void;
};

template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

}  // namespace haingest::base
