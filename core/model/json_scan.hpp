// SPDX-License-Identifier: MIT
// What core/model needs of simdjson beyond its own interface; included by .cpp files of this room
// only.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "core/model/json_text.hpp"

namespace haingest::model {

namespace ondemand = simdjson::ondemand;

static_assert(JsonText::k_padding >= simdjson::SIMDJSON_PADDING);

// The text as simdjson takes it, without a copy; it must outlive the document.
[[nodiscard]] inline simdjson::padded_string_view padded(const JsonText& json) {
  const std::string_view text = json;
  return simdjson::padded_string_view(text.data(), text.size(), text.size() + JsonText::k_padding);
}

[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The text of any JSON value as it stands, minified when it has white space.
[[nodiscard]] std::string minified(std::string_view raw);

// A minified array with its elements in the order of their bytes; anything else as it is.
[[nodiscard]] std::string sorted_array(std::string array);

// A scalar's raw token without the white space that simdjson leaves behind it.
[[nodiscard]] std::string_view trimmed(std::string_view raw);

// The code unit of "uXXXX" at the front of `text`, -1 when that is not there.
[[nodiscard]] int code_unit(std::string_view text);

// Decodes a JSON string token, quotes included, that simdjson refuses: a lone surrogate and any
// other escape without a meaning become U+FFFD.
[[nodiscard]] std::string decode_leniently(std::string_view token);

// A value's JSON text; fails where the value is no JSON.
[[nodiscard]] simdjson::error_code raw_json_of(ondemand::value value, std::string_view& raw);

// As model::is_well_formed, of a document that was made of `json`; rewinds it.
[[nodiscard]] bool is_well_formed(ondemand::document& document, std::string_view json);

// Whether nothing but white space follows what was read.
[[nodiscard]] bool at_end(ondemand::document& document);

}  // namespace haingest::model
