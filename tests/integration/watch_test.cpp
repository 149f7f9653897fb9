// SPDX-License-Identifier: MIT
// `haingest watch` and `serve --watch` against the simulated Home Assistant: what changes there is
// in the database at once, whatever happens to the connection in between.
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/net/http_client.hpp"
#include "tests/integration/program.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/sql.hpp"

using namespace haingest;
using namespace std::chrono_literals;
using nlohmann::json;
using test::eventually;
using test::Outcome;
using test::Program;
using test::query;
using test::Words;

namespace {

constexpr auto k_end = 60s;

// A house, and `watch` that follows it.
class Watch {
 public:
  explicit Watch(fakes::House house = fakes::make_house({.devices = 30, .entities = 90}),
                 fakes::ServerOptions options = {}, const Words& more = {})
      : server(std::move(house), std::move(options)) {
    program.talk_to(server);
    start(more);
  }

  void start(const Words& more = {}) {
    Words words{"watch", "--db", database};
    words.insert(words.end(), more.begin(), more.end());
    process = std::make_unique<test::Background>(program.command(words));
  }

  [[nodiscard]] std::string ask(const std::string& sql) const { return query(database, sql); }
  // Whether the query gives that, soon.
  [[nodiscard]] bool becomes(const std::string& sql, const std::string& rows) const {
    return eventually(
        [&] {
          try {
            return ask(sql) == rows;
          } catch (const std::exception&) {
            return false;  // no database yet
          }
        },
        k_end);
  }
  [[nodiscard]] bool mirrored(std::size_t devices) const {
    return becomes("SELECT count(*) FROM devices", std::to_string(devices) + "\n");
  }
  [[nodiscard]] std::size_t asked(const std::string& command) const {
    const auto commands = server.counters().commands;
    const auto at = commands.find(command);
    return at == commands.end() ? 0 : at->second;
  }
  [[nodiscard]] json status() const {
    return json::parse(test::read_file(database + "-status"), nullptr, false);
  }
  Outcome stop(int signal = SIGTERM) const {
    process->signal(signal);
    return process->wait();
  }

  Program program;
  std::string database = program.file("metadata.db");
  fakes::HaServer server;
  std::unique_ptr<test::Background> process;
};

// A service manager's socket.
class Notified {
 public:
  explicit Notified(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const timeval limit{.tv_sec = 1, .tv_usec = 0};
    REQUIRE(::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Notified() { ::close(socket_); }
  Notified(const Notified&) = delete;
  Notified& operator=(const Notified&) = delete;

  // Whether a message that begins so comes, soon.
  [[nodiscard]] bool hears(const std::string& start) const {
    return eventually(
        [&] {
          std::string message(4'096, '\0');
          const auto size = ::recv(socket_, message.data(), message.size(), 0);
          return size > 0 && message.starts_with(start);
        },
        k_end);
  }

 private:
  int socket_;
};

std::string changes_sql(const std::string& kind) {
  return "SELECT action, json_remove(before, '$.modified_at'), json_remove(after, '$.modified_at') "
         "FROM changes WHERE kind = '" +
         kind + "' AND action <> 'added' ORDER BY seq";
}

}  // namespace

TEST_CASE("What changes in Home Assistant is in the database, by the run of a watch") {
  Watch watch;
  REQUIRE(watch.mirrored(30));
  std::string device, entity;
  watch.server.change([&](fakes::House& house) {
    device = house.device_ids().at(2);
    entity = house.entity_ids().at(4);
    house.set_device_field(device, "name_by_user", "\"Heater\"");
  });
  CHECK(watch.becomes("SELECT name_by_user FROM devices WHERE device_id = '" + device + "'",
                      "Heater\n"));
  watch.server.change([&](fakes::House& house) { house.rename_entity(entity, "light.named"); });
  CHECK(watch.becomes("SELECT count(*) FROM entities WHERE entity_id = 'light.named'", "1\n"));
  CHECK(watch.ask("SELECT count(*) FROM entities WHERE entity_id = '" + entity + "'") == "0\n");
  CHECK(watch.ask(changes_sql("device")) ==
        "updated|{\"name_by_user\":null}|{\"name_by_user\":\"Heater\"}\n");
  CHECK(watch.ask("SELECT count(*) FROM changes WHERE kind = 'entity' AND action = 'renamed'") ==
        "1\n");
  CHECK(watch.ask("SELECT DISTINCT command, source FROM sync_runs") ==
        "watch|" + watch.server.url() + "\n");
  CHECK(watch.stop().exit_code == 0);
}

TEST_CASE("A change made while the connection was away is there after it came back") {
  Watch watch;
  REQUIRE(watch.mirrored(30));
  const std::string device = watch.server.house().device_ids().at(7);
  for (int round = 0; round < 3; ++round) {
    const std::string name = "Name " + std::to_string(round);
    watch.server.drop_connections();
    watch.server.change([&](fakes::House& house) {
      house.set_device_field(device, "name_by_user", json(name).dump());
    });
    CHECK(watch.becomes("SELECT name_by_user FROM devices WHERE device_id = '" + device + "'",
                        name + "\n"));
  }
  CHECK(watch.stop().exit_code == 0);
}

TEST_CASE("A burst of events costs a few reads of the registries concerned") {
  Watch watch(fakes::make_house({.devices = 60, .entities = 600}));
  REQUIRE(watch.mirrored(60));
  const std::size_t before = watch.asked("config/entity_registry/list");
  const std::size_t floors = watch.asked("config/floor_registry/list");
  for (int burst = 0; burst < 10; ++burst) {
    watch.server.change([&](fakes::House& house) {
      const auto ids = house.entity_ids();
      for (std::size_t i = 0; i < 50; ++i) {
        house.set_entity_field(ids.at(static_cast<std::size_t>(burst) * 50 + i), "name",
                               "\"Burst " + std::to_string(burst) + "\"");
      }
    });
  }
  CHECK(watch.becomes("SELECT count(*) FROM entities WHERE name LIKE 'Burst %'", "500\n"));
  CHECK(watch.asked("config/entity_registry/list") - before <= 12);
  CHECK(watch.asked("config/entity_registry/list") == watch.asked("config/device_registry/list"));
  CHECK(watch.asked("config/floor_registry/list") == floors);
  CHECK(watch.stop().exit_code == 0);
}

TEST_CASE("An area that vanishes under its devices, a remove and a restore at once") {
  Watch watch;
  REQUIRE(watch.mirrored(30));
  std::string area, device;
  watch.server.change([&](fakes::House& house) {
    area = house.area_ids().at(0);
    device = house.device_ids().at(3);
    house.remove_device(device);
    house.remove_area(area);
    house.restore_device(device);
  });
  CHECK(watch.becomes("SELECT count(*) FROM areas WHERE area_id = '" + area + "'", "0\n"));
  CHECK(watch.becomes("SELECT count(*) FROM devices WHERE area_id = '" + area + "'", "0\n"));
  CHECK(watch.becomes("SELECT count(*) FROM devices WHERE device_id = '" + device + "'", "1\n"));
  CHECK(watch.stop().exit_code == 0);
}

TEST_CASE("Entities that only have a state come and go with it, units follow") {
  Watch watch;
  REQUIRE(watch.mirrored(30));
  const std::string all = "SELECT count(*) FROM entities WHERE registry_id IS NULL";
  const std::string before = watch.ask(all);
  watch.server.change([](fakes::House& house) { house.set_state("strike.here", "1"); });
  CHECK(watch.becomes("SELECT count(*) FROM entities WHERE entity_id = 'strike.here'", "1\n"));
  watch.server.change([](fakes::House& house) { house.remove_state("strike.here"); });
  CHECK(watch.becomes("SELECT count(*) FROM entities WHERE entity_id = 'strike.here'", "0\n"));
  CHECK(watch.ask(all) == before);
  CHECK(watch.ask("SELECT count(*) FROM changes WHERE id = 'strike.here'") == "0\n");
  CHECK(watch.stop().exit_code == 0);
}

TEST_CASE("While Home Assistant starts nothing is removed; when it runs everything is right") {
  fakes::House house = fakes::make_house({.devices = 30, .entities = 90});
  const std::string device = house.device_ids().at(5);
  Watch watch(house);
  REQUIRE(watch.mirrored(30));
  REQUIRE(watch.stop().exit_code == 0);

  house.remove_device(device);
  fakes::Faults faults;
  faults.starting_connections = 1;  // and the second is a Home Assistant that runs
  fakes::ServerOptions options;
  options.faults = faults;
  const fakes::HaServer starting(house, options);
  watch.program.talk_to(starting);
  watch.start();
  watch.process->wait_for_err("connected with Home Assistant");
  CHECK(eventually([&] { return watch.status()["connection"]["ha_state"] == "STARTING"; }, k_end));
  CHECK(watch.mirrored(30));
  watch.process->signal(SIGTERM);
  CHECK(watch.process->wait().exit_code == 0);
  CHECK(watch.ask("SELECT count(*) FROM devices") == "30\n");
  watch.start();
  CHECK(watch.mirrored(29));
  CHECK(watch.stop().exit_code == 0);
}

TEST_CASE("More removals than allowed are held back and told, the rest goes on") {
  Watch watch;
  REQUIRE(watch.mirrored(30));
  std::string kept;
  watch.server.change([&](fakes::House& house) {
    const auto ids = house.device_ids();
    for (std::size_t i = 0; i < 12; ++i) house.remove_device(ids.at(i));
    kept = ids.at(20);
    house.set_device_field(kept, "name_by_user", "\"Still followed\"");
  });
  CHECK(watch.becomes("SELECT name_by_user FROM devices WHERE device_id = '" + kept + "'",
                      "Still followed\n"));
  CHECK(watch.ask("SELECT count(*) FROM devices") == "30\n");
  CHECK(eventually([&] { return !watch.status()["store"]["held"].empty(); }, k_end));
  CHECK(watch.stop().exit_code == 0);
  watch.start({"--max-removals", "12"});
  CHECK(watch.mirrored(18));
  CHECK(watch.stop().exit_code == 0);
}

TEST_CASE("A refused token ends watch with 4, after one try") {
  fakes::ServerOptions options;
  fakes::add_fault(options.faults, "auth_invalid=Invalid access token or password");
  Watch watch(fakes::make_house({.devices = 3, .entities = 5}), options);
  const Outcome outcome = watch.process->wait();
  CHECK(outcome.exit_code == 4);
  CHECK(outcome.err.find("Home Assistant refused the token (Invalid access token or password)") !=
        std::string::npos);
  CHECK(watch.server.counters().auth_failures == 1);
}

TEST_CASE("A token that is revoked while watch runs ends it, too") {
  Watch watch;
  REQUIRE(watch.mirrored(30));
  watch.server.set_token(base::Secret("another"));
  watch.server.drop_connections();
  CHECK(watch.process->wait().exit_code == 4);
}

TEST_CASE("Another house ends watch with 7, before anything is written") {
  Watch watch;
  REQUIRE(watch.mirrored(30));
  REQUIRE(watch.stop().exit_code == 0);
  const fakes::HaServer other(fakes::make_house({.devices = 12, .entities = 20, .seed = 99}));
  watch.program.talk_to(other);
  watch.start();
  const Outcome outcome = watch.process->wait();
  CHECK(outcome.exit_code == 7);
  CHECK(outcome.err.find("--new-house") != std::string::npos);
  CHECK(watch.ask("SELECT count(*) FROM devices") == "30\n");
}

TEST_CASE("A Home Assistant that is not there is waited for; its absence is said once") {
  fakes::ServerOptions options;
  options.faults.refuse = 4;
  Watch watch(fakes::make_house({.devices = 30, .entities = 90}), options);
  CHECK(watch.mirrored(30));
  const Outcome outcome = watch.stop();
  CHECK(outcome.exit_code == 0);
  const std::string said = "trying again until it is there";
  const auto first = outcome.err.find(said);
  REQUIRE(first != std::string::npos);
  CHECK(outcome.err.find(said, first + 1) == std::string::npos);
}

TEST_CASE("Of several URLs the first that answers is followed") {
  fakes::HaServer server(fakes::make_house({.devices = 30, .entities = 90}));
  Program program;
  program.talk_to(server);
  program.environment["HA_URL"] = "http://127.0.0.1:1," + server.url();
  const std::string database = program.file("metadata.db");
  test::Background process(program.command({"watch", "--db", database}));
  process.wait_for_err("connected with Home Assistant 2026.11.0 at " + server.url());
  process.signal(SIGINT);
  CHECK(process.wait().exit_code == 0);
}

TEST_CASE("A second watch on one database is refused and names the first") {
  Watch watch;
  REQUIRE(watch.mirrored(30));
  const Outcome second = watch.program.run({"watch", "--db", watch.database});
  CHECK(second.exit_code == 1);
  CHECK(second.err.find("process " + std::to_string(watch.process->pid()) + " watches for " +
                        watch.database + " already") != std::string::npos);
  CHECK(watch.stop().exit_code == 0);
}

TEST_CASE("-o ndjson prints each change as it is committed, nothing else does") {
  Watch watch(fakes::make_house({.devices = 3, .entities = 5}), {}, {"-o", "ndjson"});
  REQUIRE(watch.mirrored(3));
  const std::string device = watch.server.house().device_ids().at(0);
  watch.server.change(
      [&](fakes::House& house) { house.set_device_field(device, "name_by_user", "\"Printed\""); });
  watch.process->wait_for_out("Printed");
  const Outcome outcome = watch.stop();
  std::istringstream lines(outcome.out);
  std::string line, last;
  while (std::getline(lines, line)) last = line;
  json change = json::parse(last);
  change["before"].erase("modified_at");
  change["after"].erase("modified_at");
  CHECK(change["kind"] == "device");
  CHECK(change["id"] == device);
  CHECK(change["action"] == "updated");
  CHECK(change["before"] == json({{"name_by_user", nullptr}}));
  CHECK(change["after"] == json({{"name_by_user", "Printed"}}));

  const Outcome table = watch.program.run({"watch", "--db", watch.database, "-o", "csv"});
  CHECK(table.exit_code == 2);
  CHECK(table.err.find("--output: 'csv' is no format for changes that come one after the other; "
                       "give ndjson") != std::string::npos);
}

TEST_CASE("A database that somebody else writes is waited for") {
  Watch watch;
  REQUIRE(watch.mirrored(30));
  const std::string device = watch.server.house().device_ids().at(0);
  {
    const test::Background other(
        {{"/usr/bin/env", "python3", "-c",
          "import fcntl,struct,sys,time\n"
          "f=open(sys.argv[1],'r+')\n"
          "fcntl.fcntl(f,37,struct.pack('hhllhh',1,0,0,0,0,0))\n"  // F_OFD_SETLK, F_WRLCK
          "print('held',flush=True)\n"
          "time.sleep(600)",
          watch.database + "-lock"},
         {{"PATH", "/usr/local/bin:/usr/bin:/bin"}},
         ""});
    other.wait_for_out("held");
    watch.server.change(
        [&](fakes::House& house) { house.set_device_field(device, "name_by_user", "\"Late\""); });
    CHECK(watch.ask("SELECT count(*) FROM devices WHERE name_by_user = 'Late'") == "0\n");
  }
  CHECK(watch.becomes("SELECT count(*) FROM devices WHERE name_by_user = 'Late'", "1\n"));
  CHECK(watch.stop().exit_code == 0);
}

TEST_CASE("A Home Assistant that says nothing more is noticed and left") {
  fakes::ServerOptions options;
  fakes::add_fault(options.faults, "no_answer=ping");
  options.faults.only_first = 1;
  Watch watch(fakes::make_house({.devices = 30, .entities = 90}), options);
  REQUIRE(watch.mirrored(30));
  // Ping after 30 s, silence after 20 s more.
  watch.process->wait_for_err("silent: no answer to a ping within 20 s", 70s);
  CHECK(eventually([&] { return watch.server.counters().upgrades == 2; }, k_end));
  CHECK(watch.stop().exit_code == 0);
}

TEST_CASE("serve --watch answers with what Home Assistant has just become") {
  fakes::HaServer server(fakes::make_house({.devices = 30, .entities = 90}));
  Program program;
  program.talk_to(server);
  const std::string database = program.file("metadata.db");
  test::Serving serving(program, database, {"--watch"});
  net::HttpClient client({"", true});
  const auto get = [&](const std::string& path) {
    net::HttpRequest request;
    request.url = serving.url() + path;
    const auto response = client.send(request);
    return response ? json::parse(response->body, nullptr, false) : json();
  };
  CHECK(eventually([&] { return get("/api/devices")["total"] == 30; }, k_end));
  const std::string device = server.house().device_ids().at(1);
  server.change(
      [&](fakes::House& house) { house.set_device_field(device, "name_by_user", "\"Served\""); });
  CHECK(eventually([&] { return get("/api/devices/" + device)["name_by_user"] == "Served"; }, 5s));

  CHECK(eventually([&] { return get("/health")["status"] == "healthy"; }, k_end));
  const json health = get("/health");
  CHECK(health["watch"]["running"] == true);
  CHECK(health["watch"]["connection"]["state"] == "connected");
  CHECK(health["watch"]["connection"]["url"] == server.url());
  CHECK(serving.stop(SIGTERM).exit_code == 0);
}

TEST_CASE("The health of a serve beside a watch tells when Home Assistant is away") {
  auto server = std::make_unique<fakes::HaServer>(fakes::make_house({.devices = 3, .entities = 5}));
  Program program;
  program.talk_to(*server);
  const std::string database = program.file("metadata.db");
  test::Background watch(program.command({"watch", "--db", database}));
  watch.wait_for_err("connected with");
  test::Serving serving(program, database);
  net::HttpClient client({"", true});
  const auto health = [&] {
    net::HttpRequest request;
    request.url = serving.url() + "/health";
    const auto response = client.send(request);
    return response ? json::parse(response->body, nullptr, false) : json();
  };
  CHECK(eventually([&] { return health()["status"] == "healthy"; }, k_end));
  server.reset();
  CHECK(eventually(
      [&] {
        const json now = health();
        return now["status"] == "degraded" && !now["problems"].empty() &&
               now["problems"][0].get<std::string>().starts_with("Home Assistant is away: ");
      },
      k_end));
  watch.signal(SIGTERM);
  CHECK(watch.wait().exit_code == 0);
  CHECK(eventually([&] { return health()["watch"]["running"] == false; }, k_end));
  CHECK(health()["status"] == "healthy");
}

TEST_CASE("systemd hears when watch is ready, that it is alive, how it is and that it ends") {
  Watch watch;
  REQUIRE(watch.mirrored(30));
  REQUIRE(watch.stop().exit_code == 0);
  const std::string path = watch.program.file("notify");
  const Notified systemd(path);
  watch.program.environment["NOTIFY_SOCKET"] = path;
  watch.program.environment["WATCHDOG_USEC"] = "400000";
  watch.start({"--no-influx"});
  CHECK(systemd.hears("READY=1"));
  CHECK(systemd.hears("STATUS=connected with Home Assistant 2026.11.0 at " + watch.server.url() +
                      " since "));
  CHECK(systemd.hears("WATCHDOG=1"));
  CHECK(systemd.hears("WATCHDOG=1"));
  watch.process->signal(SIGTERM);
  CHECK(systemd.hears("STOPPING=1"));
  CHECK(watch.process->wait().exit_code == 0);
}

TEST_CASE("SIGUSR1 is answered with one line on standard error, and changes nothing") {
  Watch watch;
  REQUIRE(watch.mirrored(30));
  watch.process->signal(SIGUSR1);
  watch.process->wait_for_err("haingest: connected with Home Assistant 2026.11.0 at " +
                              watch.server.url() + " since ");
  const Outcome outcome = watch.stop();
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.find("; 0 state changes\n") != std::string::npos);
}
