// SPDX-License-Identifier: MIT
// A house as a Home Assistant of a chosen release would describe it, made from a seed: the same
// options give the same bytes. A plain value that can be copied, changed and asked for the JSON of
// each registry; every change queues the events that Home Assistant would fire. Not thread-safe:
// once given to an HaServer it is reached through HaServer::change() only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/timestamp.hpp"
#include "tests/fakes/ha_version.hpp"

namespace haingest::fakes {

struct HouseOptions {
  std::size_t devices = 94;
  std::size_t entities = 420;  // rows of the entity registry; a few more have a state only
  std::string ha_version = "2026.11.0";
  std::uint64_t seed = 1;
  // Adds the records that integrations with bugs really leave behind (see house_weird.cpp).
  bool weird = false;
};

// What Home Assistant puts on its event bus, or, for "config_entries", to its subscribers.
struct HouseEvent {
  std::string type;  // "device_registry_updated", "state_changed", …
  std::string data;  // JSON
};

// What a rename does to what the recorder has of the entity. Home Assistant moves it, but leaves it
// under the old id when the new one has had a state before (core#115747).
enum class OldRows { move, stay };

// The data behind a house; private to the fakes.
struct HouseData;

class House {
 public:
  explicit House(std::unique_ptr<HouseData> data);
  House(const House& other);
  House(House&&) noexcept;
  House& operator=(House other) noexcept;
  ~House();

  [[nodiscard]] const std::string& ha_version() const;
  [[nodiscard]] HaVersion version() const;

  // --- what Home Assistant's lists say, as JSON ---------------------------------------------
  [[nodiscard]] std::string devices_json() const;
  [[nodiscard]] std::string entities_json() const;
  [[nodiscard]] std::string areas_json() const;
  [[nodiscard]] std::string floors_json() const;
  [[nodiscard]] std::string labels_json() const;
  [[nodiscard]] std::string config_entries_json() const;
  [[nodiscard]] std::string composite_splits_json() const;
  [[nodiscard]] std::string states_json() const;
  // `state` is get_config.state: "RUNNING", "STARTING", …
  [[nodiscard]] std::string config_json(std::string_view state) const;
  // The extended record of config/entity_registry/get, or "null".
  [[nodiscard]] std::string entity_json(std::string_view entity_id) const;
  // One document as `haingest discover -o json` prints it and `haingest sync --from` reads it.
  [[nodiscard]] std::string snapshot_document(std::string_view url) const;

  // Ids in the order of the lists.
  [[nodiscard]] std::vector<std::string> device_ids() const;
  [[nodiscard]] std::vector<std::string> entity_ids() const;
  [[nodiscard]] std::vector<std::string> area_ids() const;
  [[nodiscard]] std::vector<std::string> config_entry_ids() const;
  [[nodiscard]] bool has_device(std::string_view device_id) const;
  [[nodiscard]] bool has_entity(std::string_view entity_id) const;
  // The registry id behind an entity_id.
  [[nodiscard]] std::string registry_id(std::string_view entity_id) const;
  // A field of a record as JSON text; "" when there is no such record or field.
  [[nodiscard]] std::string device_field(std::string_view device_id, std::string_view field) const;
  [[nodiscard]] std::string entity_field(std::string_view entity_id, std::string_view field) const;

  // --- changes; all throw std::out_of_range for an id that is not there ---------------------
  void rename_entity(std::string_view entity_id, std::string_view new_entity_id,
                     OldRows old_rows = OldRows::move);
  void swap_entity_ids(std::string_view first, std::string_view second);
  // Values are JSON text: "null", "\"kitchen\"", "[\"energy\"]".
  void set_entity_field(std::string_view entity_id, std::string_view field, std::string_view value);
  void set_device_field(std::string_view device_id, std::string_view field, std::string_view value);
  void set_area_field(std::string_view area_id, std::string_view field, std::string_view value);
  // The device goes with its entities and their states; Home Assistant remembers and restores it.
  void remove_device(std::string_view device_id);
  void remove_entity(std::string_view entity_id);
  void restore_device(std::string_view device_id);
  void restore_entity(std::string_view entity_id);
  // A new device with `entities` entities in the config entry of `like`; returns its id.
  std::string add_device(std::string_view like, std::string_view name, std::size_t entities);
  std::string add_area(std::string_view name);
  // Devices and entities lose the area, as Home Assistant does it.
  void remove_area(std::string_view area_id);
  void remove_floor(std::string_view floor_id);
  void remove_label(std::string_view label_id);
  void remove_config_entry(std::string_view entry_id);
  void set_config_entry_state(std::string_view entry_id, std::string_view state);
  // Areas in the opposite order (their order has a meaning in Home Assistant).
  void reverse_areas();
  // Every list in the opposite order; no event: lists have no order that Home Assistant promises.
  void reverse_lists();
  void set_state(std::string_view entity_id, std::string_view state);
  // The same with a moment chosen by the test. `attributes` is JSON; empty: those that it has.
  // Where the state is the same as before, last_changed stays.
  void set_state_at(std::string_view entity_id, std::string_view state, base::Timestamp at,
                    std::string_view attributes = {});
  void remove_state(std::string_view entity_id);

  // --- the clock and the recorder -------------------------------------------------------------
  // What Home Assistant's clock shows: the latest moment of any state, or, once a test has set it,
  // that of the last one that was stamped by the clock.
  [[nodiscard]] base::Timestamp now() const;
  // From here on states are stamped one second apart; history that begins later than now is empty.
  void set_clock(base::Timestamp now);
  // Home Assistant has never had a history of it and will have none.
  void exclude_from_recorder(std::string_view entity_id);
  // Rows that are recorded from here on are no part of the history before commit_recorder().
  void hold_recorder();
  void commit_recorder();
  // As the nightly purge does it: rows that are older are gone.
  void forget_history(base::Timestamp before);

  // Restarts as another release. Coming from before 2026.8 to it or later, each device with several
  // config entries becomes one per entry, all with new ids; no events, as in Home Assistant.
  void upgrade_to(std::string_view ha_version);
  // Splits one device as 2026.8 would have, into `count` devices of different entries; returns the
  // new ids, the primary first.
  std::vector<std::string> split_device(std::string_view device_id, std::size_t count);
  // Home Assistant forgets a split when its halves have moved on (the old id leaves the map).
  void forget_split(std::string_view old_id);

  // One change of the kind that happens by itself, the `n`th of a fixed sequence; says what it was.
  std::string change_something(std::size_t n);

  // The events since the last call, in order.
  [[nodiscard]] std::vector<HouseEvent> take_events();

  [[nodiscard]] const HouseData& data() const { return *data_; }
  [[nodiscard]] HouseData& data() { return *data_; }

 private:
  std::unique_ptr<HouseData> data_;
};

[[nodiscard]] House make_house(const HouseOptions& options = {});

}  // namespace haingest::fakes
