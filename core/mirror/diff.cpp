// SPDX-License-Identifier: MIT
#include "core/mirror/diff.hpp"

#include <nlohmann/json.hpp>

#include "core/mirror/match.hpp"
#include "core/model/ha_json.hpp"

namespace haingest::mirror {
namespace {

using model::Kind;
using model::Origin;
using model::Type;

// Equal but for the order of keys and white space; asked only where the texts differ.
bool same_json(std::string_view a, std::string_view b) {
  const auto left = nlohmann::json::parse(a, nullptr, false);
  const auto right = nlohmann::json::parse(b, nullptr, false);
  return !left.is_discarded() && !right.is_discarded() && left == right;
}

void append_field(std::string& json, const model::Column& column, model::Value value) {
  json += json.empty() ? "{\"" : ",\"";
  json += column.name;
  json += "\":";
  model::append_json(json, column.type, value);
}

}  // namespace

Difference merge(Kind kind, model::MutableRow merged, model::Row stored) {
  const auto columns = model::columns_of(kind);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (merged[i].is_absent()) merged[i] = stored[i];
  }
  model::derive(kind, merged);
  const model::Tail tail = model::tail_of(kind);
  merged[tail.first_seen] = stored[tail.first_seen];
  merged[tail.last_seen] = stored[tail.last_seen];
  Difference difference;
  difference.to_write = merged[tail.confirmed] != stored[tail.confirmed];
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].origin == Origin::ours || merged[i] == stored[i]) continue;
    if (columns[i].type == Type::json && merged[i].has_text() && stored[i].has_text() &&
        same_json(merged[i].text(), stored[i].text())) {
      merged[i] = stored[i];
      continue;
    }
    difference.to_write = true;
    // Getting its registry id is part of being confirmed, which is no change by itself.
    if (kind == Kind::entity && i == model::entity::registry_id && stored[i].is_null()) continue;
    append_field(difference.before, columns[i], stored[i]);
    append_field(difference.after, columns[i], merged[i]);
    difference.renamed = difference.renamed || (kind == Kind::entity && i == model::k_key_column);
  }
  difference.changed = !difference.after.empty();
  if (difference.changed) {
    difference.before += '}';
    difference.after += '}';
  }
  return difference;
}

void settle_new(Kind kind, model::MutableRow row) {
  for (model::Value& cell : row) {
    if (cell.is_absent()) cell = model::Value{};
  }
  model::derive(kind, row);
}

}  // namespace haingest::mirror
