// SPDX-License-Identifier: MIT
#include "core/influx/shape.hpp"

namespace haingest::influx {

bool Shape::is_of(const std::vector<model::Attribute>& attributes) const {
  if (attributes.size() != keys.size()) return false;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (attributes[i].name != keys[i].name) return false;
  }
  return true;
}

std::shared_ptr<const Shape> Shapes::of(const std::vector<model::Attribute>& attributes) {
  names_.clear();
  for (const model::Attribute& attribute : attributes) {
    // With its length before it no name can pass for two.
    names_ += std::to_string(attribute.name.size());
    names_ += ':';
    names_ += attribute.name;
  }
  if (const auto known = shapes_.find(names_); known != shapes_.end()) return known->second;
  auto shape = std::make_shared<Shape>();
  shape->keys.reserve(attributes.size());
  for (const model::Attribute& attribute : attributes) {
    shape->keys.push_back({std::string(attribute.name), {}, {}});
  }
  shape->tracker = tracker_of(attributes);
  fill_(*shape);
  if (shapes_.size() >= k_most) shapes_.clear();
  shapes_.emplace(names_, shape);
  return shape;
}

}  // namespace haingest::influx
