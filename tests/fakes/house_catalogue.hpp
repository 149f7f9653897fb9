// SPDX-License-Identifier: MIT
// What the house is furnished with: integrations, products and the entities each of them brings.
// Private to the fakes.
#pragma once

#include <span>
#include <string_view>

namespace haingest::fakes {

struct EntityModel {
  std::string_view domain;
  std::string_view name;  // null when empty: the device's main entity
  std::string_view device_class;
  std::string_view unit;
  std::string_view category;
  std::string_view state;
};

struct Product {
  std::string_view integration;
  std::string_view noun;  // of the device's name: "Ceiling light"
  std::string_view manufacturer;
  std::string_view model;
  std::string_view model_id;
  std::string_view sw_version;
  std::span<const EntityModel> entities;
  bool service = false;  // entry_type "service": no hardware, no area
};

struct Integration {
  std::string_view domain;
  std::string_view title;
  std::string_view source;
  std::string_view state;
  std::string_view reason;  // why it is not loaded
};

struct Room {
  std::string_view name;
  std::string_view area_id;
  int floor;  // 0 or 1; -1: on none
  std::string_view icon;
};

[[nodiscard]] std::span<const Product> products();
[[nodiscard]] std::span<const Integration> integrations();
[[nodiscard]] std::span<const Room> rooms();
// The entities that any device can have more of, for houses with many entities a device.
[[nodiscard]] std::span<const EntityModel> measurements();
// Entities of no device: helpers, automations, scripts.
[[nodiscard]] std::span<const EntityModel> loose_entities();

}  // namespace haingest::fakes
