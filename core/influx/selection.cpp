// SPDX-License-Identifier: MIT
#include "core/influx/selection.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/text.hpp"
#include "core/model/state_change.hpp"

namespace haingest::influx {
namespace {

using model::Kind;

constexpr std::array<std::string_view, 4> k_words{"domain", "area", "integration", "label"};

base::Error wrong(std::string_view rule, const std::string& what) {
  return {base::ErrorKind::usage, "the rule \"" + std::string(rule) + "\" " + what};
}

// The ids in a cell of type JSON: ["a","b"].
std::vector<std::string> ids_in(model::Value cell) {
  std::vector<std::string> ids;
  const auto json = nlohmann::json::parse(cell.text(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_array()) return ids;
  for (const auto& id : json) {
    if (id.is_string()) ids.push_back(id.get<std::string>());
  }
  return ids;
}

}  // namespace

base::Result<void> check_rule(std::string_view rule) {
  const std::size_t colon = rule.find(':');
  const std::string_view glob = colon == std::string_view::npos ? rule : rule.substr(colon + 1);
  if (colon != std::string_view::npos) {
    const std::string_view word = rule.substr(0, colon);
    if (std::ranges::find(k_words, word) == k_words.end()) {
      const std::string meant = base::closest_to(word, {k_words.begin(), k_words.end()});
      return wrong(rule, "begins with neither domain:, area:, integration: nor label:" +
                             (meant.empty() ? "" : "; did you mean " + meant + ":?"));
    }
    if (glob.empty()) return wrong(rule, "says nothing behind its colon");
  } else if (glob.empty()) {
    return wrong(rule, "is empty");
  } else if (glob.find_first_of(".*?[") == std::string_view::npos) {
    return wrong(rule, "can match no entity, since each has a dot in its id; did you mean domain:" +
                           std::string(glob) + "?");
  }
  if (!base::closes_brackets(glob)) return wrong(rule, "has a [ without its ]");
  return {};
}

// What the rules ask of an entity, looked up when the first of them asks.
struct Selector::Entity {
  std::string_view entity_id;
  const model::World* world = nullptr;
  std::optional<model::Row> row = {};
  std::optional<model::Row> device = {};

  void look_up() {
    if (world == nullptr) return;
    row = world->find(Kind::entity, entity_id);
    if (row) device = world->find_device_or_successor((*row)[model::entity::device_id].text());
  }

  [[nodiscard]] bool has_area(const std::string& glob) const {
    if (!row) return false;
    model::Value id = world->effective_area(*row);
    if (!id.has_text() && device) id = world->effective_device_area(*device);
    return id.has_text() && is_named(Kind::area, id.text(), glob);
  }

  [[nodiscard]] bool has_label(const std::string& glob) const {
    const auto any_of = [&](model::Value cell) {
      const std::vector<std::string> ids = ids_in(cell);
      return std::ranges::any_of(
          ids, [&](const std::string& id) { return is_named(Kind::label, id, glob); });
    };
    return (row && any_of((*row)[model::entity::labels])) ||
           (device && any_of((*device)[model::device::labels]));
  }

  // Whether the id or the name of a record matches.
  [[nodiscard]] bool is_named(Kind kind, std::string_view id, const std::string& glob) const {
    if (base::matches_glob(id, glob)) return true;
    const auto record = world->find(kind, id);
    return record && base::matches_glob((*record)[model::name_column(kind)].text(), glob);
  }
};

std::vector<Selector::Rule> Selector::rules_of(const std::vector<std::string>& texts,
                                               std::string_view option) {
  constexpr std::array<Subject, k_words.size()> subjects{Subject::domain, Subject::area,
                                                         Subject::integration, Subject::label};
  std::vector<Rule> rules;
  for (const std::string& text : texts) {
    Rule rule{Subject::entity, text, std::string(option) + " " + text};
    const std::size_t colon = text.find(':');
    const auto* const word = std::ranges::find(k_words, std::string_view(text).substr(0, colon));
    if (colon != std::string::npos && word != k_words.end()) {
      rule.subject = subjects[static_cast<std::size_t>(word - k_words.begin())];
      rule.glob = text.substr(colon + 1);
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

Selector::Selector(const Selection& selection)
    : include_(rules_of(selection.include, "--include")),
      exclude_(rules_of(selection.exclude, "--exclude")) {}

bool Selector::matches(const Rule& rule, const Entity& entity) {
  switch (rule.subject) {
    case Subject::domain:
      return base::matches_glob(model::domain_of(entity.entity_id), rule.glob);
    case Subject::area:
      return entity.has_area(rule.glob);
    case Subject::integration:
      return entity.row && (*entity.row)[model::entity::platform].has_text() &&
             base::matches_glob((*entity.row)[model::entity::platform].text(), rule.glob);
    case Subject::label:
      return entity.has_label(rule.glob);
    default:
      return base::matches_glob(entity.entity_id, rule.glob);
  }
}

Selector::Verdict Selector::judge(std::string_view entity_id, const model::World* world) const {
  if (include_.empty() && exclude_.empty()) return {};
  Entity entity{entity_id, world};
  entity.look_up();
  const auto matching = [&entity](const Rule& rule) { return matches(rule, entity); };
  if (const auto rule = std::ranges::find_if(exclude_, matching); rule != exclude_.end()) {
    return {false, rule->option};
  }
  if (include_.empty()) return {};
  const auto rule = std::ranges::find_if(include_, matching);
  if (rule == include_.end()) return {false, ""};
  return {true, rule->option};
}

}  // namespace haingest::influx
