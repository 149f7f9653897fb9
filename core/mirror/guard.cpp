// SPDX-License-Identifier: MIT
#include "core/mirror/guard.hpp"

#include <algorithm>
#include <cmath>

#include "core/mirror/match.hpp"

namespace haingest::mirror {

std::int64_t RemovalLimit::allowed(std::int64_t confirmed) const {
  const std::int64_t amount_allowed =
      unit == Unit::records
          ? static_cast<std::int64_t>(amount)
          : static_cast<std::int64_t>(std::floor(amount * static_cast<double>(confirmed) / 100.0));
  // A few devices that go are everyday life, whatever share of a small house they are.
  constexpr std::int64_t always_allowed = 5;
  return given ? amount_allowed : std::max(amount_allowed, always_allowed);
}

std::optional<base::Error> guard_house(const model::Snapshot& snapshot, const model::Stored& stored,
                                       std::int64_t devices_kept, const Policy& policy) {
  const model::Registry& devices = snapshot.of(model::Kind::device);
  // A registry that listed devices has answered, whatever one of its records is.
  const bool answered = devices.presence == model::Presence::complete || !devices.table.empty();
  if (policy.new_house || !answered || devices_kept > 0) return std::nullopt;
  // A Home Assistant that is starting may list nothing yet; nothing is removed then anyway.
  if (!snapshot.ha.running() && devices.table.empty()) return std::nullopt;
  std::int64_t confirmed = 0;
  const model::Table& table = stored.of(model::Kind::device);
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (is_confirmed(model::Kind::device, table.row(i))) ++confirmed;
  }
  if (confirmed == 0) return std::nullopt;
  const bool asked = snapshot.name.empty();
  return base::Error{
      base::ErrorKind::guard,
      (asked ? snapshot.ha.url : snapshot.name) + " lists " + std::to_string(devices.table.size()) +
          " devices and none of the " + std::to_string(confirmed) +
          " in the store: this looks like another house, nothing was written; check " +
          (asked ? "--ha-url and --db" : "which house it is of") +
          ", or say --new-house if it is meant to replace what is stored",
      "haingest sync --new-house --dry-run"};
}

std::optional<base::Error> guard_removals(const model::Snapshot& snapshot, model::Kind kind,
                                          std::int64_t removals, std::int64_t confirmed,
                                          const Policy& policy) {
  if (policy.new_house || removals <= policy.max_removals.allowed(confirmed)) return std::nullopt;
  const std::string plural{model::plural_of(kind)};
  const std::string who = snapshot.name.empty() ? "Home Assistant" : snapshot.name;
  return base::Error{
      base::ErrorKind::guard,
      who + " no longer lists " + std::to_string(removals) + " of " + std::to_string(confirmed) +
          " " + plural + ", more than the " +
          std::to_string(policy.max_removals.allowed(confirmed)) +
          " that may go in one sync; nothing was written; if they are really gone, allow it with "
          "--max-removals " +
          std::to_string(removals),
      "haingest sync --dry-run --max-removals " + std::to_string(removals)};
}

}  // namespace haingest::mirror
