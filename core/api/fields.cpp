// SPDX-License-Identifier: MIT
// Which fields each kind of record shows, in which order.
#include <algorithm>
#include <array>

#include "core/api/records.hpp"

namespace haingest::api {
namespace {

using model::Kind;
using Source = Field::Source;

constexpr std::array k_removal_fields{
    Field{"removed_at", Source::removed_at},
    Field{"removed_why", Source::removed_why},
    Field{"successor", Source::successor},
};

// ha-ingestor's fields, in its order and with its placeholders.
std::vector<Field> old_fields(Kind kind) {
  namespace d = model::device;
  namespace e = model::entity;
  namespace c = model::config_entry;
  switch (kind) {
    case Kind::device:
      return {{"device_id", Source::column, d::device_id},
              {"name", Source::column, d::name},
              {"manufacturer", Source::column, d::manufacturer, "Unknown"},
              {"model", Source::column, d::model, "Unknown"},
              {"sw_version", Source::column, d::sw_version},
              {"area_id", Source::column, d::area_id},
              {"entity_count", Source::entity_count},
              {"timestamp", Source::last_known}};
    case Kind::entity:
      return {{"entity_id", Source::column, e::entity_id},
              {"device_id", Source::column, e::device_id},
              {"domain", Source::column, e::domain},
              {"platform", Source::column, e::platform, "unknown"},
              {"unique_id", Source::column, e::unique_id},
              {"area_id", Source::column, e::area_id},
              {"disabled", Source::column, e::disabled},
              {"timestamp", Source::created}};
    case Kind::config_entry:
      return {{"entry_id", Source::column, c::entry_id},
              {"domain", Source::column, c::domain, "unknown"},
              {"title", Source::column, c::title, "Unknown", c::domain},
              {"state", Source::column, c::state, "unknown"},
              {"version", Source::version_one},
              {"timestamp", Source::last_known}};
    case Kind::area:
    case Kind::floor:
    case Kind::label:
      break;
  }
  return {};
}

std::vector<Field> all_fields(Kind kind) {
  std::vector<Field> fields = old_fields(kind);
  const std::size_t old = fields.size();
  const auto columns = model::columns_of(kind);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto shown_already = [&](const Field& field) { return field.name == columns[i].name; };
    const auto end = fields.begin() + static_cast<std::ptrdiff_t>(old);
    if (std::none_of(fields.begin(), end, shown_already)) {
      fields.push_back({columns[i].name, Source::column, i});
    }
  }
  if (old == 0) fields.push_back({"timestamp", Source::last_known});
  if (kind == Kind::device || kind == Kind::entity) {
    fields.push_back({"effective_area", Source::effective_area});
  }
  return fields;
}

}  // namespace

std::span<const Field> fields_of(Kind kind) {
  static const std::vector<std::vector<Field>> all = [] {
    std::vector<std::vector<Field>> kinds;
    kinds.reserve(model::k_kind_count);
    for (const Kind each : model::k_kinds) kinds.push_back(all_fields(each));
    return kinds;
  }();
  return all[model::index_of(kind)];
}

std::span<const Field> removal_fields() { return k_removal_fields; }

const Field* find_field(Kind kind, std::string_view name) {
  for (const std::span<const Field> fields : {fields_of(kind), removal_fields()}) {
    const auto found = std::ranges::find(fields, name, &Field::name);
    if (found != fields.end()) return &*found;
  }
  return nullptr;
}

}  // namespace haingest::api
