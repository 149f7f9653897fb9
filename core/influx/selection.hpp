// SPDX-License-Identifier: MIT
// Which entities are wanted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/model/world.hpp"

namespace haingest::influx {

// A rule is a glob over the entity_id ("sensor.*_power"), or "domain:light", "area:kitchen",
// "integration:mqtt", "label:energy" (ids or names, globs too; the label of the entity itself or of
// its device). No `include` means all; `exclude` wins.
struct Selection {
  std::vector<std::string> include;
  std::vector<std::string> exclude;
};
// What is wrong with a rule ("label:" without a name, an unclosed bracket, an unknown word before
// the colon), for `usage` errors.
[[nodiscard]] base::Result<void> check_rule(std::string_view rule);

// The rules of a selection, taken apart once. A rule that check_rule refuses matches nothing.
class Selector {
 public:
  explicit Selector(const Selection& selection);

  struct Verdict {
    bool wanted = true;
    std::string because;  // "--exclude label:private"; "" when no rule speaks of the entity
  };
  // `world` may be null: rules of areas, integrations and labels match nothing then.
  [[nodiscard]] Verdict judge(std::string_view entity_id, const model::World* world) const;

 private:
  enum class Subject { entity, domain, area, integration, label };
  struct Rule {
    Subject subject = Subject::entity;
    std::string glob;
    std::string option;  // as it was given
  };
  struct Entity;

  static std::vector<Rule> rules_of(const std::vector<std::string>& texts, std::string_view option);
  static bool matches(const Rule& rule, const Entity& entity);

  std::vector<Rule> include_, exclude_;
};

}  // namespace haingest::influx
