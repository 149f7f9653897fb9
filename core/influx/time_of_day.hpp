// SPDX-License-Identifier: MIT
// The part of the day in which something happened, by the clocks of a time zone.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/timestamp.hpp"

namespace haingest::influx {

class TimeOfDay {
 public:
  // A name of the IANA database as the system has it; one that is unknown counts as UTC.
  explicit TimeOfDay(const std::string& zone);
  TimeOfDay(TimeOfDay&&) noexcept;
  TimeOfDay& operator=(TimeOfDay&&) noexcept;
  ~TimeOfDay();

  // morning from 5 o'clock, afternoon from 12, evening from 17, night from 21.
  [[nodiscard]] std::string_view of(base::Timestamp moment);

 private:
  struct Zone;
  std::unique_ptr<Zone> zone_;
};

}  // namespace haingest::influx
