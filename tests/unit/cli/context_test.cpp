// SPDX-License-Identifier: MIT
// Which Home Assistants are asked, in which order, with whose token; and where the database is.
#include "cli/context.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/cli/fixture.hpp"

using namespace haingest;
using namespace std::chrono_literals;
using cli::Key;

namespace {

// A context of these flags and variables, with streams that nobody reads.
struct Bench {
  explicit Bench(test::Variables variables, const cli::Layer& flags = {})
      : environment(test::environment_of(std::move(variables))),
        settings(flags, environment, {}),
        context(settings, "", environment, in, out, err) {}

  // "http://a=token http://b=token"
  [[nodiscard]] std::string endpoints() const {
    std::string text;
    for (const ha::Endpoint& endpoint : context.connect_options().endpoints) {
      text += (text.empty() ? "" : " ") + endpoint.url + "=" + std::string(endpoint.token.reveal());
    }
    return text;
  }

  cli::Environment environment;
  cli::Settings settings;
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  cli::Context context;
};

// access() asks for the real user: root's is another one for a while.
class OrdinaryUser {
 public:
  OrdinaryUser() {
    if (root_) REQUIRE(::setreuid(65534, static_cast<uid_t>(-1)) == 0);
  }
  ~OrdinaryUser() {
    if (root_) static_cast<void>(::setreuid(0, static_cast<uid_t>(-1)) == 0);
  }
  OrdinaryUser(const OrdinaryUser&) = delete;
  OrdinaryUser& operator=(const OrdinaryUser&) = delete;

 private:
  bool root_ = ::geteuid() == 0;
};

}  // namespace

TEST_CASE("every address is asked with the token that was configured") {
  CHECK(Bench(test::Variables{}).endpoints().empty());
  CHECK(Bench(test::Variables{{"HA_URL", "http://a,http://b"}, {"HA_TOKEN", "t"}}).endpoints() ==
        "http://a=t http://b=t");
  CHECK(Bench(test::Variables{{"HA_TOKEN", "t"}}, {{Key::ha_url, {"http://c"}}}).endpoints() ==
        "http://c=t");
}

TEST_CASE("several addresses in one word are refused with how to give them") {
  const auto refused = [](const std::string& url) {
    return test::usage_error([&] {
      static_cast<void>(
          Bench(test::Variables{{"HA_TOKEN", "t"}}, {{Key::ha_url, {url}}}).endpoints());
    });
  };
  const std::string rest =
      "' is more than one address: repeat --ha-url for each (a file has a list, [\"A\", \"B\"]; in "
      "the environment commas will do)";
  CHECK(refused("http://a,http://b") == "--ha-url: 'http://a,http://b" + rest);
  CHECK(refused("http://a:8123,b") == "--ha-url: 'http://a:8123,b" + rest);
  CHECK(refused("http://a/x,https://b") == "--ha-url: 'http://a/x,https://b" + rest);
  CHECK(refused("http://a/one,two").empty());
}

TEST_CASE("the Supervisor's token goes to the Supervisor alone") {
  CHECK(Bench(test::Variables{{"SUPERVISOR_TOKEN", "s"}}).endpoints() ==
        "http://supervisor/core=s");
  CHECK(Bench(test::Variables{{"SUPERVISOR_TOKEN", "s"}, {"HA_URL", "http://a"}}).endpoints() ==
        "http://a=");
  CHECK(Bench(test::Variables{{"SUPERVISOR_TOKEN", "s"}, {"HA_URL", "http://a"}, {"HA_TOKEN", "t"}})
            .endpoints() == "http://a=t");
  CHECK(Bench(test::Variables{{"SUPERVISOR_TOKEN", "s"},
                              {"HA_URL", "http://supervisor/core,http://a"},
                              {"HA_TOKEN", "t"}})
            .endpoints() == "http://supervisor/core=s http://a=t");
}

TEST_CASE("Nabu Casa comes last, with its own token and only when it has one") {
  CHECK(Bench(test::Variables{{"NABU_CASA_URL", "https://n"},
                              {"NABU_CASA_TOKEN", "n"},
                              {"HA_URL", "http://a"},
                              {"HA_TOKEN", "t"}})
            .endpoints() == "http://a=t https://n=n");
  CHECK(Bench(test::Variables{
                  {"NABU_CASA_URL", "https://n"}, {"HA_URL", "http://a"}, {"HA_TOKEN", "t"}})
            .endpoints() == "http://a=t");
  CHECK(Bench(test::Variables{
                  {"NABU_CASA_URL", "https://n"}, {"NABU_CASA_TOKEN", "n"}, {"HA_TOKEN", "t"}})
            .endpoints() == "https://n=n");
  CHECK(Bench(test::Variables{{"NABU_CASA_URL", "https://n"},
                              {"NABU_CASA_TOKEN", "n"},
                              {"SUPERVISOR_TOKEN", "s"}})
            .endpoints() == "http://supervisor/core=s https://n=n");
}

TEST_CASE("a whole command may take ten times as long as a request") {
  const ha::ConnectOptions usual = Bench(test::Variables{}).context.connect_options();
  CHECK(usual.request_timeout == 30s);
  CHECK(usual.total_timeout == 300s);
  CHECK(usual.verify_tls);
  const ha::ConnectOptions other = Bench(test::Variables{{"HAINGEST_INSECURE", "yes"}},
                                         {{Key::timeout, {"2s"}}, {Key::ca_file, {"/ca.pem"}}})
                                       .context.connect_options();
  CHECK(other.total_timeout == 20s);
  CHECK_FALSE(other.verify_tls);
  CHECK(other.ca_file == "/ca.pem");
}

TEST_CASE("the database that was named is taken, and its folder never made") {
  const test::TempDir folder;
  const std::string named = folder.file("m.db");
  const Bench bench(test::Variables{{"HAINGEST_DB", named}});
  CHECK(bench.context.database_path() == named);
  CHECK(bench.context.writable_database_path() == named);
  CHECK(Bench(test::Variables{{"HAINGEST_DB", "m.db"}}).context.database_path() == "m.db");
}

TEST_CASE("a database that cannot be where it was named is refused in one line") {
  const test::TempDir folder;
  test::write_file(folder.file("file"), "");
  const auto refused = [](const std::string& path) {
    const Bench bench(test::Variables{{"HAINGEST_DB", path}});
    try {
      return bench.context.database_path();
    } catch (const base::Failure& failure) {
      CHECK(failure.error().kind == base::ErrorKind::failure);
      return failure.error().message;
    }
  };
  const std::string none = folder.file("none");
  const std::string rest = "; make it first, or name another database with --db";
  CHECK(refused(none + "/m.db") ==
        "there is no folder " + none + " for the database " + none + "/m.db" + rest);
  const std::string file = folder.file("file");
  CHECK(refused(file + "/m.db") ==
        "there is no folder " + file + " for the database " + file + "/m.db" + rest);
  CHECK(refused(folder.path()) ==
        folder.path().string() + " is a folder, no database; name a file in it with --db");
  const std::string pipe = folder.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(refused(pipe) == pipe + " is no regular file, so no database; name another with --db");
  const std::string closed = folder.file("closed");
  std::filesystem::create_directory(closed);
  std::filesystem::permissions(closed, std::filesystem::perms::none);
  const OrdinaryUser user;
  CHECK(refused(closed + "/m.db") ==
        "this user may not enter " + closed + ", where the database " + closed +
            "/m.db should be; run haingest as the user whose it is (the services' with sudo), or "
            "name another database with --db");
}

TEST_CASE("who looks for a database hears of the services'") {
  const test::TempDir folder;
  const std::string place = folder.file("haingest");
  CHECK(cli::database_hint(place).empty());
  std::filesystem::create_directory(place);
  CHECK(cli::database_hint(place).empty());
  test::write_file(place + "/metadata.db", "");
  CHECK(cli::database_hint(place) ==
        ". The services' database is there: --db " + place + "/metadata.db");
  std::filesystem::permissions(place, std::filesystem::perms::none);
  const OrdinaryUser user;
  CHECK(cli::database_hint(place) == ". The services' database is in " + place +
                                         ", which this user may not enter: use sudo to read that "
                                         "one");
}

TEST_CASE("progress is for terminals") {
  const Bench bench(test::Variables{{"TERM", "xterm"}});
  if (!bench.context.terminal.err) {
    bench.context.progress("Asking …");
    CHECK(bench.err.str().empty());
  }
}
