// SPDX-License-Identifier: MIT
// The column `extra`: a JSON object of the fields that have no column, or no value that fits it.
#pragma once

#include <string>
#include <string_view>

#include "core/model/table.hpp"

namespace haingest::model {

// The `extra` of a record that names some of its fields only, as a bulk upsert's does, over the
// `extra` that was there before: the fields that it names count, whether they have a column now or
// not; the others stay. Empty when none is left.
[[nodiscard]] std::string extra_over(Kind kind, Row record, std::string_view before);

}  // namespace haingest::model
