// SPDX-License-Identifier: MIT
// Layout `ha-ingestor`: measurement home_assistant_events, as the service of that name wrote it,
// but with honest values. One thread.
#pragma once

#include <cstdint>
#include <string>

#include "core/influx/field_keys.hpp"
#include "core/influx/point_tags.hpp"
#include "core/influx/shape.hpp"
#include "core/influx/time_of_day.hpp"
#include "core/model/state_change.hpp"

namespace haingest::influx {

class HaIngestorLayout {
 public:
  // `tags` must outlive it.
  HaIngestorLayout(const StaticTags& tags, const std::string& time_zone);

  // What is kept of an entity from one point to the next.
  struct Entity {
    PointTags tags;
    std::string device_fields;
    std::string series;  // of the last point, which had
    std::string device_class;
    std::string_view time_of_day = {};  // "" before the first
  };
  [[nodiscard]] Entity know(PointTags tags);

  void fill(Shape& shape) const;
  void append(const model::StateChange& change, const Shape& shape, Entity& entity,
              std::string& lines);

  void set_time_zone(const std::string& name) { time_of_day_ = TimeOfDay(name); }
  [[nodiscard]] std::uint64_t cut_texts() const { return cut_texts_; }

 private:
  void append_series(const model::StateChange& change, const Shape& shape, Entity& entity,
                     std::string& lines);
  void append_attribute(const model::Attribute& attribute, const Shape::Key& key,
                        std::string& lines);
  void append_text_field(const std::string& key, std::string_view text, std::string& lines);

  const StaticTags& tags_;
  TimeOfDay time_of_day_;
  FieldKeys keys_;  // those that every line has, and the tags'
  // ",key=" each.
  std::string state_, value_, old_state_, duration_;
  std::string context_id_, context_parent_id_, context_user_id_;
  std::string manufacturer_, model_, sw_version_;
  std::string friendly_name_, unit_, icon_;
  std::uint64_t cut_texts_ = 0;
};

}  // namespace haingest::influx
