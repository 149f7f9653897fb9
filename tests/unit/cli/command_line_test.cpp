// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/cli/fixture.hpp"

using namespace haingest;
using cli::Invocation;
using cli::Key;
using test::usage_error;
using Texts = std::vector<std::string>;

namespace {

Invocation parse(std::vector<std::string> words) {
  words.insert(words.begin(), "haingest");
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  return cli::parse_command_line(static_cast<int>(argv.size()), argv.data());
}

std::string refused(const std::vector<std::string>& words) {
  return usage_error([&] { (void)parse(words); });
}

const std::string k_token_refused =
    "a token on the command line can be read by everyone on this machine; put it into a file "
    "(--ha-token-file, --api-token-file) or into the environment (HA_TOKEN, API_KEY)";

}  // namespace

TEST_CASE("a command, its argument and its flags") {
  const Invocation invocation =
      parse({"discover", "devices", "--where", "name=a*", "--where=model=b", "-o", "csv", "-q"});
  REQUIRE(invocation.command != nullptr);
  CHECK(invocation.command->name == "discover");
  CHECK(invocation.argument == "devices");
  CHECK(invocation.flags == cli::Layer{{Key::where, {"name=a*", "model=b"}},
                                       {Key::output, {"csv"}},
                                       {Key::quiet, {"true"}}});
  CHECK_FALSE(invocation.text);
}

TEST_CASE("without a command there is none; what was not given is no flag") {
  const Invocation invocation = parse({});
  CHECK(invocation.command == nullptr);
  CHECK(invocation.flags.empty());
}

TEST_CASE("flags that every command has stand before it or behind it") {
  CHECK(parse({"--db", "a", "sync"}).flags == cli::Layer{{Key::db, {"a"}}});
  CHECK(parse({"sync", "--db", "a"}).flags == cli::Layer{{Key::db, {"a"}}});
  CHECK(parse({"-qv", "sync", "-n"}).flags ==
        cli::Layer{{Key::quiet, {"true"}}, {Key::verbose, {"1"}}, {Key::dry_run, {"true"}}});
}

TEST_CASE("--ha-url is repeatable, in order") {
  CHECK(parse({"sync", "--ha-url", "http://a", "--ha-url", "http://b"}).flags.at(Key::ha_url) ==
        Texts{"http://a", "http://b"});
  CHECK(parse({"--ha-url", "http://a", "--ha-url=http://b", "sync"}).flags.at(Key::ha_url) ==
        Texts{"http://a", "http://b"});
}

TEST_CASE("of a flag that is no list the last one counts") {
  CHECK(parse({"sync", "--db", "a", "--db", "b"}).flags.at(Key::db) == Texts{"b"});
}

TEST_CASE("a switch that is given with false is off, one that is counted counts") {
  CHECK(parse({"sync", "--dry-run=false"}).flags.at(Key::dry_run) == Texts{"false"});
  CHECK(parse({"sync", "--dry-run=true"}).flags.at(Key::dry_run) == Texts{"true"});
  CHECK(parse({"sync", "-vv"}).flags.at(Key::verbose) == Texts{"2"});
  CHECK(parse({"sync", "-v", "-v", "-v"}).flags.at(Key::verbose) == Texts{"3"});
}

TEST_CASE("--to stands with and without its value") {
  CHECK(parse({"sync", "--to", "http://d:8006"}).flags.at(Key::to) == Texts{"http://d:8006"});
  CHECK(parse({"sync", "--to=http://d:8006", "-q"}).flags.at(Key::to) == Texts{"http://d:8006"});
  CHECK(parse({"sync", "--to"}).flags.at(Key::to).empty());
  CHECK(parse({"sync", "--to", "--dry-run"}).flags ==
        cli::Layer{{Key::to, {}}, {Key::dry_run, {"true"}}});
  CHECK_FALSE(parse({"sync"}).flags.contains(Key::to));
}

TEST_CASE("-- ends the options") {
  CHECK(parse({"discover", "--", "devices"}).argument == "devices");
  CHECK(parse({"discover", "-q", "--"}).flags == cli::Layer{{Key::quiet, {"true"}}});
}

TEST_CASE("a mistyped command or option gets a suggestion") {
  CHECK(refused({"synk"}) == "there is no command 'synk'; did you mean sync? | haingest --help");
  CHECK(refused({"discover", "--stord"}) ==
        "haingest discover has no option --stord; did you mean --stored? | haingest discover "
        "--help");
  CHECK(refused({"--ouptut", "json", "sync"}) ==
        "haingest sync has no option --ouptut; did you mean --output? | haingest sync --help");
  // The beginning of a name beats one that differs in fewer letters.
  CHECK(refused({"sync", "--dry"}) ==
        "haingest sync has no option --dry; did you mean --dry-run? | haingest sync --help");
  CHECK(refused({"--dry"}).starts_with("haingest has no option --dry"));
  CHECK(refused({"disc"}) ==
        "there is no command 'disc'; did you mean discover? | haingest --help");
  CHECK(refused({"frobnicate-everything"}) ==
        "there is no command 'frobnicate-everything' | haingest --help");
}

TEST_CASE("an option of another command is none of this one") {
  CHECK(refused({"serve", "--dry-run"}).starts_with("haingest serve has no option --dry-run"));
  CHECK(refused({"--stored"}).starts_with("haingest has no option --stored"));
}

TEST_CASE("a word too many is refused") {
  CHECK(refused({"sync", "now"}) ==
        "haingest sync does not know what to do with 'now' | haingest sync --help");
  CHECK(refused({"discover", "devices", "entities"}) ==
        "haingest discover does not know what to do with 'entities' | haingest discover --help");
  CHECK(refused({"sync", "discover"}) ==
        "haingest sync does not know what to do with 'discover' | haingest sync --help");
}

TEST_CASE("an option without its value is refused") {
  CHECK(refused({"sync", "--db"}) == "--db needs a value | haingest sync --help");
  CHECK(refused({"--timeout"}) == "--timeout needs a value | haingest --help");
  CHECK(refused({"discover", "devices", "--where"}) ==
        "--where needs a value | haingest discover --help");
}

TEST_CASE("an empty value is a shell variable that nobody has set") {
  const std::string rest =
      " is empty (a variable that is not set?); fill it or leave it out | "
      "haingest --help";
  CHECK(refused({"sync", "--db", ""}) == "--db: its value" + rest);
  CHECK(refused({"sync", "--db="}) == "--db: its value" + rest);
  CHECK(refused({"--config=", "sync"}) == "--config: its value" + rest);
  CHECK(refused({"sync", "--to", ""}) == "--to: its value" + rest);
  CHECK(refused({"discover", ""}) == "a word of the command line" + rest);
}

TEST_CASE("a switch with a value that is none is refused") {
  const std::string rest = " is neither true nor false; leave the value out | haingest sync --help";
  CHECK(refused({"sync", "--dry-run=maybe"}) == "--dry-run: 'maybe'" + rest);
  CHECK(refused({"sync", "--quiet=yes", "--verbose=x"}) == "--verbose: 'x'" + rest);
}

TEST_CASE("an option of the command that stands before it belongs behind it") {
  CHECK(refused({"--dry-run", "sync"}) ==
        "--dry-run is an option of sync and belongs behind it: haingest sync --dry-run | haingest "
        "sync --dry-run");
  CHECK(refused({"-n", "sync"}) ==
        "-n is an option of sync and belongs behind it: haingest sync -n | haingest sync -n");
  CHECK(refused({"--save", "x.json", "discover"}) ==
        "--save is an option of discover and belongs behind it: haingest discover --save | "
        "haingest discover --save FILE");
}

TEST_CASE("a secret on the command line is refused and never repeated") {
  for (const char* const name :
       {"--ha-token", "--token", "--api-token", "--api-key", "--supervisor-token",
        "--nabu-casa-token", "--influxdb-token", "--password", "--client-secret"}) {
    INFO(name);
    CHECK(refused({"sync", name, "S3CRET"}) == k_token_refused + " | haingest sync --help");
    CHECK(refused({"sync", std::string(name) + "=S3CRET"}) ==
          k_token_refused + " | haingest sync --help");
    CHECK(refused({name, "S3CRET", "discover"}).starts_with(k_token_refused));
    CHECK(refused({"discover", name, "S3CRET"}) == k_token_refused + " | haingest discover --help");
  }
  for (const char* const mistyped :
       {"--ha-tokn=S3CRET", "--ha_token=S3CRET", "--HA_TOKEN=S3CRET"}) {
    CHECK(refused({"sync", mistyped}).find("S3CRET") == std::string::npos);
  }
}

TEST_CASE("help is a word, too") {
  CHECK(parse({"help"}).text == parse({"--help"}).text);
  CHECK(parse({"help", "sync"}).text == parse({"sync", "--help"}).text);
  CHECK(parse({"sync", "help"}).text == parse({"sync", "--help"}).text);
  CHECK(refused({"help", "synk"}) ==
        "there is no command 'synk'; did you mean sync? | haingest --help");
}

TEST_CASE("--version and --help end at once, also behind a command") {
  CHECK(parse({"--version"}).text == "haingest " HAINGEST_VERSION "\n");
  CHECK(parse({"--help"}).text->find("discover") != std::string::npos);
  CHECK(parse({"sync", "--help"}).text->find("--max-removals") != std::string::npos);
  CHECK(parse({"sync", "--help"}).text->find("--listen") == std::string::npos);
  CHECK(parse({"serve", "-h"}).text->find("--listen") != std::string::npos);
}
