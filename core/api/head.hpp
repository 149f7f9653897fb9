// SPDX-License-Identifier: MIT
// Writes the header of an answer, with what every answer carries. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/api/application.hpp"
#include "core/api/guard.hpp"
#include "core/api/http.hpp"

namespace haingest::api {

class HeadWriter {
 public:
  HeadWriter(const Request& request, const Access& access) : request_(request), access_(access) {}

  void status(int status);  // first
  // Line breaks in a value become blanks.
  void field(std::string_view name, std::string_view value);
  // The answer is another one for clients that take gzip.
  void vary_with_encoding() { varies_with_encoding_ = true; }

  // Adds CORS, Vary and Connection, and ends the header.
  [[nodiscard]] Wire finish() &&;

 private:
  const Request& request_;
  const Access& access_;
  std::string head_;
  std::size_t date_at_ = 0;
  bool varies_with_encoding_ = false;
};

}  // namespace haingest::api
