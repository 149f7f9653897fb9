// SPDX-License-Identifier: MIT
// Snapshots for tests, written as the JSON that Home Assistant sends.
#pragma once

#include <string>

#include "core/model/snapshot.hpp"

namespace haingest::test {

// The parts that a test gives; every other one is answered and empty.
struct House {
  std::string devices = "[]";
  std::string entities = "[]";
  std::string areas = "[]";
  std::string floors = "[]";
  std::string labels = "[]";
  std::string config_entries = "[]";
  std::string composite_splits = "{}";
  std::string states = "[]";
  std::string state = "RUNNING";
  std::string when = {};  // empty: it does not say
};

[[nodiscard]] inline model::Document document_of(const House& house) {
  model::Document document;
  document.ha = {"http://ha.test:8123", "2026.11.0", "Home", house.state,
                 base::parse_timestamp(house.when).value_or(base::Timestamp{})};
  using model::Part;
  document.answer(Part::devices) = {house.devices, ""};
  document.answer(Part::entities) = {house.entities, ""};
  document.answer(Part::areas) = {house.areas, ""};
  document.answer(Part::floors) = {house.floors, ""};
  document.answer(Part::labels) = {house.labels, ""};
  document.answer(Part::config_entries) = {house.config_entries, ""};
  document.answer(Part::composite_splits) = {house.composite_splits, ""};
  document.answer(Part::states) = {house.states, ""};
  return document;
}

[[nodiscard]] inline model::Snapshot snapshot_of(const House& house) {
  return model::to_snapshot(document_of(house));
}

}  // namespace haingest::test
