// SPDX-License-Identifier: MIT
// The keys of one line's fields: each is there once, none is a tag's, none is `time`. Servers drop
// a field of that name, refuse the line or let the last of two win, each in its own way.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

namespace haingest::influx {

class FieldKeys {
 public:
  // A key that no field may have.
  void reserve(std::string_view key);
  // The key as it is written, with as many trailing `_` as it takes to be a new one.
  std::string add(std::string_view key);

 private:
  std::unordered_set<std::string> taken_{"time"};
};

}  // namespace haingest::influx
