// SPDX-License-Identifier: MIT
// The safety guards: what a snapshot may not do to the store without being told to. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/mirror/reconcile.hpp"
#include "core/model/snapshot.hpp"
#include "core/model/world.hpp"

namespace haingest::mirror {

// A store with confirmed devices of which the answered device registry has none is another house's.
[[nodiscard]] std::optional<base::Error> guard_house(const model::Snapshot& snapshot,
                                                     const model::Stored& stored,
                                                     std::int64_t devices_kept,
                                                     const Policy& policy);

// What a snapshot would remove of a kind, and how many confirmed records that has.
struct KindRemovals {
  model::Kind kind{};
  std::int64_t removals = 0;
  std::int64_t confirmed = 0;
};

// More removals of some kinds than the policy allows: one error names them all, and the one limit
// that would let everything in `kinds` pass.
[[nodiscard]] std::optional<base::Error> guard_removals(const model::Snapshot& snapshot,
                                                        const std::vector<KindRemovals>& kinds,
                                                        const Policy& policy);

// The command that a guard's sentence leads to, for who has got the sentence alone (from a remote
// store); "" for any other sentence.
[[nodiscard]] std::string guard_try_command(std::string_view sentence);

}  // namespace haingest::mirror
