// SPDX-License-Identifier: MIT
// State changes to lines: which of them are wanted, in which layout, with which tags. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/influx/selection.hpp"
#include "core/model/state_change.hpp"
#include "core/model/world.hpp"

namespace haingest::influx {

enum class Layout { ha_ingestor, home_assistant };
[[nodiscard]] std::string_view name_of(Layout layout);  // "ha-ingestor"

// What is wrong with a static tag: without key or value, named as one of the layout's own or as
// what a server keeps for itself, or with a key that is no word; for `usage` errors.
[[nodiscard]] base::Result<void> check_tag(Layout layout, std::string_view key,
                                           std::string_view value);

struct EncoderOptions {
  Layout layout = Layout::ha_ingestor;
  Selection selection;
  // Static: house=north. What check_tag refuses is made to fit; the layout's own have the say.
  std::vector<std::pair<std::string, std::string>> tags;
  std::string time_zone = "UTC";  // HA's own, for time_of_day; one that is unknown counts as UTC
};

enum class Encoded {
  lines,       // one line or more were appended
  unwanted,    // the selection leaves the entity out
  empty,       // the layout writes nothing for it: a state that is gone; in `home-assistant` also
               // unknown, unavailable and the empty state
  out_of_time  // its moment does not fit into line protocol
};

class Encoder {
 public:
  explicit Encoder(const EncoderOptions& options);
  ~Encoder();
  Encoder(Encoder&&) noexcept;
  Encoder& operator=(Encoder&&) noexcept;

  // What the registries say from now on; tags and selection follow it. None yet: no point has
  // registry tags, and rules of areas, integrations and labels match nothing.
  void set_world(std::shared_ptr<const model::World> world);
  void set_time_zone(const std::string& name);

  // Appends the change's lines, each with its '\n'.
  Encoded encode(const model::StateChange& change, std::string& lines);
  // Whether the entity is wanted, and which rule says so: for "why is this not in InfluxDB?".
  [[nodiscard]] std::string why(std::string_view entity_id);

  // Texts of more than k_max_text bytes that were cut, since the start.
  [[nodiscard]] std::uint64_t cut_texts() const;

  // The device history: one line of measurement `devices` for a device (its row in `world`).
  void encode_device(const model::World& world, model::Row device, base::Timestamp when,
                     std::string& lines) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::influx
