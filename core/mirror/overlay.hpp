// SPDX-License-Identifier: MIT
// Records that name some of their fields only (a bulk upsert's) over what is there. Pure.
#pragma once

#include "core/model/table.hpp"

namespace haingest::mirror {

// What `below`, the same record as it was, has in `extra` and `row` does not name, goes into the
// row's. The new text is kept in `room`.
void lay_over(model::Kind kind, model::MutableRow row, model::Row below, model::Table& room);

// The records with those of one thing made into one: a later one over an earlier. They are of one
// thing by id; an entity's record without a registry id is of whoever has its entity_id by then.
// Both tables must outlive what comes back.
[[nodiscard]] model::Table one_after_another(const model::Table& records,
                                             const model::Table& stored);

}  // namespace haingest::mirror
