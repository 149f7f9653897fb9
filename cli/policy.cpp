// SPDX-License-Identifier: MIT
#include "cli/policy.hpp"

#include "cli/values.hpp"

namespace haingest::cli {

mirror::Policy policy_of(const Settings& settings) {
  mirror::Policy policy;
  if (settings.given(Key::max_removals)) {
    const std::string text = settings.text(Key::max_removals);
    const auto limit = parse_removal_limit(text);
    if (!limit)
      settings.refuse(Key::max_removals, text, "is neither a number nor a share like 20%");
    policy.max_removals = *limit;
  }
  policy.new_house = settings.on(Key::new_house);
  policy.keep_history = std::chrono::ceil<std::chrono::hours>(settings.duration(Key::prune_after));
  return policy;
}

}  // namespace haingest::cli
