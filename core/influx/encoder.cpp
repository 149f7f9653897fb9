// SPDX-License-Identifier: MIT
#include "core/influx/encoder.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "core/base/text.hpp"
#include "core/base/text_map.hpp"
#include "core/influx/layout_ha_ingestor.hpp"
#include "core/influx/layout_home_assistant.hpp"
#include "core/influx/line.hpp"
#include "core/influx/point_tags.hpp"
#include "core/influx/shape.hpp"
#include "core/influx/sports.hpp"

namespace haingest::influx {
namespace {

using model::StateChange;

// Of all measurements that a layout writes; `model` and `manufacturer` are fields of its events.
constexpr std::array<std::string_view, 15> k_ha_ingestor_tags{
    "area_id",         "away",      "device_class", "device_id", "domain",
    "entity_category", "entity_id", "event_type",   "game",      "home",
    "integration",     "league",    "manufacturer", "model",     "time_of_day"};
constexpr std::array<std::string_view, 10> k_home_assistant_tags{
    "area_id", "away", "device_id", "domain",       "entity_id",
    "game",    "home", "league",    "manufacturer", "model"};
constexpr std::array<std::string_view, 3> k_reserved_tags{"time", "_field", "_measurement"};

bool is_word(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

}  // namespace

std::string_view name_of(Layout layout) {
  return layout == Layout::ha_ingestor ? "ha-ingestor" : "home-assistant";
}

base::Result<void> check_tag(Layout layout, std::string_view key, std::string_view value) {
  const auto wrong = [&](const std::string& what) {
    return base::Error{base::ErrorKind::usage,
                       "the tag \"" + std::string(key) + "=" + std::string(value) + "\" " + what};
  };
  if (key.empty() || value.empty()) return wrong("is not KEY=VALUE");
  if (!is_word(key)) return wrong("has a key of more than letters, digits, `_`, `-` and `.`");
  if (std::ranges::find(k_reserved_tags, key) != k_reserved_tags.end()) {
    return wrong("has a key that InfluxDB keeps for itself");
  }
  const std::span<const std::string_view> own =
      layout == Layout::ha_ingestor ? std::span<const std::string_view>(k_ha_ingestor_tags)
                                    : std::span<const std::string_view>(k_home_assistant_tags);
  if (std::ranges::find(own, key) != own.end()) {
    return wrong("has the key of a tag that points have already");
  }
  return {};
}

struct Encoder::Impl {
  // What is kept of an entity until the registries change.
  struct Entity {
    bool wanted = true;
    std::shared_ptr<const Shape> shape;
    HaIngestorLayout::Entity ha_ingestor;
    HomeAssistantLayout::Entity home_assistant;
  };
  // Ids that come and go by themselves (geo_location.*) are forgotten with all others.
  static constexpr std::size_t k_most_entities = 200'000;

  explicit Impl(const EncoderOptions& options)
      : layout(options.layout),
        selector(options.selection),
        tags(options.tags),
        ha_ingestor(tags, options.time_zone),
        home_assistant(tags),
        shapes([this](Shape& shape) {
          if (layout == Layout::ha_ingestor) return ha_ingestor.fill(shape);
          home_assistant.fill(shape);
        }) {}

  Entity& know(std::string_view entity_id) {
    if (const auto known = entities.find(entity_id); known != entities.end()) return known->second;
    if (entities.size() >= k_most_entities) entities.clear();
    Entity& entity = entities[std::string(entity_id)];
    entity.wanted = selector.judge(entity_id, world.get()).wanted;
    if (entity.wanted && layout == Layout::ha_ingestor) {
      entity.ha_ingestor = ha_ingestor.know(world ? point_tags_of(*world, entity_id) : PointTags{});
    }
    return entity;
  }

  const Layout layout;
  const Selector selector;
  const StaticTags tags;
  HaIngestorLayout ha_ingestor;
  HomeAssistantLayout home_assistant;
  Shapes shapes;
  std::shared_ptr<const model::World> world;
  base::TextMap<Entity> entities;
};

Encoder::Encoder(const EncoderOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Encoder::~Encoder() = default;
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;

void Encoder::set_world(std::shared_ptr<const model::World> world) {
  impl_->world = std::move(world);
  impl_->entities.clear();
}

void Encoder::set_time_zone(const std::string& name) { impl_->ha_ingestor.set_time_zone(name); }

Encoded Encoder::encode(const StateChange& change, std::string& lines) {
  Impl::Entity& entity = impl_->know(change.entity_id);
  if (!entity.wanted) return Encoded::unwanted;
  if (change.removed || change.entity_id.empty()) return Encoded::empty;
  const bool ha_ingestor = impl_->layout == Layout::ha_ingestor;
  if (!ha_ingestor && HomeAssistantLayout::says_nothing(change.state)) return Encoded::empty;
  if (!fits(change.last_updated)) return Encoded::out_of_time;
  if (!entity.shape || !entity.shape->is_of(change.attributes)) {
    entity.shape = impl_->shapes.of(change.attributes);
  }
  const Shape& shape = *entity.shape;
  if (ha_ingestor) {
    impl_->ha_ingestor.append(change, shape, entity.ha_ingestor, lines);
  } else {
    impl_->home_assistant.append(change, shape, entity.home_assistant, lines);
  }
  if (shape.tracker != Tracker::none) {
    append_sports_scores(change, shape.tracker, impl_->tags, lines);
  }
  return Encoded::lines;
}

std::string Encoder::why(std::string_view entity_id) {
  const Selector::Verdict verdict = impl_->selector.judge(entity_id, impl_->world.get());
  const std::string id{entity_id};
  if (!verdict.because.empty()) {
    return id + (verdict.wanted ? " is wanted: " : " is left out: ") + verdict.because;
  }
  return verdict.wanted ? id + " is wanted: no rule leaves it out"
                        : id + " is left out: no --include matches it";
}

std::uint64_t Encoder::cut_texts() const {
  return impl_->ha_ingestor.cut_texts() + impl_->home_assistant.cut_texts();
}

void Encoder::encode_device(const model::World& world, model::Row device, base::Timestamp when,
                            std::string& lines) const {
  if (!fits(when)) return;
  const std::string_view id = device[model::device::device_id].text();
  const auto known = [&device](std::size_t column) {
    const std::string_view text = device[column].text();
    return text.empty() ? "Unknown" : text;
  };
  const model::Value area = world.effective_device_area(device);
  lines += "devices";
  impl_->tags.append(lines, {{"area_id", area.text().empty() ? "unassigned" : area.text()},
                             {"device_id", id},
                             {"manufacturer", known(model::device::manufacturer)},
                             {"model", known(model::device::model)}});
  Fields fields(lines);
  fields.text("name", device[model::device::name].text());
  fields.text("sw_version", known(model::device::sw_version));
  fields.integer("entity_count", static_cast<std::int64_t>(world.entities_of_device(id).size()));
  append_time(lines, when);
}

}  // namespace haingest::influx
