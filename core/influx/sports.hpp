// SPDX-License-Identifier: MIT
// Sports trackers: entities that tell of a game in their attributes. They are known by those, not
// by a list of integrations:
//  - one team's view, as ha-teamtracker and the ESPN trackers before it have it (ha-nfl, ha-nhl):
//    team_abbr, team_score, team_homeaway, opponent_abbr, opponent_score, quarter or period, clock,
//    event_name, date, league; the state is PRE, IN, POST, BYE or NOT_FOUND;
//  - both sides, as nhl_api has it: home_name, away_name, home_score, away_score, current_period,
//    time_remaining, game_id, game_state.
#pragma once

#include <string>
#include <vector>

#include "core/influx/point_tags.hpp"
#include "core/model/state_change.hpp"

namespace haingest::influx {

enum class Tracker { none, team, sides };
[[nodiscard]] Tracker tracker_of(const std::vector<model::Attribute>& attributes);

// One line of measurement `sports_scores`: tags away, entity_id, game, home, league; fields
// home_score and away_score (floats), period and clock (texts), period_number (where the period is
// a number), status. What the tracker does not say is left out.
void append_sports_scores(const model::StateChange& change, Tracker tracker, const StaticTags& tags,
                          std::string& lines);

}  // namespace haingest::influx
