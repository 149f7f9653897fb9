// SPDX-License-Identifier: MIT
// `haingest serve` as a service, and `sync --to` it.
#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/net/http_client.hpp"
#include "tests/integration/program.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/sql.hpp"

using namespace haingest;
using nlohmann::ordered_json;
using test::error_line;
using test::Outcome;
using test::Program;
using test::query;
using test::Serving;
using test::without_times;
using test::Words;

namespace {

net::HttpResponse ask(const std::string& url, const std::string& method = "GET",
                      const std::string& body = "", const std::string& token = "") {
  net::HttpRequest request;
  request.method = method;
  request.url = url;
  if (!body.empty()) request.headers = {"Content-Type: application/json"};
  request.body = body;
  request.bearer_token = base::Secret(token);
  request.timeout = std::chrono::seconds(60);
  net::HttpClient client({"", true});
  return client.send(request).value();
}

// Saved snapshots of one house as it was and as it became.
struct Desk {
  explicit Desk(std::size_t devices = 20, std::size_t entities = 60) {
    fakes::House house = fakes::make_house({.devices = devices, .entities = entities});
    test::write_file(before, house.snapshot_document("http://ha.test:8123"));
    house.remove_device(house.device_ids().at(3));
    house.rename_entity(house.entity_ids().at(5), "light.renamed");
    house.set_device_field(house.device_ids().at(1), "name_by_user", "\"Named\"");
    test::write_file(after, house.snapshot_document("http://ha.test:8123"));
    const fakes::House other = fakes::make_house({.devices = 12, .entities = 20, .seed = 99});
    test::write_file(another, other.snapshot_document("http://other.test:8123"));
  }

  [[nodiscard]] Outcome sync(const std::string& snapshot, Words more) const {
    const Words fixed{"sync", "--from", snapshot};
    more.insert(more.begin(), fixed.begin(), fixed.end());
    return program.run(more);
  }

  Program program;
  std::string before = program.file("before.json");
  std::string after = program.file("after.json");
  std::string another = program.file("another.json");
  std::string remote = program.file("remote.db");
  std::string local = program.file("local.db");
};

// A report without what depends on time and place.
std::string essence(const std::string& report) {
  auto json = ordered_json::parse(report);
  json.erase("run");
  for (auto& change : json["changes"]) {
    for (const char* const side : {"before", "after"}) {
      if (!change[side].is_object()) continue;
      change[side].erase("last_seen");
      change[side].erase("first_seen");
    }
  }
  return json.dump();
}

}  // namespace

TEST_CASE("serve says where it serves, answers, and ends with 0 on SIGTERM and SIGINT") {
  const Desk desk;
  REQUIRE(desk.sync(desk.before, {"--db", desk.remote, "-q"}).exit_code == 0);
  for (const int signal : {15, 2}) {
    Serving serving(desk.program, desk.remote);
    CHECK(serving.url().starts_with("http://127.0.0.1:"));
    const auto devices = ordered_json::parse(ask(serving.url() + "/api/devices").body);
    CHECK(devices["count"] == 20);
    const Outcome outcome = serving.stop(signal);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.out.empty());
    CHECK(without_times(outcome.err) ==
          "info serving " + desk.remote + " at " + serving.url() + "\ninfo stopped\n");
  }
}

TEST_CASE("serve makes the database that is not there yet, and sees what a sync writes") {
  const Desk desk;
  const Serving serving(desk.program, desk.remote);
  CHECK(std::filesystem::exists(desk.remote));
  CHECK(ordered_json::parse(ask(serving.url() + "/api/devices").body)["count"] == 0);
  REQUIRE(desk.sync(desk.before, {"--db", desk.remote, "-q"}).exit_code == 0);
  CHECK(ordered_json::parse(ask(serving.url() + "/api/devices").body)["count"] == 20);
}

TEST_CASE("serve ends with what is wrong") {
  const Desk desk;
  const auto refused = [&](int exit_code, Words words, const std::string& message) {
    const Words fixed{"serve", "--db", desk.remote};
    words.insert(words.begin(), fixed.begin(), fixed.end());
    const Outcome outcome = desk.program.run(words);
    CHECK(outcome.exit_code == exit_code);
    CHECK(outcome.out.empty());
    CHECK(outcome.err == error_line(message));
  };
  refused(2, {"--private"},
          "--private needs an API token, or nobody could read; give one with --api-token-file or "
          "API_KEY");
  const Outcome nowhere = desk.program.run({"serve", "--db", desk.remote, "--listen", "nowhere"});
  CHECK(nowhere.exit_code == 2);
  CHECK(nowhere.err ==
        error_line("--listen: \"nowhere\" is no address to listen on; give an IP address and a "
                   "port, as in 127.0.0.1:8006 for this machine alone or [::]:8006 for every "
                   "network",
                   "haingest serve --listen 127.0.0.1:8006 --db " + desk.remote));
  const Serving serving(desk.program, desk.remote);
  const std::string taken = serving.url().substr(std::string("http://").size());
  const Outcome second = desk.program.run({"serve", "--db", desk.remote, "--listen", taken});
  CHECK(second.exit_code == 1);
  const std::string port = taken.substr(taken.find(':') + 1);
  CHECK(second.err == error_line("cannot listen on 127.0.0.1 port " + port +
                                     ": another program listens there; stop it or choose another "
                                     "port with --listen",
                                 "haingest serve --listen 127.0.0.1:" +
                                     std::to_string(std::stoi(port) + 1) + " --db " + desk.remote));
  test::execute(desk.local, "PRAGMA user_version = 99; CREATE TABLE t (x)");
  const Outcome newer = desk.program.run({"serve", "--db", desk.local});
  CHECK(newer.exit_code == 7);
  CHECK(newer.err == error_line(desk.local + " has layout 99, made by a newer haingest; this one "
                                             "knows up to 2 and left it as it is, install the "
                                             "newer version"));
}

TEST_CASE("sync --to gives the answers that a local sync gives") {
  const Desk desk;
  const Serving serving(desk.program, desk.remote);
  for (const std::string& snapshot : {desk.before, desk.before, desk.after, desk.after}) {
    const Outcome there = desk.sync(snapshot, {"--to", serving.url()});
    const Outcome here = desk.sync(snapshot, {"--db", desk.local});
    CHECK(there.exit_code == 0);
    CHECK(there.err == here.err);
    CHECK(essence(there.out) == essence(here.out));
  }
  const auto table = [](const std::string& db) {
    return query(db, "SELECT device_id, name, name_by_user, area_id FROM devices ORDER BY 1");
  };
  CHECK(table(desk.remote) == table(desk.local));
  CHECK(query(desk.remote, "SELECT DISTINCT command, source FROM sync_runs") == "api|127.0.0.1\n");
}

TEST_CASE("sync --to tells of records as broken integrations leave them") {
  const Desk desk;
  const std::string weird = desk.program.file("weird.json");
  test::write_file(weird, fakes::make_house({.devices = 20, .entities = 60, .weird = true})
                              .snapshot_document("http://ha.test:8123"));
  const Serving serving(desk.program, desk.remote);
  const Outcome there = desk.sync(weird, {"--to", serving.url(), "-o", "table"});
  const Outcome here = desk.sync(weird, {"--db", desk.local, "-o", "table"});
  CHECK(there.exit_code == here.exit_code);
  CHECK(there.err == here.err);
  const auto without_last_line = [](const std::string& text) {
    return text.substr(0, text.rfind('\n', text.size() - 2));
  };
  CHECK(without_last_line(there.out) == without_last_line(here.out));
}

TEST_CASE("sync --to tells of records that some parsers stop at") {
  const Desk desk;
  const std::string odd = desk.program.file("odd.json");
  test::write_file(odd, R"({"ha":{"version":"2026.11.0"},"devices":[)"
                        R"({"id":"d1","half":"\ud800","large":1e400}],"entities":[],"areas":[],)"
                        R"("floors":[],"labels":[],"config_entries":[],"composite_splits":{},)"
                        R"("states":[]})");
  const Serving serving(desk.program, desk.remote);
  const Outcome there = desk.sync(odd, {"--to", serving.url()});
  const Outcome here = desk.sync(odd, {"--db", desk.local});
  CHECK(there.exit_code == 0);
  CHECK(there.err.empty());
  CHECK(essence(there.out) == essence(here.out));
  const std::string extra = "{\"half\":\"\xEF\xBF\xBD\",\"large\":\"1e400\"}\n";
  CHECK(query(desk.remote, "SELECT extra FROM devices") == extra);
  CHECK(query(desk.local, "SELECT extra FROM devices") == extra);
  // An upsert takes them, too.
  const auto upsert = ask(serving.url() + "/internal/devices/bulk_upsert", "POST",
                          R"([{"id":"d1","half":"\udfffx"}])");
  CHECK(upsert.status == 200);
  CHECK(query(desk.remote, "SELECT extra FROM devices") ==
        "{\"half\":\"\xEF\xBF\xBDx\",\"large\":\"1e400\"}\n");
}

TEST_CASE("sync --to tells of a registry that cannot be read what a local sync tells") {
  const fakes::House house = fakes::make_house({.devices = 10, .entities = 30});
  fakes::HaServer server(house, test::with_faults({"wrong_type=config/label_registry/list"}));
  Desk desk;
  desk.program.talk_to(server);
  const Serving serving(desk.program, desk.remote);
  const Outcome there = desk.program.run({"sync", "--to", serving.url()});
  const Outcome here = desk.program.run({"sync", "--db", desk.local});
  CHECK(there.exit_code == 6);
  CHECK(here.exit_code == 6);
  CHECK(without_times(there.err) == without_times(here.err));
  CHECK(essence(there.out) == essence(here.out));
}

TEST_CASE("sync --to lists in a dry run what a guard would stop") {
  const Desk desk;
  const Serving serving(desk.program, desk.remote);
  REQUIRE(desk.sync(desk.before, {"--to", serving.url(), "-q"}).exit_code == 0);
  const Outcome dry = desk.sync(desk.another, {"--to", serving.url(), "--dry-run"});
  CHECK(dry.exit_code == 7);
  CHECK(dry.err ==
        error_line("the snapshot of http://other.test:8123 lists 12 devices and none of the 20 in "
                   "the store: this looks like "
                   "another house, nothing was written; check which house it is of, or say "
                   "--new-house if it is meant to replace what is stored",
                   "haingest sync --new-house --dry-run --from " + desk.another + " --to " +
                       serving.url()));
  CHECK(ordered_json::parse(dry.out)["summary"]["removed"] >= 20);
  CHECK(query(desk.remote, "SELECT count(*) FROM devices") == "20\n");
}

TEST_CASE("sync --to takes the options of a local sync") {
  const Desk desk;
  const Serving serving(desk.program, desk.remote);
  const Words to{"--to", serving.url()};
  const auto sync = [&](const std::string& snapshot, const Words& more) {
    Words words = to;
    words.insert(words.end(), more.begin(), more.end());
    return desk.sync(snapshot, words);
  };
  const Outcome dry = sync(desk.before, {"--dry-run", "-o", "table"});
  CHECK(dry.exit_code == 0);
  CHECK(dry.out.find("\nDry run, nothing written: ") != std::string::npos);
  CHECK(query(desk.remote, "SELECT count(*) FROM devices") == "0\n");
  CHECK(sync(desk.before, {"--exit-code", "-q"}).exit_code == 3);
  const Outcome quiet = sync(desk.before, {"--exit-code", "-q"});
  CHECK(quiet.exit_code == 0);
  CHECK(quiet.out + quiet.err == "");
  const Outcome guard = sync(desk.after, {"--max-removals", "0"});
  CHECK(guard.exit_code == 7);
  CHECK(guard.out.empty());
  CHECK(guard.err ==
        error_line(
            "the snapshot of http://ha.test:8123 no longer lists 1 of 20 devices and 1 of 60 "
            "entities, more than the 0 and 0 that may go in one sync; nothing was written; if they "
            "are really gone, allow it with --max-removals 1",
            "haingest sync --dry-run --max-removals 1 --from " + desk.after + " --to " +
                serving.url()));
  const Outcome house = sync(desk.another, {});
  CHECK(house.exit_code == 7);
  CHECK(house.err.starts_with(
      "haingest: error: the snapshot of http://other.test:8123 lists 12 devices and none "
      "of the 20 in the store: this looks like another house"));
  CHECK(query(desk.remote, "SELECT count(*) FROM devices") == "20\n");
  CHECK(sync(desk.another, {"--new-house", "-q"}).exit_code == 0);
  CHECK(query(desk.remote, "SELECT count(*) FROM devices") == "12\n");
}

TEST_CASE("--prune-after reaches the remote store") {
  const Desk desk;
  const Serving serving(desk.program, desk.remote);
  REQUIRE(desk.sync(desk.before, {"--to", serving.url(), "-q"}).exit_code == 0);
  test::execute(desk.remote,
                "UPDATE changes SET at = strftime('%Y-%m-%d %H:%M:%f', 'now', '-100 days') || "
                "'000'");
  REQUIRE(desk.sync(desk.before, {"--to", serving.url(), "-q"}).exit_code == 0);
  CHECK(query(desk.remote, "SELECT count(*) > 0 FROM changes") == "1\n");
  REQUIRE(desk.sync(desk.before, {"--to", serving.url(), "-q", "--prune-after", "90d"}).exit_code ==
          0);
  CHECK(query(desk.remote, "SELECT count(*) FROM changes") == "0\n");
}

TEST_CASE("--to without a value sends to DATA_API_URL") {
  Desk desk;
  const Serving serving(desk.program, desk.remote);
  desk.program.environment["DATA_API_URL"] = serving.url() + "/";
  CHECK(desk.sync(desk.before, {"--to", "-q"}).exit_code == 0);
  CHECK(query(desk.remote, "SELECT count(*) FROM devices") == "20\n");
}

TEST_CASE("the API token is the same on both sides; without it the sync ends with 4") {
  Desk desk;
  Program server;
  server.environment["API_KEY"] = "the-right-token";
  const Serving serving(server, desk.remote);
  const Outcome none = desk.sync(desk.before, {"--to", serving.url()});
  CHECK(none.exit_code == 4);
  CHECK(none.out.empty());
  CHECK(none.err.starts_with("haingest: error: " + serving.url() + " refused the write (401): "));
  CHECK(none.err.ends_with("\"; give its API token with --api-token-file or API_KEY\n"));
  desk.program.environment["API_KEY"] = "the-wrong-token";
  const Outcome wrong = desk.sync(desk.before, {"--to", serving.url()});
  CHECK(wrong.exit_code == 4);
  CHECK((none.err + wrong.err).find("-token\"") == std::string::npos);
  CHECK(wrong.err.find("the-wrong-token") == std::string::npos);
  CHECK(query(desk.remote, "SELECT count(*) FROM devices") == "0\n");
  test::write_file(desk.program.file("token"), "the-right-token\n");
  const Outcome right = desk.sync(
      desk.before, {"--to", serving.url(), "-q", "--api-token-file", desk.program.file("token")});
  CHECK(right.exit_code == 0);
  CHECK(query(desk.remote, "SELECT count(*) FROM devices") == "20\n");
}

TEST_CASE("a data API that is not there, and what is none") {
  const Desk desk;
  const Outcome nobody = desk.sync(desk.before, {"--to", "http://127.0.0.1:1"});
  CHECK(nobody.exit_code == 5);
  CHECK(nobody.err == error_line("the snapshot was not sent: POST http://127.0.0.1:1: connection "
                                 "refused; check that it runs and the port is right"));
  const Outcome none = desk.sync(desk.before, {"--to", "store.local:8006"});
  CHECK(none.exit_code == 2);
  CHECK(none.err == error_line("\"store.local:8006\" is no URL that haingest can use: it lacks the "
                               "scheme, as in http://host:port"));
  const fakes::HaServer other(fakes::make_house({.devices = 1, .entities = 1}));
  const Outcome wrong = desk.sync(desk.before, {"--to", other.url()});
  CHECK(wrong.exit_code == 1);
  CHECK(wrong.err.starts_with("haingest: error: " + other.url() + " answered 404: "));
  const Serving serving(desk.program, desk.remote);
  const Outcome path = desk.sync(desk.before, {"--to", serving.url() + "/api"});
  CHECK(path.exit_code == 1);
  CHECK(path.err.find(" answered 404: There is nothing at /api/internal/snapshot?") !=
        std::string::npos);
  CHECK(path.err.ends_with(
      " lists what there is; give --to the address of a haingest serve, without a path\n"));
}

TEST_CASE("several syncs, serve and the API's writes at once are never told of a lock") {
  const Desk desk(10, 30);
  const Serving serving(desk.program, desk.remote);
  REQUIRE(desk.sync(desk.before, {"--db", desk.remote, "-q"}).exit_code == 0);
  constexpr int rounds = 6;
  std::atomic<int> torn = 0;
  std::vector<Outcome> outcomes(static_cast<std::size_t>(4 * rounds));
  std::vector<int> statuses(static_cast<std::size_t>(rounds * 4));
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < rounds; ++i) {
        const std::string& snapshot = (t + i) % 2 == 0 ? desk.before : desk.after;
        outcomes[t * rounds + i] =
            t == 3 ? desk.sync(snapshot, {"--to", serving.url(), "-q", "-o", "ndjson"})
                   : desk.sync(snapshot, {"--db", desk.remote, "-q", "-o", "ndjson"});
      }
    });
  }
  threads.emplace_back([&] {
    for (std::size_t i = 0; i < statuses.size(); ++i) {
      statuses[i] =
          static_cast<int>(ask(serving.url() + "/internal/devices/bulk_upsert", "POST",
                               R"([{"id":"from-the-api","name":"N)" + std::to_string(i) + "\"}]")
                               .status);
    }
  });
  std::thread reader([&] {
    while (!done) {
      // Nine or ten devices of the house, and the API's while no sync has taken it away.
      const auto answer = ordered_json::parse(ask(serving.url() + "/api/devices").body);
      const int count = answer["count"];
      if (count < 9 || count > 11) ++torn;
    }
  });
  for (std::thread& thread : threads) thread.join();
  done = true;
  reader.join();
  for (const Outcome& outcome : outcomes) {
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.err.empty());
  }
  for (const int status : statuses) CHECK(status == 200);
  CHECK(torn == 0);
  CHECK(query(desk.remote, "PRAGMA integrity_check") == "ok\n");
}
