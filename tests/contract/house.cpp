// SPDX-License-Identifier: MIT
#include "tests/contract/house.hpp"

#include <chrono>
#include <cstdio>
#include <map>

#include "tests/contract/ha_client.hpp"
#include "tests/fakes/ha_server.hpp"
#include "tests/parts/part.hpp"

namespace haingest::test {
namespace {

class Simulated : public ContractHouse {
 public:
  explicit Simulated(const std::string& version)
      : server_(fakes::make_house(options_for(version))), version_(version) {}

  [[nodiscard]] std::string name() const override { return "simulator " + version_; }
  [[nodiscard]] std::string version() const override { return version_; }
  [[nodiscard]] std::string url() const override { return server_.url(); }
  [[nodiscard]] std::string token() const override { return std::string(server_.token().reveal()); }

  void rename_entity(const std::string& from, const std::string& to) override {
    server_.change([&](fakes::House& house) { house.rename_entity(from, to); });
  }
  void move_device(const std::string& device_id, const std::string& area_id) override {
    const std::string value = area_id.empty() ? "null" : "\"" + area_id + "\"";
    server_.change(
        [&](fakes::House& house) { house.set_device_field(device_id, "area_id", value); });
  }
  std::string add_area(const std::string& name) override {
    std::string id;
    server_.change([&](fakes::House& house) { id = house.add_area(name); });
    return id;
  }
  void remove_area(const std::string& area_id) override {
    server_.change([&](fakes::House& house) { house.remove_area(area_id); });
  }
  std::string set_state(const std::string& entity_id, const std::string& state,
                        const std::string& attributes) override {
    base::Timestamp at;
    server_.change([&](fakes::House& house) {
      at = house.now() + std::chrono::microseconds(1'234'567);
      house.set_state_at(entity_id, state, at, attributes);
    });
    return base::to_iso_text(at);
  }
  void remove_state(const std::string& entity_id) override {
    server_.change([&](fakes::House& house) { house.remove_state(entity_id); });
  }

 private:
  static fakes::HouseOptions options_for(const std::string& version) {
    fakes::HouseOptions options;
    options.ha_version = version;
    return options;
  }

  fakes::HaServer server_;
  std::string version_;
};

class Real : public ContractHouse {
 public:
  explicit Real(const std::string& release)
      : release_(release), home_(release), client_(home_.url()) {
    version_ = client_.log_in(home_.token()).at("ha_version");
    static_cast<void>(
        client_.result("config/floor_registry/create", Json{{"name", "Cellar"}, {"level", -1}}));
    static_cast<void>(client_.result("config/label_registry/create", Json{{"name", "Energy"}}));
  }

  [[nodiscard]] std::string name() const override { return "Home Assistant " + release_; }
  [[nodiscard]] std::string version() const override { return version_; }
  [[nodiscard]] std::string url() const override { return home_.url(); }
  [[nodiscard]] std::string token() const override { return home_.token(); }

  void rename_entity(const std::string& from, const std::string& to) override {
    static_cast<void>(client_.result("config/entity_registry/update",
                                     Json{{"entity_id", from}, {"new_entity_id", to}}));
  }
  void move_device(const std::string& device_id, const std::string& area_id) override {
    const Json area = area_id.empty() ? Json(nullptr) : Json(area_id);
    static_cast<void>(client_.result("config/device_registry/update",
                                     Json{{"device_id", device_id}, {"area_id", area}}));
  }
  std::string add_area(const std::string& name) override {
    return client_.result("config/area_registry/create", Json{{"name", name}}).at("area_id");
  }
  void remove_area(const std::string& area_id) override {
    static_cast<void>(client_.result("config/area_registry/delete", Json{{"area_id", area_id}}));
  }
  std::string set_state(const std::string& entity_id, const std::string& state,
                        const std::string& attributes) override {
    const Json body{{"state", state}, {"attributes", Json::parse(attributes)}};
    const HttpReply reply =
        http_send("POST", url(), "/api/states/" + entity_id, token(), body.dump());
    if (reply.status != 200 && reply.status != 201) throw std::runtime_error(reply.body);
    return Json::parse(reply.body).at("last_updated");
  }
  void remove_state(const std::string& entity_id) override {
    const HttpReply reply = http_send("DELETE", url(), "/api/states/" + entity_id, token());
    if (reply.status != 200) throw std::runtime_error(reply.body);
  }

 private:
  std::string release_;
  HomeAssistant home_;
  HaClient client_;
  std::string version_;
};

}  // namespace

bool ContractHouse::since(int year, int month) const {
  int own_year = 0;
  int own_month = 0;
  if (std::sscanf(version().c_str(), "%d.%d", &own_year, &own_month) != 2) return false;
  return own_year > year || (own_year == year && own_month >= month);
}

std::shared_ptr<ContractHouse> simulated_house(const std::string& version) {
  return std::make_shared<Simulated>(version);
}

std::shared_ptr<ContractHouse> real_house(const std::string& release) {
  static std::map<std::string, std::shared_ptr<ContractHouse>> started;
  if (!have_part("homeassistant " + release)) return nullptr;
  auto& house = started[release];
  if (!house) house = std::make_shared<Real>(release);
  return house;
}

std::vector<std::shared_ptr<ContractHouse>> contract_houses() {
  std::vector<std::shared_ptr<ContractHouse>> houses{simulated_house("2024.3.3"),
                                                     simulated_house("2026.11.0")};
  for (const char* release : {"2024", "2026"}) {
    if (auto house = real_house(release)) houses.push_back(std::move(house));
  }
  return houses;
}

}  // namespace haingest::test
