// SPDX-License-Identifier: MIT
// fetch_snapshot against the simulated Home Assistant: what it brings home, and what it says when
// it cannot.
#include "core/ha/snapshot.hpp"

#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "tests/fakes/ha_server.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/left_out.hpp"
#include "tests/support/stderr_capture.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/net/scripted_peer.hpp"

using namespace haingest;
using namespace std::chrono_literals;
using base::ErrorKind;
using model::Kind;
using model::Part;
using model::Presence;
using test::ScriptedPeer;
using test::ScriptedServer;

namespace {

const base::Timestamp k_now = *base::parse_timestamp("2026-11-25T08:00:00Z");

base::Timestamp now() { return k_now; }

ha::ConnectOptions options_for(const std::vector<std::string>& urls,
                               const base::Secret& token = fakes::demo_token()) {
  ha::ConnectOptions options;
  for (const std::string& url : urls) options.endpoints.push_back({url, token});
  options.request_timeout = 60s;  // what no test waits for
  options.total_timeout = 300s;
  return options;
}

// The call, with the whole log; the token must stand in neither of them.
struct Fetched {
  base::Result<model::Document> document;
  std::string log;
};
Fetched fetch(const ha::ConnectOptions& options) {
  const test::StderrCapture capture;
  base::log::configure(base::log::Level::debug, base::log::Format::text);
  Fetched fetched{ha::fetch_snapshot(options, now), ""};
  base::log::configure(base::log::Level::warning, base::log::Format::text);
  fetched.log = capture.text();
  for (const ha::Endpoint& endpoint : options.endpoints) {
    if (endpoint.token.empty()) continue;
    CHECK(fetched.log.find(endpoint.token.reveal()) == std::string::npos);
    if (fetched.document) continue;
    CHECK(fetched.document.error().message.find(endpoint.token.reveal()) == std::string::npos);
    CHECK(fetched.document.error().try_command.find(endpoint.token.reveal()) == std::string::npos);
  }
  return fetched;
}

model::Document document_of(const ha::ConnectOptions& options) {
  Fetched fetched = fetch(options);
  if (!fetched.document) FAIL(fetched.document.error().message);
  return std::move(*fetched.document);
}

std::string error_of(const ha::ConnectOptions& options, ErrorKind kind = ErrorKind::unreachable) {
  const Fetched fetched = fetch(options);
  REQUIRE(fetched.document.has_error());
  CHECK(fetched.document.error().kind == kind);
  CHECK(fetched.document.error().message.find('\n') == std::string::npos);
  return fetched.document.error().message;
}

fakes::House small_house() { return fakes::make_house({.devices = 5, .entities = 12}); }

fakes::ServerOptions with(std::initializer_list<std::string> faults) {
  fakes::ServerOptions options;
  for (const std::string& fault : faults) fakes::add_fault(options.faults, fault);
  return options;
}

// "floors=unknown_command labels=timeout": what was not answered, in the order of the parts.
std::string missing(const model::Document& document) {
  std::string out;
  for (const Part part : model::k_parts) {
    const model::Answer& answer = document.answer(part);
    if (answer.ok()) continue;
    out += (out.empty() ? "" : " ") + std::string(name_of(part)) + "=" + answer.code;
  }
  return out;
}

std::string json_of(const model::Document& document, Part part) {
  return std::string(document.answer(part).json.view());
}

// --- scripts ---

void let_in(ScriptedPeer& peer) {
  peer.accept_websocket();
  peer.send_text(R"({"type":"auth_required","ha_version":"2026.11.0"})");
  static_cast<void>(peer.read_text());
  peer.send_text(R"({"type":"auth_ok","ha_version":"2026.11.0"})");
}

constexpr std::size_t k_commands = 1 + model::k_part_count;

struct Asked {
  std::string id;
  std::string type;
};
Asked read_command(const ScriptedPeer& peer) {
  const auto command = nlohmann::json::parse(peer.read_text());
  return {std::to_string(command.at("id").get<int>()), command.at("type")};
}

// Answers a command as an empty house would, but for what `results` has.
void answer(const ScriptedPeer& peer, const Asked& asked,
            const std::map<std::string, std::string>& results = {}) {
  std::string result = "[]";
  if (asked.type == "get_config") result = R"({"version":"2026.11.0","state":"RUNNING"})";
  if (asked.type.ends_with("list_composite_splits")) result = "{}";
  if (const auto found = results.find(asked.type); found != results.end()) result = found->second;
  peer.send_text(R"({"id":)" + asked.id + R"(,"type":"result","success":true,"result":)" + result +
                 "}");
}

// A house in which only `results` differ from an empty one.
ScriptedServer::Script empty_house(std::map<std::string, std::string> results) {
  return [results = std::move(results)](ScriptedPeer& peer) {
    let_in(peer);
    for (std::size_t i = 0; i < k_commands; ++i) answer(peer, read_command(peer), results);
    static_cast<void>(peer.read_frame());
    peer.send_close(1000, "");
    peer.read_to_the_end();
  };
}

}  // namespace

// --- what it brings home ------------------------------------------------------------------------

TEST_CASE("snapshot: each record exactly as Home Assistant sent it", "[snapshot]") {
  for (const auto& faults : {with({}), with({"arrays", "chatter"}), with({"reversed"}),
                             with({"chatter"}), with({"fragments=1000"})}) {
    fakes::HaServer server(fakes::make_house(), faults);
    const fakes::House house = server.house();
    const model::Document document = document_of(options_for({server.url()}));
    CHECK(missing(document).empty());
    CHECK((json_of(document, Part::devices) == house.devices_json()));
    CHECK((json_of(document, Part::entities) == house.entities_json()));
    CHECK(json_of(document, Part::areas) == house.areas_json());
    CHECK(json_of(document, Part::floors) == house.floors_json());
    CHECK(json_of(document, Part::labels) == house.labels_json());
    CHECK(json_of(document, Part::config_entries) == house.config_entries_json());
    CHECK(json_of(document, Part::composite_splits) == house.composite_splits_json());
    CHECK((json_of(document, Part::states) == *model::reduce_states(house.states_json())));
    CHECK(document.ha.url == server.url());
    CHECK(document.ha.version == "2026.11.0");
    CHECK(document.ha.state == "RUNNING");
    CHECK_FALSE(document.ha.location.empty());
    CHECK(document.ha.when == k_now);
    CHECK(model::to_snapshot(document).of(Kind::device).table.size() == 94);
    const fakes::Counters counters = server.counters();
    CHECK(counters.connections == 1);
    CHECK(counters.auth_attempts == 1);
    for (const auto& [command, count] : counters.commands) CHECK(count == 1);
    CHECK(counters.commands.size() == k_commands);
  }
}

TEST_CASE("snapshot: all commands are on their way before the first answer", "[snapshot]") {
  std::vector<std::string> types;
  ScriptedServer server([&](ScriptedPeer& peer) {
    let_in(peer);
    std::vector<Asked> all;
    for (std::size_t i = 0; i < k_commands; ++i) all.push_back(read_command(peer));
    for (const Asked& asked : all) types.push_back(asked.type);
    for (std::size_t i = all.size(); i-- > 0;) answer(peer, all[i]);
    static_cast<void>(peer.read_frame());
    peer.send_close(1000, "");
    peer.read_to_the_end();
  });
  CHECK(missing(document_of(options_for({server.url()}))).empty());
  CHECK(server.connections() == 1);
  CHECK(types == std::vector<std::string>{
                     "get_config", "config/device_registry/list", "config/entity_registry/list",
                     "config/area_registry/list", "config/floor_registry/list",
                     "config/label_registry/list", "config_entries/get",
                     "config/device_registry/list_composite_splits", "get_states"});
}

TEST_CASE("snapshot: behind a path prefix, the Supervisor's proxy, TLS and IPv6", "[snapshot]") {
  fakes::ServerOptions prefixed;
  prefixed.prefix = "/ha/house";
  const fakes::HaServer proxy(small_house(), prefixed);
  CHECK(missing(document_of(options_for({proxy.url() + "/"}))).empty());

  fakes::ServerOptions supervised;
  supervised.supervisor = true;
  const fakes::HaServer supervisor(small_house(), supervised);
  CHECK(missing(document_of(options_for({supervisor.websocket_url()}))).empty());

  fakes::ServerOptions secured;
  secured.tls.enabled = true;
  const fakes::HaServer secure(small_house(), secured);
  const test::TempDir folder;
  test::write_file(folder.file("ca.pem"), secure.ca_pem());
  auto options = options_for({secure.url()});
  const std::string untrusted = error_of(options);
  CHECK(untrusted.starts_with("no snapshot from Home Assistant at " + secure.url() +
                              ": its certificate is not trusted ("));
  CHECK(
      untrusted.ends_with("); give the authority's certificate with --ca-file, or --insecure to "
                          "skip the check"));
  options.ca_file = folder.file("ca.pem");
  CHECK(missing(document_of(options)).empty());
  options.ca_file.clear();
  options.verify_tls = false;
  CHECK(missing(document_of(options)).empty());
  options.ca_file = folder.file("none.pem");
  CHECK(error_of(options, ErrorKind::usage) ==
        "the CA file " + folder.file("none.pem") +
            " cannot be used: it must be readable and hold certificates in PEM");

  fakes::ServerOptions sixth;
  sixth.address = "::1";
  if (!test::have_ipv6()) return;
  const fakes::HaServer ipv6(small_house(), sixth);
  CHECK(missing(document_of(options_for({ipv6.url()}))).empty());
}

TEST_CASE("snapshot: frames up to the limit, and not beyond", "[snapshot]") {
  const fakes::HaServer server(small_house(), with({"huge=40:config/entity_registry/list"}));
  auto options = options_for({server.url()});
  const model::Document document = document_of(options);
  CHECK(missing(document).empty());
  CHECK(json_of(document, Part::entities).size() > std::size_t{40} * 1024 * 1024);
  options.max_frame_bytes = std::size_t{32} * 1024 * 1024;
  CHECK(error_of(options) ==
        "no snapshot from Home Assistant at " + server.url() +
            ": sent a frame over our limit of 32 MiB; check the URL, or report it if this is your "
            "Home Assistant");
}

// --- parts that fail ----------------------------------------------------------------------------

TEST_CASE("snapshot: a command that this Home Assistant does not know is an absent registry",
          "[snapshot]") {
  fakes::HaServer server(fakes::make_house({.devices = 5, .ha_version = "2023.12.4"}));
  const model::Document document = document_of(options_for({server.url()}));
  CHECK(document.ha.version == "2023.12.4");
  CHECK(missing(document) ==
        "floors=unknown_command labels=unknown_command composite_splits=unknown_command");
  const model::Snapshot snapshot = model::to_snapshot(document);
  CHECK(snapshot.of(Kind::floor).presence == Presence::absent);
  CHECK(snapshot.failed.empty());
}

TEST_CASE("snapshot: a command that fails is missing under its code, the others are there",
          "[snapshot]") {
  const std::string token{fakes::demo_token().reveal()};
  fakes::HaServer server(small_house(),
                         with({"fail=config/floor_registry/list:home_assistant_error:" + token,
                               "fail=get_states:unauthorized"}));
  const Fetched fetched = fetch(options_for({server.url()}));
  REQUIRE(fetched.document.has_value());
  CHECK(missing(*fetched.document) == "floors=home_assistant_error states=unauthorized");
  CHECK(fetched.log.find("config/floor_registry/list: home_assistant_error") != std::string::npos);
  const model::Snapshot snapshot = model::to_snapshot(*fetched.document);
  CHECK(snapshot.of(Kind::floor).presence == Presence::failed);
  CHECK(snapshot.failed == std::map<std::string, std::string, std::less<>>{
                               {"floors", "home_assistant_error"}, {"states", "unauthorized"}});
  CHECK(snapshot.of(Kind::device).presence == Presence::complete);
}

TEST_CASE("snapshot: a failure without a code still has one", "[snapshot]") {
  ScriptedServer server([](ScriptedPeer& peer) {
    let_in(peer);
    for (std::size_t i = 0; i < k_commands; ++i) {
      const Asked asked = read_command(peer);
      if (asked.type == "config/area_registry/list") {
        peer.send_text(R"({"id":)" + asked.id + R"(,"type":"result","success":false})");
      } else if (asked.type == "config/label_registry/list") {
        peer.send_text(R"({"id":)" + asked.id +
                       R"(,"type":"result","success":false,"error":{"code":" . "}})");
      } else {
        answer(peer, asked);
      }
    }
    peer.read_to_the_end();
  });
  CHECK(missing(document_of(options_for({server.url()}))) ==
        "areas=unknown_error labels=unknown_error");
}

TEST_CASE("snapshot: a command that is never answered ends at its own deadline", "[snapshot]") {
  fakes::HaServer server(small_house(), with({"no_answer=config/label_registry/list"}));
  auto options = options_for({server.url()});
  options.request_timeout = 1500ms;
  CHECK(missing(document_of(options)) == "labels=timeout");
}

TEST_CASE("snapshot: the whole command has a deadline, too", "[snapshot]") {
  fakes::HaServer server(small_house(), with({"no_answer=config/label_registry/list"}));
  auto options = options_for({server.url()});
  options.total_timeout = 1500ms;
  CHECK(error_of(options) == "no snapshot from Home Assistant at " + server.url() +
                                 ": not finished within 1.5 s in all; give more time with "
                                 "--timeout");
  // What is left of it is all that the next URL gets.
  fakes::HaServer silent(small_house(), with({"silent=accept"}));
  fakes::HaServer untouched(small_house());
  options = options_for({silent.url(), untouched.url()});
  options.total_timeout = 300ms;
  const std::string error = error_of(options);
  CHECK(error == "no snapshot from any of 2 URLs; " + silent.url() +
                     ": no answer to the WebSocket request within 300 ms; something listens there "
                     "but stays silent, check that the port is Home Assistant's; " +
                     untouched.url() +
                     ": not finished within 300 ms in all; give more time with --timeout");
  CHECK(untouched.counters().connections == 0);
}

TEST_CASE("snapshot: an answer that cannot be parsed is a failed registry with its name",
          "[snapshot]") {
  for (const std::string fault : {"malformed", "wrong_type"}) {
    fakes::HaServer server(small_house(), with({fault + "=config/device_registry/list"}));
    const Fetched fetched = fetch(options_for({server.url()}));
    REQUIRE(fetched.document.has_value());
    CHECK(missing(*fetched.document) == "devices=invalid_json");
    CHECK_FALSE(fetched.log.empty());
    const model::Snapshot snapshot = model::to_snapshot(*fetched.document);
    CHECK(snapshot.failed ==
          std::map<std::string, std::string, std::less<>>{{"devices", "invalid_json"}});
    CHECK(snapshot.of(Kind::device).presence == Presence::failed);
    CHECK(snapshot.of(Kind::entity).presence == Presence::complete);
  }
}

TEST_CASE("snapshot: a balanced answer that is no JSON does not break the document", "[snapshot]") {
  for (const std::string broken :
       {"[{\"id\":\"a\",}]", "[1 2]", "[NaN]", "[{\"id\":tru}]", "{}", "\"text\"", "null", "7"}) {
    ScriptedServer server(empty_house({{"config/area_registry/list", broken},
                                       {"config/device_registry/list_composite_splits", "[]"},
                                       {"get_states", "[{\"state\":\"no entity_id\"}]"}}));
    const model::Document document = document_of(options_for({server.url()}));
    INFO(broken);
    CHECK(missing(document) ==
          "areas=invalid_json composite_splits=invalid_json states=invalid_json");
    CHECK(nlohmann::json::accept(model::to_json(document)));
  }
}

TEST_CASE("snapshot: get_config is what cannot be missing", "[snapshot]") {
  const auto with_config = [](const std::string& config) {
    ScriptedServer server(empty_house({{"get_config", config}}));
    return error_of(options_for({server.url()})).substr(35 + server.url().size());
  };
  CHECK(with_config("[]") ==
        ": get_config was answered with something else than an object; check that the URL is Home "
        "Assistant's");
  CHECK(with_config("{\"state\":RUNNING}") == with_config("[]"));
  fakes::HaServer failing(small_house(), with({"fail=get_config:unknown_error"}));
  CHECK(error_of(options_for({failing.url()}))
            .starts_with("no snapshot from Home Assistant at " + failing.url() +
                         ": get_config failed with unknown_error"));
  fakes::HaServer silent(small_house(), with({"no_answer=get_config"}));
  auto options = options_for({silent.url()});
  options.request_timeout = 1500ms;
  CHECK(error_of(options) ==
        "no snapshot from Home Assistant at " + silent.url() +
            ": no answer within 1.5 s to get_config; Home Assistant may be overloaded: try again "
            "later, or give more time with --timeout");
}

TEST_CASE("snapshot: a state that is not understood does not pass for RUNNING", "[snapshot]") {
  const auto running = [](const std::string& config) {
    ScriptedServer server(empty_house({{"get_config", config}}));
    return document_of(options_for({server.url()})).ha.running();
  };
  CHECK(running(R"({"state":"RUNNING"})"));
  CHECK(running(R"({"version":"0.116.0"})"));  // older than the field
  CHECK_FALSE(running(R"({"state":"STOPPING"})"));
  CHECK_FALSE(running(R"({"state":null})"));
  CHECK_FALSE(running(R"({"state":["RUNNING"]})"));
  // One odd name costs nothing.
  CHECK(running(R"({"location_name":"half a \ud83d smile","state":"RUNNING"})"));
}

// --- refusals -----------------------------------------------------------------------------------

TEST_CASE("snapshot: a refused token is final: one try, no other URL", "[snapshot]") {
  fakes::HaServer refusing(small_house());
  fakes::HaServer untouched(small_house());
  auto options = options_for({refusing.url(), untouched.url()}, base::Secret("wrong-token"));
  CHECK(
      error_of(options, ErrorKind::credentials) ==
      refusing.url() +
          ": Home Assistant refused the token (Invalid access token or password); it is not tried "
          "again, because Home Assistant bans addresses after failed logins. Make a new one in "
          "your Home Assistant profile, Security, Long-lived access tokens");
  CHECK(refusing.counters().connections == 1);
  CHECK(refusing.counters().auth_attempts == 1);
  CHECK(untouched.counters().connections == 0);
}

TEST_CASE("snapshot: a 403 is final: one try, no other URL, no login", "[snapshot]") {
  fakes::HaServer banning(small_house(), with({"http=403"}));
  fakes::HaServer untouched(small_house());
  CHECK(error_of(options_for({banning.url(), untouched.url()}), ErrorKind::credentials) ==
        banning.url() +
            ": refused this machine's address (HTTP 403): Home Assistant bans one after failed "
            "logins; take it out of ip_bans.yaml, restart Home Assistant and use a valid token");
  CHECK(banning.counters().connections == 1);
  CHECK(banning.counters().auth_attempts == 0);
  CHECK(untouched.counters().connections == 0);
}

TEST_CASE("snapshot: a refusal at the second URL is as final as one at the first", "[snapshot]") {
  fakes::HaServer away(small_house(), with({"http=502"}));
  fakes::HaServer refusing(small_house(), with({"auth_invalid=User is not active"}));
  fakes::HaServer untouched(small_house());
  CHECK(error_of(options_for({away.url(), refusing.url(), untouched.url()}), ErrorKind::credentials)
            .starts_with(refusing.url() +
                         ": Home Assistant refused the token (User is not active); "));
  CHECK(away.counters().connections == 1);
  CHECK(refusing.counters().auth_attempts == 1);
  CHECK(untouched.counters().connections == 0);
}

TEST_CASE("snapshot: a token goes to its own URL and nowhere else", "[snapshot]") {
  fakes::ServerOptions other;
  other.token = base::Secret("the-other-token");
  fakes::HaServer second(small_house(), other);
  fakes::HaServer first(small_house(), with({"close=0:1012:restart"}));
  auto options = options_for({first.url(), second.url()});
  options.endpoints[1].token = other.token;
  CHECK(missing(document_of(options)).empty());
  CHECK(first.counters().auth_failures == 0);
  CHECK(second.counters().auth_failures == 0);
}

// --- several URLs, and the ways of not getting through ------------------------------------------

TEST_CASE("snapshot: URLs are tried in order, once each", "[snapshot]") {
  const std::string dead = "http://127.0.0.1:" + std::to_string(test::unused_port());
  fakes::HaServer away(small_house(), with({"http=502"}));
  fakes::HaServer good(small_house());
  fakes::HaServer untouched(small_house());
  const Fetched fetched = fetch(options_for({dead, away.url(), good.url(), untouched.url()}));
  REQUIRE(fetched.document.has_value());
  CHECK(fetched.document->ha.url == good.url());
  CHECK(away.counters().connections == 1);
  CHECK(good.counters().connections == 1);
  CHECK(untouched.counters().connections == 0);
  CHECK(fetched.log.find("no snapshot from Home Assistant at " + dead +
                         ": connection refused; check that Home Assistant runs and that the port "
                         "is right; trying " +
                         away.url() + "\n") != std::string::npos);

  CHECK(error_of(options_for({dead, away.url()})) ==
        "no snapshot from any of 2 URLs; " + dead +
            ": connection refused; check that Home Assistant runs and that the port is right; " +
            away.url() +
            ": HTTP 502: a proxy in front says that Home Assistant behind it is not up; try again "
            "later");
}

TEST_CASE("snapshot: the Supervisor's proxy while Core starts", "[snapshot]") {
  const std::string starting =
      ": Home Assistant Core is still starting, or stopped: the Supervisor's proxy answers in its "
      "place";
  auto down = with({"http=502"});
  down.supervisor = true;
  fakes::HaServer refusing(small_house(), down);
  CHECK(error_of(options_for({refusing.websocket_url()})) ==
        "no snapshot from Home Assistant at " + refusing.websocket_url() + starting +
            " (HTTP 502); try again later");
  auto early = with({"close_after_auth"});
  early.supervisor = true;
  fakes::HaServer closing(small_house(), early);
  CHECK(error_of(options_for({closing.websocket_url()})) == "no snapshot from Home Assistant at " +
                                                                closing.websocket_url() + starting +
                                                                "; try again later");
  CHECK(closing.counters().connections == 1);
}

TEST_CASE("snapshot: auth_ok and then a close, without a Supervisor", "[snapshot]") {
  fakes::HaServer server(small_house(), with({"close_after_auth"}));
  CHECK(error_of(options_for({server.url()})) ==
        "no snapshot from Home Assistant at " + server.url() +
            ": closed the connection after the login, before any answer (1000); Home Assistant may "
            "be restarting: try again in a minute");
}

TEST_CASE("snapshot: silence at each stage has its deadline and its words", "[snapshot]") {
  const auto silent = [](const std::string& stage) {
    fakes::HaServer server(small_house(), with({"silent=" + stage}));
    auto options = options_for({server.url()});
    options.request_timeout = 300ms;
    return error_of(options).substr(35 + server.url().size());
  };
  CHECK(silent("accept") ==
        ": no answer to the WebSocket request within 300 ms; something listens there but stays "
        "silent, check that the port is Home Assistant's");
  CHECK(silent("upgrade") ==
        ": silent during the login for 300 ms; it may be overloaded, or the network cut: try again "
        "later, or give more time with --timeout");
  CHECK(silent("auth") ==
        ": no answer within 300 ms to get_config; Home Assistant may be overloaded: try again "
        "later, or give more time with --timeout");
}

TEST_CASE("snapshot: redirects, wrong paths and wrong schemes", "[snapshot]") {
  fakes::HaServer moved(small_house(), with({"redirect=https://ha.example:8123/x?auth=1"}));
  CHECK(error_of(options_for({moved.url()})) ==
        "no snapshot from Home Assistant at " + moved.url() +
            ": redirects to https://ha.example:8123/x (HTTP 302); give the URL that it leads to");
  fakes::HaServer server(small_house());
  CHECK(error_of(options_for({server.url() + "/lovelace"}))
            .starts_with("no snapshot from Home Assistant at " + server.url() +
                         "/lovelace: HTTP 404 for /lovelace/api/websocket: "));
  CHECK(error_of(options_for({"https" + server.url().substr(4)})) ==
        "no snapshot from Home Assistant at https" + server.url().substr(4) +
            ": ended the connection in the TLS handshake; check the port, and give http:// if it "
            "speaks no TLS");
}

TEST_CASE("snapshot: Home Assistant killed in the middle", "[snapshot]") {
  for (const std::string after : {"0", "1", "4"}) {
    fakes::HaServer server(small_house(), with({"cut=" + after}));
    const std::string error = error_of(options_for({server.url()}));
    const std::string moment =
        after == "0"
            ? "after the login, before any answer"
            : "with " + std::to_string(k_commands - std::stoul(after)) + " requests unanswered";
    INFO(error);
    CHECK(error.starts_with("no snapshot from Home Assistant at " + server.url() +
                            ": the connection was cut " + moment));
    CHECK(error.ends_with("; Home Assistant may be restarting: try again in a minute"));
    CHECK(server.counters().connections == 1);
  }
  fakes::HaServer closing(small_house(), with({"close=8:1001:shutdown"}));
  CHECK(error_of(options_for({closing.url()})) ==
        "no snapshot from Home Assistant at " + closing.url() +
            ": closed the connection with 1 request unanswered (1001: shutdown); Home Assistant "
            "may be restarting: try again in a minute");
}

TEST_CASE("snapshot: a peer that repeats the token does not get it into a message", "[snapshot]") {
  const std::string token{fakes::demo_token().reveal()};
  fakes::HaServer refusing(small_house(), with({"auth_invalid=no, " + token + " is bad"}));
  CHECK(error_of(options_for({refusing.url()}), ErrorKind::credentials)
            .starts_with(refusing.url() +
                         ": Home Assistant refused the token (no, ******** is bad); "));
  fakes::HaServer closing(small_house(), with({"close=2:4000:" + token}));
  CHECK(error_of(options_for({closing.url()})).find("(4000: ********)") != std::string::npos);
  fakes::HaServer moved(small_house(), with({"redirect=http://x/" + token}));
  CHECK(error_of(options_for({moved.url()})).find("redirects to http://x/********") !=
        std::string::npos);
  fakes::HaServer failing(small_house(), with({"fail=get_config:" + token + ":" + token}));
  CHECK(error_of(options_for({failing.url()})).find("failed with ******** (********)") !=
        std::string::npos);
}

TEST_CASE("snapshot: what is wrong before anyone is asked", "[snapshot]") {
  fakes::HaServer untouched(small_house());
  const auto wrong = [](const ha::ConnectOptions& options) {
    return error_of(options, ErrorKind::usage);
  };
  CHECK(wrong(options_for({})) ==
        "no Home Assistant is configured: give --ha-url, or HA_URL in the environment");
  CHECK(wrong(options_for({untouched.url(), "ftp://ha"})) ==
        "\"ftp://ha\" is no URL that haingest can use: the scheme must be http, https, ws or wss");
  CHECK(wrong(options_for({untouched.url()}, base::Secret())) ==
        "no token for Home Assistant at " + untouched.url() +
            ": give --ha-token-file, or HA_TOKEN in the environment");
  CHECK(untouched.counters().connections == 0);
}

// --- inputs that broke others -------------------------------------------------------------------

TEST_CASE("snapshot: a Home Assistant that starts says so, and is whole later", "[snapshot]") {
  fakes::HaServer server(fakes::make_house(), with({"starting_connections=1"}));
  const auto options = options_for({server.url()});
  const model::Document early = document_of(options);
  CHECK(early.ha.state == "STARTING");
  CHECK(missing(early) ==
        "floors=unknown_command labels=unknown_command composite_splits=unknown_command");
  model::Snapshot snapshot = model::to_snapshot(early);
  CHECK_FALSE(snapshot.ha.running());
  CHECK(snapshot.of(Kind::device).table.size() == 3);
  // Not yet loaded, which is something else than not known.
  CHECK(snapshot.of(Kind::floor).presence == Presence::failed);
  CHECK(snapshot.of(Kind::label).presence == Presence::failed);

  const model::Document late = document_of(options);
  CHECK(late.ha.state == "RUNNING");
  CHECK(missing(late).empty());
  snapshot = model::to_snapshot(late);
  CHECK(snapshot.of(Kind::device).table.size() == 94);
  CHECK(snapshot.failed.empty());
}

TEST_CASE("snapshot: renames and swaps come with the registry id that stays", "[snapshot]") {
  fakes::HaServer server(small_house());
  const auto id_of = [&](const std::string& entity_id) {
    const model::Document document = document_of(options_for({server.url()}));
    for (const auto& entity : nlohmann::json::parse(json_of(document, Part::entities))) {
      if (entity.at("entity_id") == entity_id) return entity.at("id").get<std::string>();
    }
    return std::string("none");
  };
  const std::vector<std::string> names = server.house().entity_ids();
  const std::string first = id_of(names[0]);
  const std::string second = id_of(names[1]);
  server.change([&](fakes::House& house) { house.swap_entity_ids(names[0], names[1]); });
  CHECK(id_of(names[0]) == second);
  CHECK(id_of(names[1]) == first);
  server.change([&](fakes::House& house) { house.rename_entity(names[0], "sensor.renamed"); });
  CHECK(id_of("sensor.renamed") == second);
  CHECK(id_of(names[0]) == "none");
}

TEST_CASE("snapshot: records of integrations with bugs come through whole", "[snapshot]") {
  fakes::HaServer server(fakes::make_house({.devices = 5, .entities = 12, .weird = true}));
  const model::Document document = document_of(options_for({server.url()}));
  CHECK(missing(document).empty());
  const std::string& devices = json_of(document, Part::devices);
  CHECK((devices == server.house().devices_json()));
  CHECK(devices.find(R"(Pump\u0000A)") != std::string::npos);
  const std::string& entities = json_of(document, Part::entities);
  CHECK(entities.find(R"("unique_id":4711)") != std::string::npos);
  CHECK(entities.find(R"("device_id":"d9")") != std::string::npos);
  CHECK(entities.find(R"(\ud83d)") != std::string::npos);
  CHECK(json_of(document, Part::states).find("binary_sensor.y") != std::string::npos);
  const model::Snapshot snapshot = model::to_snapshot(document);
  CHECK(snapshot.failed.empty());
  for (const Kind kind : model::k_kinds) CHECK(snapshot.of(kind).presence == Presence::complete);
}
