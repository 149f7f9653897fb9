// SPDX-License-Identifier: MIT
#include "core/mirror/guard.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/mirror/match.hpp"

namespace haingest::mirror {
namespace {

constexpr std::string_view k_allow_removals = "--max-removals ";
constexpr std::string_view k_allow_house = "--new-house";

// "a, b and c"
std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace

std::int64_t RemovalLimit::allowed(std::int64_t confirmed) const {
  if (unit == Unit::records) return static_cast<std::int64_t>(amount);
  // A few devices that go are everyday life, whatever share of a small house they are.
  constexpr std::int64_t always_allowed = 5;
  const double share = std::floor(amount * static_cast<double>(confirmed) / 100.0);
  return std::max(static_cast<std::int64_t>(share), always_allowed);
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
  std::string sentence =
      (asked ? snapshot.ha.url : snapshot.name) + " lists " + std::to_string(devices.table.size()) +
      " devices and none of the " + std::to_string(confirmed) +
      " in the store: this looks like another house, nothing was written; check " +
      (asked ? "--ha-url and --db" : "which house it is of") + ", or say " +
      std::string{k_allow_house} + " if it is meant to replace what is stored";
  std::string command = guard_try_command(sentence);
  return base::Error{base::ErrorKind::guard, std::move(sentence), std::move(command)};
}

std::optional<base::Error> guard_removals(const model::Snapshot& snapshot,
                                          const std::vector<KindRemovals>& kinds,
                                          const Policy& policy) {
  if (policy.new_house) return std::nullopt;
  std::vector<std::string> gone;
  std::vector<std::string> allowed;
  std::int64_t most = 0;  // a number counts for every kind: it must let the others pass, too
  for (const auto& [kind, removals, confirmed] : kinds) {
    most = std::max(most, removals);
    const std::int64_t limit = policy.max_removals.allowed(confirmed);
    if (removals <= limit) continue;
    gone.push_back(std::to_string(removals) + " of " + std::to_string(confirmed) + " " +
                   std::string{model::plural_of(kind)});
    allowed.push_back(std::to_string(limit));
  }
  if (gone.empty()) return std::nullopt;
  const std::string who = snapshot.name.empty() ? "Home Assistant" : snapshot.name;
  std::string sentence = who + " no longer lists " + listed(gone) + ", more than the " +
                         listed(allowed) +
                         " that may go in one sync; nothing was written; if they are really gone, "
                         "allow it with " +
                         std::string{k_allow_removals} + std::to_string(most);
  std::string command = guard_try_command(sentence);
  return base::Error{base::ErrorKind::guard, std::move(sentence), std::move(command)};
}

std::string guard_try_command(std::string_view sentence) {
  if (const auto at = sentence.rfind(k_allow_removals); at != std::string_view::npos) {
    const std::string_view rest = sentence.substr(at + k_allow_removals.size());
    const std::string_view number = rest.substr(0, rest.find_first_not_of("0123456789"));
    if (!number.empty()) {
      return "haingest sync --dry-run " + std::string{k_allow_removals} + std::string{number};
    }
  }
  if (sentence.find(k_allow_house) == std::string_view::npos) return {};
  return "haingest sync " + std::string{k_allow_house} + " --dry-run";
}

}  // namespace haingest::mirror
