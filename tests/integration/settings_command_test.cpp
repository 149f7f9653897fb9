// SPDX-License-Identifier: MIT
// What every command has: --show-config, --version, --help, and that no secret gets out.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "tests/integration/program.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/left_out.hpp"

using namespace haingest;
using nlohmann::ordered_json;
using test::error_line;
using test::Outcome;
using test::Program;
using test::Words;

namespace {

// Each with a mark of its own, so that a leak says whose it is.
const std::map<std::string, std::string> k_secrets{
    {"HAINGEST_HA_TOKEN", "s3cret-haingest-ha"},
    {"HA_TOKEN", "s3cret-ha"},
    {"HASS_TOKEN", "s3cret-hass"},
    {"SUPERVISOR_TOKEN", "s3cret-supervisor"},
    {"NABU_CASA_TOKEN", "s3cret-nabu-casa"},
    {"HAINGEST_API_TOKEN", "s3cret-haingest-api"},
    {"API_KEY", "s3cret-api-key"},
    {"INFLUXDB_TOKEN", "s3cret-influxdb"},
    {"INFLUXDB_PASSWORD", "s3cret-password"},
};

bool leaks(const Outcome& outcome) {
  return (outcome.out + outcome.err).find("s3cret") != std::string::npos;
}

Program program_with_secrets() { return Program(k_secrets); }

// "value (origin)" of a setting.
std::string shown(const ordered_json& rows, const std::string& setting) {
  for (const auto& row : rows) {
    if (row["setting"] != setting) continue;
    const auto& value = row["value"];
    return (value.is_null() ? "null" : value.get<std::string>()) + " (" +
           row["origin"].get<std::string>() + ")";
  }
  return "no such setting";
}

std::string status_line(pid_t pid, const std::string& name) {
  std::istringstream in(test::read_file("/proc/" + std::to_string(pid) + "/status"));
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name + ":")) return line;
  }
  return "";
}

}  // namespace

TEST_CASE("--show-config has every setting with its value and its origin") {
  Program program;
  program.environment["HA_URL"] = "http://a:8123,http://b:8123";
  program.environment["HAINGEST_TIMEOUT"] = "45";
  test::write_file(program.file("h.toml"), "db = \"/srv/m.db\"\n[output]\nformat = \"json\"\n");
  const Outcome outcome =
      program.run({"--show-config", "--config", program.file("h.toml"), "--ca-file", "/ca.pem"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  const auto rows = ordered_json::parse(outcome.out);
  CHECK(rows.size() == 75);
  CHECK(shown(rows, "config") == program.file("h.toml") + " (--config, read)");
  CHECK(shown(rows, "max-removals") == "20% (default)");
  CHECK(shown(rows, "ha-url") == "http://a:8123,http://b:8123 (HA_URL)");
  CHECK(shown(rows, "timeout") == "45 (HAINGEST_TIMEOUT)");
  CHECK(shown(rows, "db") == "/srv/m.db (" + program.file("h.toml") + ": db)");
  CHECK(shown(rows, "ca-file") == "/ca.pem (--ca-file)");
  CHECK(shown(rows, "listen") == "127.0.0.1:8006 (default)");
  CHECK(shown(rows, "HAINGEST_HA_TOKEN") == "null (default)");
}

TEST_CASE("--show-config says which files were looked for and which was there") {
  const Program program;
  const std::string path = program.file("home/.config/haingest/haingest.toml");
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  const auto files = [&] {
    std::string lines;
    for (const auto& row : ordered_json::parse(program.run({"--show-config"}).out)) {
      if (row["setting"] != "config") continue;
      lines += row["value"].get<std::string>() + ": " + row["origin"].get<std::string>() + "\n";
    }
    return lines;
  };
  const bool machine = std::filesystem::exists("/etc/haingest/haingest.toml");
  const std::string etc = std::string("/etc/haingest/haingest.toml: default, ") +
                          (machine ? "read" : "not there") + "\n";
  CHECK(files() == etc + path + ": default, not there\n");
  test::write_file(path, "db = \"~/m.db\"\n");
  CHECK(files() == etc + path + ": default, read\n");
  CHECK(shown(ordered_json::parse(program.run({"--show-config"}).out), "db") ==
        program.file("home/m.db") + " (" + path + ": db)");
}

TEST_CASE("a mistyped variable ends with 2 before anything is done") {
  Program program;
  const fakes::House house = fakes::make_house();
  test::write_file(program.file("s.json"), house.snapshot_document("http://ha.test:8123"));
  program.environment["HAINGEST_DRYRUN"] = "1";
  const Words words{"sync", "--from", program.file("s.json"), "--db", program.file("m.db")};
  const Outcome outcome = program.run(words);
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.err == error_line("the environment has HAINGEST_DRYRUN, which is no setting; did "
                                  "you mean HAINGEST_DRY_RUN?"));
  CHECK_FALSE(std::filesystem::exists(program.file("m.db")));
  CHECK(program.run({"--version"}).exit_code == 0);
}

TEST_CASE("who reads the output may go: SIGPIPE ends it, a sync has committed by then") {
  const Program program;
  const fakes::House house = fakes::make_house();
  test::write_file(program.file("s.json"), house.snapshot_document("http://ha.test:8123"));
  const std::string sync =
      "sync --from " + program.file("s.json") + " --db " + program.file("m.db");
  const auto unread = [&](const std::string& words) {
    // A pipe that nobody reads from the first byte on.
    const std::string script =
        "mkfifo p; exec 3<>p 4>p 3<&-; exec " HAINGEST_BINARY " " + words + " >&4";
    return test::run({{"/bin/bash", "-c", "cd '" + program.folder.path().string() + "'; " + script},
                      {{"PATH", "/usr/bin:/bin"}, {"HOME", program.file("home")}},
                      ""});
  };
  const Outcome outcome = unread(sync);
  CHECK(outcome.exit_code == 141);
  CHECK(outcome.err.empty());
  CHECK(program.run({"discover", "devices", "--stored", "--db", program.file("m.db"), "-o", "csv"})
            .out.size() > 1000);
}

TEST_CASE("--show-config of a command has that command's settings") {
  const Program program;
  const auto settings = [&](const std::string& command) {
    return ordered_json::parse(program.run({command, "--show-config"}).out);
  };
  CHECK(shown(settings("serve"), "listen") == "127.0.0.1:8006 (default)");
  CHECK(shown(settings("sync"), "listen") == "no such setting");
  CHECK(shown(settings("sync"), "log.level") == "warning (default)");
  CHECK(shown(settings("serve"), "log.level") == "info (default)");
  CHECK(shown(settings("sync"), "prune-after") == "365d (default)");
  CHECK(shown(settings("discover"), "prune-after") == "no such setting");
}

TEST_CASE("the database is by default in the user's state folder") {
  Program program;
  if (::access("/var/lib/haingest", W_OK) == 0) return;
  const auto database = [&] {
    return shown(ordered_json::parse(program.run({"--show-config"}).out), "db");
  };
  CHECK(database() == program.file("home/.local/state/haingest/metadata.db") + " (default)");
  program.environment["XDG_STATE_HOME"] = "/state";
  CHECK(database() == "/state/haingest/metadata.db (default)");
  program.environment.clear();
  const Outcome homeless = program.run({"sync", "--from", "x"});
  CHECK(homeless.exit_code == 2);
  CHECK(homeless.err ==
        error_line("there is no place for the database: neither --db nor HOME is set, and "
                   "/var/lib/haingest cannot be written; name one with --db"));
}

TEST_CASE("--show-config masks every secret, in every format") {
  const Program program = program_with_secrets();
  for (const char* const command : {"", "discover", "sync", "serve"}) {
    for (const char* const format : {"table", "json", "ndjson", "csv"}) {
      Words words{"--show-config", "-o", format};
      if (*command != '\0') words.insert(words.begin(), command);
      const Outcome outcome = program.run(words);
      CHECK(outcome.exit_code == 0);
      CHECK_FALSE(leaks(outcome));
      CHECK(outcome.out.find("********") != std::string::npos);
    }
  }
  const Outcome outcome = program.run({"--show-config", "--ha-url", "http://me:s3cret@h:8123"});
  CHECK_FALSE(leaks(outcome));
  CHECK(shown(ordered_json::parse(outcome.out), "ha-url") == "http://********@h:8123 (--ha-url)");
}

TEST_CASE("--show-config has each of several targets, and what is in the way of them") {
  Program program = program_with_secrets();
  const std::string path = program.file("h.toml");
  test::write_file(path,
                   "[[influx]]\nurl = \"http://a:8086\"\n[[influx]]\nname = \"archive\"\n"
                   "url = \"http://me:s3cret@b:8086\"\ntoken_file = \"~/token\"\n");
  const Words words{"watch", "--config", path, "--show-config"};
  const Outcome outcome = program.run(words);
  CHECK(outcome.exit_code == 0);
  CHECK_FALSE(leaks(outcome));
  const auto rows = ordered_json::parse(outcome.out);
  const std::string file = " (" + path + ": influx.";
  CHECK(shown(rows, "influx-url of influx") == "http://a:8086" + file + "url of influx)");
  CHECK(shown(rows, "influx-bucket of influx") == "home_assistant_events (default)");
  CHECK(shown(rows, "influx-token-file of influx") == "null (default)");
  CHECK(shown(rows, "influx.name of influx") == "influx (default)");
  CHECK(shown(rows, "influx.name of archive") == "archive" + file + "name of archive)");
  CHECK(shown(rows, "influx-url of archive") ==
        "http://********@b:8086" + file + "url of archive)");
  CHECK(shown(rows, "influx-token-file of archive") ==
        program.file("home/token") + file + "token_file of archive)");
  CHECK(shown(rows, "influx-url") == "no such setting");
  CHECK(shown(rows, "HAINGEST_INFLUX_TOKEN") == "******** (INFLUXDB_TOKEN)");
  CHECK(shown(rows, "layout") == "ha-ingestor (default)");
  program.environment.erase("INFLUXDB_TOKEN");
  program.environment.erase("INFLUXDB_PASSWORD");
  program.environment["INFLUXDB_URL"] = "http://c:8086";
  const auto more = ordered_json::parse(program.run(words).out);
  CHECK(shown(more, "HAINGEST_INFLUX_TOKEN") == "no such setting");
  CHECK(shown(more, "influx-url") == "http://c:8086 (INFLUXDB_URL)");
}

TEST_CASE("what names one target is refused where the file has several") {
  Program program;
  const fakes::House house = fakes::make_house();
  test::write_file(program.file("s.json"), house.snapshot_document("http://ha.test:8123"));
  const std::string path = program.file("h.toml");
  test::write_file(path,
                   "[[influx]]\nurl = \"http://a:8086\"\n[[influx]]\nname = \"archive\"\n"
                   "url = \"http://b:8086\"\n");
  const auto run = [&](Words words) {
    words.insert(words.end(), {"--config", path, "--db", program.file("m.db")});
    return program.run(words);
  };
  const auto refused = [](const std::string& what) {
    return error_line(what +
                      " is for a single target, but the configuration file has several (influx, "
                      "archive); leave it out: what a target needs stands in its [[influx]] table");
  };
  const Outcome flag = run({"watch", "--influx-url", "http://c:8086"});
  CHECK(flag.exit_code == 2);
  CHECK(flag.err == refused("--influx-url"));
  for (const char* const name :
       {"INFLUXDB_URL", "INFLUXDB_TOKEN", "INFLUXDB_ORG", "INFLUXDB_BUCKET", "INFLUXDB_DATABASE",
        "INFLUXDB_USERNAME", "INFLUXDB_PASSWORD", "HAINGEST_INFLUX_TOKEN_FILE"}) {
    program.environment[name] = "s3cret";
    for (const Words& words : {Words{"watch"}, Words{"serve", "--watch"}}) {
      const Outcome outcome = run(words);
      CHECK(outcome.exit_code == 2);
      CHECK(outcome.err == refused(name));
    }
    CHECK(run({"watch", "--no-influx"}).err.find("single target") == std::string::npos);
    CHECK(run({"sync", "-q", "--from", program.file("s.json")}).exit_code == 0);
    program.environment.erase(name);
  }
}

TEST_CASE("an address of a target that is none is refused with whose it is") {
  const Program program;
  const std::string path = program.file("h.toml");
  test::write_file(path,
                   "[[influx]]\nurl = \"http://a:8086\"\n[[influx]]\nname = \"archive\"\n"
                   "url = \"\"\n");
  const Outcome outcome =
      program.run({"watch", "-q", "--config", path, "--db", program.file("m.db")});
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.err.starts_with("haingest: error: " + path +
                                ": influx.url of archive: \"\" is no URL that haingest can use: "));
}

TEST_CASE("no error and no log has a token in it") {
  Program program = program_with_secrets();
  const fakes::HaServer refusing(fakes::make_house({.devices = 1, .entities = 1}),
                                 test::with_faults({"auth_invalid"}));
  const auto run = [&](Words words) {
    words.insert(words.end(), {"-vv", "--db", program.file("m.db")});
    const Outcome outcome = program.run(words);
    CHECK(outcome.exit_code != 0);
    CHECK_FALSE(outcome.err.empty());
    CHECK_FALSE(leaks(outcome));
  };
  run({"sync", "--ha-url", refusing.url()});
  run({"discover", "--ha-url", refusing.url(), "--log-format", "json"});
  run({"sync", "--ha-url", "http://127.0.0.1:1"});
  run({"sync", "--ha-url", "http://x:s3cret@127.0.0.1:1"});
  run({"sync", "--ha-token", "s3cret"});
  run({"--token=s3cret", "serve"});
  test::write_file(program.file("token"), "s3cret and more");
  run({"sync", "--ha-url", refusing.url(), "--ha-token-file", program.file("token")});
  program.environment["HAINGEST_HA_TOKEN"] = "s3cret with blanks";
  run({"sync", "--ha-url", refusing.url()});
}

TEST_CASE("-vv says what was asked, read, opened and answered, a line each and no token") {
  Program program;
  const fakes::HaServer server(fakes::make_house({.devices = 3, .entities = 5}));
  program.talk_to(server);
  const std::string token(server.token().reveal());
  const std::string db = program.file("m.db");
  const auto lines = [&](const Outcome& outcome) {
    CHECK(outcome.exit_code == 0);
    CHECK((outcome.out + outcome.err).find(token) == std::string::npos);
    return test::without_times(outcome.err);
  };
  const auto has = [](const std::string& log, const std::string& pattern) {
    INFO(pattern << "\n" << log);
    CHECK(std::regex_search(log, std::regex("(^|\n)" + pattern + "\n")));
  };
  CHECK(lines(program.run({"sync", "-v", "--db", db})).find("debug ") == std::string::npos);
  const std::string sync = lines(program.run({"sync", "-vv", "--db", db}));
  const std::string home = program.file("home/.config/haingest/haingest.toml");
  const std::string took = "after [0-9.]+ (us|ms|s)";
  has(sync, "debug settings: " + home + " is not there");
  has(sync, "debug " + server.url() + ": asked get_states");
  has(sync, "debug " + server.url() + ": get_states: answered, [0-9]{3,} bytes " + took);
  has(sync,
      "debug " + server.url() + ": config/floor_registry/list: answered, [0-9]+ bytes " + took);
  has(sync, "debug " + db + ": opened for writing");
  has(lines(program.run({"discover", "--stored", "-vv", "--db", db})),
      "debug " + db + ": opened for reading");

  program.environment["API_KEY"] = "s3cret-api-key";
  test::Serving serving(program, db, {"-vv"});
  const std::string host = serving.url().substr(std::string("http://").size());
  const std::string ask = "exec 3<>/dev/tcp/" + host.substr(0, host.find(':')) + "/" +
                          host.substr(host.find(':') + 1) + "; printf '%b' \"$1\" >&3; cat <&3";
  const auto send = [&](const std::string& request) {
    return test::run({{"/bin/bash", "-c", ask, "ask", request}, {}, ""});
  };
  const std::string get = "GET /api/devices HTTP/1.1\\r\\nHost: localhost\\r\\n";
  // The second is answered from what is kept of the first.
  CHECK(send(get + "\\r\\n" + get + "\\r\\n" + get + "Connection: close\\r\\n\\r\\n").exit_code ==
        0);
  CHECK(send("DELETE /internal/devices/clear HTTP/1.1\\r\\nHost: localhost\\r\\n"
             "Connection: close\\r\\n\\r\\n")
            .exit_code == 0);
  CHECK(program.run({"sync", "--to", serving.url(), "-q"}).exit_code == 0);
  const Outcome served = serving.stop(15);
  const std::string log = lines(served);
  CHECK(served.err.find("s3cret") == std::string::npos);
  const std::regex answered(
      "debug data API: GET /api/devices from 127\\.0\\.0\\.1: 200, [0-9.]+ "
      "(us|ms|s)\n");
  CHECK(std::distance(std::sregex_iterator(log.begin(), log.end(), answered), {}) == 3);
  has(log, "info data API: DELETE /internal/devices/clear from 127\\.0\\.0\\.1: 401, [0-9.]+ .*");
  has(log, "info data API: POST /internal/snapshot.* from 127\\.0\\.0\\.1: 200, [0-9.]+ .*");
}

TEST_CASE("LOG_LEVEL may have another program's word, haingest's own variable may not") {
  Program program;
  const auto level = [&](const std::string& word) {
    program.environment["LOG_LEVEL"] = word;
    return program.run({"--show-config", "-o", "csv"});
  };
  for (const char* const word : {"trace", "notice", "20", "FATAL", "info"}) {
    INFO(word);
    const Outcome outcome = level(word);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.err.find("warning") == std::string::npos);
  }
  CHECK(level("trace").err.find(" debug settings: ") != std::string::npos);
  const Outcome loud = level("loud");
  CHECK(loud.exit_code == 0);
  CHECK(test::without_times(loud.err) ==
        "warning LOG_LEVEL: 'loud' is none of debug, info, warning or error, so it was ignored; "
        "HAINGEST_LOG_LEVEL is for haingest alone\n");
  for (const char* const word : {"loud", "trace"}) {
    program.environment["HAINGEST_LOG_LEVEL"] = word;
    const Outcome strict = program.run({"--show-config"});
    CHECK(strict.exit_code == 2);
    CHECK(strict.err == error_line("HAINGEST_LOG_LEVEL: '" + std::string(word) +
                                   "' is none of debug, info, warning or error"));
  }
}

TEST_CASE("a token file that everyone may read gets a warning with what to run") {
  Program program;
  const fakes::HaServer server(fakes::make_house({.devices = 1, .entities = 1}));
  const std::string path = program.file("token");
  test::write_file(path, std::string(server.token().reveal()));
  const auto told = [&](const Words& more) {
    Words words{"discover", "labels", "--ha-url", server.url(), "--ha-token-file", path};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = program.run(words);
    CHECK(outcome.exit_code == 0);
    return test::without_times(outcome.err);
  };
  const auto set_mode = [](const std::string& file, unsigned mode) {
    REQUIRE(::chmod(file.c_str(), mode) == 0);
  };
  set_mode(path, 0644);
  set_mode(program.folder.path(), 0700);
  CHECK(told({}).empty());  // nobody else comes that far
  set_mode(program.folder.path(), 0755);
  CHECK(told({}) == "warning --ha-token-file: everybody on this machine can read the token in " +
                        path + "; run: chmod 600 " + path + "\n");
  CHECK(told({"-q"}).empty());
  set_mode(path, 0640);
  CHECK(told({}).empty());
}

TEST_CASE("the Supervisor's token goes to nobody else") {
  Program program;
  program.environment["SUPERVISOR_TOKEN"] = "s3cret";
  const Outcome outcome = program.run({"discover", "--ha-url", "http://127.0.0.1:1"});
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.err == error_line("no token for Home Assistant at http://127.0.0.1:1: give "
                                  "--ha-token-file, or HA_TOKEN in the environment"));
}

TEST_CASE("errors are objects in a JSON log") {
  const Program program;
  const Outcome outcome = program.run({"sync", "--log-format", "json", "--history"});
  CHECK(outcome.exit_code == 2);
  const auto line = ordered_json::parse(outcome.err);
  CHECK(line["level"] == "error");
  CHECK(
      line["message"] ==
      "--history writes to InfluxDB, and none is configured; give --influx-url, or INFLUXDB_URL in "
      "the environment");
}

TEST_CASE("a retired key warns, an unknown one ends with 2") {
  const Program program;
  const std::string path = program.file("h.toml");
  test::write_file(path, "[ha]\nhttp_url = \"http://a\"\n");
  const Outcome retired = program.run({"--show-config", "--config", path});
  CHECK(retired.exit_code == 0);
  CHECK(test::without_times(retired.err) ==
        "warning " + path + ":2: ha.http_url is retired and was ignored; set ha.url instead\n");
  test::write_file(path, "tmeout = 5\n");
  const Outcome unknown = program.run({"--show-config", "--config", path});
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.err == error_line(path + ":1: there is no setting tmeout; did you mean timeout?"));
}

TEST_CASE("--version and --help") {
  const Program program;
  const Outcome version = program.run({"--version"});
  CHECK(version.exit_code == 0);
  CHECK(version.out == "haingest " HAINGEST_VERSION "\n");
  CHECK(version.err.empty());
  for (const char* const command : {"", "discover", "sync", "serve"}) {
    INFO(command);
    Words words{"--help"};
    if (*command != '\0') words.insert(words.begin(), command);
    const Outcome help = program.run(words);
    CHECK(help.exit_code == 0);
    CHECK(help.err.empty());
    CHECK(help.out.find("haingest " + std::string(command)) != std::string::npos);
    CHECK(help.out.find("Example") != std::string::npos);
    CHECK(help.out.find("--timeout") != std::string::npos);
  }
}

TEST_CASE("without a command it ends with 2") {
  const Outcome outcome = Program().run({});
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  CHECK(outcome.err == error_line("no command was given", "haingest --help"));
}

TEST_CASE("the process has no token in its arguments, and its memory is private") {
  const Program program = program_with_secrets();
  const test::Serving serving(program, program.file("m.db"));
  const pid_t pid = serving.process().pid();
  const std::string proc = "/proc/" + std::to_string(pid);
  CHECK(test::read_file(proc + "/cmdline").find("s3cret") == std::string::npos);
  // Of a process that may be dumped these belong to its user.
  struct stat file {};
  REQUIRE(::stat((proc + "/environ").c_str(), &file) == 0);
  CHECK(file.st_uid == 0);
  CHECK(
      test::read_file(proc + "/limits").find("Max core file size        0                    0 ") !=
      std::string::npos);
}

TEST_CASE("an ordinary user's process cannot be read by that user") {
  if (::geteuid() != 0) {
    const Program program = program_with_secrets();
    const test::Serving serving(program, program.file("m.db"));
    const std::string path = "/proc/" + std::to_string(serving.process().pid()) + "/environ";
    CHECK(::access(path.c_str(), R_OK) != 0);
    return;
  }
  Program program = program_with_secrets();
  const std::string binary = program.file("haingest");
  std::filesystem::copy_file(HAINGEST_BINARY, binary);
  std::filesystem::permissions(program.folder.path(), std::filesystem::perms::all);
  test::Command command =
      program.command({"serve", "--db", program.file("m.db"), "--listen", "127.0.0.1:0"});
  command.argv[0] = binary;
  const Words drop{"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"};
  command.argv.insert(command.argv.begin(), drop.begin(), drop.end());
  const test::Background serving(command);
  serving.wait_for_err("serving ", std::chrono::seconds(60));
  struct stat file {};
  REQUIRE(::stat(("/proc/" + std::to_string(serving.pid()) + "/environ").c_str(), &file) == 0);
  CHECK(file.st_uid == 0);
  CHECK(status_line(serving.pid(), "Uid") == "Uid:\t65534\t65534\t65534\t65534");
}

TEST_CASE("output that cannot be written ends with 1") {
  Program program;
  const fakes::House house = fakes::make_house();
  test::write_file(program.file("s.json"), house.snapshot_document("http://ha.test:8123"));
  const auto into = [&](const std::string& target, const std::string& words) {
    const test::Command shell{
        {"/bin/sh", "-c", std::string("exec " HAINGEST_BINARY " ") + words + " " + target},
        program.environment,
        ""};
    return test::run(shell);
  };
  const std::string rest = "; what was printed is not whole";
  const std::string full =
      error_line("cannot write to standard output: No space left on device" + rest);
  for (const std::string& words :
       {std::string("--version"), std::string("sync --help"), std::string("--show-config"),
        "sync -n --from " + program.file("s.json")}) {
    INFO(words);
    const Outcome outcome = into("> /dev/full", words);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.err == full);
  }
  const Outcome closed = into(">&-", "--version");
  CHECK(closed.exit_code == 1);
  CHECK(closed.err == error_line("cannot write to standard output: Bad file descriptor" + rest));
}

TEST_CASE("an error stands on a line of its own behind what showed the progress") {
  if (!test::have_pseudo_terminal()) return;
  Program program;
  program.environment["TERM"] = "xterm";
  program.environment["NO_COLOR"] = "1";
  program.environment["HA_TOKEN"] = "x";
  const test::Command command{
      {"/usr/bin/script", "-qec",
       HAINGEST_BINARY " sync --ha-url http://127.0.0.1:1 --db " + program.file("m.db"),
       "/dev/null"},
      program.environment,
      ""};
  const Outcome outcome = test::run(command);
  CHECK(outcome.exit_code == 5);
  CHECK(outcome.out.find("Asking Home Assistant …\r\x1b[Khaingest: error: no snapshot") !=
        std::string::npos);
}
