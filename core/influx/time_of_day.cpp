// SPDX-License-Identifier: MIT
#include "core/influx/time_of_day.hpp"

#include <date/tz.h>

#include <exception>

namespace haingest::influx {

// The offset changes twice a year at most: the database is asked when a moment leaves the span for
// which the last answer holds.
struct TimeOfDay::Zone {
  const date::time_zone* zone = nullptr;
  date::sys_seconds begin{};
  date::sys_seconds end{};  // exclusive
  std::chrono::seconds offset{};

  void look_up(date::sys_seconds moment) {
    if (zone == nullptr) {
      begin = date::sys_seconds::min();
      end = date::sys_seconds::max();
      return;
    }
    const date::sys_info info = zone->get_info(moment);
    begin = info.begin;
    end = info.end;
    offset = info.offset;
  }
};

TimeOfDay::TimeOfDay(const std::string& zone) : zone_(std::make_unique<Zone>()) {
  try {
    zone_->zone = date::locate_zone(zone);
  } catch (const std::exception&) {
    zone_->zone = nullptr;  // also where the system has no database at all
  }
}

TimeOfDay::TimeOfDay(TimeOfDay&&) noexcept = default;
TimeOfDay& TimeOfDay::operator=(TimeOfDay&&) noexcept = default;
TimeOfDay::~TimeOfDay() = default;

std::string_view TimeOfDay::of(base::Timestamp moment) {
  const auto second = std::chrono::floor<std::chrono::seconds>(moment);
  if (second < zone_->begin || second >= zone_->end) zone_->look_up(second);
  const auto local = second + zone_->offset;
  const auto hour =
      std::chrono::floor<std::chrono::hours>(local) - std::chrono::floor<std::chrono::days>(local);
  if (hour >= std::chrono::hours(21) || hour < std::chrono::hours(5)) return "night";
  if (hour < std::chrono::hours(12)) return "morning";
  return hour < std::chrono::hours(17) ? "afternoon" : "evening";
}

}  // namespace haingest::influx
