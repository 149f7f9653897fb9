// SPDX-License-Identifier: MIT
// What core/model needs of simdjson beyond its own interface; included by .cpp files of this room
// only.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

namespace haingest::model {

namespace ondemand = simdjson::ondemand;

// The text of any JSON value as it stands, minified when it has white space.
[[nodiscard]] std::string minified(std::string_view raw);

// A minified array with its elements in the order of their bytes; anything else as it is.
[[nodiscard]] std::string sorted_array(std::string array);

// A scalar's raw token without the white space that simdjson leaves behind it.
[[nodiscard]] std::string_view trimmed(std::string_view raw);

// Decodes a JSON string token, quotes included, that simdjson refuses: a lone surrogate and any
// other escape without a meaning become U+FFFD.
[[nodiscard]] std::string decode_leniently(std::string_view token);

// A value's JSON text; fails where the value is no JSON.
[[nodiscard]] simdjson::error_code raw_json_of(ondemand::value value, std::string_view& raw);

// As model::is_well_formed, of a text that is padded already.
[[nodiscard]] bool is_well_formed(const simdjson::padded_string& json);

// Whether nothing but white space follows what was read.
[[nodiscard]] bool at_end(ondemand::document& document);

}  // namespace haingest::model
