// SPDX-License-Identifier: MIT
// Layout home-assistant next to Home Assistant's own integration influxdb, point by point: real
// Home Assistants write into one database, `watch` into another one of the same server. And
// `migrate-from-influx` out of what they wrote.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <vector>

#include "core/base/timestamp.hpp"
#include "core/net/http_client.hpp"
#include "tests/contract/ha_client.hpp"
#include "tests/integration/ha_influxdb_cases.hpp"
#include "tests/integration/program.hpp"
#include "tests/parts/part.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/sql.hpp"

using namespace haingest;
using namespace haingest::test;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

struct Point {
  std::string measurement;
  Json tags;
  std::map<std::string, Json> fields;
};
// By the tag `entity_id` and the time in nanoseconds.
using Points = std::map<std::pair<std::string, std::int64_t>, Point>;

std::string encoded(const std::string& text) {
  static constexpr char k_hex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += k_hex[byte >> 4U];
    out += k_hex[byte & 15U];
  }
  return out;
}

std::string identifier(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

class Influx {
 public:
  // The results of InfluxQL's statements.
  [[nodiscard]] Json query(const std::string& database, const std::string& statements) const {
    net::HttpRequest request;
    request.method = "POST";
    request.url = server_.url() + "/query?epoch=ns&db=" + database;
    request.headers = {"Content-Type: application/x-www-form-urlencoded"};
    request.body = "q=" + encoded(statements);
    const auto answer = net::HttpClient({}).send(request);
    REQUIRE(answer.has_value());
    INFO(answer->body.substr(0, 1000));
    REQUIRE(answer->status == 200);
    Json results = Json::parse(answer->body).at("results");
    for (const Json& result : results) REQUIRE_FALSE(result.contains("error"));
    return results;
  }

  [[nodiscard]] std::vector<std::string> measurements(const std::string& database) const {
    std::vector<std::string> names;
    const Json result = query(database, "SHOW MEASUREMENTS").at(0);
    if (!result.contains("series")) return names;
    for (const Json& row : result["series"][0]["values"]) names.push_back(row[0]);
    return names;
  }

  [[nodiscard]] bool has_state(const std::string& database, const std::string& entity_id,
                               const std::string& condition) const {
    return query(database, "SELECT * FROM " + identifier(entity_id) + " WHERE " + condition)
        .at(0)
        .contains("series");
  }

  [[nodiscard]] Points points(const std::string& database, std::int64_t from,
                              std::int64_t to) const {
    std::string statements;
    for (const std::string& name : measurements(database)) {
      statements += "SELECT * FROM " + identifier(name) + " WHERE time >= " + std::to_string(from) +
                    " AND time <= " + std::to_string(to) + " GROUP BY *;";
    }
    Points points;
    for (const Json& result : query(database, statements)) {
      for (const Json& series : result.value("series", Json::array())) add(points, series);
    }
    return points;
  }

  [[nodiscard]] std::set<std::string> field_types(const std::string& database) const {
    std::set<std::string> types;
    const Json result = query(database, "SHOW FIELD KEYS").at(0);
    for (const Json& series : result.at("series")) {
      for (const Json& row : series["values"]) types.insert(row[1]);
    }
    return types;
  }

  [[nodiscard]] const std::string& url() const { return server_.url(); }

 private:
  static void add(Points& points, const Json& series) {
    for (const Json& row : series["values"]) {
      Point point{series["name"], series["tags"], {}};
      for (std::size_t i = 1; i < row.size(); ++i) {
        if (!row[i].is_null()) point.fields[series["columns"][i]] = row[i];
      }
      const std::string entity = point.tags.value("entity_id", "");
      INFO(entity << " " << row[0]);
      CHECK(points.emplace(std::pair{entity, row[0].get<std::int64_t>()}, point).second);
    }
  }

  InfluxDb1 server_;
};

std::string shortened(const std::string& text) {
  return text.size() < 1000 ? text : std::to_string(text.size()) + " letters";
}

std::string shown(const std::string& name, const Json& value) {
  const bool is_long = value.is_string() && value.get_ref<const std::string&>().size() >= 1000;
  return shortened(name) + "=" + (is_long ? shortened(value) : value.dump());
}

std::string shown(const Point& point) {
  std::string text = point.measurement;
  for (const auto& [name, value] : point.fields) text += " " + shown(name, value);
  return text;
}

// Where Python's own types stand in a text, as JSON can say it.
std::string without_python(std::string text) {
  const auto replace = [&](const char* pattern, const char* with) {
    text = std::regex_replace(text, std::regex(pattern), with);
  };
  replace(R"(<\w+\.\w+: ('[^']*'|\d+)>)", "$1");
  replace(R"(\()", "[");
  replace(R"(,?\))", "]");
  replace(R"(^(\d{4}-\d\d-\d\d) (\d\d:))", "$1T$2");
  return text;
}

// The differences between Home Assistant's point and ours, and what explains some of them.
class Comparison {
 public:
  Comparison(const Points& theirs, const Points& ours) {
    for (const auto& [key, point] : theirs) {
      const auto found = ours.find(key);
      if (found == ours.end()) {
        say(key.first, "there alone: " + shown(point));
      } else {
        ++pairs_;
        compare(key.first, point, found->second);
      }
    }
    for (const auto& [key, point] : ours) {
      if (!theirs.contains(key)) say(key.first, "here alone: " + shown(point));
    }
  }

  [[nodiscard]] std::size_t pairs() const { return pairs_; }
  [[nodiscard]] std::size_t pythons() const { return pythons_; }
  // Takes the entity's out, with `@` for its name.
  [[nodiscard]] Lines of(const std::string& entity) {
    Lines lines = std::move(differences_[entity]);
    differences_.erase(entity);
    for (std::string& line : lines) {
      const std::size_t at = line.find(entity);
      if (at != std::string::npos) line.replace(at, entity.size(), "@");
    }
    return lines;
  }
  [[nodiscard]] Lines rest() const {
    Lines all;
    for (const auto& [entity, lines] : differences_) {
      for (const std::string& line : lines) all.push_back(entity + " " + line);
    }
    return all;
  }

 private:
  void say(const std::string& entity, const std::string& line) {
    differences_[entity].push_back(line);
  }

  void compare(const std::string& entity, const Point& theirs, const Point& ours) {
    if (theirs.measurement != ours.measurement) {
      say(entity, "measurement " + theirs.measurement + " -> " + ours.measurement);
    }
    if (theirs.tags != ours.tags)
      say(entity, "tags " + theirs.tags.dump() + " -> " + ours.tags.dump());
    for (const auto& [name, value] : theirs.fields) {
      const auto found = ours.fields.find(name);
      if (found != ours.fields.end() && same(value, found->second)) continue;
      say(entity, "- " + shown(name, value));
    }
    for (const auto& [name, value] : ours.fields) {
      const auto found = theirs.fields.find(name);
      if (found != theirs.fields.end() && same(found->second, value)) continue;
      say(entity, "+ " + shown(name, value));
    }
  }

  bool same(const Json& theirs, const Json& ours) {
    if (theirs == ours) return true;
    if (!theirs.is_string() || without_python(theirs) != ours) return false;
    ++pythons_;
    return true;
  }

  std::map<std::string, Lines> differences_;
  std::size_t pairs_ = 0;
  std::size_t pythons_ = 0;
};

// The house, its own integration, and `watch`.
class Both {
 public:
  explicit Both(const std::string& release) {
    static_cast<void>(influx.query("", "CREATE DATABASE own; CREATE DATABASE ours"));
    home = std::make_unique<HomeAssistant>(
        release, broker.port(),
        "influxdb:\n  host: 127.0.0.1\n  database: own\n  port: " +
            influx.url().substr(influx.url().rfind(':') + 1) +
            "\nautomation:\n  alias: Own\n  trigger: {platform: event, event_type: own}\n"
            "  action: []\n");
    client = std::make_unique<HaClient>(home->url());
    client->log_in(home->token());
    program.environment["HA_URL"] = home->url();
    program.environment["HA_TOKEN"] = home->token();
    program.environment["INFLUXDB_URL"] = influx.url();
    program.environment["INFLUXDB_DATABASE"] = "ours";
  }

  void begin_watch() {
    watch = std::make_unique<Background>(program.command(
        {"watch", "--layout", "home-assistant", "--db", program.file("metadata.db")}));
    watch->wait_for_err("connected with Home Assistant", 60s);
  }

  // Returns its moment in nanoseconds.
  [[nodiscard]] std::int64_t set_state(const std::string& entity_id, const Case& given) const {
    const std::string body =
        R"({"state":)" + Json(given.state).dump() + R"(,"attributes":)" + given.attributes + "}";
    const HttpReply reply =
        http_send("POST", home->url(), "/api/states/" + entity_id, home->token(), body);
    INFO(reply.body);
    REQUIRE((reply.status == 200 || reply.status == 201));
    const std::string updated = Json::parse(reply.body).at("last_updated");
    return base::parse_timestamp(updated).value().time_since_epoch().count() * 1000;
  }

  // A state that comes last: once both have it, both have all before it. Returns its moment.
  [[nodiscard]] std::int64_t settle(const std::string& entity_id) const {
    const std::int64_t moment = set_state(entity_id, {"0", "{}"});
    const std::string condition = "time = " + std::to_string(moment);
    for (const char* database : {"own", "ours"}) {
      INFO(database);
      REQUIRE(eventually([&] { return influx.has_state(database, entity_id, condition); }, 60s));
    }
    return moment;
  }

  void call(const std::string& domain, const std::string& service, const Json& data) const {
    static_cast<void>(client->result(
        "call_service", {{"domain", domain}, {"service", service}, {"service_data", data}}));
  }

  Influx influx;
  Mosquitto broker;
  std::unique_ptr<HomeAssistant> home;
  std::unique_ptr<HaClient> client;
  Program program;
  std::unique_ptr<Background> watch;
};

void change_the_house(const Both& both) {
  both.broker.publish("homeassistant/sensor/own_meter/config",
                      R"({"unique_id":"own_meter","object_id":"own_meter","name":"Meter",)"
                      R"("default_entity_id":"sensor.own_meter",)"
                      R"("state_topic":"own/meter","unit_of_measurement":"kWh",)"
                      R"("device_class":"energy","state_class":"total_increasing",)"
                      R"("json_attributes_topic":"own/more","device":{"identifiers":["own"]}})");
  both.broker.publish("own/more", R"({"rssi":-71,"ip":"10.0.0.12","list":[1,{"a":null}],"t":1e3})");
  both.broker.publish("own/meter", "1234.50");
  const Json all{{"entity_id", "all"}};
  for (const char* domain : {"light", "switch", "fan", "humidifier", "siren", "media_player"}) {
    both.call(domain, "turn_off", all);
    both.call(domain, "turn_on", all);
  }
  both.call("light", "turn_on", {{"entity_id", "all"}, {"rgb_color", {255, 10, 20}}});
  both.call("climate", "set_temperature",
            {{"entity_id", "climate.heatpump"}, {"temperature", 21.5}});
  both.call("cover", "close_cover", all);
  both.call("automation", "trigger", {{"entity_id", "automation.own"}});
  both.call("homeassistant", "set_location", {{"latitude", 52.5}, {"longitude", 13.4}});
  // All of its entities go and come back with everything that they say.
  for (const Json& entry : both.client->result("config_entries/get")) {
    if (entry["supports_unload"] != true || entry["domain"] == "influxdb") continue;
    const std::string path =
        "/api/config/config_entries/entry/" + entry["entry_id"].get<std::string>() + "/reload";
    CHECK(http_send("POST", both.home->url(), path, both.home->token(), "{}").status == 200);
  }
  REQUIRE(eventually(
      [&] {
        const Json states = both.client->result("get_states");
        return std::ranges::any_of(states, [](const Json& state) {
          return state["entity_id"] == "sensor.own_meter" && state["state"] == "1234.50" &&
                 state["attributes"].contains("rssi");
        });
      },
      60s));
}

// The first column of README's table of differences.
std::set<std::string> listed_in_readme() {
  std::istringstream readme(read_file(HAINGEST_SOURCE_DIR "/README.md"));
  std::set<std::string> rows;
  bool inside = false;
  for (std::string line; std::getline(readme, line);) {
    if (line.starts_with("| of |")) inside = true;
    if (!line.starts_with("|")) inside = false;
    if (inside && !line.starts_with("| of |") && !line.starts_with("|---")) {
      rows.insert(line.substr(2, line.find(" |") - 2));
    }
  }
  return rows;
}

// What Home Assistant's own integration wrote becomes entities, and is copied as it stands.
void move_off_own(const Both& both, std::int64_t from, std::int64_t to) {
  const Program program{{{"INFLUXDB_URL", both.influx.url()}}};
  const std::string database = program.file("metadata.db");
  const Outcome moved = program.run({"migrate-from-influx", "--db", database, "--no-sync",
                                     "--influx-database", "own", "--history-to", both.influx.url(),
                                     "--history-database", "copied", "-o", "json"});
  INFO(moved.err);
  CHECK(moved.exit_code == 0);
  const Json told = Json::parse(moved.out);
  CHECK(told["layout"] == "home-assistant");
  // 2026.11 puts the device's name before the entity's.
  CHECK(query(database,
              "SELECT name LIKE '%Meter', domain, device_class, unit, confirmed FROM entities "
              "WHERE entity_id = 'sensor.own_meter'") == "1|sensor|energy|kWh|0\n");
  std::set<std::string> ids;
  // Some of the odd ones have neither: it lost them.
  for (const auto& [key, point] :
       both.influx.points("own", 0, std::numeric_limits<std::int64_t>::max() - 1)) {
    if (!point.fields.contains("state") && !point.fields.contains("value")) continue;
    ids.insert(point.tags["domain"].get<std::string>() + "." + key.first);
  }
  CHECK(ids.size() > 300);
  std::string expected;
  for (const std::string& id : ids) expected += id + "\n";
  CHECK(query(database, "SELECT entity_id FROM entities ORDER BY 1") == expected);
  CHECK(told["history"]["differences"] == Json::array());
  Comparison copied(both.influx.points("own", from, to), both.influx.points("copied", from, to));
  CHECK(copied.rest() == Lines{});
  CHECK(copied.pythons() == 0);
  CHECK(copied.pairs() > 500);
}

void hold_against_own(const std::string& release) {
  if (!have_part("homeassistant " + release) || !have_part("influxdb1") ||
      !have_part("mosquitto")) {
    return;
  }
  Both both(release);
  // Not before Home Assistant is up does its own integration begin.
  int tries = 0;
  REQUIRE(eventually(
      [&] {
        static_cast<void>(both.set_state("sensor.ready", {std::to_string(++tries), "{}"}));
        return both.influx.has_state("own", "sensor.ready", "value > 0");
      },
      60s));
  // Its point comes out of the snapshot, dated as if it had been heard.
  const std::int64_t before = both.set_state("sensor.before", {"1", R"({"a":"b 12"})"});
  both.begin_watch();
  const std::int64_t from = both.settle("sensor.begin");

  const auto plain = plain_cases();
  const auto drawn = drawn_cases(300);
  const auto odd = odd_cases();
  const auto give = [&](const char* name, std::size_t i, const Case& given) {
    static_cast<void>(both.set_state("sensor." + std::string(name) + std::to_string(i), given));
  };
  for (std::size_t i = 0; i < plain.size(); ++i) give("plain_", i, plain[i]);
  for (std::size_t i = 0; i < drawn.size(); ++i) give("drawn_", i, drawn[i]);
  for (std::size_t i = 0; i < odd.size(); ++i) give("odd_", i, odd[i].given);
  change_the_house(both);
  static_cast<void>(both.set_state("sensor.conflict", {"1", R"({"x_str":5})"}));
  static_cast<void>(both.settle("sensor.end"));
  static_cast<void>(both.set_state("sensor.conflict", {"2", R"({"x":"abc","y":6})"}));
  const std::int64_t to = both.settle("sensor.end_of_conflict");
  both.watch->signal(SIGTERM);
  CHECK(both.watch->wait().exit_code == 0);
  both.home->kill();  // its polite end takes up to 14 s

  for (const char* database : {"own", "ours"}) {
    INFO(database);
    CHECK(both.influx.has_state(
        database, "sensor.before",
        "value = 1 AND a = 12 AND a_str = 'b 12' AND time = " + std::to_string(before)));
  }
  Comparison comparison(both.influx.points("own", from, to), both.influx.points("ours", from, to));
  std::set<std::string> listed{k_conflict, k_python};
  CHECK(comparison.pythons() > 0);
  CHECK(comparison.of("conflict") == Lines{"here alone: sensor.@ value=2 y=6"});
  for (std::size_t i = 0; i < odd.size(); ++i) {
    const std::string entity = "odd_" + std::to_string(i);
    Lines found = comparison.of(entity);
    std::ranges::copy(comparison.of("sensor." + entity), std::back_inserter(found));
    INFO(entity << " " << odd[i].why << " " << shortened(odd[i].given.attributes));
    CHECK(found == (release == "2024" ? odd[i].in_2024 : odd[i].in_2026));
    listed.insert(odd[i].why);
  }
  CHECK(comparison.rest() == Lines{});
  CHECK(comparison.pairs() > 500);
  CHECK(listed == listed_in_readme());
  const std::set<std::string> types{"float", "string"};
  CHECK(both.influx.field_types("own") == types);
  CHECK(both.influx.field_types("ours") == types);
  move_off_own(both, from, to);
}

}  // namespace

TEST_CASE("layout home-assistant: the points of Home Assistant 2024.3's own integration",
          "[parts]") {
  hold_against_own("2024");
}

TEST_CASE("layout home-assistant: the points of Home Assistant 2026.11's own integration",
          "[parts]") {
  hold_against_own("2026");
}
