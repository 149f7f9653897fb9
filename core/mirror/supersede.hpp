// SPDX-License-Identifier: MIT
// Composite devices: HA 2026.8 split every device with several config entries into new ones with
// new ids. The map of old to new is kept for ever, because HA forgets it when the halves go.
#pragma once

#include <map>
#include <string>
#include <string_view>
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
  [[nodiscard]] std::string heir_of(std::string_view old_id,
                                    const std::vector<std::string>& candidates) const;
  [[nodiscard]] model::Alias infer(model::Row vanished_device) const;

  const model::Snapshot& snapshot_;
  const model::Stored& stored_;
  std::map<std::string, model::Alias, std::less<>> aliases_;
};

}  // namespace haingest::mirror
