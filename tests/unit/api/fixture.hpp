// SPDX-License-Identifier: MIT
// The data API without sockets, over a store of its own: requests go in, whole answers come out.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <variant>

#include "core/api/application.hpp"
#include "core/api/library.hpp"
#include "core/api/writes.hpp"
#include "core/mirror/mirror.hpp"
#include "tests/support/document.hpp"
#include "tests/support/http_answer.hpp"
#include "tests/support/temp_dir.hpp"

namespace haingest::test {

using Answer = HttpAnswer;

// A request of a client on this machine.
[[nodiscard]] inline api::Request request_of(const std::string& method, const std::string& target,
                                             const std::string& body = "") {
  api::Request request;
  request.method = method;
  request.target = target;
  request.host = "127.0.0.1:8006";
  request.from_loopback = true;
  request.peer = "127.0.0.1";
  request.body = body;
  request.has_body = !body.empty();
  if (request.has_body) request.content_type = "application/json";
  return request;
}

// A golden body: "@" stands for the moment of the fixture's first sync, line breaks for nothing.
[[nodiscard]] inline std::string golden(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '@') {
      out += "2026-11-25T01:01:00.000000+00:00";
    } else if (c != '\n') {
      out += c;
    }
  }
  return out;
}

class Api {
 public:
  explicit Api(api::Access access = {}) : access_(std::move(access)) {}

  // Home Assistant says this, a minute later than it last said something.
  void sync(const House& house, const mirror::Policy& policy = {}) {
    now += std::chrono::minutes(1);
    auto database = store::Database::open(path, std::chrono::seconds(10));
    model::Snapshot snapshot = snapshot_of(house);
    if (house.when.empty()) snapshot.ha.when = now;
    static_cast<void>(mirror::synchronise(database, snapshot, policy,
                                          {"sync", "http://ha.test:8123", now}, clock()));
  }

  [[nodiscard]] Answer send(const api::Request& request) {
    api::Application& app = application();
    api::Decision decision = app.decide(request);
    api::Wire wire;
    if (const auto* read = std::get_if<api::Read>(&decision.task)) {
      wire = app.answer(request, *read);
    } else if (const auto* write = std::get_if<api::Write>(&decision.task)) {
      const api::WriteContext context{path, std::chrono::seconds(10), 64, clock()};
      wire = app.answer(request, api::carry_out(*write, request.body, request.peer, context));
      app.written();
    } else {
      wire = app.answer(request, std::get<api::Response>(decision.task));
    }
    return {std::stoi(wire.head.substr(9, 3)), wire.head, wire.body ? *wire.body : ""};
  }

  [[nodiscard]] Answer get(const std::string& target) { return send(request_of("GET", target)); }
  [[nodiscard]] Answer post(const std::string& target, const std::string& body) {
    return send(request_of("POST", target, body));
  }

  [[nodiscard]] api::Application& application() {
    if (!application_) {
      library_ = api::open_library(path);
      application_ = std::make_unique<api::Application>(
          api::ApplicationOptions{access_, 1024 * 1024, clock()}, *library_);
    }
    return *application_;
  }

  TempDir dir;
  std::string path = dir.file("metadata.db");
  base::Timestamp now = base::parse_timestamp("2026-11-25 01:00:00").value();

 private:
  [[nodiscard]] base::Clock clock() {
    return [this] { return now; };
  }

  api::Access access_;
  std::unique_ptr<api::Library> library_;
  std::unique_ptr<api::Application> application_;
};

// Two rooms on one floor, three devices (one a child, one without anything), four entities.
[[nodiscard]] inline House small_house() {
  return {
      .devices =
          R"([{"id":"d1","name":"Lamp","name_by_user":"Reading lamp","manufacturer":"Acme","model":"L1",)"
          R"("sw_version":"1.2","area_id":"kitchen","config_entries":["c1"],"primary_config_entry":"c1",)"
          R"("labels":["warm"],"identifiers":[["acme","1"]],"connections":[]},)"
          R"({"id":"d2","name":"Plug","manufacturer":"","model":null,"parent_device_id":"d1"},)"
          R"({"id":"d3","name":"Motion","manufacturer":"Bolt","model":"M","area_id":"hall"}])",
      .entities =
          R"([{"entity_id":"light.lamp","id":"r1","device_id":"d1","platform":"acme","unique_id":"u1"},)"
          R"({"entity_id":"sensor.power","id":"r2","device_id":"d2","platform":"acme","unique_id":"u2",)"
          R"("area_id":null,"disabled_by":"user","entity_category":"diagnostic"},)"
          R"({"entity_id":"sensor.motion","id":"r3","device_id":"d3","platform":"bolt","unique_id":"u3"}])",
      .areas =
          R"([{"area_id":"kitchen","name":"Kitchen","floor_id":"ground","icon":"mdi:pot","labels":[]},)"
          R"({"area_id":"hall","name":"Hall","floor_id":"ground"}])",
      .floors = R"([{"floor_id":"ground","name":"Ground","level":0}])",
      .labels = R"([{"label_id":"warm","name":"Warm","color":"red"}])",
      .config_entries =
          R"([{"entry_id":"c1","domain":"acme","title":"Acme","state":"loaded","source":"user"},)"
          R"({"entry_id":"c2","domain":"bolt","title":"","state":"setup_retry"}])",
      .states =
          R"([{"entity_id":"sun.sun","name":"Sun","unit":null,"device_class":null},)"
          R"({"entity_id":"sensor.power","name":"Power","unit":"W","device_class":"power"}])"};
}

}  // namespace haingest::test
