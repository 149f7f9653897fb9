// SPDX-License-Identifier: MIT
// Real programs beside the tests, started through the scripts in tests/parts (README.md there says
// what there is).
#pragma once

#include <string>
#include <vector>

#include "tests/support/temp_dir.hpp"

namespace haingest::test {

// Whether a part can be started: `script` is its name and its release, "mosquitto" or
// "homeassistant 2026". Where it is not installed, prints "left out: WHAT: WHY"; fails the test
// with HAINGEST_TEST_REQUIRE=all.
[[nodiscard]] bool have_part(const std::string& script);

// Runs the script NAME of tests/parts with these arguments; returns what it printed, without the
// newline at the end. Throws std::runtime_error with its words when it fails.
std::string call_part(const std::string& name, const std::vector<std::string>& arguments,
                      const std::string& mqtt_port = "");

class Mosquitto {
 public:
  Mosquitto();
  ~Mosquitto();
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;

  [[nodiscard]] const std::string& port() const { return port_; }
  // Publishes a retained message; an empty one takes the retained one away.
  void publish(const std::string& topic, const std::string& payload) const;

 private:
  TempDir folder_;
  std::string port_;
};

// A Home Assistant of its own, onboarded and RUNNING, with demo, kitchen_sink and, given a broker,
// MQTT discovery. `more` is added to its configuration, as YAML.
class HomeAssistant {
 public:
  explicit HomeAssistant(std::string release, std::string mqtt_port = "",
                         const std::string& more = "");
  ~HomeAssistant();
  HomeAssistant(const HomeAssistant&) = delete;
  HomeAssistant& operator=(const HomeAssistant&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::string token_file() const { return folder_.file("token"); }
  [[nodiscard]] std::string token() const;
  // Ended as by the power cut: the whole process group, no goodbye.
  void kill() const;
  // Ended politely: all it knows is in its files then.
  void stop() const;
  // What it keeps of "core.device_registry" and the like; to be changed while it is stopped.
  [[nodiscard]] std::string storage(const std::string& name) const {
    return folder_.file(".storage/" + name);
  }
  // Stops what still runs; comes back when it is RUNNING again at the same URL.
  void restart() const;
  // The same house under another release.
  void upgrade(const std::string& release);

 private:
  TempDir folder_;
  std::string release_;
  std::string mqtt_port_;
  std::string url_;
};

// A server for time series, for anyone on this machine unless told otherwise.
class TimeSeriesServer {
 public:
  ~TimeSeriesServer();
  TimeSeriesServer(const TimeSeriesServer&) = delete;
  TimeSeriesServer& operator=(const TimeSeriesServer&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  // Ended without a goodbye.
  void kill() const;
  // Ended politely: all it has acknowledged is in its files then.
  void stop() const;
  // Stops what still runs; comes back when it answers again at the same URL.
  void restart() const;

 protected:
  // In a folder of its own where none is given.
  TimeSeriesServer(std::string script, const std::string& folder,
                   const std::vector<std::string>& more = {});
  [[nodiscard]] std::string file(const std::string& name) const { return folder_ + "/" + name; }

 private:
  TempDir own_folder_;
  std::string folder_;
  std::string script_;
  std::string url_;
};

// Debian's, 1.6, at first without any database.
class InfluxDb1 : public TimeSeriesServer {
 public:
  enum class Access { anyone, administrator };
  explicit InfluxDb1(Access access = Access::anyone, const std::string& folder = "");

  // Anyone may, with Access::anyone.
  void create_database(const std::string& name = "home_assistant_events") const;

  // With Access::administrator alone.
  [[nodiscard]] std::string user() const;
  [[nodiscard]] std::string password() const;

 protected:
  InfluxDb1(const std::string& script, Access access, const std::string& folder);
};

// The same of release 1.8.
class InfluxDb18 : public InfluxDb1 {
 public:
  explicit InfluxDb18(Access access = Access::anyone, const std::string& folder = "");
};

// Release 2.7 with the organisation haingest and its bucket home_assistant_events.
class InfluxDb2 : public TimeSeriesServer {
 public:
  explicit InfluxDb2(const std::string& folder = "");

  // The token may do everything.
  [[nodiscard]] std::string token_file() const { return file("token"); }
  [[nodiscard]] std::string token() const;
};

// Debian's, 1.79 in release 12; kill() loses what it has acknowledged in the ten seconds before.
class VictoriaMetrics : public TimeSeriesServer {
 public:
  VictoriaMetrics();
};

}  // namespace haingest::test
