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
        "h.toml:1: timeout takes a text, a whole number or true and false");
  CHECK(refused("\ntimeout = [1, 2]") == "h.toml:2: timeout takes one value, not a list");
  CHECK(refused("[ha]\nurl = [[\"a\"]]") ==
        "h.toml:2: ha.url takes a text, a whole number or true and false");
  CHECK(refused("db = 2026-11-25") ==
        "h.toml:1: db takes a text, a whole number or true and false");
  CHECK(refused("[db]\npath = \"x\"").starts_with("h.toml:2: there is no setting db.path"));
}

TEST_CASE("what is no TOML is refused with its line") {
  CHECK(refused("db = \"a\"\nthis is no TOML\n").starts_with("h.toml:2: this is no TOML: "));
  CHECK(refused("db = \"a\"\ndb = \"b\"\n").starts_with("h.toml:2: this is no TOML: "));
  CHECK(refused("db = \"a").starts_with("h.toml:1: this is no TOML: "));
}

TEST_CASE("a retired key warns and changes nothing") {
  const auto config = parse_config("[ha]\nws_url = \"ws://a\"\nurl = \"http://b\"", "h.toml");
  CHECK(config.warnings == Texts{"h.toml:2: ha.ws_url is no longer used; its place has ha.url"});
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
    return files.empty() ? "" : files.back().values.at(Key::db).front();
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
  CHECK_NOTHROW(cli::read_config_files("", environment, warnings));
}
