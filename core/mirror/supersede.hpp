// SPDX-License-Identifier: MIT
// Composite devices: HA 2026.8 split every device with several config entries into new ones with
// new ids. The map of old to new is kept for ever, because HA forgets it when the halves go.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/model/snapshot.hpp"
#include "core/model/world.hpp"

namespace haingest::mirror {

class Successors {
 public:
  Successors(const model::Snapshot& snapshot, const model::Stored& stored);

  // The alias of a device that vanished, with a primary successor chosen; null when it is plainly
  // gone. HA's own map comes first, what is stored from earlier second, a match of our own last.
  [[nodiscard]] const model::Alias* of(model::Row vanished_device);
  // What the store does not have yet, or has otherwise.
  [[nodiscard]] std::vector<model::Alias> news() const;

 private:
  // Indexes of devices in the snapshot that the store has not, by created_at.
  using Newcomers = std::unordered_map<std::string_view, std::vector<std::size_t>>;
  // By a stored device's id: for each entity it had, the device that has the entity now.
  using Moves = std::unordered_map<std::string_view, std::vector<std::string_view>>;

  // Made when they are first asked for: most snapshots split nothing and miss nothing.
  [[nodiscard]] const Newcomers& newcomers();
  [[nodiscard]] const Moves& moves();
  // The candidate to which most of the old device's entities went.
  [[nodiscard]] std::string heir_of(std::string_view old_id,
                                    const std::vector<std::string>& candidates);
  [[nodiscard]] model::Alias infer(model::Row vanished_device);

  const model::Snapshot& snapshot_;
  const model::Stored& stored_;
  std::map<std::string, model::Alias, std::less<>> aliases_;
  std::optional<Newcomers> newcomers_;
  std::optional<Moves> moves_;
};

}  // namespace haingest::mirror
