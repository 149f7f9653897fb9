// SPDX-License-Identifier: MIT
#include "core/model/kind.hpp"

#include <algorithm>

namespace haingest::model {
namespace {

constexpr Column derived(std::string_view name, Type type = Type::text) {
  return {name, type, Origin::derived};
}
constexpr Column k_last_seen{"last_seen", Type::time, Origin::ours};
constexpr Column k_first_seen{"first_seen", Type::time, Origin::ours};
constexpr Column k_confirmed{"confirmed", Type::boolean, Origin::ours};
constexpr Column k_extra{"extra", Type::json, Origin::derived};

constexpr std::array k_device_columns{
    Column{"device_id", Type::text, Origin::ha, "id"},
    Column{"name"},
    Column{"name_by_user"},
    Column{"manufacturer"},
    Column{"model"},
    Column{"model_id"},
    Column{"sw_version"},
    Column{"hw_version"},
    Column{"serial_number"},
    Column{"area_id"},
    derived("integration"),
    Column{"config_entry_id"},
    Column{"config_subentry_id"},
    Column{"via_device_id"},
    Column{"parent_device_id"},
    Column{"entry_type"},
    Column{"disabled_by"},
    Column{"configuration_url"},
    Column{"suggested_area"},
    Column{"identifiers", Type::json},
    Column{"connections", Type::json},
    Column{"labels", Type::json},
    Column{"created_at", Type::time},
    Column{"modified_at", Type::time},
    k_last_seen,
    k_first_seen,
    k_confirmed,
    k_extra,
};
static_assert(k_device_columns.size() == device::count);

constexpr std::array k_entity_columns{
    Column{"entity_id"},
    Column{"registry_id", Type::text, Origin::ha, "id"},
    Column{"device_id"},
    derived("domain"),
    Column{"platform"},
    Column{"unique_id"},
    Column{"name"},
    Column{"original_name"},
    Column{"area_id"},
    derived("disabled", Type::boolean),
    Column{"disabled_by"},
    Column{"hidden_by"},
    Column{"entity_category"},
    derived("device_class"),
    derived("unit"),
    Column{"icon"},
    Column{"labels", Type::json},
    Column{"created_at", Type::time},
    Column{"modified_at", Type::time},
    k_last_seen,
    k_first_seen,
    k_confirmed,
    k_extra,
};
static_assert(k_entity_columns.size() == entity::count);

constexpr std::array k_area_columns{
    Column{"area_id"},
    Column{"name"},
    Column{"floor_id"},
    Column{"icon"},
    Column{"picture"},
    Column{"aliases", Type::json},
    Column{"labels", Type::json},
    Column{"temperature_entity_id"},
    Column{"humidity_entity_id"},
    Column{"created_at", Type::time},
    Column{"modified_at", Type::time},
    k_last_seen,
    k_first_seen,
    k_confirmed,
    k_extra,
};
static_assert(k_area_columns.size() == area::count);

constexpr std::array k_floor_columns{
    Column{"floor_id"},
    Column{"name"},
    Column{"level", Type::integer},
    Column{"icon"},
    Column{"aliases", Type::json},
    Column{"created_at", Type::time},
    Column{"modified_at", Type::time},
    k_last_seen,
    k_first_seen,
    k_confirmed,
    k_extra,
};
static_assert(k_floor_columns.size() == floor::count);

constexpr std::array k_label_columns{
    Column{"label_id"},
    Column{"name"},
    Column{"icon"},
    Column{"color"},
    Column{"description"},
    Column{"created_at", Type::time},
    Column{"modified_at", Type::time},
    k_last_seen,
    k_first_seen,
    k_confirmed,
    k_extra,
};
static_assert(k_label_columns.size() == label::count);

constexpr std::array k_config_entry_columns{
    Column{"entry_id"},
    Column{"domain"},
    Column{"title"},
    Column{"source"},
    Column{"state"},
    Column{"disabled_by"},
    Column{"reason"},
    Column{"created_at", Type::time},
    Column{"modified_at", Type::time},
    k_last_seen,
    k_first_seen,
    k_confirmed,
    k_extra,
};
static_assert(k_config_entry_columns.size() == config_entry::count);

struct KindRow {
  std::string_view name;
  std::string_view plural;
  std::span<const Column> columns;
  std::size_t identity;
  std::size_t people_name;
};

constexpr std::array<KindRow, k_kind_count> k_table{{
    {"device", "devices", k_device_columns, device::device_id, device::name},
    {"entity", "entities", k_entity_columns, entity::registry_id, entity::name},
    {"area", "areas", k_area_columns, area::area_id, area::name},
    {"floor", "floors", k_floor_columns, floor::floor_id, floor::name},
    {"label", "labels", k_label_columns, label::label_id, label::name},
    {"config_entry", "config_entries", k_config_entry_columns, config_entry::entry_id,
     config_entry::title},
}};

const KindRow& row_of(Kind kind) { return k_table[index_of(kind)]; }

}  // namespace

std::string_view name_of(Kind kind) { return row_of(kind).name; }
std::string_view plural_of(Kind kind) { return row_of(kind).plural; }
std::span<const Column> columns_of(Kind kind) { return row_of(kind).columns; }
std::size_t identity_column(Kind kind) { return row_of(kind).identity; }
std::size_t name_column(Kind kind) { return row_of(kind).people_name; }

std::string counted(Kind kind, std::int64_t count) {
  return std::to_string(count) + " " + std::string{count == 1 ? name_of(kind) : plural_of(kind)};
}

std::optional<Kind> kind_from_plural(std::string_view plural) {
  const auto at = std::ranges::find(k_table, plural, &KindRow::plural);
  if (at == k_table.end()) return std::nullopt;
  return static_cast<Kind>(at - k_table.begin());
}

std::optional<std::size_t> column_index(Kind kind, std::string_view name) {
  const auto columns = columns_of(kind);
  const auto at = std::ranges::find(columns, name, &Column::name);
  if (at == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(at - columns.begin());
}

Tail tail_of(Kind kind) {
  const std::size_t count = columns_of(kind).size();
  return {count - 4, count - 3, count - 2, count - 1};
}

}  // namespace haingest::model
