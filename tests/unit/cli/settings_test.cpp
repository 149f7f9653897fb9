// SPDX-License-Identifier: MIT
// Which layer holds: flags over environment over file over defaults.
#include "cli/settings.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/cli/fixture.hpp"

using namespace haingest;
using namespace std::chrono_literals;
using cli::FileLayer;
using cli::Key;
using cli::Settings;
using test::settings_from;
using test::usage_error;
using Texts = std::vector<std::string>;

namespace {

std::string origin(const Settings& settings, Key key) { return settings.of(key).origin; }

// The text of `key` when that variable alone is set, and that its origin is the variable.
std::string text_with(Key key, const std::string& variable, const std::string& value) {
  const Settings settings = settings_from({}, {{variable, value}});
  CHECK(settings.given(key));
  CHECK(origin(settings, key) == variable);
  return settings.text(key);
}

std::string token_with(Key key, const std::string& variable) {
  const Settings settings = settings_from({}, {{variable, "t0ken"}});
  CHECK(origin(settings, key) == variable);
  return std::string(settings.secret(key).reveal());
}

}  // namespace

TEST_CASE("a flag beats the environment, that the file, that the default") {
  const FileLayer system{"/etc/h.toml", {{Key::timeout, {"1"}}}};
  const FileLayer user{"/home/h.toml", {{Key::timeout, {"2"}}}};
  const Settings nothing = settings_from({});
  CHECK(nothing.duration(Key::timeout) == 30s);
  CHECK(origin(nothing, Key::timeout) == "default");
  CHECK_FALSE(nothing.given(Key::timeout));
  const Settings file = settings_from({}, {}, {system});
  CHECK(file.duration(Key::timeout) == 1s);
  CHECK(origin(file, Key::timeout) == "/etc/h.toml: timeout");
  CHECK(file.given(Key::timeout));
  const Settings files = settings_from({}, {}, {system, user});
  CHECK(files.duration(Key::timeout) == 2s);
  CHECK(origin(files, Key::timeout) == "/home/h.toml: timeout");
  const Settings variable = settings_from({}, {{"HAINGEST_TIMEOUT", "3"}}, {system, user});
  CHECK(variable.duration(Key::timeout) == 3s);
  CHECK(origin(variable, Key::timeout) == "HAINGEST_TIMEOUT");
  const Settings flag =
      settings_from({{Key::timeout, {"4"}}}, {{"HAINGEST_TIMEOUT", "3"}}, {system, user});
  CHECK(flag.duration(Key::timeout) == 4s);
  CHECK(origin(flag, Key::timeout) == "--timeout");
}

TEST_CASE("a flag that says the default's value still counts as given") {
  const Settings settings =
      settings_from({{Key::timeout, {"30s"}}}, {}, {{"f.toml", {{Key::timeout, {"5"}}}}});
  CHECK(settings.duration(Key::timeout) == 30s);
  CHECK(settings.given(Key::timeout));
}

TEST_CASE("layers replace a list, they do not join it") {
  const FileLayer file{"f.toml", {{Key::ha_url, {"http://a", "http://b"}}}};
  CHECK(settings_from({}, {}, {file}).list(Key::ha_url) == Texts{"http://a", "http://b"});
  CHECK(settings_from({}, {{"HA_URL", "http://c"}}, {file}).list(Key::ha_url) == Texts{"http://c"});
  CHECK(settings_from({{Key::ha_url, {"http://d", "http://e"}}}, {{"HA_URL", "http://c"}}, {file})
            .list(Key::ha_url) == Texts{"http://d", "http://e"});
}

TEST_CASE("the variables that people already have") {
  for (const char* const name :
       {"HAINGEST_HA_URL", "HA_URL", "HA_HTTP_URL", "HA_WS_URL", "HASS_SERVER"}) {
    CHECK(text_with(Key::ha_url, name, "http://x:8123") == "http://x:8123");
  }
  for (const char* const name : {"HAINGEST_HA_TOKEN", "HA_TOKEN", "HASS_TOKEN"}) {
    CHECK(token_with(Key::ha_token, name) == "t0ken");
  }
  CHECK(token_with(Key::supervisor_token, "SUPERVISOR_TOKEN") == "t0ken");
  CHECK(text_with(Key::nabu_casa_url, "NABU_CASA_URL", "https://n") == "https://n");
  CHECK(token_with(Key::nabu_casa_token, "NABU_CASA_TOKEN") == "t0ken");
  CHECK(token_with(Key::api_token, "HAINGEST_API_TOKEN") == "t0ken");
  CHECK(token_with(Key::api_token, "API_KEY") == "t0ken");
  CHECK(text_with(Key::data_api_url, "DATA_API_URL", "http://d:1") == "http://d:1");
  CHECK(text_with(Key::data_api_url, "HAINGEST_DATA_API_URL", "http://d:1") == "http://d:1");
  CHECK(text_with(Key::log_level, "LOG_LEVEL", "debug") == "debug");
  CHECK(text_with(Key::log_level, "HAINGEST_LOG_LEVEL", "debug") == "debug");
  CHECK(text_with(Key::db, "HAINGEST_DB", "/x.db") == "/x.db");
  CHECK(text_with(Key::ha_token_file, "HAINGEST_HA_TOKEN_FILE", "/t") == "/t");
  CHECK(text_with(Key::api_token_file, "HAINGEST_API_TOKEN_FILE", "/t") == "/t");
  CHECK(text_with(Key::to, "HAINGEST_TO", "http://d:1") == "http://d:1");
}

TEST_CASE("haingest's own variable counts before the others, in the order they are listed") {
  const Settings settings = settings_from(
      {}, {{"HASS_SERVER", "http://s"}, {"HA_HTTP_URL", "http://h"}, {"HA_URL", "http://u"}});
  CHECK(settings.text(Key::ha_url) == "http://u");
  CHECK(settings_from({}, {{"HA_URL", "http://u"}, {"HAINGEST_HA_URL", "http://o"}})
            .text(Key::ha_url) == "http://o");
  CHECK(
      settings_from({}, {{"HASS_TOKEN", "b"}, {"HA_TOKEN", "a"}}).secret(Key::ha_token).reveal() ==
      "a");
}

TEST_CASE("an empty variable is not set") {
  const Settings settings =
      settings_from({}, {{"HAINGEST_TIMEOUT", ""}, {"HA_URL", ""}, {"HASS_SERVER", "http://s"}},
                    {{"f.toml", {{Key::timeout, {"7"}}}}});
  CHECK(settings.duration(Key::timeout) == 7s);
  CHECK(settings.text(Key::ha_url) == "http://s");
  CHECK(origin(settings, Key::ha_url) == "HASS_SERVER");
}

TEST_CASE("a variable of haingest's that sets nothing is refused") {
  const auto refused = [](const std::string& variable) {
    return usage_error([&] { cli::refuse_unknown_variables({"PATH=/bin", variable}); });
  };
  CHECK(refused("HAINGEST_DRYRUN=1") ==
        "the environment has HAINGEST_DRYRUN, which is no setting; did you mean HAINGEST_DRY_RUN?");
  CHECK(refused("HAINGEST_HA_TOKENS=s3cret") ==
        "the environment has HAINGEST_HA_TOKENS, which is no setting; did you mean "
        "HAINGEST_HA_TOKEN?");
  CHECK(refused("HAINGEST_ENTIRELY_ELSE=1") ==
        "the environment has HAINGEST_ENTIRELY_ELSE, which is no setting; unset it");
  CHECK(refused("HAINGEST_PORT=8006") ==
        "the environment has HAINGEST_PORT, which is no setting; unset it");
  for (const char* const fine :
       {"HAINGEST_DRY_RUN=1", "HAINGEST_LISTEN=:1", "HAINGEST_API_TOKEN=x",
        "HAINGEST_DRYRUN=", "HA_UNKNOWN=1", "HAINGESTER=1", "HAINGEST_TEST_LONG=1",
        "HAINGEST_NO_INSTALL=1", "HAINGEST_SERVICE_HOST=10.0.0.1",
        "HAINGEST_PORT=tcp://10.0.0.1:8006", "HAINGEST_PORT_8006_TCP=tcp://10.0.0.1:8006"}) {
    INFO(fine);
    CHECK(refused(fine).empty());
  }
}

TEST_CASE("~/ in front of a file's name is the home folder, wherever it is set") {
  const test::Variables home{{"HOME", "/home/me"}, {"HAINGEST_DB", "~/m.db"}};
  CHECK(settings_from({}, home).text(Key::db) == "/home/me/m.db");
  CHECK(settings_from({}, home, {{"f.toml", {{Key::ha_token_file, {"~/token"}}}}})
            .text(Key::ha_token_file) == "/home/me/token");
  CHECK(settings_from({{Key::from, {"~/s.json"}}}, home).text(Key::from) == "/home/me/s.json");
  CHECK(settings_from({{Key::save, {"~you/s.json"}}}, home).text(Key::save) == "~you/s.json");
  CHECK(settings_from({{Key::columns, {"~/a"}}}, home).text(Key::columns) == "~/a");
  CHECK(usage_error([] {
          (void)settings_from({}, {{"HAINGEST_DB", "~/m.db"}});
        }) == "HAINGEST_DB: '~/m.db' begins with ~, but HOME is not set; write the whole path");
}

TEST_CASE("the environment separates a list by commas") {
  const Settings settings = settings_from(
      {}, {{"CORS_ORIGINS", "http://a:3000, http://b"}, {"HA_URL", "http://u,http://v"}});
  CHECK(settings.list(Key::cors_origin) == Texts{"http://a:3000", "http://b"});
  CHECK(settings.list(Key::ha_url) == Texts{"http://u", "http://v"});
}

TEST_CASE("DATA_API_HOST and DATA_API_PORT are the two halves of --listen") {
  const auto listen = [](test::Variables variables) {
    const Settings settings = settings_from({}, std::move(variables));
    return settings.text(Key::listen) + " from " + origin(settings, Key::listen);
  };
  CHECK(listen({}) == "127.0.0.1:8006 from default");
  CHECK(listen({{"DATA_API_HOST", "0.0.0.0"}, {"DATA_API_PORT", "9000"}}) ==
        "0.0.0.0:9000 from DATA_API_HOST, DATA_API_PORT");
  CHECK(listen({{"DATA_API_HOST", "0.0.0.0"}}) == "0.0.0.0:8006 from DATA_API_HOST");
  CHECK(listen({{"DATA_API_PORT", "9000"}}) == "127.0.0.1:9000 from DATA_API_PORT");
  CHECK(listen({{"DATA_API_HOST", "::1"}}) == "[::1]:8006 from DATA_API_HOST");
  CHECK(listen({{"DATA_API_HOST", "[::1]"}}) == "[::1]:8006 from DATA_API_HOST");
  CHECK(listen({{"DATA_API_PORT", "9000"}, {"HAINGEST_LISTEN", "127.0.0.1:1"}}) ==
        "127.0.0.1:1 from HAINGEST_LISTEN");
}

TEST_CASE("DATA_API_HOST beats the file and loses to the flag") {
  const FileLayer file{"f.toml", {{Key::listen, {"127.0.0.1:1", "127.0.0.1:2"}}}};
  CHECK(settings_from({}, {{"DATA_API_PORT", "9"}}, {file}).list(Key::listen) ==
        Texts{"127.0.0.1:9"});
  CHECK(settings_from({{Key::listen, {"127.0.0.1:3"}}}, {{"DATA_API_PORT", "9"}}, {file})
            .list(Key::listen) == Texts{"127.0.0.1:3"});
}

TEST_CASE("a value that does not fit is refused with where it came from") {
  const auto refused = [](test::Variables variables, auto ask) {
    return usage_error([&] { ask(settings_from({}, std::move(variables))); });
  };
  CHECK(refused({{"HAINGEST_QUIET", "maybe"}}, [](const Settings& s) { (void)s.on(Key::quiet); }) ==
        "HAINGEST_QUIET: 'maybe' is neither true nor false");
  CHECK(refused({{"HAINGEST_VERBOSE", "11"}}, [](const Settings& s) {
          (void)s.count(Key::verbose);
        }) == "HAINGEST_VERBOSE: '11' is no number from 0 to 9");
  CHECK(refused({{"HAINGEST_TIMEOUT", "soon"}}, [](const Settings& s) {
          (void)s.duration(Key::timeout);
        }) == "HAINGEST_TIMEOUT: 'soon' is no time; write 30 (seconds), 250ms, 30s, 5m, 2h or 90d");
  CHECK(refused({{"HAINGEST_LOG_FORMAT", "xml"}}, [](const Settings& s) {
          (void)s.one_of(Key::log_format, {"text", "json"});
        }) == "HAINGEST_LOG_FORMAT: 'xml' is none of text or json");
  CHECK(usage_error([] {
          (void)settings_from({}, {}, {{"/f.toml", {{Key::timeout, {"soon"}}}}})
              .duration(Key::timeout);
        }) == "/f.toml: timeout: 'soon' is no time; write 30 (seconds), 250ms, 30s, 5m, 2h or 90d");
  CHECK(
      usage_error([] {
        (void)settings_from({{Key::output, {"xml"}}}).one_of(Key::output, {"auto", "table", "csv"});
      }) == "--output: 'xml' is none of auto, table or csv");
}

TEST_CASE("--verbose counts; its variable takes a number or a switch") {
  CHECK(settings_from({}).count(Key::verbose) == 0);
  CHECK(settings_from({{Key::verbose, {"2"}}}).count(Key::verbose) == 2);
  CHECK(settings_from({}, {{"HAINGEST_VERBOSE", "true"}}).count(Key::verbose) == 1);
}

TEST_CASE("a token file and a token: the more explicit layer wins, the file within one") {
  const test::TempDir folder;
  const std::string path = folder.file("token");
  test::write_file(path, "  from-file\r\n");
  const auto token = [&](const cli::Layer& flags, test::Variables variables,
                         const std::vector<FileLayer>& files = {}) {
    return std::string(settings_from(flags, std::move(variables), files)
                           .secret(Key::ha_token_file, Key::ha_token)
                           .reveal());
  };
  CHECK(token({}, {}).empty());
  CHECK(token({}, {{"HA_TOKEN", "from-environment"}}) == "from-environment");
  CHECK(token({{Key::ha_token_file, {path}}}, {{"HA_TOKEN", "x"}}) == "from-file");
  CHECK(token({}, {{"HAINGEST_HA_TOKEN_FILE", path}, {"HA_TOKEN", "x"}}) == "from-file");
  const FileLayer file{"f.toml", {{Key::ha_token_file, {path}}}};
  CHECK(token({}, {}, {file}) == "from-file");
  CHECK(token({}, {{"HA_TOKEN", "from-environment"}}, {file}) == "from-environment");
}

TEST_CASE("what is no token is refused without being repeated") {
  const test::TempDir folder;
  const std::string path = folder.file("token");
  const auto refused = [&](const std::string& content) {
    test::write_file(path, content);
    return usage_error([&] {
      (void)settings_from({{Key::ha_token_file, {path}}}).secret(Key::ha_token_file, Key::ha_token);
    });
  };
  CHECK(refused("") ==
        "--ha-token-file: " + path + " holds no token; it must hold the token and nothing else");
  CHECK(refused(" \n\t ") == refused(""));
  const std::string words = "--ha-token-file: " + path +
                            " holds more than one word, or bytes that no token has; it must hold "
                            "the token and nothing else";
  CHECK(refused("SECRET SECRET") == words);
  CHECK(refused("SECRET\nSECRET") == words);
  CHECK(refused("SECR\xc3\x89T") == words);
  CHECK(refused(std::string("SEC\0RET", 7)) == words);
  const std::string start = "--ha-token-file: " + path;
  const std::string rest = "; it must hold the token and nothing else";
  CHECK(refused("HA_TOKEN=SECRET\n") ==
        start + " holds NAME=VALUE, as a shell takes it; leave VALUE alone" + rest);
  for (const char* const quoted : {"\"SECRET\"\n", "'SECRET'"}) {
    CHECK(refused(quoted) == start + " holds a token in quotes; take them away" + rest);
  }
  for (const char* const fine : {"SECRET==", "abc=def", "eyJ0.e30.x-_"})
    CHECK(refused(fine).empty());
  CHECK(usage_error([] {
          (void)settings_from({}, {{"HA_TOKEN", "SEC RET"}}).secret(Key::ha_token);
        }) ==
        "HA_TOKEN holds more than one word, or bytes that no token has; it must hold the token and "
        "nothing else");
  CHECK(usage_error([&] {
          (void)settings_from({{Key::ha_token_file, {folder.file("none")}}})
              .secret(Key::ha_token_file, Key::ha_token);
        }) == "--ha-token-file: cannot read " + folder.file("none") +
                  ": No such file or directory; it must hold the token and nothing else");
}

TEST_CASE("each of several targets has its own settings, and those of all") {
  const test::TempDir folder;
  test::write_file(folder.file("token"), "t0ken");
  const FileLayer file{.path = "f.toml",
                       .values = {{Key::timeout, {"5"}}},
                       .targets = {{{Key::influx_url, {"http://a"}}},
                                   {{Key::influx_name, {"archive"}},
                                    {Key::influx_url, {"http://b"}},
                                    {Key::influx_bucket, {"old"}},
                                    {Key::influx_token_file, {"~/token"}}}}};
  const Settings settings = settings_from({{Key::influx_org, {"o"}}},
                                          {{"HOME", folder.path().string()},
                                           {"INFLUXDB_TOKEN", "s3cret"},
                                           {"INFLUXDB_URL", "http://c"}},
                                          {file});
  REQUIRE(settings.targets().size() == 2);
  const Settings& first = settings.targets()[0];
  CHECK(first.text(Key::influx_name) == "influx");
  CHECK(origin(first, Key::influx_name) == "default");
  CHECK(origin(first, Key::influx_url) == "f.toml: influx.url of influx");
  CHECK(first.text(Key::influx_url) == "http://a");
  CHECK(first.text(Key::influx_bucket) == "home_assistant_events");
  CHECK(origin(first, Key::influx_bucket) == "default");
  CHECK(first.text(Key::influx_org).empty());
  CHECK(first.duration(Key::timeout) == 5s);
  CHECK(first.secret(Key::influx_token_file, Key::influx_token).empty());
  const Settings& second = settings.targets()[1];
  CHECK(second.text(Key::influx_url) == "http://b");
  CHECK(origin(second, Key::influx_url) == "f.toml: influx.url of archive");
  CHECK(second.text(Key::influx_bucket) == "old");
  CHECK(second.text(Key::influx_token_file) == folder.file("token"));
  CHECK(second.secret(Key::influx_token_file, Key::influx_token).reveal() == "t0ken");
  CHECK(second.targets().empty());
  CHECK(settings.text(Key::influx_url) == "http://c");
  CHECK(settings.given(Key::influx_token));
  CHECK_FALSE(settings.given(Key::influx_bucket));
}

TEST_CASE("the targets of a file replace what is under it, and no table adds to them") {
  const FileLayer one{"/etc/h.toml", {{Key::influx_url, {"http://o"}}}};
  const FileLayer several{
      .path = "/home/h.toml",
      .values = {},
      .targets = {{{Key::influx_url, {"http://a"}}},
                  {{Key::influx_name, {"b"}}, {Key::influx_url, {"http://b"}}}}};
  const Settings settings = settings_from({}, {}, {one, several});
  CHECK_FALSE(settings.given(Key::influx_url));
  CHECK(settings.targets().size() == 2);
  FileLayer others = several;
  others.path = "/named.toml";
  others.targets.back()[Key::influx_url] = {"http://c"};
  const Settings replaced = settings_from({}, {}, {several, others});
  REQUIRE(replaced.targets().size() == 2);
  CHECK(replaced.targets()[1].text(Key::influx_url) == "http://c");
  CHECK(usage_error([&] {
          (void)settings_from({}, {}, {several, one});
        }) ==
        "/etc/h.toml: influx.url: which of the [[influx]] tables of /home/h.toml it is for cannot "
        "be told; write whole [[influx]] tables here, which replace those");
}
