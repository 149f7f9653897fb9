// SPDX-License-Identifier: MIT
// Attributes as ha-teamtracker and nhl_api send them.
#include "core/influx/sports.hpp"

#include "tests/unit/influx/points.hpp"

using namespace haingest;
using namespace haingest::influx;

namespace {

// The line of sports_scores, "" where there is none.
std::string scores(const std::string& state, const std::string& attributes,
                   Layout layout = Layout::ha_ingestor) {
  EncoderOptions options;
  options.layout = layout;
  options.tags = {{"house", "north"}};
  Encoder encoder(options);
  const std::string lines =
      test::lines_of(encoder, test::state_json("sensor.team", "\"" + state + "\"", attributes));
  const std::size_t at = lines.find("sports_scores");
  if (at == std::string::npos) return "";
  REQUIRE(lines[at - 1] == '\n');
  REQUIRE(lines.ends_with(test::k_time));
  return lines.substr(at, lines.size() - at - std::string(test::k_time).size());
}

std::string team(const std::string& team_score, const std::string& opponent_score,
                 const std::string& side, const std::string& more) {
  return R"({"attribution":"Data provided by ESPN","sport":"football","league":"NFL","team_abbr":"SEA",)"
         R"("opponent_abbr":"SF","event_name":"SF @ SEA","date":"2026-11-25T20:15Z","team_homeaway":")" +
         side + R"(","team_score":)" + team_score + R"(,"opponent_score":)" + opponent_score +
         more + "}";
}

}  // namespace

TEST_CASE("sports: a team's tracker tells of both sides") {
  const std::string running = R"(,"quarter":3,"clock":"7:42")";
  CHECK(scores("IN", team("\"21\"", "\"17\"", "home", running)) ==
        "sports_scores,away=SF,entity_id=sensor.team,game=SF\\ @\\ SEA\\ 2026-11-25,home=SEA,"
        "house=north,league=NFL home_score=21,away_score=17,period=\"3\",period_number=3,"
        "clock=\"7:42\",status=\"IN\"");
  CHECK(scores("IN", team("21", "17", "away", R"(,"quarter":"OT","clock":"")")) ==
        "sports_scores,away=SEA,entity_id=sensor.team,game=SF\\ @\\ SEA\\ 2026-11-25,home=SF,"
        "house=north,league=NFL home_score=17,away_score=21,period=\"OT\",status=\"IN\"");
  CHECK(scores("IN", team("21", "17", "home", running), Layout::home_assistant) ==
        scores("IN", team("21", "17", "home", running)));
}

TEST_CASE("sports: before the game there are no scores") {
  CHECK(scores("PRE", team("null", "null", "home", R"(,"quarter":null,"clock":null)")) ==
        "sports_scores,away=SF,entity_id=sensor.team,game=SF\\ @\\ SEA\\ 2026-11-25,home=SEA,"
        "house=north,league=NFL status=\"PRE\"");
  CHECK(scores("NOT_FOUND",
               R"({"league":"NFL","team_abbr":"SEA","team_score":null,"opponent_score":null})") ==
        "sports_scores,entity_id=sensor.team,home=SEA,house=north,league=NFL status=\"NOT_FOUND\"");
}

TEST_CASE("sports: nhl_api names home and away itself") {
  CHECK(scores(
            "LIVE",
            R"({"game_id":2026020345,"away_name":"Boston Bruins","home_name":"Montréal Canadiens",)"
            R"("game_state":"LIVE","away_score":2,"home_score":3,"current_period":2,)"
            R"("time_remaining":"12:05","goal_tracked_team":true,"next_game_date":"x"})") ==
        "sports_scores,away=Boston\\ Bruins,entity_id=sensor.team,game=2026020345,"
        "home=Montréal\\ Canadiens,house=north,league=NHL home_score=3,away_score=2,period=\"2\","
        "period_number=2,clock=\"12:05\",status=\"LIVE\"");
  CHECK(
      scores(
          "Today, 7:00 PM",
          R"({"away_name":"Bruins","home_name":"Canadiens","next_game_date":"x","goal_tracked_team":false})") ==
      "sports_scores,away=Bruins,entity_id=sensor.team,game=Bruins\\ @\\ Canadiens,home=Canadiens,"
      "house=north,league=NHL status=\"Today, 7:00 PM\"");
}

TEST_CASE("sports: a score that is no number is none; other entities are no trackers") {
  CHECK(
      scores("IN", R"({"home_score":"-","away_score":"nan","home_name":"A","away_name":"B"})") ==
      "sports_scores,away=B,entity_id=sensor.team,game=B\\ @\\ A,home=A,house=north status=\"IN\"");
  CHECK(scores("on", R"({"friendly_name":"Lamp","clock":"12:00","home_name":"A"})").empty());
  CHECK(scores("5", R"({"team_score":5})").empty());
}
