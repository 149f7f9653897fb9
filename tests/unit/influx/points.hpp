// SPDX-License-Identifier: MIT
// What the tests of this room share: states and registries written as the JSON of Home Assistant.
#pragma once

#include <memory>
#include <string>

#include "core/influx/encoder.hpp"
#include "core/model/ha_json.hpp"
#include "core/model/state_change.hpp"
#include "tests/support/catch.hpp"

namespace haingest::test {

inline base::Timestamp at(const char* text) { return base::parse_timestamp(text).value(); }

// An element of get_states; `last_updated` is 2026-11-25 10:00:00.123456 UTC.
inline std::string state_json(const std::string& entity_id, const std::string& state,
                              const std::string& attributes = "{}") {
  return R"({"entity_id":")" + entity_id + R"(","state":)" + state + R"(,"attributes":)" +
         attributes + R"(,"last_updated":"2026-11-25T10:00:00.123456+00:00"})";
}
inline constexpr const char* k_time = " 1795600800123456000\n";

// The lines of one such state.
inline std::string lines_of(influx::Encoder& encoder, const std::string& json) {
  model::StateReader reader;
  const model::StateChange* const change = reader.read_state(json);
  REQUIRE(change != nullptr);
  std::string lines;
  REQUIRE(encoder.encode(*change, lines) == influx::Encoded::lines);
  return lines;
}

struct Registries {
  std::string devices = "[]", entities = "[]", areas = "[]", labels = "[]";
};

inline model::Stored stored_of(const Registries& registries) {
  model::Stored stored;
  const auto read = [&stored](model::Kind kind, const std::string& json) {
    model::Table table =
        model::parse_records(kind, model::JsonText(json), model::Missing::null).value().table;
    for (std::size_t i = 0; i < table.size(); ++i) model::derive(kind, table.row(i));
    stored.of(kind) = std::move(table);
  };
  read(model::Kind::device, registries.devices);
  read(model::Kind::entity, registries.entities);
  read(model::Kind::area, registries.areas);
  read(model::Kind::label, registries.labels);
  return stored;
}

inline std::shared_ptr<const model::World> world_of(const Registries& registries) {
  return std::make_shared<const model::World>(stored_of(registries));
}

}  // namespace haingest::test
