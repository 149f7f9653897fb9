// SPDX-License-Identifier: MIT
// The settings that say where points go, and in which form; watch and sync --history have them
// alike; migrate-from-influx reads from there.
#pragma once

#include <string>
#include <vector>

#include "cli/settings.hpp"
#include "core/influx/encoder.hpp"
#include "core/influx/target.hpp"

namespace haingest::cli {

// Which settings say of a server where it is and who we are there.
struct TargetKeys {
  Key url, org, bucket, database, retention_policy, token_file, token, username, password_file,
      password;
};
inline constexpr TargetKeys k_influx_keys{Key::influx_url,
                                          Key::influx_org,
                                          Key::influx_bucket,
                                          Key::influx_database,
                                          Key::influx_retention_policy,
                                          Key::influx_token_file,
                                          Key::influx_token,
                                          Key::influx_username,
                                          Key::influx_password_file,
                                          Key::influx_password};
// Throws Failure `usage` for a URL that is none.
[[nodiscard]] influx::Target target_of(const Settings& settings, const TargetKeys& keys,
                                       std::string name);

// Whether any is configured.
[[nodiscard]] bool has_target(const Settings& settings);
// These throw Failure `usage`.
[[nodiscard]] std::vector<influx::Target> targets_of(const Settings& settings);
// The one that is configured; one that a flag or the environment names goes before the file's.
[[nodiscard]] influx::Target only_target_of(const Settings& settings);
[[nodiscard]] influx::EncoderOptions encoder_of(const Settings& settings);

}  // namespace haingest::cli
