// SPDX-License-Identifier: MIT
// `sync`: a snapshot (from HA, a file or standard input) into the store or a remote data API.
#pragma once

#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>

#include "core/base/secret.hpp"
#include "core/base/timestamp.hpp"
#include "core/ha/snapshot.hpp"
#include "core/mirror/mirror.hpp"

namespace haingest::jobs {

struct Remote {
  std::string url;  // of a data API
  base::Secret token;
};

struct SyncOptions {
  ha::ConnectOptions ha;            // used unless `from` is given
  std::optional<std::string> from;  // a saved snapshot; "-" is `input`
  std::string database_path;
  std::optional<Remote> to;  // instead of the database
  mirror::Policy policy;
  base::Clock clock = base::system_now;
};

// How sentences call what was read: "the snapshot house.json"; empty when Home Assistant was asked.
[[nodiscard]] std::string snapshot_name(const SyncOptions& options);

// Throws Failure as the rooms do. A dry run reports all that would happen, a guard that would stop
// it in Report::refusal.
[[nodiscard]] mirror::Report sync(const SyncOptions& options, std::istream& input);

}  // namespace haingest::jobs
