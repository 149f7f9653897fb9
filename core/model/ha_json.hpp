// SPDX-License-Identifier: MIT
// Home Assistant's registry records (JSON) into tables. Tolerant to what integrations really put
// there: numbers where text belongs become text, arrays and objects where a scalar belongs go to
// `extra` (the cell is NULL), fields without a column go to `extra`, lone surrogates become U+FFFD,
// and in JSON that is kept as such a number that no double holds becomes the text of its digits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/model/json_text.hpp"
#include "core/model/table.hpp"

namespace haingest::model {

// What a field that the record does not have becomes.
enum class Missing {
  null,    // a snapshot: HA says nothing, so nothing is there
  absent,  // a bulk upsert: keep what is stored
};

struct ParsedRecords {
  explicit ParsedRecords(Kind kind) : table(kind) {}

  Table table;
  std::size_t skipped = 0;  // without an id; in a bulk upsert also what is no object
  std::vector<std::string> notes;
};

// Parses a JSON array of records. Fails when it is none; a snapshot's, also when an element is no
// object. A bulk upsert's records may name a device's id `device_id`, as ha-ingestor's did.
[[nodiscard]] base::Result<ParsedRecords> parse_records(Kind kind, const JsonText& json_array,
                                                        Missing missing);

// The fields that reconcile works out: device name fallback, entity domain and disabled.
void derive(Kind kind, MutableRow row);

}  // namespace haingest::model
