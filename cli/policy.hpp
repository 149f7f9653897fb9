// SPDX-License-Identifier: MIT
// The settings that say what a snapshot may do to the database; sync and watch have them alike.
#pragma once

#include "cli/settings.hpp"
#include "core/mirror/reconcile.hpp"

namespace haingest::cli {

// Throws Failure `usage`.
[[nodiscard]] mirror::Policy policy_of(const Settings& settings);

}  // namespace haingest::cli
