// SPDX-License-Identifier: MIT
// A Home Assistant that the contract is asked of: the simulator of some release, or a real one. The
// few things that a test changes in it are the same calls on both.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace haingest::test {

class ContractHouse {
 public:
  virtual ~ContractHouse() = default;

  [[nodiscard]] virtual std::string name() const = 0;     // "Home Assistant 2026"
  [[nodiscard]] virtual std::string version() const = 0;  // "2026.11.0"
  [[nodiscard]] virtual std::string url() const = 0;
  [[nodiscard]] virtual std::string token() const = 0;
  [[nodiscard]] bool since(int year, int month) const;

  virtual void rename_entity(const std::string& from, const std::string& to) = 0;
  // `area_id` empty: to no area.
  virtual void move_device(const std::string& device_id, const std::string& area_id) = 0;
  // Returns its id.
  virtual std::string add_area(const std::string& name) = 0;
  virtual void remove_area(const std::string& area_id) = 0;
  // `attributes` is a JSON object; returns last_updated as Home Assistant writes it.
  virtual std::string set_state(const std::string& entity_id, const std::string& state,
                                const std::string& attributes) = 0;
  virtual void remove_state(const std::string& entity_id) = 0;
};

// The releases that real ones exist of.
[[nodiscard]] std::shared_ptr<ContractHouse> simulated_house(const std::string& version);
// Started once and stopped at the end of the program; null where it is left out on this machine. It
// has a floor, a label and areas. `release` is 2024 or 2026.
[[nodiscard]] std::shared_ptr<ContractHouse> real_house(const std::string& release);
// The simulator of both releases, then the real ones that this machine has.
[[nodiscard]] std::vector<std::shared_ptr<ContractHouse>> contract_houses();

}  // namespace haingest::test
