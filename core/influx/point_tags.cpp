// SPDX-License-Identifier: MIT
#include "core/influx/point_tags.hpp"

#include <map>

#include "core/base/text.hpp"
#include "core/influx/line.hpp"

namespace haingest::influx {

using model::Kind;

PointTags point_tags_of(const model::World& world, std::string_view entity_id) {
  PointTags tags;
  const auto entity = world.find(Kind::entity, entity_id);
  if (!entity) return tags;
  tags.area_id = world.effective_area(*entity).text();
  tags.entity_category = (*entity)[model::entity::entity_category].text();
  tags.integration = (*entity)[model::entity::platform].text();
  tags.device_id = (*entity)[model::entity::device_id].text();
  if (tags.device_id.empty()) return tags;
  // An id that Home Assistant has split meanwhile: what lives on is told from the old id's past.
  const auto device = world.find_device_or_successor(tags.device_id);
  if (!device) return tags;
  tags.device_id = (*device)[model::device::device_id].text();
  if (tags.area_id.empty()) tags.area_id = world.effective_device_area(*device).text();
  tags.manufacturer = (*device)[model::device::manufacturer].text();
  tags.model = (*device)[model::device::model].text();
  tags.sw_version = (*device)[model::device::sw_version].text();
  return tags;
}

StaticTags::StaticTags(const std::vector<std::pair<std::string, std::string>>& tags) {
  std::map<std::string, std::string> sorted;
  for (const auto& [key, value] : tags) {
    if (key.empty() || value.empty()) continue;
    const bool reserved = key == "time" || key == "_field" || key == "_measurement";
    sorted[base::repair_utf8(key) + (reserved ? "_" : "")] = base::repair_utf8(value);
  }
  tags_.assign(sorted.begin(), sorted.end());
}

void StaticTags::append(std::string& out, std::initializer_list<Tag> own) const {
  auto next = tags_.begin();
  for (const auto& [key, value] : own) {
    for (; next != tags_.end() && next->first < key; ++next) {
      append_tag(out, next->first, next->second);
    }
    if (next != tags_.end() && next->first == key) ++next;
    append_tag(out, key, value);
  }
  for (; next != tags_.end(); ++next) append_tag(out, next->first, next->second);
}

}  // namespace haingest::influx
