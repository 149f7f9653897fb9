// SPDX-License-Identifier: MIT
// JSON written member by member, in the order in which it is told: what the contract's fixed
// shapes are made with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace haingest::base {

class JsonObject {
 public:
  JsonObject& text(std::string_view key, std::string_view value);
  // `value` is JSON already; an empty one is null.
  JsonObject& json(std::string_view key, std::string_view value);
  JsonObject& flag(std::string_view key, bool value);
  JsonObject& number(std::string_view key, std::int64_t value);
  // With two decimals.
  JsonObject& decimal(std::string_view key, double value);
  // Ends the object; nothing may be added then.
  [[nodiscard]] std::string done();

 private:
  void name(std::string_view key);

  std::string out_ = "{";
};

// ["a","b"]
[[nodiscard]] std::string json_list(const std::vector<std::string>& texts);

}  // namespace haingest::base
