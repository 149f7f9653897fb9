// SPDX-License-Identifier: MIT
// The six kinds of record that Home Assistant's registries hold, and the columns that haingest
// keeps of each. This is the one table that parsing, the store's schema, comparison, the data API
// and the command line's columns are driven by: a new column is one new row here.
//
// Source of the fields: facts of HA 2022 to 2026.11, `config/*_registry/list` and
// `config_entries/get`; names are HA's own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace haingest::model {

enum class Kind { device, entity, area, floor, label, config_entry };

inline constexpr std::array k_kinds{Kind::device, Kind::entity, Kind::area,
                                    Kind::floor,  Kind::label,  Kind::config_entry};
inline constexpr std::size_t k_kind_count = k_kinds.size();

[[nodiscard]] constexpr std::size_t index_of(Kind kind) { return static_cast<std::size_t>(kind); }

// "device", "config_entry": the word in `changes.kind` and in JSON.
[[nodiscard]] std::string_view name_of(Kind kind);
// "devices", "config_entries": the table, the key of `discover`'s JSON and the command's argument.
[[nodiscard]] std::string_view plural_of(Kind kind);
// "1 device", "94 devices".
[[nodiscard]] std::string counted(Kind kind, std::int64_t count);
[[nodiscard]] std::optional<Kind> kind_from_plural(std::string_view plural);

// What a cell's text means. Cells are text or NULL whatever their type.
enum class Type {
  text,
  json,     // an array or object, minified
  boolean,  // "0" or "1"
  integer,  // decimal digits
  time,     // "YYYY-MM-DD HH:MM:SS.ffffff", UTC
};

// Where a cell comes from.
enum class Origin {
  ha,       // the field of HA's record that `ha_field` names
  derived,  // worked out of HA's records by core/model
  ours,     // haingest's own book-keeping: written with its row, never a change by itself
};

struct Column {
  std::string_view name;
  Type type = Type::text;
  Origin origin = Origin::ha;
  std::string_view ha_field = {};  // empty: the same as `name`
};

[[nodiscard]] std::span<const Column> columns_of(Kind kind);
[[nodiscard]] std::optional<std::size_t> column_index(Kind kind, std::string_view name);

// The column whose value is the record's identity: the registry id of an entity, else the key.
[[nodiscard]] std::size_t identity_column(Kind kind);
// The table's primary key: the first column of every kind.
inline constexpr std::size_t k_key_column = 0;
// The column that people read as the record's name.
[[nodiscard]] std::size_t name_column(Kind kind);

// Columns by name. Each enum lists the rows of its table in kind.cpp in the same order.
namespace device {
enum : std::size_t {
  device_id,
  name,
  name_by_user,
  manufacturer,
  model,
  model_id,
  sw_version,
  hw_version,
  serial_number,
  area_id,
  integration,
  config_entry_id,
  config_subentry_id,
  via_device_id,
  parent_device_id,
  entry_type,
  disabled_by,
  configuration_url,
  suggested_area,
  identifiers,
  connections,
  labels,
  created_at,
  modified_at,
  last_seen,
  first_seen,
  confirmed,
  extra,
  count
};
}
namespace entity {
enum : std::size_t {
  entity_id,
  registry_id,
  device_id,
  domain,
  platform,
  unique_id,
  name,
  original_name,
  area_id,
  disabled,
  disabled_by,
  hidden_by,
  entity_category,
  device_class,
  unit,
  icon,
  labels,
  created_at,
  modified_at,
  last_seen,
  first_seen,
  confirmed,
  extra,
  count
};
}
namespace area {
enum : std::size_t {
  area_id,
  name,
  floor_id,
  icon,
  picture,
  aliases,
  labels,
  temperature_entity_id,
  humidity_entity_id,
  created_at,
  modified_at,
  last_seen,
  first_seen,
  confirmed,
  extra,
  count
};
}
namespace floor {
enum : std::size_t {
  floor_id,
  name,
  level,
  icon,
  aliases,
  created_at,
  modified_at,
  last_seen,
  first_seen,
  confirmed,
  extra,
  count
};
}
namespace label {
enum : std::size_t {
  label_id,
  name,
  icon,
  color,
  description,
  created_at,
  modified_at,
  last_seen,
  first_seen,
  confirmed,
  extra,
  count
};
}
namespace config_entry {
enum : std::size_t {
  entry_id,
  domain,
  title,
  source,
  state,
  disabled_by,
  reason,
  created_at,
  modified_at,
  last_seen,
  first_seen,
  confirmed,
  extra,
  count
};
}

// The four columns at the end of every kind, counted from the end.
struct Tail {
  std::size_t last_seen, first_seen, confirmed, extra;
};
[[nodiscard]] Tail tail_of(Kind kind);

}  // namespace haingest::model
