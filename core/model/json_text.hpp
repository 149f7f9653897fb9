// SPDX-License-Identifier: MIT
// JSON text that is shared, not copied, and has the room behind it that simdjson reads into: a
// snapshot of megabytes is read once and every part of it stays where it lies.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace haingest::model {

class JsonText {
 public:
  // What must be readable behind the text (simdjson's SIMDJSON_PADDING, checked in json_scan.hpp).
  static constexpr std::size_t k_padding = 64;

  JsonText() = default;
  // Takes the text over; a string that has k_padding bytes of spare capacity is not copied.
  JsonText(std::string text);                                       // NOLINT(*-explicit-*)
  JsonText(std::string_view text) : JsonText(std::string{text}) {}  // NOLINT(*-explicit-*)
  JsonText(const char* text) : JsonText(std::string{text}) {}       // NOLINT(*-explicit-*)

  // `part` is a view into this text; what comes back keeps all of it alive.
  [[nodiscard]] JsonText slice(std::string_view part) const;

  [[nodiscard]] std::string_view view() const { return view_; }
  operator std::string_view() const { return view_; }  // NOLINT(*-explicit-*)
  friend bool operator==(const JsonText& a, std::string_view b) { return a.view_ == b; }

 private:
  std::shared_ptr<const std::string> whole_;
  std::string_view view_;
};

}  // namespace haingest::model
