// SPDX-License-Identifier: MIT
// Rows that were kept as JSON in `removed`, back into cells.
#include <nlohmann/json.hpp>

#include "core/api/records.hpp"

namespace haingest::api {
namespace {

using nlohmann::json;

std::string cell_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "1" : "0";
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

model::Table table_of(model::Kind kind, const std::vector<store::RemovedRecord>& removed) {
  const auto columns = model::columns_of(kind);
  model::Table table(kind);
  table.reserve(removed.size());
  for (const store::RemovedRecord& record : removed) {
    const json whole = json::parse(record.record, nullptr, false);
    model::MutableRow row = table.append();
    row[model::identity_column(kind)] = table.keep(record.id);
    if (!whole.is_object()) continue;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto found = whole.find(columns[i].name);
      if (found == whole.end() || found->is_null()) continue;
      row[i] = table.keep(cell_text(*found));
    }
  }
  return table;
}

}  // namespace haingest::api
