// SPDX-License-Identifier: MIT
// What `?name=value` means for each kind of record.
#include <algorithm>

#include "core/api/views.hpp"

namespace haingest::api {
namespace {

using model::Kind;
using model::Row;
using model::World;

struct Filter {
  std::string_view name;
  bool (*passes)(const World&, Kind, const Record&, std::string_view wanted);
};

// The field as it is shown says what it is compared to: "Unknown" finds what has no manufacturer.
template <const char* name>
bool equals(const World& world, Kind kind, const Record& record, std::string_view wanted) {
  static constexpr std::string_view k_name{name};
  const Field* field = find_field(kind, k_name);
  return field != nullptr && shown(world, kind, record, *field).text == wanted;
}

// Whether a JSON array of strings holds `wanted`; ids have no escapes.
bool holds(std::string_view array, std::string_view wanted) {
  std::string quoted = "\"";
  quoted += wanted;
  quoted += '"';
  return array.find(quoted) != std::string_view::npos;
}

bool has_label(const World& /*world*/, Kind kind, const Record& record, std::string_view wanted) {
  const auto column = model::column_index(kind, "labels");
  return column && holds(record.row[*column].text(), wanted);
}

bool on_floor(const World& world, Kind kind, const Record& record, std::string_view wanted) {
  const Field* field = find_field(kind, "effective_area");
  const auto area = world.find(Kind::area, shown(world, kind, record, *field).text);
  return area && (*area)[model::area::floor_id].text() == wanted;
}

// A device passes when one of its entities does.
template <std::size_t column>
bool any_entity(const World& world, Kind /*kind*/, const Record& record, std::string_view wanted) {
  const auto& entities = world.entities_of_device(record.row[model::k_key_column].text());
  return std::ranges::any_of(entities, [&](std::size_t i) {
    return world.of(Kind::entity).row(i)[column].text() == wanted;
  });
}

constexpr char k_manufacturer[] = "manufacturer";
constexpr char k_model[] = "model";
constexpr char k_area_id[] = "area_id";
constexpr char k_effective_area[] = "effective_area";
constexpr char k_integration[] = "integration";
constexpr char k_config_entry_id[] = "config_entry_id";
constexpr char k_domain[] = "domain";
constexpr char k_platform[] = "platform";
constexpr char k_device_class[] = "device_class";
constexpr char k_entity_category[] = "entity_category";
constexpr char k_disabled[] = "disabled";
constexpr char k_floor_id[] = "floor_id";
constexpr char k_state[] = "state";

bool of_device(const World& world, Kind /*kind*/, const Record& record, std::string_view wanted) {
  if (record.row[model::entity::device_id].text() == wanted) return true;
  const auto successor = world.find_device_or_successor(wanted);
  return successor && record.row[model::entity::device_id].has_text() &&
         record.row[model::entity::device_id] == (*successor)[model::k_key_column];
}

constexpr std::array k_device_filters{
    Filter{"manufacturer", equals<k_manufacturer>},
    Filter{"model", equals<k_model>},
    Filter{"area_id", equals<k_area_id>},
    Filter{"effective_area", equals<k_effective_area>},
    Filter{"floor_id", on_floor},
    Filter{"platform", any_entity<model::entity::platform>},
    Filter{"domain", any_entity<model::entity::domain>},
    Filter{"integration", equals<k_integration>},
    Filter{"config_entry_id", equals<k_config_entry_id>},
    Filter{"label", has_label},
};
constexpr std::array k_entity_filters{
    Filter{"domain", equals<k_domain>},
    Filter{"platform", equals<k_platform>},
    Filter{"device_id", of_device},
    Filter{"area_id", equals<k_area_id>},
    Filter{"effective_area", equals<k_effective_area>},
    Filter{"floor_id", on_floor},
    Filter{"device_class", equals<k_device_class>},
    Filter{"entity_category", equals<k_entity_category>},
    Filter{"disabled", equals<k_disabled>},
    Filter{"label", has_label},
};
constexpr std::array k_area_filters{
    Filter{"floor_id", equals<k_floor_id>},
    Filter{"label", has_label},
};
constexpr std::array k_entry_filters{
    Filter{"domain", equals<k_domain>},
    Filter{"state", equals<k_state>},
};

std::span<const Filter> table_of_filters(Kind kind) {
  switch (kind) {
    case Kind::device:
      return k_device_filters;
    case Kind::entity:
      return k_entity_filters;
    case Kind::area:
      return k_area_filters;
    case Kind::config_entry:
      return k_entry_filters;
    case Kind::floor:
    case Kind::label:
      break;
  }
  return {};
}

}  // namespace

std::vector<std::string_view> filters_of(Kind kind) {
  std::vector<std::string_view> names;
  for (const Filter& filter : table_of_filters(kind)) names.push_back(filter.name);
  return names;
}

bool passes(const World& world, Kind kind, const Record& record, std::string_view filter,
            std::string_view wanted) {
  const auto filters = table_of_filters(kind);
  const auto found = std::ranges::find(filters, filter, &Filter::name);
  return found != filters.end() && found->passes(world, kind, record, wanted);
}

}  // namespace haingest::api
