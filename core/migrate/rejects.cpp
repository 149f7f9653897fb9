// SPDX-License-Identifier: MIT
#include "core/migrate/rejects.hpp"

#include <algorithm>
#include <filesystem>

namespace haingest::migrate {
namespace {

// On one line.
std::string comment(std::string_view text) {
  constexpr std::string_view k_digits = "0123456789ABCDEF";
  std::string out = "# ";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20U && byte != 0x7FU) {
      out += c;
    } else {
      out += {'%', k_digits[byte >> 4U], k_digits[byte & 15U]};
    }
  }
  return out + '\n';
}

}  // namespace

std::string context_of(const Place& place, bool begins_file) {
  return (begins_file ? comment("DML") : "") + comment("CONTEXT-DATABASE: " + place.database) +
         comment("CONTEXT-RETENTION-POLICY: " + place.policy);
}

std::optional<std::string> Rejects::set_aside() const {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path_, error);
  if (error || size == 0) return std::nullopt;
  int number = 1;
  while (std::filesystem::exists(path_ + "." + std::to_string(number))) ++number;
  std::string aside = path_ + "." + std::to_string(number);
  std::filesystem::rename(path_, aside, error);
  if (error) {
    throw base::Failure(base::ErrorKind::failure,
                        "cannot keep the refused points of an earlier "
                        "copy, " +
                            path_ + ": " + error.message());
  }
  return aside;
}

void Rejects::resume(std::uint64_t position) {
  const std::lock_guard lock(mutex_);
  place_ = {};
  std::error_code none;
  const std::uintmax_t size = std::filesystem::file_size(path_, none);
  // One that is shorter is not the one that was written.
  if (!none) static_cast<void>(file_.open(path_, std::min<std::uint64_t>(position, size)));
}

void Rejects::add(const Place& place, const std::vector<influx::DeadLetter>& letters) {
  std::string text;
  const std::lock_guard lock(mutex_);
  if (!file_.is_open()) static_cast<void>(file_.open(path_, 0));
  if (place != place_) text += context_of(place, file_.position() == 0);
  for (const influx::DeadLetter& letter : letters) {
    text += comment(letter.reason) + letter.line + '\n';
  }
  file_.write(text);
  place_ = place;
}

std::uint64_t Rejects::position() const {
  const std::lock_guard lock(mutex_);
  return file_.position();
}

}  // namespace haingest::migrate
