// SPDX-License-Identifier: MIT
// `haingest discover` in shell pipelines, against the simulated Home Assistant.
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/integration/program.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sql.hpp"

using namespace haingest;
using nlohmann::ordered_json;
using test::error_line;
using test::Outcome;
using test::Program;
using test::query;
using test::without_times;
using test::Words;

namespace {

struct House {
  explicit House(fakes::HouseOptions options = {.devices = 10, .entities = 30},
                 const Words& faults = {})
      : server(fakes::make_house(options), test::with_faults(faults)) {
    program.talk_to(server);
  }

  [[nodiscard]] Outcome discover(Words more = {}) const {
    more.insert(more.begin(), "discover");
    return program.run(more);
  }
  // What a discover that must succeed in silence prints.
  [[nodiscard]] std::string printed(const Words& words) const {
    const Outcome outcome = discover(words);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.err.empty());
    return outcome.out;
  }

  fakes::HaServer server;
  Program program;
};

std::string keys_of(const ordered_json& object) {
  std::string keys;
  for (const auto& [key, value] : object.items()) keys += (keys.empty() ? "" : " ") + key;
  return keys;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

constexpr const char* k_kinds[] = {"devices", "entities",       "areas",   "floors",
                                   "labels",  "config_entries", "aliases", "states"};

}  // namespace

TEST_CASE("discover -o json is one object with everything, each record as it came") {
  const House house;
  const auto all = ordered_json::parse(house.printed({"-o", "json"}));
  CHECK(keys_of(all) ==
        "ha devices entities areas floors labels config_entries composite_splits states missing");
  CHECK(keys_of(all["ha"]) == "url version location state when");
  CHECK(all["ha"]["url"] == house.server.url());
  CHECK(all["ha"]["version"] == "2026.11.0");
  CHECK(all["ha"]["state"] == "RUNNING");
  CHECK(all["missing"].dump() == "{}");
  const fakes::House truth = house.server.house();
  CHECK(all["devices"] == ordered_json::parse(truth.devices_json()));
  CHECK(all["entities"] == ordered_json::parse(truth.entities_json()));
  CHECK(all["areas"] == ordered_json::parse(truth.areas_json()));
  CHECK(all["floors"] == ordered_json::parse(truth.floors_json()));
  CHECK(all["labels"] == ordered_json::parse(truth.labels_json()));
  CHECK(all["config_entries"] == ordered_json::parse(truth.config_entries_json()));
  CHECK(all["composite_splits"] == ordered_json::parse(truth.composite_splits_json()));
  CHECK(keys_of(all["states"][0]) == "entity_id name unit device_class");
  CHECK(all["states"].size() == ordered_json::parse(truth.states_json()).size());
}

TEST_CASE("what an old Home Assistant does not have is missing, and no failure") {
  const House house{{.devices = 10, .entities = 30, .ha_version = "2022.5.0"}};
  const Outcome outcome = house.discover();
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  CHECK(ordered_json::parse(outcome.out)["missing"].dump() ==
        R"({"floors":"unknown_command","labels":"unknown_command",)"
        R"("config_entries":"unknown_command","composite_splits":"unknown_command"})");
  CHECK(house.printed({"floors"}) == "[]\n");
  CHECK(house.printed({"aliases", "-o", "ndjson"}).empty());
  CHECK(house.printed({"labels", "-o", "table"}) == "LABEL_ID  NAME  COLOR  DESCRIPTION\n");
}

TEST_CASE("every kind in every format has the same records") {
  const House house{{.devices = 94, .entities = 420}};
  for (const char* const kind : k_kinds) {
    INFO(kind);
    const auto json = ordered_json::parse(house.printed({kind, "-o", "json"}));
    REQUIRE(json.is_array());
    CHECK_FALSE(json.empty());
    const auto lines = lines_of(house.printed({kind, "-o", "ndjson"}));
    REQUIRE(lines.size() == json.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      CHECK(ordered_json::parse(lines[i]) == json[i]);
    }
    CHECK(lines_of(house.printed({kind, "-o", "table"})).size() == json.size() + 1);
    CHECK(lines_of(house.printed({kind, "-o", "csv"})).size() == json.size() + 1);
  }
}

TEST_CASE("the tables' headings") {
  const House house;
  const auto heading = [&](const std::string& kind) {
    return lines_of(house.printed({kind, "-o", "csv"})).front();
  };
  CHECK(heading("devices") == "id,name,manufacturer,model,area,integration\r");
  CHECK(heading("entities") == "entity_id,name,device,area,platform,disabled_by\r");
  CHECK(heading("areas") == "area_id,name,floor_id,labels\r");
  CHECK(heading("floors") == "floor_id,name,level\r");
  CHECK(heading("labels") == "label_id,name,color,description\r");
  CHECK(heading("config_entries") == "entry_id,domain,title,state\r");
  CHECK(heading("aliases") == "old_id,new_ids,primary_id\r");
  CHECK(heading("states") == "entity_id,name,unit,device_class\r");
}

TEST_CASE("an entity has its effective area, a device its name as people know it") {
  House house;
  const std::string device = house.server.house().device_ids().at(2);
  std::string entity;
  for (const std::string& id : house.server.house().entity_ids()) {
    if (house.server.house().entity_field(id, "device_id") == "\"" + device + "\"") entity = id;
  }
  REQUIRE(!entity.empty());
  house.server.change([&](fakes::House& h) {
    h.set_device_field(device, "area_id", "\"kitchen\"");
    h.set_device_field(device, "name_by_user", "\"My, \\\"own\\\" name\"");
    h.set_entity_field(entity, "area_id", "null");
    h.set_entity_field(entity, "name", "\"Its name\"");
  });
  const Words columns{"entities", "--where", "entity_id=" + entity, "--columns",
                      "entity_id,display_name,device_name,effective_area,area_name"};
  Words csv = columns;
  csv.insert(csv.end(), {"-o", "csv"});
  CHECK(house.printed(csv) == "entity_id,display_name,device_name,effective_area,area_name\r\n" +
                                  entity +
                                  ",Its name,\"My, \"\"own\"\" name\",kitchen,Kitchen\r\n");
  const auto json = ordered_json::parse(house.printed(columns));
  CHECK(json.dump() == R"([{"entity_id":")" + entity +
                           R"(","display_name":"Its name","device_name":"My, \"own\" name",)"
                           R"("effective_area":"kitchen","area_name":"Kitchen"}])");
  house.server.change(
      [&](fakes::House& h) { h.set_entity_field(entity, "area_id", "\"garage\""); });
  CHECK(ordered_json::parse(house.printed(columns))[0]["area_name"] == "Garage");
}

TEST_CASE("--where takes globs in either case, on any field, and all must match") {
  House house{{.devices = 94, .entities = 420}};
  const std::string marked = house.server.house().device_ids().at(7);
  house.server.change(
      [&](fakes::House& h) { h.set_device_field(marked, "labels", "[\"guests\",\"energy\"]"); });
  const auto count = [&](Words words) {
    words.insert(words.end(), {"-o", "ndjson"});
    return lines_of(house.printed(words)).size();
  };
  const auto devices = ordered_json::parse(house.server.house().devices_json());
  std::size_t lamps = 0;
  std::size_t labelled = 0;
  for (const auto& device : devices) {
    const bool lamp = device["name"].is_string() &&
                      device["name"].get<std::string>().find("lamp") != std::string::npos;
    lamps += lamp ? 1 : 0;
    for (const auto& label : device["labels"]) labelled += label == "energy" ? 1 : 0;
  }
  REQUIRE(lamps > 0);
  REQUIRE(labelled > 0);
  CHECK(count({"devices", "--where", "name=*LAMP*"}) == lamps);
  CHECK(count({"devices", "--where", "labels=energy"}) == labelled);
  CHECK(count({"devices", "--where", "name=*lamp*", "--where", "name=*nothing*"}) == 0);
  CHECK(count({"devices", "--where", "id=*"}) == devices.size());
  CHECK(count({"areas", "--where", "area_id=kitchen"}) == 1);
  CHECK(count({"entities", "--where", "domain=light"}) ==
        count({"entities", "--where", "entity_id=light.*"}));
  CHECK(house.printed({"areas", "--where", "area_id=none"}) == "[]\n");
  // Fields that only Home Assistant has are known when no record is left.
  CHECK(house.printed({"devices", "--where", "id=none", "--where", "config_entries=*", "--columns",
                       "id,config_entries"}) == "[]\n");
}

TEST_CASE("what cannot be meant ends with 2") {
  const House house;
  const auto usage = [&](const Words& words, const std::string& message,
                         const std::string& help = "") {
    const Outcome outcome = house.discover(words);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK(outcome.err == error_line(message, help));
  };
  usage({"devices", "--columns", "nmae"}, "devices have no field 'nmae'; did you mean name?");
  usage({"devices", "--columns", "id,entirely_else"}, "devices have no field 'entirely_else'");
  usage({"entities", "--where", "platfrom=hue"},
        "entities have no field 'platfrom'; did you mean platform?");
  usage({"entities", "--where", "platform"},
        "--where: 'platform' is not FIELD=GLOB, like name=kitchen*");
  usage({"device"}, "there is no kind of record 'device'; did you mean devices?",
        "haingest discover devices");
  usage({"everything-else"},
        "there is no kind of record 'everything-else', only devices, entities, areas, floors, "
        "labels, config_entries, aliases, states");
  usage({"--where", "a=b"}, "--where needs a KIND of record, like devices or entities",
        "haingest discover devices --where a=b");
  usage({"--where", "name=a b", "--columns", "id,name", "-o", "csv"},
        "--where needs a KIND of record, like devices or entities",
        "haingest discover devices --where 'name=a b' --columns id,name -o csv");
  usage({"devices", "--where", "name=[k"},
        "--where: 'name=[k' has a [ without its ]; write \\[ for the character itself");
  usage({"--columns", "a"}, "--columns needs a KIND of record, like devices or entities",
        "haingest discover devices --columns a");
  usage({"-o", "ndjson"}, "-o ndjson needs a KIND of record, like devices or entities",
        "haingest discover devices -o ndjson");
  usage({"-o", "csv"}, "-o csv needs a KIND of record, like devices or entities",
        "haingest discover devices -o csv");
  usage({"--stored", "--save", "x"},
        "--save writes what Home Assistant says; it does not go with --stored");
}

TEST_CASE("a saved snapshot gives the same store as Home Assistant itself") {
  const House house{{.devices = 94, .entities = 420, .weird = true}};
  const Program& program = house.program;
  CHECK(house.printed({"--save", program.file("s.json")}).empty());
  // Compared as texts: a broken integration's half surrogate is in there as it came.
  const auto without_time = [](std::string text) {
    const std::size_t at = text.find("\"when\":\"");
    REQUIRE(at != std::string::npos);
    return text.erase(at, text.find('}', at) - at);
  };
  const std::string saved = without_time(test::read_file(program.file("s.json")));
  const std::string printed = without_time(house.printed({}));
  CHECK(saved == printed);
  CHECK(program.run({"sync", "-q", "--db", program.file("a.db")}).exit_code == 0);
  CHECK(program.run({"sync", "-q", "--db", program.file("b.db"), "--from", program.file("s.json")})
            .exit_code == 0);
  for (const std::string& table :
       Words{"devices", "entities", "areas", "floors", "labels", "config_entries"}) {
    INFO(table);
    const std::string columns =
        query(program.file("a.db"), "SELECT group_concat(name, ', ') FROM pragma_table_info('" +
                                        table + "') WHERE name NOT IN ('first_seen', 'last_seen')");
    const std::string rows = "SELECT " + columns + " FROM " + table + " ORDER BY 1";
    CHECK(query(program.file("a.db"), rows) == query(program.file("b.db"), rows));
  }
  // The two agree so well that a sync finds nothing to do.
  const Outcome again = program.run({"sync", "--exit-code", "-q", "--db", program.file("b.db")});
  CHECK(again.exit_code == 0);
}

TEST_CASE("--save that cannot be written ends with 1 and leaves nothing") {
  const House house;
  const std::string path = house.program.file("none/s.json");
  const Outcome outcome = house.discover({"--save", path});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.err == error_line("cannot write " + path +
                                  ": No such file or directory; the snapshot was not saved, name a "
                                  "file in a folder that this user may write"));
  CHECK(std::filesystem::is_empty(house.program.folder.path()));
}

TEST_CASE("--save to what is no file of its own") {
  const House house;
  const Program& program = house.program;
  const auto refused = [&](const std::string& name, int exit_code, const std::string& line) {
    const Outcome outcome = house.discover({"--save", name});
    CHECK(outcome.exit_code == exit_code);
    CHECK(outcome.out.empty());
    CHECK(outcome.err == line);
  };
  refused("-", 2,
          error_line("--save needs the name of a file; -o json prints the same on standard output "
                     "(./- is a file of that name)",
                     "haingest discover -o json"));
  const std::string folder = program.folder.path().string();
  refused(folder, 1, error_line(folder + " is a folder; name a file in it with --save"));
  CHECK(house.server.counters().connections == 0);
  const std::string pipe = program.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const Outcome through = test::run({{"/bin/bash", "-c",
                                      "cat '" + pipe + "' & " HAINGEST_BINARY " discover --save '" +
                                          pipe + "'; code=$?; wait; exit $code"},
                                     program.environment,
                                     ""});
  CHECK(through.exit_code == 0);
  CHECK(ordered_json::parse(through.out)["devices"].size() == 10);
  CHECK(std::filesystem::is_fifo(pipe));
}

TEST_CASE("--stored prints what the database holds, with its age") {
  const House house;
  const std::string db = house.program.file("metadata.db");
  REQUIRE(house.program.run({"sync", "-q", "--db", db}).exit_code == 0);
  const auto stored = ordered_json::parse(house.printed({"--stored", "--db", db}));
  CHECK(keys_of(stored) == "store devices entities areas floors labels config_entries aliases");
  CHECK(keys_of(stored["store"]) == "path confirmed_at age_seconds");
  CHECK(stored["store"]["path"] == db);
  CHECK(stored["store"]["age_seconds"] >= 0);
  CHECK(stored["store"]["age_seconds"] < 600);
  CHECK(stored["devices"].size() == 10);
  const auto facts = lines_of(house.printed({"--stored", "--db", db, "-o", "table"}));
  REQUIRE(facts.size() == 9);
  CHECK(facts[0] == "database        " + db);
  CHECK(facts[1].starts_with("confirmed       20"));
  CHECK(facts[1].ends_with(" ago)"));
  CHECK(facts[2] == "devices         10");
  CHECK(lines_of(house.printed({"devices", "--stored", "--db", db, "-o", "ndjson"})).size() == 10);
  const Words columns{"--columns", "name,area_name", "-o", "csv"};
  Words from_store{"devices", "--stored", "--db", db};
  from_store.insert(from_store.end(), columns.begin(), columns.end());
  Words from_ha{"devices"};
  from_ha.insert(from_ha.end(), columns.begin(), columns.end());
  CHECK(lines_of(house.printed(from_store)).size() == lines_of(house.printed(from_ha)).size());
}

TEST_CASE("--stored tells the age of what Home Assistant said, whenever it was stored") {
  const Program program;
  const std::string db = program.file("metadata.db");
  test::write_file(program.file("old.json"),
                   R"({"ha":{"version":"2026.11.0","when":"2020-01-02T03:04:05Z"},"devices":[)"
                   R"({"id":"d1","name":"A"}],"entities":[],"areas":[],"floors":[],"labels":[],)"
                   R"("config_entries":[],"composite_splits":{},"states":[]})");
  REQUIRE(program.run({"sync", "-q", "--db", db, "--from", program.file("old.json")}).exit_code ==
          0);
  const auto stored = ordered_json::parse(program.run({"discover", "--stored", "--db", db}).out);
  CHECK(stored["store"]["confirmed_at"] == "2020-01-02T03:04:05.000000+00:00");
  CHECK(stored["store"]["age_seconds"] > 5 * 365 * 24 * 3600);
  CHECK(stored["devices"][0]["last_seen"] == "2020-01-02 03:04:05.000000");
}

TEST_CASE("records that some parsers stop at are told everywhere") {
  const Program program;
  const std::string db = program.file("metadata.db");
  const std::string odd = R"({"id":"d1","name":"A","half":"\ud800","large":1e400})";
  test::write_file(program.file("odd.json"),
                   R"({"ha":{"version":"2026.11.0"},"devices":[)" + odd +
                       R"(],"entities":[],"areas":[],"floors":[],"labels":[],"config_entries":[],)"
                       R"("composite_splits":{},"states":[]})");
  const Outcome synced = program.run(
      {"sync", "--db", db, "--from", program.file("odd.json"), "-o", "csv", "--columns", "after"});
  CHECK(synced.exit_code == 0);
  CHECK(synced.out.find("1e400") != std::string::npos);
  CHECK(program.run({"discover", "devices", "--stored", "--db", db, "-o", "csv"})
            .out.starts_with("id,name,manufacturer,model,area,integration\r\nd1,A,"));
  CHECK(query(db, "SELECT extra FROM devices") ==
        "{\"half\":\"\xEF\xBF\xBD\",\"large\":\"1e400\"}\n");
  // Home Assistant's own record is printed as it came.
  const House house{{.devices = 10, .entities = 30, .weird = true}};
  CHECK(house.printed({"entities", "-o", "ndjson"}).find(R"(half a \ud83d smile)") !=
        std::string::npos);
  CHECK(house.printed({"entities", "-o", "csv"})
            .find("\nsensor.weird_lone,half a \xEF\xBF\xBD smile,") != std::string::npos);
}

TEST_CASE("--stored without a database, and of what it does not keep") {
  const House house;
  const std::string db = house.program.file("metadata.db");
  const Outcome none = house.discover({"--stored", "--db", db});
  CHECK(none.exit_code == 1);
  CHECK(none.err == error_line("there is no database at " + db +
                                   " yet; run a sync first, or name another one with --db",
                               "haingest sync --db " + db));
  CHECK_FALSE(std::filesystem::exists(db));
  REQUIRE(house.program.run({"sync", "-q", "--db", db}).exit_code == 0);
  const Outcome states = house.discover({"states", "--stored", "--db", db});
  CHECK(states.exit_code == 2);
  CHECK(states.err == error_line("the database keeps no states apart; the entities have their "
                                 "units and device classes",
                                 "haingest discover entities --stored --db " + db));
}

TEST_CASE("aliases are retired device ids and what replaced them, now and in the store") {
  House house;
  const std::string old_id = house.server.house().device_ids().at(4);
  std::vector<std::string> halves;
  house.server.change([&](fakes::House& h) { halves = h.split_device(old_id, 2); });
  const auto found = [&](const Words& more) {
    Words words{"aliases", "--where", "old_id=" + old_id};
    words.insert(words.end(), more.begin(), more.end());
    return ordered_json::parse(house.printed(words));
  };
  const auto alias = found({});
  REQUIRE(alias.size() == 1);
  CHECK(alias[0]["primary_id"] == halves[0]);
  CHECK(alias[0]["new_ids"].size() == 2);
  const std::string db = house.program.file("metadata.db");
  REQUIRE(house.program.run({"sync", "-q", "--db", db}).exit_code == 0);
  house.server.change([&](fakes::House& h) { h.forget_split(old_id); });
  CHECK(found({}).empty());
  REQUIRE(house.program.run({"sync", "-q", "--db", db}).exit_code == 0);
  CHECK(found({"--stored", "--db", db}) == alias);
}

TEST_CASE("a registry that fails ends with 6 and is named; the others are printed") {
  const House house{{.devices = 10, .entities = 30},
                    {"fail=config/device_registry/list:unknown_error"}};
  const std::string reason =
      "error Home Assistant answered for devices with an error (unknown_error): they are missing, "
      "try again later\n";
  const Outcome all = house.discover();
  CHECK(all.exit_code == 6);
  CHECK(without_times(all.err) == reason);
  CHECK(ordered_json::parse(all.out)["missing"].dump() == R"({"devices":"unknown_error"})");
  CHECK_FALSE(ordered_json::parse(all.out).contains("devices"));
  const Outcome devices = house.discover({"devices"});
  CHECK(devices.exit_code == 6);
  CHECK(devices.out.empty());
  CHECK(without_times(devices.err) == reason);
  const Outcome table = house.discover({"-o", "table"});
  CHECK(table.exit_code == 6);
  CHECK(table.out.find("\ndevices           - (unknown_error)\nentities          30\n") !=
        std::string::npos);
}

TEST_CASE("discover KIND ends with 6 only when what it prints is not whole") {
  const House house{
      {.devices = 10, .entities = 30},
      {"fail=config_entries/get:unauthorized", "fail=config/area_registry/list:timeout"}};
  const std::string entries =
      "error Home Assistant refuses config_entries to this token, which is no administrator's "
      "(unauthorized): they are missing, take a token of an administrator, later will not help\n";
  const std::string areas =
      "error Home Assistant did not answer for areas within 30 s: they are missing, try again "
      "later, or give more time with --timeout\n";
  const auto ends = [&](const Words& words, int exit_code, const std::string& log) {
    const Outcome outcome = house.discover(words);
    CHECK(outcome.exit_code == exit_code);
    CHECK(without_times(outcome.err) == log);
    CHECK_FALSE(outcome.out.empty());
  };
  // The records themselves are all there.
  ends({"devices"}, 0, "");
  ends({"devices", "-o", "ndjson"}, 0, "");
  ends({"devices", "--columns", "id,name"}, 0, "");
  ends({"labels", "-o", "table"}, 0, "");
  ends({"states", "-o", "csv"}, 0, "");
  ends({"entities", "--columns", "device_name"}, 0, "");
  // Columns and conditions that come from elsewhere are not.
  ends({"devices", "-o", "table"}, 6, areas + entries);
  ends({"devices", "--columns", "id,integration"}, 6, entries);
  ends({"devices", "--where", "integration=hue"}, 6, entries);
  ends({"entities", "--columns", "area_name"}, 6, areas);
  ends({}, 6, areas + entries);
}

TEST_CASE("--where: what is null or empty matches the empty glob alone") {
  House house;
  const std::vector<std::string> ids = house.server.house().device_ids();
  house.server.change([&](fakes::House& h) {
    for (const std::string& id : ids) h.set_device_field(id, "name_by_user", "\"Named\"");
    h.set_device_field(ids.at(0), "name_by_user", "null");
    h.set_device_field(ids.at(1), "name_by_user", "\"\"");
    for (const std::string& id : ids) h.set_device_field(id, "labels", "[]");
    h.set_device_field(ids.at(2), "labels", "[\"energy\"]");
  });
  const auto count = [&](const std::string& condition) {
    return lines_of(house.printed({"devices", "--where", condition, "-o", "ndjson"})).size();
  };
  CHECK(count("name_by_user=*") == ids.size() - 2);
  CHECK(count("name_by_user=?*") == ids.size() - 2);
  CHECK(count("name_by_user=") == 2);
  CHECK(count("labels=*") == 1);
  CHECK(count("labels=") == ids.size() - 1);
}

TEST_CASE("discover writes nothing") {
  const House house;
  static_cast<void>(house.printed({}));
  CHECK(std::filesystem::is_empty(house.program.folder.path()));
}
