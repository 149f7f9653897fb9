// SPDX-License-Identifier: MIT
// Which route a path is, which methods it has, and what a request to it asks for. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/api/guard.hpp"
#include "core/api/query.hpp"
#include "core/api/task.hpp"
#include "core/api/views.hpp"

namespace haingest::api {

enum class Route {
  root,
  info,
  health,
  list,       // of a kind
  item,       // of a kind
  analytics,  // of a platform
  changes,
  upsert_devices,
  upsert_entities,
  clear,
  snapshot,
};

struct Match {
  Route route{};
  model::Kind kind{};
  std::string id;  // of an item, or the platform
};

[[nodiscard]] std::optional<Match> match(const Target& target);
// "GET, HEAD, OPTIONS"
[[nodiscard]] std::string_view methods_of(Route route);
[[nodiscard]] bool takes(Route route, Method method);

// The task of a matched request; a Response when its parameters are wrong.
[[nodiscard]] Task task_of(const Match& match, const Target& target, const base::Clock& clock,
                           const ServiceState& state);

}  // namespace haingest::api
