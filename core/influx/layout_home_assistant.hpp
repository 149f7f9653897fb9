// SPDX-License-Identifier: MIT
// Layout `home-assistant`: measurements, tags and fields of Home Assistant's own integration
// `influxdb` in its default configuration, held against it in 2024.3.3 and 2026.11 (README.md
// lists what differs, ha_influxdb_test.cpp says so). It differs on purpose where that one loses
// something:
//  - NaN and the infinities are no `value` (InfluxDB 1 refuses the point there, 2 the whole batch):
//    the text is `state`;
//  - a text that Python's float() takes but nobody would write as that number (` 5 `, `1_000`, nan)
//    is kept beside the number, as `state` or `<attribute>_str`; of attributes also 0012 and 1e5;
//  - keys that a server refuses or that a tag has get a trailing `_`.
// The state's last_updated is the event's time_fired, which dates points there.
// One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/influx/field_keys.hpp"
#include "core/influx/point_tags.hpp"
#include "core/influx/shape.hpp"
#include "core/model/state_change.hpp"

namespace haingest::influx {

class HomeAssistantLayout {
 public:
  // `tags` must outlive it.
  explicit HomeAssistantLayout(const StaticTags& tags);

  // What is kept of an entity from one point to the next: its series, and the unit it was made for.
  struct Entity {
    std::string series;
    std::string unit;
  };

  // A state for which nothing is written: unknown, unavailable, empty.
  [[nodiscard]] static bool says_nothing(std::string_view state);

  void fill(Shape& shape) const;
  void append(const model::StateChange& change, const Shape& shape, Entity& entity,
              std::string& lines);

  [[nodiscard]] std::uint64_t cut_texts() const { return cut_texts_; }

 private:
  // What becomes of a state or an attribute: a number, a text, both. As they are written.
  struct Rendered {
    std::string number, text;
    bool kept = false;  // Home Assistant itself would have dropped this text
  };
  struct Field {
    std::string key, value;
  };

  bool append_series(const model::StateChange& change, const Shape& shape, Entity& entity,
                     std::string& lines);
  void render_state(std::string_view state);
  void render(const model::Attribute& attribute);
  void render_text(std::string_view text);
  void append_distinct(const model::StateChange& change, const Shape& shape, std::size_t left_out,
                       std::string& lines);
  void append_as_dictionary(const model::StateChange& change, std::size_t left_out,
                            std::string& lines);

  const StaticTags& tags_;
  FieldKeys keys_;             // the tags'
  std::string state_, value_;  // ",key="
  Rendered rendered_;
  std::string text_;
  std::vector<Field> fields_, kept_;
  std::uint64_t cut_texts_ = 0;
};

}  // namespace haingest::influx
