// SPDX-License-Identifier: MIT
#include "tests/parts/part.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "core/net/http_client.hpp"
#include "tests/support/left_out.hpp"
#include "tests/support/process.hpp"

namespace haingest::test {
namespace {

// Installing is tests/parts/install's work; a start takes 10 s on an idle machine.
constexpr std::chrono::seconds k_patience{300};

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Outcome run_part(const std::string& name, const std::vector<std::string>& arguments,
                 const std::string& mqtt_port) {
  Command command;
  command.argv = {HAINGEST_SOURCE_DIR "/tests/parts/" + name};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  for (const char* key : {"PATH", "HOME", "XDG_CACHE_HOME", "HAINGEST_PARTS_CACHE"}) {
    const std::string value = from_environment(key);
    if (!value.empty()) command.environment[key] = value;
  }
  // The part ends when this program does, however that comes about.
  command.environment["HAINGEST_PART_OWNER"] = std::to_string(::getpid());
  if (!mqtt_port.empty()) command.environment["HAINGEST_MQTT_PORT"] = mqtt_port;
  return run(command, k_patience);
}

std::string without_newline(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

bool have_part(const std::string& script) {
  std::istringstream words(script);
  std::string name, release;
  words >> name >> release;
  std::vector<std::string> arguments{"installed"};
  if (!release.empty()) arguments.push_back(release);
  const Outcome outcome = run_part(name, arguments, "");
  if (outcome.exit_code == 0) return true;
  left_out(script, without_newline(outcome.err));
  return false;
}

std::string call_part(const std::string& name, const std::vector<std::string>& arguments,
                      const std::string& mqtt_port) {
  const Outcome outcome = run_part(name, arguments, mqtt_port);
  if (outcome.exit_code != 0) throw std::runtime_error("tests/parts/" + name + ": " + outcome.err);
  return without_newline(outcome.out);
}

Mosquitto::Mosquitto() : port_(call_part("mosquitto", {"start", folder_.path()})) {}

Mosquitto::~Mosquitto() { static_cast<void>(run_part("mosquitto", {"stop", folder_.path()}, "")); }

void Mosquitto::publish(const std::string& topic, const std::string& payload) const {
  Command command;
  command.argv = {
      "/usr/bin/mosquitto_pub", "-h", "127.0.0.1", "-p", port_, "-q", "1", "-r", "-t", topic};
  if (payload.empty()) {
    command.argv.emplace_back("-n");
  } else {
    command.argv.insert(command.argv.end(), {"-m", payload});
  }
  const Outcome outcome = run(command);
  if (outcome.exit_code != 0) throw std::runtime_error("mosquitto_pub: " + outcome.err);
}

HomeAssistant::HomeAssistant(std::string release, std::string mqtt_port, const std::string& more)
    : release_(std::move(release)), mqtt_port_(std::move(mqtt_port)) {
  if (!more.empty()) write_file(folder_.file("extra.yaml"), more);
  url_ = call_part("homeassistant", {"start", release_, folder_.path()}, mqtt_port_);
}

HomeAssistant::~HomeAssistant() {
  static_cast<void>(run_part("homeassistant", {"stop", folder_.path()}, ""));
}

std::string HomeAssistant::token() const { return without_newline(read_file(token_file())); }

void HomeAssistant::kill() const {
  const pid_t pid = std::stoi(read_file(folder_.file("pid")));
  if (::kill(-pid, SIGKILL) != 0) throw std::runtime_error("no Home Assistant to kill");
}

void HomeAssistant::stop() const {
  static_cast<void>(call_part("homeassistant", {"stop", folder_.path()}));
}

void HomeAssistant::restart() const {
  static_cast<void>(call_part("homeassistant", {"restart", folder_.path()}, mqtt_port_));
}

void HomeAssistant::upgrade(const std::string& release) {
  static_cast<void>(call_part("homeassistant", {"upgrade", release, folder_.path()}, mqtt_port_));
  release_ = release;
}

TimeSeriesServer::TimeSeriesServer(std::string script, const std::string& folder,
                                   const std::vector<std::string>& more)
    : folder_(folder.empty() ? own_folder_.path().string() : folder), script_(std::move(script)) {
  std::vector<std::string> arguments{"start", folder_};
  arguments.insert(arguments.end(), more.begin(), more.end());
  url_ = call_part(script_, arguments);
}

TimeSeriesServer::~TimeSeriesServer() {
  static_cast<void>(run_part(script_, {"stop", folder_}, ""));
}

void TimeSeriesServer::kill() const { static_cast<void>(call_part(script_, {"kill", folder_})); }

void TimeSeriesServer::stop() const { static_cast<void>(call_part(script_, {"stop", folder_})); }

void TimeSeriesServer::restart() const {
  stop();
  static_cast<void>(call_part(script_, {"start", folder_}));
}

InfluxDb1::InfluxDb1(Access access, const std::string& folder)
    : InfluxDb1("influxdb1", access, folder) {}

InfluxDb1::InfluxDb1(const std::string& script, Access access, const std::string& folder)
    : TimeSeriesServer(script, folder,
                       access == Access::administrator ? std::vector<std::string>{"auth"}
                                                       : std::vector<std::string>{}) {}

void InfluxDb1::create_database(const std::string& name) const {
  net::HttpRequest request;
  request.method = "POST";
  request.url = url() + "/query?q=CREATE%20DATABASE%20" + name;
  const auto answer = net::HttpClient({}).send(request);
  if (!answer || answer->status != 200) throw std::runtime_error("cannot create database " + name);
}

std::string InfluxDb1::user() const { return without_newline(read_file(file("user"))); }

std::string InfluxDb1::password() const { return without_newline(read_file(file("password"))); }

InfluxDb18::InfluxDb18(Access access, const std::string& folder)
    : InfluxDb1("influxdb18", access, folder) {}

InfluxDb2::InfluxDb2(const std::string& folder) : TimeSeriesServer("influxdb2", folder) {}

std::string InfluxDb2::token() const { return without_newline(read_file(token_file())); }

VictoriaMetrics::VictoriaMetrics() : TimeSeriesServer("victoria-metrics", "") {}

}  // namespace haingest::test
