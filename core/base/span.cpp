// SPDX-License-Identifier: MIT
#include "core/base/span.hpp"

namespace haingest::base {

std::string to_text(std::chrono::milliseconds span) {
  const auto ms = span.count();
  if (ms < 1000) return std::to_string(ms) + " ms";
  std::string text = std::to_string(ms / 1000);
  if (ms % 1000 != 0) {
    std::string decimals = std::to_string(1000 + ms % 1000).substr(1);
    while (decimals.ends_with('0')) decimals.pop_back();
    text += "." + decimals;
  }
  return text + " s";
}

std::string roughly(std::chrono::microseconds span) {
  using namespace std::chrono;
  const auto seconds_passed = duration_cast<seconds>(span).count();
  if (seconds_passed < 90) return std::to_string(seconds_passed) + " s";
  const auto minutes_passed = (seconds_passed + 30) / 60;
  if (minutes_passed < 90) return std::to_string(minutes_passed) + " min";
  const auto hours_passed = (minutes_passed + 30) / 60;
  if (hours_passed < 48) return std::to_string(hours_passed) + " h";
  return std::to_string((hours_passed + 12) / 24) + " days";
}

std::string time_since(std::chrono::steady_clock::time_point start) {
  using namespace std::chrono;
  const auto span = duration_cast<microseconds>(steady_clock::now() - start);
  if (span < milliseconds(1)) return std::to_string(span.count()) + " us";
  return to_text(duration_cast<milliseconds>(span));
}

}  // namespace haingest::base
