// SPDX-License-Identifier: MIT
// Composite devices: HA 2026.8 split every device with several config entries into new ones with
// new ids. The map of old to new is kept for ever, because HA forgets it when the halves go.
#pragma once

#include <map>
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
  void index();
  [[nodiscard]] std::string heir_of(std::string_view old_id,
                                    const std::vector<std::string>& candidates) const;
  [[nodiscard]] model::Alias infer(model::Row vanished_device) const;

  const model::Snapshot& snapshot_;
  const model::Stored& stored_;
  std::map<std::string, model::Alias, std::less<>> aliases_;
  // Devices of the snapshot that the store has not, by created_at.
  std::unordered_map<std::string_view, std::vector<std::size_t>> newcomers_;
  // Registry ids by the device that had them, and where they are now.
  std::unordered_map<std::string_view, std::vector<std::string_view>> entities_before_;
  std::unordered_map<std::string_view, std::string_view> device_now_;
};

}  // namespace haingest::mirror
