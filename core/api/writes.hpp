// SPDX-License-Identifier: MIT
// The writes of the data API: what was asked for, and carrying it out through core/mirror. Carried
// out on the writer's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "core/api/http.hpp"
#include "core/api/query.hpp"
#include "core/base/timestamp.hpp"
#include "core/mirror/mirror.hpp"

namespace haingest::api {

struct Write {
  enum class Action { upsert_devices, upsert_entities, clear, snapshot };

  Action action{};
  mirror::Policy policy;  // of a snapshot
};

// The options of POST /internal/snapshot: max_removals=N|P%, new_house, prune_after=90d, dry_run.
[[nodiscard]] Write read_snapshot_options(Parameters& parameters);

struct WriteContext {
  std::string database_path;
  std::chrono::milliseconds lock_timeout{};
  std::size_t json_depth = 0;
  base::Clock clock;
};

// Never throws: what goes wrong is a problem.
[[nodiscard]] Response carry_out(const Write& write, const std::string& body,
                                 const std::string& peer, const WriteContext& context);

}  // namespace haingest::api
