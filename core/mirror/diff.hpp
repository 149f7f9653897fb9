// SPDX-License-Identifier: MIT
// One record against its stored row.
#pragma once

#include <string>

#include "core/base/timestamp.hpp"
#include "core/model/change.hpp"
#include "core/model/table.hpp"

namespace haingest::mirror {

struct Difference {
  bool to_write = false;  // the row must be written
  bool changed = false;   // and it is a change that people see
  bool renamed = false;   // the entity_id is another
  std::string before;     // JSON objects of the changed fields
  std::string after;
};

// Fills the absent cells of `merged` (a copy of what HA says) from the stored row, keeps the stored
// form of JSON that means the same, and says what differs.
[[nodiscard]] Difference merge(model::Kind kind, model::MutableRow merged, model::Row stored);

// Absent cells of a new row become NULL.
void settle_new(model::Kind kind, model::MutableRow row);

}  // namespace haingest::mirror
