// SPDX-License-Identifier: MIT
// What all connections of one simulated Home Assistant share. Used on the server's thread only.
// Private to the fakes.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "core/base/secret.hpp"
#include "tests/fakes/faults.hpp"
#include "tests/fakes/ha_server.hpp"
#include "tests/fakes/house.hpp"

namespace haingest::fakes {

struct World {
  World(House the_house, ServerOptions the_options)
      : house(std::move(the_house)), options(std::move(the_options)) {}

  House house;
  ServerOptions options;
  Counters counters;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  bool banned = false;
  // Rendered results by command; emptied when the house changes.
  std::map<std::string, std::string, std::less<>> rendered;

  // Faults as they hold for the n-th connection, counted from 1.
  [[nodiscard]] Faults faults_for(std::size_t connection) const {
    const Faults& all = options.faults;
    if (all.only_first == 0 || connection <= all.only_first) return all;
    Faults few;
    few.starting_for = all.starting_for;
    few.starting_connections = all.starting_connections;
    return few;
  }
  [[nodiscard]] bool is_starting(std::size_t connection) const {
    const Faults& all = options.faults;
    return connection <= all.starting_connections ||
           std::chrono::steady_clock::now() - started < all.starting_for;
  }
};

}  // namespace haingest::fakes
