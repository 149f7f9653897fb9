// SPDX-License-Identifier: MIT
#include "core/influx/sports.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <optional>

#include "core/influx/line.hpp"

namespace haingest::influx {
namespace {

using model::Attribute;
using model::StateChange;

// The first of these attributes that says something: a text or a number.
std::string_view first_of(const StateChange& change,
                          std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const Attribute* const attribute = change.find(name);
    if (attribute == nullptr || attribute->value.empty()) continue;
    if (attribute->type == Attribute::Type::text || attribute->type == Attribute::Type::number) {
      return attribute->value;
    }
  }
  return {};
}

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

struct Game {
  std::string_view home, away, home_score, away_score;
};

Game team_game(const StateChange& change) {
  const std::string_view team = first_of(change, {"team_abbr", "team_name"});
  const std::string_view opponent = first_of(change, {"opponent_abbr", "opponent_name"});
  const std::string_view team_score = first_of(change, {"team_score"});
  const std::string_view opponent_score = first_of(change, {"opponent_score"});
  // Where nobody is at home (golf, racing) the tracked one is taken for it.
  const bool away =
      change.text_of("team_homeaway") == "away" || change.text_of("opponent_homeaway") == "home";
  if (away) return {opponent, team, opponent_score, team_score};
  return {team, opponent, team_score, opponent_score};
}

Game sides_game(const StateChange& change) {
  return {first_of(change, {"home_abbr", "home_abbrev", "home_name", "home_team", "home_id"}),
          first_of(change, {"away_abbr", "away_abbrev", "away_name", "away_team", "away_id"}),
          first_of(change, {"home_score"}), first_of(change, {"away_score"})};
}

// What tells one game from the next: the tracker's own number; else its name or "AWAY @ HOME", and
// the day.
std::string name_of(const StateChange& change, const Game& game) {
  const std::string_view id = first_of(change, {"game_id", "event_id"});
  if (!id.empty()) return std::string(id);
  std::string name(first_of(change, {"event_name"}));
  if (name.empty() && !game.home.empty() && !game.away.empty()) {
    name = std::string(game.away) + " @ " + std::string(game.home);
  }
  const std::string_view date = change.text_of("date");
  if (!name.empty() && date.size() >= 10) name += " " + std::string(date.substr(0, 10));
  return name;
}

std::string_view league_of(const StateChange& change) {
  const std::string_view league = first_of(change, {"league", "league_id"});
  // nhl_api knows one league and does not name it; this is the one attribute that it alone has.
  return league.empty() && change.find("goal_tracked_team") != nullptr ? "NHL" : league;
}

}  // namespace

Tracker tracker_of(const std::vector<Attribute>& attributes) {
  const auto has = [&attributes](std::string_view name) {
    return std::ranges::any_of(attributes,
                               [name](const Attribute& one) { return one.name == name; });
  };
  if (has("team_score") && has("opponent_score") && (has("team_abbr") || has("team_name"))) {
    return Tracker::team;
  }
  const bool scores = has("home_score") && has("away_score");
  const bool names = has("home_name") && has("away_name");
  const bool next = has("next_game_date") || has("next_game_time") || has("game_state");
  return scores || (names && next) ? Tracker::sides : Tracker::none;
}

void append_sports_scores(const StateChange& change, Tracker tracker, const StaticTags& tags,
                          std::string& lines) {
  const Game game = tracker == Tracker::team ? team_game(change) : sides_game(change);
  lines += "sports_scores";
  tags.append(lines, {{"away", game.away},
                      {"entity_id", change.entity_id},
                      {"game", name_of(change, game)},
                      {"home", game.home},
                      {"league", league_of(change)}});
  Fields fields(lines);
  if (const auto score = number_in(game.home_score)) fields.number("home_score", *score);
  if (const auto score = number_in(game.away_score)) fields.number("away_score", *score);
  const std::string_view period =
      first_of(change, {"period", "quarter", "current_period", "inning"});
  if (!period.empty()) fields.text("period", period);
  if (const auto number = number_in(period)) fields.number("period_number", *number);
  const std::string_view clock = first_of(change, {"clock", "time_remaining"});
  if (!clock.empty()) fields.text("clock", clock);
  const std::string_view status = first_of(change, {"game_state"});
  fields.text("status", status.empty() ? change.state : status);
  append_time(lines, change.last_updated);
}

}  // namespace haingest::influx
