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

TEST_CASE("what is no TOML is refused with line and column, in our words") {
  const auto told = [](std::string_view toml, const std::string& place, const std::string& words) {
    CHECK(refused(toml) == "h.toml:" + place + ": this is no TOML: " + words);
  };
  const std::string no_value =
      "the value is missing or wrong; a text stands in quotes, a list in [ ]";
  told("db = \"a\"\nthis is no TOML\n", "2:6", "a key without its value; write key = value");
  told("db = \"a\"\ndb = \"b\"\n", "2:6", "the key stands here twice");
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
