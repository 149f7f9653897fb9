// SPDX-License-Identifier: MIT
// Which fields a record has in which release of Home Assistant. The house keeps every field it
// knows; rendering leaves out what the release of that day does not have. Private to the fakes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tests/fakes/ha_version.hpp"

namespace haingest::fakes {

// Keeps the order of keys, as Home Assistant's own encoder does.
using Json = nlohmann::ordered_json;

enum class RecordKind { device, entity, area, floor, label, config_entry, state };

// Appends `record` as one JSON object with the fields that `version` has. Keys that no table names
// (fields from the future) always stay.
void render_record(std::string& out, RecordKind kind, const Json& record, HaVersion version);

// Stands for a lone surrogate (U+D83D without its other half), which no string can hold; text_of()
// writes it as the escape that Python's encoder would. A private-use character.
inline constexpr std::string_view k_lone_surrogate_mark = "\xee\x80\x80";  // U+E000

// JSON text of a value. Text that is no UTF-8 gets U+FFFD.
[[nodiscard]] std::string text_of(const Json& value);

// Whether a member is this text.
[[nodiscard]] bool text_is(const Json& record, std::string_view key, std::string_view text);

// A member's text, or "" when it is absent, null or no string.
[[nodiscard]] std::string text_in(const Json& record, std::string_view key);

}  // namespace haingest::fakes
