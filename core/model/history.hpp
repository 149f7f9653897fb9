// SPDX-License-Identifier: MIT
// The answer of history_during_period: {"sensor.a":[row,…],…}, rows as in StateReader.
#pragma once

#include <cstdint>
#include <functional>

#include "core/base/error.hpp"
#include "core/model/json_text.hpp"
#include "core/model/state_change.hpp"

namespace haingest::model {

// Calls `see` with each row: an entity's one behind the other, in their order. Views of an
// entity_id are good until the end, of all else until `see` returns. Answers how many rows could
// not be read; an error when the whole is no such object.
[[nodiscard]] base::Result<std::uint64_t> read_history(
    const JsonText& answer, StateReader& reader,
    const std::function<void(const StateChange&)>& see);

}  // namespace haingest::model
