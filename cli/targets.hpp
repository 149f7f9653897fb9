// SPDX-License-Identifier: MIT
// The settings that say where points go, and in which form; watch and sync --history have them
// alike; migrate-from-influx reads from there.
#pragma once

#include <vector>

#include "cli/settings.hpp"
#include "core/influx/encoder.hpp"
#include "core/influx/target.hpp"

namespace haingest::cli {

// Whether any is configured.
[[nodiscard]] bool has_target(const Settings& settings);
// These throw Failure `usage`.
[[nodiscard]] std::vector<influx::Target> targets_of(const Settings& settings);
// The one that is configured.
[[nodiscard]] influx::Target only_target_of(const Settings& settings);
[[nodiscard]] influx::EncoderOptions encoder_of(const Settings& settings);

}  // namespace haingest::cli
