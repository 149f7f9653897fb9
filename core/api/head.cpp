// SPDX-License-Identifier: MIT
#include "core/api/head.hpp"

#include <algorithm>
#include <utility>

#include "core/api/problem.hpp"

namespace haingest::api {
namespace {

// Overwritten by whoever sends it.
constexpr std::string_view k_no_date = "Thu, 01 Jan 1970 00:00:00 GMT";

}  // namespace

void HeadWriter::status(int status) {
  head_.reserve(384);
  head_ = "HTTP/1.1 ";
  head_ += std::to_string(status);
  head_ += ' ';
  head_ += reason_of(status);
  head_ += "\r\nDate: ";
  date_at_ = head_.size();
  head_ += k_no_date;
  head_ += "\r\n";
}

void HeadWriter::field(std::string_view name, std::string_view value) {
  head_ += name;
  head_ += ": ";
  const std::size_t from = head_.size();
  head_ += value;
  std::replace_if(
      head_.begin() + static_cast<std::ptrdiff_t>(from), head_.end(),
      [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  head_ += "\r\n";
}

Wire HeadWriter::finish() && {
  const bool any_origin =
      !access_.cors_origins.empty() &&
      std::ranges::find(access_.cors_origins, "*") != access_.cors_origins.end();
  const bool varies_with_origin = !access_.cors_origins.empty() && !any_origin;
  if (varies_with_encoding_ || varies_with_origin) {
    field("Vary", !varies_with_origin     ? "Accept-Encoding"
                  : varies_with_encoding_ ? "Accept-Encoding, Origin"
                                          : "Origin");
  }
  // Never with credentials: cookies mean nothing here, and a token is sent by name.
  if (const auto origin = allowed_origin(request_.origin, access_); !origin.empty()) {
    field("Access-Control-Allow-Origin", origin);
    field("Access-Control-Expose-Headers", "ETag");
  }
  field("X-Content-Type-Options", "nosniff");
  if (!request_.keep_alive) {
    field("Connection", "close");
  } else if (request_.http_1_0) {
    field("Connection", "keep-alive");
  }
  head_ += "\r\n";
  Wire wire;
  wire.head = std::move(head_);
  wire.date_at = date_at_;
  wire.close = !request_.keep_alive;
  return wire;
}

}  // namespace haingest::api
