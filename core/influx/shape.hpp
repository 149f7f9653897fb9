// SPDX-License-Identifier: MIT
// The names of an entity's attributes, with what a layout makes of them: they are the same from one
// state to the next, and of all lamps of one kind, so their keys are worked out once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/influx/sports.hpp"
#include "core/model/state_change.hpp"

namespace haingest::influx {

struct Shape {
  static constexpr std::size_t k_nowhere = static_cast<std::size_t>(-1);

  struct Key {
    std::string name;
    // ",key=" each; which is for what, and whether there is a second one, is the layout's affair.
    std::string first, second;
  };
  std::vector<Key> keys;  // in the order of the attributes
  // Where the attribute stands that is in the series: the device class or the unit.
  std::size_t in_series = k_nowhere;
  bool distinct = true;  // no two keys are the same whatever the attributes' values are
  Tracker tracker = Tracker::none;

  [[nodiscard]] bool is_of(const std::vector<model::Attribute>& attributes) const;
};

class Shapes {
 public:
  using Fill = std::function<void(Shape&)>;
  // `fill` does the layout's part of a shape that has its names.
  explicit Shapes(Fill fill) : fill_(std::move(fill)) {}

  [[nodiscard]] std::shared_ptr<const Shape> of(const std::vector<model::Attribute>& attributes);

 private:
  // Beyond it all are forgotten: somebody makes up names by the hour.
  static constexpr std::size_t k_most = 4'096;

  Fill fill_;
  std::unordered_map<std::string, std::shared_ptr<const Shape>> shapes_;
  std::string names_;
};

}  // namespace haingest::influx
