// SPDX-License-Identifier: MIT
// core/ha's session against the simulator, and against scripts for what no server would do.
#include "core/ha/session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

#include "core/base/log.hpp"
#include "core/ha/failure.hpp"
#include "tests/fakes/ha_server.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/net/scripted_peer.hpp"

using namespace haingest;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using Outcome = ha::Reply::Outcome;
using test::ScriptedPeer;
using test::ScriptedServer;

namespace {

constexpr std::string_view k_devices = "config/device_registry/list";
constexpr std::string_view k_areas = "config/area_registry/list";
constexpr std::string_view k_splits = "config/device_registry/list_composite_splits";
constexpr std::string_view k_state_changes = R"("event_type":"state_changed")";

using Work = std::function<asio::awaitable<void>(ha::Session&)>;

// How a session went.
struct Life {
  std::optional<base::Error> end;
  bool opened = false;
  std::uint64_t strays = 0;
  std::string ha_version;
};

asio::awaitable<void> live(ha::SessionOptions options, const Work& work, Life& life) {
  using namespace asio::experimental::awaitable_operators;
  auto opening = ha::Session::open(std::move(options));
  base::Result<std::unique_ptr<ha::Session>> session = co_await std::move(opening);
  if (!session) {
    life.end = session.error();
    co_return;
  }
  life.opened = true;
  auto both = (*session)->run() && work(**session);
  co_await std::move(both);
  life.end = (*session)->ended();
  life.strays = (*session)->strays();
  life.ha_version = (*session)->ha_version();
}

// `work` ends when it has what it wants, and closes the session, or waits for its end.
Life run(const ha::SessionOptions& options, const Work& work) {
  asio::io_context io(1);
  Life life;
  std::exception_ptr thrown;
  bool done = false;
  asio::co_spawn(io, live(options, work, life), [&](std::exception_ptr error) {
    thrown = error;
    done = true;
  });
  io.run_for(180s);
  if (thrown) std::rethrow_exception(thrown);
  REQUIRE(done);
  return life;
}

ha::SessionOptions options_for(const std::string& url, base::Secret token = fakes::demo_token()) {
  ha::SessionOptions options;
  options.address = *ha::locate(url);
  options.token = std::move(token);
  options.request_timeout = 60s;  // what no test waits for
  return options;
}

fakes::House house() { return fakes::make_house({.devices = 20, .entities = 60}); }

fakes::ServerOptions with(std::initializer_list<std::string_view> faults) {
  fakes::ServerOptions options;
  for (const std::string_view fault : faults) fakes::add_fault(options.faults, fault);
  return options;
}

// --- scripts ---

void let_in(ScriptedPeer& peer) {
  peer.accept_websocket();
  peer.send_text(R"({"type":"auth_required","ha_version":"2022.8.0"})");
  static_cast<void>(peer.read_text());
  peer.send_text(R"({"type":"auth_ok","ha_version":"2022.8.0"})");
}

std::string id_in(const std::string& command) {
  const std::size_t at = command.find("\"id\":") + 5;
  return command.substr(at, command.find(',', at) - at);
}

std::string success(const std::string& id, const std::string& result) {
  return R"({"id":)" + id + R"(,"type":"result","success":true,"result":)" + result + "}";
}

asio::awaitable<void> wait_for_end(ha::Session& session) {
  // Nobody answers this one but the end of the connection.
  const auto last = session.ask("wait_for_the_end");
  co_await session.answer(last);
}

}  // namespace

TEST_CASE("session: every command gets its own answer, whatever the order and the company",
          "[session]") {
  for (const auto& faults : {with({}), with({"arrays"}), with({"chatter"}), with({"reversed"}),
                             with({"reversed", "chatter", "arrays"}), with({"fragments=7"})}) {
    fakes::HaServer server(house(), faults);
    const fakes::House same = server.house();
    const Work work = [&](ha::Session& session) -> asio::awaitable<void> {
      const auto devices = session.ask(k_devices);
      const auto areas = session.ask(k_areas);
      const auto splits = session.ask(k_splits);
      const auto ping = session.ask("ping");
      const ha::Reply ping_reply = co_await session.answer(ping);
      CHECK(ping_reply.outcome == Outcome::answered);
      CHECK(ping_reply.json.empty());
      const ha::Reply splits_reply = co_await session.answer(splits);
      CHECK(splits_reply.json == same.composite_splits_json());
      const ha::Reply areas_reply = co_await session.answer(areas);
      CHECK(areas_reply.json == same.areas_json());
      const ha::Reply devices_reply = co_await session.answer(devices);
      CHECK(devices_reply.json == same.devices_json());
      co_await session.close(5s);
    };
    const Life life = run(options_for(server.url()), work);
    REQUIRE(life.opened);
    CHECK(life.end->message == server.url() + ": closed by haingest");
    CHECK(life.ha_version == "2026.11.0");
    CHECK(server.counters().connections == 1);
    CHECK((life.strays > 0) == faults.faults.chatter);
  }
}

TEST_CASE("session: asks for coalesced frames where Home Assistant has them, unless told not to",
          "[session]") {
  const Work work = [](ha::Session& session) -> asio::awaitable<void> {
    const auto ping = session.ask("ping");
    co_await session.answer(ping);
    co_await session.close(5s);
  };
  const auto asked = [&](const std::string& version, bool coalesce) {
    fakes::HaServer server(fakes::make_house({.devices = 1, .entities = 1, .ha_version = version}));
    auto options = options_for(server.url());
    options.coalesce = coalesce;
    run(options, work);
    return server.counters().commands["supported_features"];
  };
  CHECK(asked("2026.11.0", true) == 1);
  CHECK(asked("2026.11.0", false) == 0);
  CHECK(asked("2022.8.7", true) == 0);
}

TEST_CASE("session: events between answers are not lost and keep their order", "[session]") {
  constexpr int k_events = 40;
  for (const auto& faults : {with({}), with({"arrays", "chatter"})}) {
    fakes::HaServer server(house(), faults);
    const std::string entity = server.house().entity_ids().front();
    std::vector<std::string> events;
    const Work work = [&](ha::Session& session) -> asio::awaitable<void> {
      const auto subscribed =
          session.subscribe("subscribe_events", k_state_changes,
                            [&events](std::string_view event) { events.emplace_back(event); });
      std::vector<std::shared_ptr<ha::Session::Request>> lists;
      const ha::Reply reply = co_await session.answer(subscribed);
      CHECK(reply.outcome == Outcome::answered);
      for (int i = 0; i < k_events; ++i) {
        lists.push_back(session.ask(k_devices));
        const std::string state = "state " + std::to_string(i);
        server.change([&](fakes::House& changing) { changing.set_state(entity, state); });
      }
      for (const auto& list : lists) {
        const ha::Reply answer = co_await session.answer(list);
        CHECK(answer.outcome == Outcome::answered);
      }
      // Whatever was fired before it is on the wire before its answer.
      const auto ping = session.ask("ping");
      co_await session.answer(ping);
      co_await session.close(5s);
    };
    run(options_for(server.url()), work);
    REQUIRE(events.size() == k_events);
    for (int i = 0; i < k_events; ++i) {
      INFO(events[static_cast<std::size_t>(i)]);
      CHECK(events[static_cast<std::size_t>(i)].find("\"state " + std::to_string(i) + "\"") !=
            std::string::npos);
    }
  }
}

TEST_CASE("session: the first event of a subscription may come before its answer", "[session]") {
  std::vector<std::string> events;
  ScriptedServer server([](ScriptedPeer& peer) {
    let_in(peer);
    const std::string id = id_in(peer.read_text());
    peer.send_text(R"({"id":)" + id + R"(,"type":"event","event":[1]})");
    peer.send_text(success(id, "null"));
    peer.send_text(R"({"id":77,"type":"event","event":"nobody's"})");
    peer.send_close(1000, "");
    peer.read_to_the_end();
  });
  auto options = options_for(server.url());
  std::vector<std::string> others;
  options.on_event = [&](std::int64_t id, std::string_view event) {
    others.push_back(std::to_string(id) + " " + std::string(event));
  };
  const Work work = [&](ha::Session& session) -> asio::awaitable<void> {
    const auto subscribed =
        session.subscribe("config_entries/subscribe", "",
                          [&events](std::string_view event) { events.emplace_back(event); });
    const ha::Reply reply = co_await session.answer(subscribed);
    CHECK(reply.outcome == Outcome::answered);
    CHECK(events == std::vector<std::string>{"[1]"});
    co_await wait_for_end(session);
  };
  run(options, work);
  CHECK(others == std::vector<std::string>{"77 \"nobody's\""});
}

TEST_CASE("session: refusals keep Home Assistant's code, and the connection", "[session]") {
  fakes::HaServer server(house(), with({"fail=config/area_registry/list:home_assistant_error"}));
  const Work work = [](ha::Session& session) -> asio::awaitable<void> {
    const auto unknown = session.ask("config_entries/list");
    const auto failing = session.ask(k_areas);
    const auto strange = session.ask("get_states", R"("color":"red")");
    const auto refused = session.subscribe("subscribe_nothing", "", [](std::string_view) {});
    ha::Reply reply = co_await session.answer(unknown);
    CHECK(reply.outcome == Outcome::refused);
    CHECK(reply.code == "unknown_command");
    CHECK(reply.text == "Unknown command");
    reply = co_await session.answer(failing);
    CHECK(reply.code == "home_assistant_error");
    reply = co_await session.answer(strange);
    CHECK(reply.code == "invalid_format");
    reply = co_await session.answer(refused);
    CHECK(reply.code == "unknown_command");
    const auto devices = session.ask(k_devices);
    reply = co_await session.answer(devices);
    CHECK(reply.outcome == Outcome::answered);
    co_await session.close(5s);
  };
  run(options_for(server.url()), work);
}

TEST_CASE("session: a request without an answer ends at its deadline; the late answer is a stray",
          "[session]") {
  ScriptedServer server([](ScriptedPeer& peer) {
    let_in(peer);
    const std::string first = id_in(peer.read_text());
    const std::string second = id_in(peer.read_text());  // sent when the first one was given up
    peer.send_text(success(first, "\"late\""));
    peer.send_text(success(second, "\"in time\""));
    peer.read_to_the_end();
  });
  auto options = options_for(server.url());
  options.request_timeout = 200ms;
  const Work work = [](ha::Session& session) -> asio::awaitable<void> {
    const auto first = session.ask("get_states");
    ha::Reply reply = co_await session.answer(first);
    CHECK(reply.outcome == Outcome::timeout);
    CHECK(reply.code == "timeout");
    CHECK(reply.text == "no answer within 200 ms");
    const auto second = session.ask("get_states");
    reply = co_await session.answer(second);
    CHECK(reply.json == "\"in time\"");
    co_await session.close(100ms);
  };
  CHECK(run(options, work).strays == 1);
}

TEST_CASE("session: broken frames cost one request or nobody, never the connection", "[session]") {
  ScriptedServer server([](ScriptedPeer& peer) {
    let_in(peer);
    const std::string first = id_in(peer.read_text());
    const std::string second = id_in(peer.read_text());
    peer.send_text("no JSON at all");
    peer.send_text("[]");
    peer.send_text("[5]");
    peer.send_text(success(first, "[{\"half\":}"));
    peer.send_text(R"({"id":"text","type":"result","success":true})");
    peer.send_text(success(second, "2"));
    peer.read_to_the_end();
  });
  const Work work = [](ha::Session& session) -> asio::awaitable<void> {
    const auto first = session.ask("get_states");
    const auto second = session.ask("get_config");
    ha::Reply reply = co_await session.answer(first);
    CHECK(reply.outcome == Outcome::broken);
    CHECK(reply.code == "invalid_json");
    reply = co_await session.answer(second);
    CHECK(reply.json == "2");
    co_await session.close(100ms);
  };
  base::log::configure(base::log::Level::off, base::log::Format::text);
  run(options_for(server.url()), work);
  base::log::configure(base::log::Level::warning, base::log::Format::text);
}

TEST_CASE("session: pings by itself, and an answer to them is all it needs", "[session]") {
  fakes::HaServer server(house());
  auto options = options_for(server.url());
  options.ping_interval = 5ms;
  const Work work = [&](ha::Session& session) -> asio::awaitable<void> {
    while (server.counters().commands["ping"] < 3) {
      const auto areas = session.ask(k_areas);
      co_await session.answer(areas);
    }
    co_await session.close(5s);
  };
  CHECK(run(options, work).end->message == server.url() + ": closed by haingest");
}

TEST_CASE("session: a peer that leaves pings unanswered is given up, requests included",
          "[session]") {
  fakes::HaServer server(house(), with({"no_answer=ping", "no_answer=get_states"}));
  auto options = options_for(server.url());
  options.ping_interval = 20ms;
  options.pong_timeout = 50ms;
  const Work work = [](ha::Session& session) -> asio::awaitable<void> {
    const auto states = session.ask("get_states");
    const ha::Reply reply = co_await session.answer(states);
    CHECK(reply.outcome == Outcome::closed);
    CHECK(reply.text == session.ended()->message);
    // The session is done for: what is asked now has its answer at once.
    const auto more = session.ask("get_states");
    const ha::Reply after = co_await session.answer(more);
    CHECK(after.outcome == Outcome::closed);
  };
  const Life life = run(options, work);
  CHECK(life.end->kind == base::ErrorKind::unreachable);
  CHECK(life.end->message ==
        server.url() +
            ": silent: no answer to a ping within 50 ms; the connection is dead, or "
            "Home Assistant hangs");
}

TEST_CASE("session: a big answer on a slow link is no silence", "[session]") {
  // 3 MiB at 1 MiB/s: the pong stands behind it for longer than a pong may take.
  fakes::HaServer server(house(), with({"huge=3:get_states", "slow=1048576"}));
  auto options = options_for(server.url());
  options.ping_interval = 100ms;
  options.pong_timeout = 1500ms;
  options.request_timeout = 60s;
  const Work work = [](ha::Session& session) -> asio::awaitable<void> {
    const auto states = session.ask("get_states");
    const ha::Reply reply = co_await session.answer(states);
    CHECK(reply.outcome == Outcome::answered);
    CHECK(reply.json.size() > std::size_t{3} * 1024 * 1024);
    co_await session.close(100ms);
  };
  CHECK(run(options, work).end->message == server.url() + ": closed by haingest");
}

TEST_CASE("session: every request in flight fails with the connection, at once and with why",
          "[session]") {
  ScriptedServer server([](ScriptedPeer& peer) {
    let_in(peer);
    peer.send_text(success(id_in(peer.read_text()), "1"));
    static_cast<void>(peer.read_text());
    static_cast<void>(peer.read_text());
    peer.send_close(1001, "Home Assistant is shutting down");
    peer.read_to_the_end();
  });
  const std::string url = server.url();
  const Work work = [&](ha::Session& session) -> asio::awaitable<void> {
    const auto one = session.ask("get_config");
    const auto two = session.ask("get_states");
    const auto three = session.ask(k_devices);
    ha::Reply reply = co_await session.answer(one);
    CHECK(reply.json == "1");
    reply = co_await session.answer(three);
    CHECK(reply.outcome == Outcome::closed);
    CHECK(
        reply.text ==
        url +
            ": closed the connection with 2 requests unanswered (1001: Home "
            "Assistant is shutting down); Home Assistant may be restarting: try again in a minute");
    reply = co_await session.answer(two);
    CHECK(reply.outcome == Outcome::closed);
  };
  const Life life = run(options_for(url), work);
  CHECK(life.end->kind == base::ErrorKind::unreachable);
}

TEST_CASE("session: cut() from an event's handler: no event after it", "[session]") {
  ScriptedServer server([](ScriptedPeer& peer) {
    let_in(peer);
    const std::string id = id_in(peer.read_text());
    const std::string event = R"({"id":)" + id + R"(,"type":"event","event":1})";
    peer.send_text("[" + success(id, "null") + "," + event + "," + event + "," + event + "]");
    peer.read_to_the_end();
  });
  int events = 0;
  const auto start = std::chrono::steady_clock::now();
  const Work work = [&](ha::Session& session) -> asio::awaitable<void> {
    const auto handler = [&](std::string_view) {
      ++events;
      session.cut(ha::unreachable(*ha::locate(server.url()), "the queue is full"));
    };
    const auto subscribed = session.subscribe("subscribe_events", k_state_changes, handler);
    co_await session.answer(subscribed);
    co_await wait_for_end(session);
  };
  const Life life = run(options_for(server.url()), work);
  CHECK(events == 1);
  CHECK(life.end->message == server.url() + ": the queue is full");
  CHECK(std::chrono::steady_clock::now() - start < 10s);
}

TEST_CASE("session: an exception of the work ends it and comes out", "[session]") {
  fakes::HaServer server(house());
  const Work throwing = [](ha::Session& session) -> asio::awaitable<void> {
    const auto areas = session.ask(k_areas);
    co_await session.answer(areas);
    throw std::runtime_error("work");
  };
  CHECK_THROWS_WITH(run(options_for(server.url()), throwing), "work");
}

TEST_CASE("session: what is no Home Assistant is said so at the login", "[session]") {
  const Work never = [](ha::Session&) -> asio::awaitable<void> {
    FAIL("logged in");
    co_return;
  };
  const auto greeted_with = [&](const std::string& greeting) {
    ScriptedServer server([&](ScriptedPeer& peer) {
      peer.accept_websocket();
      for (;;) {
        peer.send_text(greeting);
        static_cast<void>(peer.read_text());
      }
    });
    const Life life = run(options_for(server.url()), never);
    CHECK(life.end->kind == base::ErrorKind::unreachable);
    return life.end->message.substr(server.url().size() + 2);
  };
  const std::string other = "speaks something else than a Home Assistant; check the URL";
  CHECK(greeted_with("hello") == other);
  CHECK(greeted_with("[]") == other);
  CHECK(greeted_with(R"({"id":1,"type":"event","event":1})") == other);
  CHECK(greeted_with(R"({"type":"auth_required"})") ==
        "asks for the login again and again; check the URL");
}
