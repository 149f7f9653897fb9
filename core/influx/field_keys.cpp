// SPDX-License-Identifier: MIT
#include "core/influx/field_keys.hpp"

#include "core/influx/line.hpp"

namespace haingest::influx {

void FieldKeys::reserve(std::string_view key) {
  std::string written;
  append_key(written, key);
  taken_.insert(std::move(written));
}

std::string FieldKeys::add(std::string_view key) {
  std::string written;
  append_key(written, key);
  while (!taken_.insert(written).second) written += '_';
  return written;
}

}  // namespace haingest::influx
