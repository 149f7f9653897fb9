// SPDX-License-Identifier: MIT
// The safety guards: what a snapshot may not do to the store without being told to. Pure.
#pragma once

#include <cstdint>
#include <optional>

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

// More removals of a kind than the policy allows.
[[nodiscard]] std::optional<base::Error> guard_removals(const model::Snapshot& snapshot,
                                                        model::Kind kind, std::int64_t removals,
                                                        std::int64_t confirmed,
                                                        const Policy& policy);

}  // namespace haingest::mirror
