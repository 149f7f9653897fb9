// SPDX-License-Identifier: MIT
#include "cli/config_file.hpp"

#include <unistd.h>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/cli/fixture.hpp"

using namespace haingest;
using cli::Key;
using cli::parse_config;
using test::environment_of;
using test::usage_error;
using Texts = std::vector<std::string>;

namespace {

std::string refused(std::string_view toml) {
  return usage_error([&] { (void)parse_config(toml, "h.toml"); });
}

}  // namespace

TEST_CASE("every key of the file reaches its setting") {
  const auto config = parse_config(R"(
db = "/srv/metadata.db"
timeout = 45
[ha]
url = ["http://a:8123", "http://b:8123"]
token_file = "/etc/haingest/token"
[output]
format = "table"
[log]
level = "debug"
format = "json"
[tls]
ca_file = "/etc/ca.pem"
insecure = true
[api]
token_file = "/etc/haingest/api"
[sync]
data_api_url = "http://d:8006"
max_removals = "10%"
prune_after = "90d"
[serve]
listen = "0.0.0.0:8006"
private = false
cors_origin = ["http://a"]
allowed_host = ["h", "i"]
)",
                                   "h.toml");
  CHECK(config.warnings.empty());
  const cli::Layer expected{
      {Key::db, {"/srv/metadata.db"}},
      {Key::timeout, {"45"}},
      {Key::ha_url, {"http://a:8123", "http://b:8123"}},
      {Key::ha_token_file, {"/etc/haingest/token"}},
      {Key::output, {"table"}},
      {Key::log_level, {"debug"}},
      {Key::log_format, {"json"}},
      {Key::ca_file, {"/etc/ca.pem"}},
      {Key::insecure, {"true"}},
      {Key::api_token_file, {"/etc/haingest/api"}},
      {Key::data_api_url, {"http://d:8006"}},
      {Key::max_removals, {"10%"}},
      {Key::prune_after, {"90d"}},
      {Key::listen, {"0.0.0.0:8006"}},
      {Key::private_reads, {"false"}},
      {Key::cors_origin, {"http://a"}},
      {Key::allowed_host, {"h", "i"}},
  };
  CHECK(config.values == expected);
}

TEST_CASE("a list may be one text, or empty") {
  CHECK(parse_config("[ha]\nurl = \"http://a\"", "h").values.at(Key::ha_url) == Texts{"http://a"});
  CHECK(parse_config("ha.url = []", "h").values.at(Key::ha_url).empty());
}

TEST_CASE("an unknown key is refused with its line and what was meant") {
  CHECK(refused("\n\n[ha]\nurll = \"http://a\"") ==
        "h.toml:4: there is no setting ha.urll; did you mean ha.url?");
  CHECK(refused("[serve]\nlisten = \"x\"\nallowed_hosts = []") ==
        "h.toml:3: there is no setting serve.allowed_hosts; did you mean serve.allowed_host?");
  CHECK(refused("[something]\nentirely_different = 1") ==
        "h.toml:2: there is no setting something.entirely_different");
  CHECK(refused("[ha]\ncors_origin = \"*\"") ==
        "h.toml:2: there is no setting ha.cors_origin; did you mean serve.cors_origin?");
  CHECK(refused("ha_token = \"SECRET\"").find("SECRET") == std::string::npos);
}

TEST_CASE("a value of the wrong type is refused with its line") {
  CHECK(refused("timeout = 1.5") ==
        R"(h.toml:1: timeout takes a text like "30s", "5m" or "90d", or a number of seconds)");
  CHECK(refused("sync.max_removals = 0.2") ==
        R"(h.toml:1: sync.max_removals takes a number, or a text like "20%")");
  CHECK(refused("\ntimeout = [1, 2]") == "h.toml:2: timeout takes one value, not a list");
  CHECK(refused("[ha]\nurl = [[\"a\"]]") == "h.toml:2: ha.url takes a text, or a list of texts");
  CHECK(refused("db = 2026-11-25") == "h.toml:1: db takes a text, the path of a file");
  CHECK(refused("[db]\npath = \"x\"").starts_with("h.toml:2: there is no setting db.path"));
}

TEST_CASE("one [[influx]] table is as [influx]") {
  const std::string keys =
      "name = \"home\"\nurl = \"http://i:8086\"\norg = \"o\"\nbucket = \"b\"\n"
      "database = \"d\"\nretention_policy = \"r\"\ntoken_file = \"/t\"\nusername = \"u\"\n"
      "password_file = \"/p\"\n";
  const cli::Layer expected{
      {Key::influx_name, {"home"}},       {Key::influx_url, {"http://i:8086"}},
      {Key::influx_org, {"o"}},           {Key::influx_bucket, {"b"}},
      {Key::influx_database, {"d"}},      {Key::influx_retention_policy, {"r"}},
      {Key::influx_token_file, {"/t"}},   {Key::influx_username, {"u"}},
      {Key::influx_password_file, {"/p"}}};
  for (const char* const table : {"[influx]\n", "[[influx]]\n"}) {
    const auto config = parse_config(table + keys, "h.toml");
    CHECK(config.values == expected);
    CHECK(config.targets.empty());
  }
  CHECK(parse_config("[[influx]]\norg = \"o\"", "h.toml").values ==
        cli::Layer{{Key::influx_org, {"o"}}});
}

TEST_CASE("several [[influx]] tables are several targets, and one may be without a name") {
  const auto config = parse_config(R"(
timeout = 5
[[influx]]
url = "http://a:8086"
[[influx]]
name = "archive-2_x"
url = "http://b:8086"
org = "o"
)",
                                   "h.toml");
  CHECK(config.values == cli::Layer{{Key::timeout, {"5"}}});
  CHECK(config.targets == std::vector<cli::Layer>{{{Key::influx_url, {"http://a:8086"}}},
                                                  {{Key::influx_name, {"archive-2_x"}},
                                                   {Key::influx_url, {"http://b:8086"}},
                                                   {Key::influx_org, {"o"}}}});
  const std::string inline_tables = "influx = [{url = \"a\"}, {name = \"b\", url = \"b\"}]";
  CHECK(parse_config(inline_tables, "h.toml").targets.size() == 2);
  std::string most;
  for (int i = 0; i < 32; ++i) {
    most += "[[influx]]\nname = \"" + std::to_string(i) + "\"\nurl = \"u\"\n";
  }
  CHECK(parse_config(most, "h.toml").targets.size() == 32);
  CHECK(refused(most + "[[influx]]\nurl = \"u\"") ==
        "h.toml:97: this is one [[influx]] table too many; there may be 32");
}

TEST_CASE("what is wrong with one of several [[influx]] tables is said with its line") {
  const std::string first = "[[influx]]\nurl = \"http://a\"\n";
  const auto second = [&](const std::string& keys) {
    return refused(first + "[[influx]]\n" + keys);
  };
  CHECK(second("url = \"http://b\"") ==
        "h.toml:3: this [[influx]] table needs a name, as in name = \"archive\"; influx, as it "
        "would be called without, is another");
  CHECK(second("name = \"influx\"\nurl = \"http://b\"") ==
        "h.toml:3: another target is called influx, too; each needs a name of its own");
  CHECK(second("name = \"b\"") ==
        "h.toml:3: the target b has no url; write where its points go, as in url = "
        "\"http://localhost:8086\"");
  CHECK(second("name = \"b\"\nurll = \"http://b\"") ==
        "h.toml:5: there is no setting influx.urll; did you mean influx.url?");
  CHECK(second("name = \"b\"\ninclude = \"sensor.*\"") ==
        "h.toml:5: there is no setting influx.include; did you mean points.include?");
  CHECK(second("name = \"b\"\nurl = 1.5") == "h.toml:5: influx.url takes a text");
  CHECK(second("name = \"b\"\nurl = [\"http://b\"]") ==
        "h.toml:5: influx.url takes one value, not a list");
  CHECK(second("token = \"S3CRET\"\ntoken_file = \"/t\"") ==
        "h.toml:4: influx.token would show a token to everyone who may read this file; put it into "
        "a file of its own and name that with influx.token_file");
  CHECK(second("password = \"S3CRET\"") ==
        "h.toml:4: influx.password would show a token to everyone who may read this file; put it "
        "into a file of its own and name that with influx.password_file");
  for (const char* const name :
       {"", "Archive", "two words", "caf\xc3\xa9", "a.b", "a23456789012345678901234567890123"}) {
    const std::string told = "influx.name takes a short word: at most 32 of a-z, 0-9, _ and -";
    CHECK(second("name = \"" + std::string(name) + "\"") == "h.toml:4: " + told);
    CHECK(refused("influx.name = \"" + std::string(name) + "\"") == "h.toml:1: " + told);
  }
}

TEST_CASE("a value in place of a table is refused with how the table is written") {
  const std::string influx =
      "h.toml:1: influx is a table, which is written [influx], or [[influx]] for each of several";
  CHECK(refused("influx = 5") == influx);
  CHECK(refused("influx = []") == influx);
  CHECK(refused("influx = [{url = \"a\"}, 5]") == influx);
  CHECK(refused("[[ha]]\nurl = \"a\"") == "h.toml:1: ha is a table, which is written [ha]");
}

TEST_CASE("what is no TOML is refused with line and column, in our words") {
  const auto told = [](std::string_view toml, const std::string& place, const std::string& words) {
    CHECK(refused(toml) == "h.toml:" + place + ": this is no TOML: " + words);
  };
  const std::string no_value =
      "the value is missing or wrong; a text stands in quotes, a list in [ ]";
  told("db = \"a\"\nthis is no TOML\n", "2:6", "a key without its value; write key = value");
  told("db = \"a\"\ndb = \"b\"\n", "2:6", "the key stands here twice");
  told("[influx]\n[[influx]]\n", "2:1",
       "the key stands here twice; [name] is one table, [[name]] each of several");
  told("[[influx]]\n[influx]\n", "2:1",
       "the key stands here twice; [name] is one table, [[name]] each of several");
  told("db = \"a", "1:8", "it ends in the middle of a value; close the quote or the list");
  told("db = \"a\nb\"", "1:8", "the text has no closing quote on its line");
  told("db = /var/lib/m.db", "1:6", no_value);
  told("db =\n", "1:5", no_value);
  told("timeout = 30s", "1:13", "write key = value, one a line, a text in quotes");
  told("[ha\nurl = 1", "1:4", "a table is written [name]");
  told("db = \"\\q\"", "1:8",
       "\\ begins an escape in double quotes; write \\\\, or take single quotes");
  told("db = \"\xff\"", "1:6", "these bytes are no UTF-8");
  told("db = 2026-13-01", "1:13", "there is no such date; a text stands in quotes");
}

TEST_CASE("a token in the file is refused with the key for its file, and not repeated") {
  const auto told = [](std::string_view toml, const std::string& key, const std::string& keys) {
    CHECK(refused(toml) == "h.toml:1: " + key +
                               " would show a token to everyone who may read this file; put it "
                               "into a file of its own and name that with " +
                               keys);
  };
  told("ha.token = \"S3CRET\"", "ha.token", "ha.token_file");
  told("api.token = \"S3CRET\"", "api.token", "api.token_file");
  told("ha_token = \"S3CRET\"", "ha_token", "ha.token_file or api.token_file");
  told("api.key = \"S3CRET\"", "api.key", "ha.token_file or api.token_file");
}

TEST_CASE("a retired key warns and changes nothing") {
  const auto config = parse_config("[ha]\nws_url = \"ws://a\"\nurl = \"http://b\"", "h.toml");
  CHECK(config.warnings ==
        Texts{"h.toml:2: ha.ws_url is retired and was ignored; set ha.url instead"});
  CHECK(config.values == cli::Layer{{Key::ha_url, {"http://b"}}});
}

TEST_CASE("the user's file is found by XDG_CONFIG_HOME, else in HOME; a named one alone counts") {
  const test::TempDir folder;
  std::filesystem::create_directories(folder.path() / "xdg/haingest");
  std::filesystem::create_directories(folder.path() / "home/.config/haingest");
  test::write_file(folder.file("xdg/haingest/haingest.toml"), "db = \"xdg\"");
  test::write_file(folder.file("home/.config/haingest/haingest.toml"), "db = \"home\"");
  test::write_file(folder.file("named.toml"), "db = \"named\"");
  const auto database = [&](const std::string& named, const test::Variables& variables) {
    Texts warnings;
    const auto files = cli::read_config_files(named, environment_of(variables), warnings);
    return files.back().values.at(Key::db).front();
  };
  const std::string home = folder.file("home");
  CHECK(database("", {{"HOME", home}, {"XDG_CONFIG_HOME", folder.file("xdg")}}) == "xdg");
  CHECK(database("", {{"HOME", home}}) == "home");
  CHECK(database(folder.file("named.toml"), {{"HOME", home}}) == "named");
}

TEST_CASE("a named file that is not there is refused; the usual ones may be missing") {
  const test::TempDir folder;
  Texts warnings;
  const auto environment = environment_of({{"HOME", folder.file("nobody")}});
  CHECK(usage_error([&] {
          (void)cli::read_config_files(folder.file("none.toml"), environment, warnings);
        }) == "cannot read " + folder.file("none.toml") +
                  ": No such file or directory; it is a configuration file, make it readable or "
                  "name another one with --config");
  const auto files = cli::read_config_files("", environment, warnings);
  REQUIRE(files.size() == 2);
  CHECK(files[1].path == folder.file("nobody/.config/haingest/haingest.toml"));
  CHECK_FALSE(files[1].there);
}
