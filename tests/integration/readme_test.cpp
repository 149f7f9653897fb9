// SPDX-License-Identifier: MIT
// Every command block of README.md is run, and prints what README says it prints.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "core/base/atomic_file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
namespace fs = std::filesystem;

namespace {

struct Block {
  std::string language;
  std::vector<std::string> lines;
};

std::vector<Block> blocks_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<Block> blocks;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) blocks.push_back({line.substr(3), {}});
    } else if (inside) {
      blocks.back().lines.push_back(line);
    }
  }
  return blocks;
}

std::vector<Block> readme(std::string_view language) {
  std::vector<Block> wanted;
  for (Block& block : blocks_of(HAINGEST_SOURCE_DIR "/README.md")) {
    if (block.language == language) wanted.push_back(std::move(block));
  }
  return wanted;
}

std::uint16_t free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(descriptor);
  return ntohs(address.sin_port);
}

// What differs from run to run, on both sides.
std::string settled(std::string text) {
  const auto replace = [&](const char* pattern, const char* with) {
    text = std::regex_replace(text, std::regex(pattern), with);
  };
  replace(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00)", "TIME");
  replace(R"(\d+ ms)", "N ms");
  replace(R"(\(\d+ s ago\))", "(N s ago)");
  replace(R"(http://(homeassistant\.local|127\.0\.0\.1):\d+)", "HOME_ASSISTANT");
  replace(R"(/\S*/metadata\.db)", "DATABASE");
  replace(R"(\s+$)", "");
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(settled(line));
  return lines;
}

// A line "…" stands for any lines.
bool matches(const std::vector<std::string>& wanted, std::size_t i,
             const std::vector<std::string>& got, std::size_t j) {
  if (i == wanted.size()) return j == got.size();
  if (wanted[i] == "…") {
    for (std::size_t next = j; next <= got.size(); ++next) {
      if (matches(wanted, i + 1, got, next)) return true;
    }
    return false;
  }
  return j < got.size() && wanted[i] == got[j] && matches(wanted, i + 1, got, j + 1);
}

struct Step {
  std::string command;
  std::vector<std::string> output;
};

std::vector<Step> steps_of(const std::vector<Block>& blocks) {
  std::vector<Step> steps;
  for (const Block& block : blocks) {
    for (const std::string& line : block.lines) {
      if (line.starts_with("$ ")) {
        steps.push_back({line.substr(2), {}});
      } else {
        REQUIRE_FALSE(steps.empty());
        steps.back().output.push_back(settled(line));
      }
    }
  }
  return steps;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

class Session {
 public:
  Session()
      : simulator_({{HAINGEST_SIMULATOR, "--url-file", folder_.file("url"), "--write-token-file",
                     folder_.file("token")},
                    {},
                    ""}) {
    simulator_.wait_for_out("listening on");
    REQUIRE(test::eventually([&] { return fs::exists(folder_.file("url")); }));
    port_ = std::to_string(free_port());
    url_ = first_line(folder_.file("url"));
    environment_ = {{"PATH", fs::path(HAINGEST_BINARY).parent_path().string() + ":/usr/bin:/bin"},
                    {"HOME", home()},
                    {"HA_URL", url_},
                    {"HA_TOKEN", first_line(folder_.file("token"))},
                    {"HAINGEST_LISTEN", "127.0.0.1:" + port_}};
  }

  test::Outcome run(std::string command) {
    command = std::regex_replace(command, std::regex("127\\.0\\.0\\.1:8006"), "127.0.0.1:" + port_);
    command = std::regex_replace(command, std::regex("http://homeassistant\\.local:8123"), url_);
    return test::run({{"/bin/bash", "-c", "cd \"$HOME\"; " + command}, environment_, ""});
  }

  void set(const std::string& name, const std::string& value) { environment_[name] = value; }
  [[nodiscard]] std::string home() const { return folder_.path().string(); }

  // The service that README starts with "&".
  void serve() {
    service_.emplace(test::Command{{HAINGEST_BINARY, "serve"}, environment_, ""});
    service_->wait_for_err("serving");
  }

 private:
  static std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
  }

  test::TempDir folder_;
  test::Background simulator_;
  std::string port_;
  std::string url_;
  std::map<std::string, std::string> environment_;
  std::optional<test::Background> service_;
};

}  // namespace

TEST_CASE("the console blocks of README print what README says") {
  const std::vector<Step> steps = steps_of(readme("console"));
  REQUIRE(steps.size() > 12);
  Session session;
  for (const Step& step : steps) {
    if (step.command.starts_with("export HA_URL=")) continue;  // the session has them
    if (step.command.starts_with("export HAINGEST_DB=$PWD/")) {
      session.set("HAINGEST_DB", session.home() + "/metadata.db");
      continue;
    }
    if (step.command == "haingest serve &") {
      session.serve();
      continue;
    }
    const test::Outcome outcome = session.run(step.command);
    INFO("$ " << step.command << "\nREADME says:\n"
              << joined(step.output) << "but it printed:\n"
              << outcome.out << outcome.err);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.err.empty());
    CHECK(matches(step.output, 0, lines_of(outcome.out), 0));
  }
}

TEST_CASE("the crontab lines of README run, on the database that README has made") {
  const std::vector<Block> blocks = readme("crontab");
  REQUIRE(blocks.size() == 1);
  const std::vector<std::string>& lines = blocks[0].lines;
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "PATH=/usr/local/bin:/usr/bin:/bin");
  CHECK(lines[1] == "HA_URL=http://homeassistant.local:8123");  // the session has its own
  std::smatch parts;
  REQUIRE(std::regex_match(lines[2], parts, std::regex(R"((\S+ ){5}(.*))")));
  Session session;
  REQUIRE(session.run("cp token .ha-token && chmod 600 .ha-token").exit_code == 0);
  session.set("HA_TOKEN", "");
  const test::Outcome first = session.run(parts[2]);
  CHECK(first.exit_code == 0);
  CHECK(first.out.find("542 added") != std::string::npos);
  CHECK(fs::exists(session.home() + "/metadata.db"));
  const test::Outcome second = session.run(parts[2]);
  CHECK(second.exit_code == 0);
  CHECK(second.out.empty());
  CHECK(second.err.empty());
}

TEST_CASE("the configuration of README is one") {
  const std::vector<Block> blocks = readme("toml");
  REQUIRE(blocks.size() == 1);
  Session session;
  base::write_file_atomically(session.home() + "/readme.toml", joined(blocks[0].lines));
  session.set("HA_URL", "");
  const test::Outcome outcome =
      session.run("haingest sync --config readme.toml --show-config -o csv");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  CHECK(outcome.out.find("ha-url,\"") != std::string::npos);
  CHECK(outcome.out.find("max-removals,20%,readme.toml: sync.max_removals") != std::string::npos);
}

TEST_CASE("the other commands of README exist") {
  // They install packages or need systemd: CI runs `make demo` and `make test` themselves.
  Session session;
  for (const Block& block : readme("sh")) {
    for (std::string line : block.lines) {
      if (line.starts_with("sudo ")) line.erase(0, 5);
      if (line.starts_with("make")) {
        INFO(line);
        CHECK(session.run("cd " HAINGEST_SOURCE_DIR " && " + line + " -n").exit_code == 0);
      } else if (line.starts_with("install ")) {
        INFO(line);
        line = std::regex_replace(line, std::regex(" /etc/"), " \"$HOME\"/etc/");
        line = std::regex_replace(line, std::regex(" packaging/"),
                                  " " HAINGEST_SOURCE_DIR "/packaging/");
        CHECK(session.run("echo token | " + line).exit_code == 0);
      } else {
        INFO(line);
        REQUIRE(line.starts_with("systemctl enable --now "));
        std::istringstream units(line.substr(23));
        for (std::string unit; units >> unit;) {
          CHECK(fs::exists(HAINGEST_SOURCE_DIR "/packaging/systemd/" + unit));
        }
      }
    }
  }
  CHECK(fs::status(session.home() + "/etc/haingest/ha-token").permissions() ==
        static_cast<fs::perms>(0600));
  CHECK(fs::exists(session.home() + "/etc/haingest/haingest.toml"));
}
