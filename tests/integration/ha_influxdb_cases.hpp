// SPDX-License-Identifier: MIT
// States that are given to Home Assistant, and in what the layout home-assistant differs for them
// from Home Assistant's own integration influxdb.
#pragma once

#include <random>
#include <string>
#include <vector>

namespace haingest::test {

// The differences that there are meant to be: the first column of README's table.
inline constexpr const char* k_not_finite = "`nan`, `inf`, `1e400`";
inline constexpr const char* k_odd_number = "`1_000`, `\" 5 \"`; of attributes also `0012`, `1e5`";
inline constexpr const char* k_reserved = "fields named as a tag, or `time`";
inline constexpr const char* k_no_name = "an attribute without a name";
inline constexpr const char* k_characters = "backslashes, tabs, CR and NUL in units and names";
inline constexpr const char* k_line_break = "line breaks in texts and units";
inline constexpr const char* k_comment = "a unit that begins with `#`";
inline constexpr const char* k_too_long = "texts beyond 1 MB, names beyond 4 KB";
inline constexpr const char* k_conflict = "a field of another type than before";
inline constexpr const char* k_python = "values as Python shows them";
inline constexpr const char* k_sports = "trackers of sports";

struct Case {
  std::string state;
  std::string attributes;  // a JSON object
};

// "- FIELD=VALUE" there alone, "+ FIELD=VALUE" here alone, "here alone: POINT", "measurement THERE
// -> HERE"; `@` is the entity's own name.
using Differences = std::vector<std::string>;

struct OddCase {
  const char* why;
  Case given;
  Differences in_2024;
  Differences in_2026 = in_2024;
};

// Points that are the same, or no point on both sides.
inline std::vector<Case> plain_cases() {
  std::vector<Case> cases{
      // States.
      {"21.5", R"({"unit_of_measurement":"°C","device_class":"temperature"})"},
      {"-0.50", R"({"unit_of_measurement":"kW h"})"},
      {"7", R"({"unit_of_measurement":"a=b, c"})"},
      {"123456789012345678901234567890", "{}"},
      {"0.1000000000000000055511151231257827", "{}"},
      {"unknown", R"({"a":1})"},
      {"unavailable", R"({"a":1})"},
      {"", R"({"a":1})"},
      {"None", "{}"},
      {"2026-11-25T10:00:00+00:00", R"({"device_class":"timestamp"})"},
      {"12:30", "{}"},
      {"say \"hi\", \\ it's 5 o'clock\t", "{}"},
      {"Grüße, 東京 😀", R"({"friendly_name":"Öffnung 😀"})"},
      {"0x10", "{}"},
      {"1e5", "{}"},
      {"1 000", "{}"},
      {"1,5", "{}"},
      {"true", "{}"},
      {std::string(255, 'x'), "{}"},
      // Attributes of every type.
      {"a", R"({"yes":true,"no":false,"int":5,"negative":-7,"float":1.5,"whole":2.0})"},
      {"a", R"({"big":9007199254740993,"bigger":18446744073709551615,"e":1e300,"tiny":5e-324})"},
      {"a", R"({"third":0.3333333333333333,"none":null,"empty":"","blank":" "})"},
      {"a", R"({"list":[],"dict":{},"lists":[[1,[2.0]],["a",null,true]],"one":[5]})"},
      {"a", R"({"dict":{"k":1.0,"e":1e16,"f":1e-5,"g":1e22,"n":null,"it's":["\"","'","\\"]}})"},
      {"a",
       R"({"quotes":["it's","say \"x\"","'\"","\\","\n\t\r\u0000\u007f\u00a0\u200b\ud83d\ude00é"]})"},
      {"a", R"({"text":"abc","unicode":"ü","odd":"a\tc\u0000d\\e\"f","emoji":"😀"})"},
      // Digits in texts.
      {"a", R"({"v":"v1.25-b3","n":"Lamp 12","d":"3.4.5","one":"a5","time":"","t":"12:30"})"},
      {"a", R"({"date":"2026-11-25T10:00:00.123456+00:00","day":"2026-11-25","ip":"10.0.0.1"})"},
      {"a",
       R"({"mac":"00:11:22:aa","percent":"50 %","comma":"1,234","plain":"12.5","minus":"-3"})"},
      {"a", R"({"arabic":"٣٤ x","list":[255,0],"dict":{"a":12},"zero":"0"})"},
      // Names that meet.
      {"on", R"({"state":5,"value":"x","value_":1,"state_":"y"})"},
      {"5", R"({"state":"x","value":6,"state_str":1})"},
      {"a", R"({"a":"t","a_str":1,"a_str_":2,"a_":"u"})"},
      {"a", R"({"a_str":1,"a":"t"})"},
      {"a", R"({"a_str":"x","a":"y","a_str_str":"z"})"},
      // Names with anything in them.
      {"a", R"({"k k":1,"k,k":2,"k=k":3,"k\"k":4,"k'k":5,"k\nk":6,"ü😀":7,"#k":8,"5":9})"},
      {"a", R"({"k k":"1 a","k,k":"b","k=k":"c","k\"k":"d","k\nk":"e","Ü":"f"})"},
      {"a", R"({"entity_id":["light.a","light.b"],"entity_id_":1,"icon":"mdi:lamp"})"},
      // Units that are none, or no text.
      {"5", R"({"unit_of_measurement":""})"},
      {"5", R"({"unit_of_measurement":null})"},
      {"5", R"({"unit_of_measurement":true})"},
      {"5", R"({"unit_of_measurement":false})"},
      {"5", R"({"unit_of_measurement":0})"},
      {"5", R"({"unit_of_measurement":1.50})"},
      {"5", R"({"unit_of_measurement":1e22})"},
      {"5", R"({"unit_of_measurement":["a",1.0]})"},
      {"5", R"({"unit_of_measurement":{"a":1e22}})"},
      {"5", R"({"unit_of_measurement":"\"quoted\"","n":1})"},
  };
  for (const char* word : {"on", "off", "locked", "unlocked", "open", "closed", "home", "not_home",
                           "above_horizon", "below_horizon", "ON", "idle"}) {
    cases.push_back({word, "{}"});
  }
  cases.push_back({"a", R"({"long":")" + std::string(100'000, 'x') + R"("})"});
  cases.push_back({"a", R"({")" + std::string(4000, 'k') + R"(":"12 a"})"});
  return cases;
}

// States with attributes of names and values that get into each other's way; the same ones in every
// run.
inline std::vector<Case> drawn_cases(std::size_t count) {
  const std::vector<std::string> names{
      "a",           "a_",    "a__",       "a_str",      "a_str_",     "a__str",
      "a_str_str",   "state", "state_",    "state_str",  "value",      "value_",
      "x y",         "x,y",   "x=y",       "\\\"q",      "ü",          "a\\nb",
      "l",           "icon",  "value_str", "state__str", "value__str", "friendly_name",
      "device_class"};
  const std::vector<std::string> values{"0",
                                        "5",
                                        "-1.5",
                                        "1e21",
                                        "true",
                                        "false",
                                        "null",
                                        "\"\"",
                                        "\"abc\"",
                                        "\"12.5\"",
                                        "\"a 12\"",
                                        "\"v1.2.3\"",
                                        "\"-3\"",
                                        "[]",
                                        "[1,2]",
                                        "[12]",
                                        "{\"k\":1}",
                                        "\"7 8\"",
                                        "\"x\\\"y\\\"\"",
                                        "\"ü1\"",
                                        "[\"it's\",1.0]",
                                        "\"on\"",
                                        "\"1.5 W\"",
                                        "{\"a\":[]}",
                                        "\"a,b=c\"",
                                        "123456789.125"};
  const std::vector<std::string> states{"on", "off", "12.5", "-3", "idle", "a 12", "v1.25", "0"};
  std::mt19937 dice(20240303);
  std::vector<Case> cases;
  while (cases.size() < count) {
    std::vector<std::string> left = names;
    std::string attributes = "{";
    for (std::size_t many = dice() % 8; many > 0; --many) {
      const std::size_t at = dice() % left.size();
      if (attributes.size() > 1) attributes += ',';
      attributes += "\"" + left[at] + "\":" + values[dice() % values.size()];
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(at));
    }
    cases.push_back({states[dice() % states.size()], attributes + "}"});
  }
  return cases;
}

inline std::vector<OddCase> odd_cases() {
  const std::string long_text(1'100'000, 'x');
  const std::string long_name(5000, 'k');
  return {
      {k_not_finite, {"nan", "{}"}, {R"(here alone: sensor.@ state="nan")"}},
      {k_not_finite, {"1e400", R"({"a":1})"}, {R"(here alone: sensor.@ a=1 state="1e400")"}},
      {k_not_finite,
       {"-Infinity", R"({"value":2})"},
       {R"(here alone: sensor.@ state="-Infinity" value_=2)"}},
      {k_not_finite,
       {"a", R"({"n":"NaN","i":"inf","e":"1e400","value_":1,"value":"nan"})"},
       {R"(+ e_str="1e400")", R"(+ i_str="inf")", R"(+ n_str="NaN")", R"(+ value_str="nan")"}},
      {k_odd_number, {"1_000", "{}"}, {R"(+ state="1_000")"}},
      {k_odd_number, {" 5 ", R"({"state":"x"})"}, {R"(+ state=" 5 ")"}},
      {k_odd_number, {"٥", "{}"}, {R"(+ state="٥")"}},
      {k_odd_number,
       {"a", R"({"serial":"0012","e":"1e5","u":"1_0","s":" 5","p":"+5","d":".5","dot":"12."})"},
       {R"(+ d_str=".5")", R"(+ dot_str="12.")", R"(+ e_str="1e5")", R"(+ p_str="+5")",
        R"(+ s_str=" 5")", R"(+ serial_str="0012")", R"(+ u_str="1_0")"}},
      {k_reserved,
       {"a", R"({"domain":5,"time":7})"},
       {"- domain=5", "+ domain_=5", "+ time_=7"},
       {"- domain=5", "+ domain_=5"}},
      {k_reserved, {"a", R"({"entity_id":5,"domain":"x"})"}, {"- entity_id=5", "+ entity_id_=5"}},
      {k_no_name, {"a", R"({"":5})"}, {"+ _=5"}},
      {k_no_name, {"a", R"({"":"12 a"})"}, {"+ _=12"}},
      {k_characters, {"5", R"({"unit_of_measurement":"a\\b"})"}, {R"(measurement a\\b -> a\b)"}},
      {k_characters, {"5", R"({"unit_of_measurement":"u\\"})"}, {"here alone: u/ value=5"}},
      {k_characters, {"5", R"({"unit_of_measurement":"t\tu"})"}, {"measurement t\tu -> t\\tu"}},
      {k_characters,
       {"a", R"({"a\\b":1,"a\\ c":2})"},
       {R"(- a\\ c=2)", R"(- a\\b=1)", R"(+ a/ c=2)", R"(+ a\b=1)"}},
      {k_characters, {"a", R"({"g\\":4})"}, {R"(- g\=4.0,state="a")", "+ g/=4", R"(+ state="a")"}},
      {k_characters, {"a", R"({"g\\":"x"})"}, {R"(- g\\_str="x")", R"(+ g\_str="x")"}},
      {k_characters,
       {"a", R"({"a\tb":1,"c\rd":2,"n\u0000l":3})"},
       {"- a\tb=1", "- c\rd=2", std::string("- n\0l=3", 7), R"(+ a\tb=1)", R"(+ c\rd=2)",
        "+ n\xEF\xBF\xBDl=3"}},
      {k_comment, {"5", R"({"unit_of_measurement":"#"})"}, {"here alone: \xEF\xBC\x83 value=5"}},
      {k_line_break, {"a\nb", "{}"}, {}, {R"(- state="a b")", R"(+ state="a\\nb")"}},
      {k_line_break,
       {"a", R"({"t":"1\n2\r\n3\u2028","l":["a\nb"],"n\nn":"b 12"})"},
       {},
       {R"(- t_str="1 2 3")", "+ t_str=\"1\\\\n2\\r\\\\n3\xE2\x80\xA8\""}},
      {k_line_break,
       {"5", R"({"unit_of_measurement":"a\nb"})"},
       {},
       {R"(measurement a b -> a\nb)"}},
      {k_too_long,
       {"a", R"({"t":")" + long_text + R"("})"},
       {"- t_str=1100000 letters", "+ t_str=1000000 letters"}},
      {k_too_long,
       {"a", R"({")" + long_name + R"(":1})"},
       {"- 5000 letters=1", "+ 4096 letters=1"}},
      {k_python,
       {"a", "{\"l\":[\"\xCD\xB8\"]}"},
       {"- l=378", R"(- l_str="['\\u0378']")", "+ l_str=\"['\xCD\xB8']\""}},
      {k_sports,
       {"IN", R"({"league":"NFL","team_abbr":"SEA","opponent_abbr":"SF","team_score":"21",)"
              R"("opponent_score":17,"quarter":3,"clock":"7:42"})"},
       {R"(here alone: sports_scores away_score=17 clock="7:42" home_score=21 period="3" )"
        R"(period_number=3 status="IN")"}},
  };
}

}  // namespace haingest::test
