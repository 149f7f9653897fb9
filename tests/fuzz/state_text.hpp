// SPDX-License-Identifier: MIT
// What the fuzzers of states share: attributes written as JSON again, and moments that are some.
#pragma once

#include <string>

#include "core/base/text.hpp"
#include "core/base/timestamp.hpp"
#include "core/model/state_change.hpp"
#include "tests/fuzz/input.hpp"

namespace haingest::fuzz {

inline std::string attributes_json(const model::StateChange& change) {
  std::string json = "{";
  for (const model::Attribute& attribute : change.attributes) {
    if (json.size() > 1) json += ',';
    base::append_json_string(json, attribute.name);
    json += ':';
    if (attribute.type == model::Attribute::Type::text) {
      base::append_json_string(json, attribute.value);
    } else {
      json += attribute.type == model::Attribute::Type::null ? "null" : attribute.value;
    }
  }
  return json + "}";
}

// Both can be written and read again, which what is infinite or no year of four digits can not.
inline void require_moments(const model::StateChange& change) {
  for (const base::Timestamp moment : {change.last_updated, change.last_changed}) {
    require(base::parse_timestamp(base::to_iso_text(moment)) == moment);
  }
}

}  // namespace haingest::fuzz
