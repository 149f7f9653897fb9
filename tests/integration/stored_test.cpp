// SPDX-License-Identifier: MIT
// The real binary against the simulator of every kind of release: after a sync the store says what
// Home Assistant says, field by field. (real_ha_test.cpp does the same with real ones, for two
// releases and with patience.)
#include "tests/contract/stored.hpp"

#include "tests/contract/ha_client.hpp"
#include "tests/fakes/ha_server.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sql.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
using namespace haingest::test;

namespace {

using Lines = std::vector<std::string>;

class Mirrored {
 public:
  explicit Mirrored(const std::string& version) : server_(fakes::make_house(options_for(version))) {
    write_file(folder_.file("token"), std::string(server_.token().reveal()) + "\n");
  }

  void sync() {
    Command command;
    command.argv = {
        HAINGEST_BINARY,       "sync", "-q",      "--ha-url", server_.url(), "--ha-token-file",
        folder_.file("token"), "--db", database()};
    const Outcome outcome = run(command);
    INFO(outcome.err);
    REQUIRE(outcome.exit_code == 0);
  }
  [[nodiscard]] Lines compare() const {
    HaClient client(server_.url());
    client.log_in(std::string(server_.token().reveal()));
    return differences(client, database());
  }
  [[nodiscard]] std::string database() const { return folder_.file("metadata.db"); }
  [[nodiscard]] fakes::HaServer& server() { return server_; }

 private:
  static fakes::HouseOptions options_for(const std::string& version) {
    fakes::HouseOptions options;
    options.ha_version = version;
    return options;
  }

  fakes::HaServer server_;
  TempDir folder_;
};

}  // namespace

TEST_CASE("what is stored is what Home Assistant says, in every release") {
  for (const char* version : {"2022.8.0", "2022.11.0", "2023.4.0", "2024.3.3", "2024.8.0",
                              "2025.6.0", "2026.7.0", "2026.8.0", "2026.9.0", "2026.11.0"}) {
    INFO(version);
    Mirrored house(version);
    house.sync();
    CHECK(house.compare() == Lines{});
    for (std::size_t n = 0; n < 12; ++n) {
      house.server().change(
          [&](fakes::House& changing) { static_cast<void>(changing.change_something(n)); });
    }
    house.sync();
    CHECK(house.compare() == Lines{});
    house.server().change([](fakes::House& changing) { changing.upgrade_to("2026.11.0"); });
    house.sync();
    CHECK(house.compare() == Lines{});
  }
}

TEST_CASE("the comparison sees what is not as Home Assistant says") {
  Mirrored house("2026.11.0");
  house.sync();
  const std::string device = house.server().house().device_ids().at(2);
  const std::string entity = house.server().house().entity_ids().at(5);
  const std::string registry_id = house.server().house().registry_id(entity);
  execute(house.database(),
          "UPDATE devices SET model = 'T-800', extra = json_set(extra, '$.mood', 'cheerful') "
          "WHERE device_id = '" +
              device + "'");
  execute(house.database(),
          "UPDATE entities SET unit = 'furlong' WHERE entity_id = '" + entity + "'");
  execute(house.database(), "DELETE FROM areas WHERE area_id = 'kitchen'");
  execute(house.database(),
          "UPDATE floors SET floor_id = 'elsewhere' WHERE floor_id = 'first_floor'");
  const Lines lines = house.compare();
  const auto says = [&](const std::string& begin) {
    for (const std::string& line : lines) {
      if (line.starts_with(begin)) return true;
    }
    return false;
  };
  CHECK(lines.size() == 6);
  CHECK(says("devices " + device + ": model is stored as \"T-800\", Home Assistant says "));
  CHECK(says("devices " + device + ": extra has mood, which Home Assistant does not say"));
  CHECK(says("entities " + registry_id + ": unit is stored as \"furlong\", Home Assistant says "));
  CHECK(says("areas kitchen: not stored"));
  CHECK(says("floors first_floor: not stored"));
  CHECK(says("floors elsewhere: stored, but not in Home Assistant"));
}
