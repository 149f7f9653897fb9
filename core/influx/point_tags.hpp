// SPDX-License-Identifier: MIT
// What a point says beyond its state: what the registries know of its entity, and the static tags.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/world.hpp"

namespace haingest::influx {

// All of it "" where the registries know nothing.
struct PointTags {
  std::string area_id;  // the effective one
  std::string device_id;
  std::string entity_category;
  std::string integration;
  // Of the device; no tags but fields.
  std::string manufacturer, model, sw_version;
};
[[nodiscard]] PointTags point_tags_of(const model::World& world, std::string_view entity_id);

// The tags that every line gets, in the order of their keys' bytes.
class StaticTags {
 public:
  using Tag = std::pair<std::string_view, std::string_view>;

  // Of two with one key the last counts, ones without a key or value count for nothing. A key that
  // some server refuses (`time`; `_field`, `_measurement` on InfluxDB 2) gets a trailing `_`.
  explicit StaticTags(const std::vector<std::pair<std::string, std::string>>& tags);

  // These and the line's own, which come sorted, have the say where both name a key, and are left
  // out where they are empty.
  void append(std::string& out, std::initializer_list<Tag> own) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const {
    return tags_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> tags_;
};

}  // namespace haingest::influx
