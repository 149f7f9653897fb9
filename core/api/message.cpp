// SPDX-License-Identifier: MIT
#include "core/api/message.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <limits>
#include <string>

#include "core/api/gzip.hpp"

namespace haingest::api {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

std::string text(beast::string_view view) { return {view.data(), view.size()}; }
std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

bool tells_of_a_proxy(http::field field, beast::string_view name) {
  constexpr std::string_view prefix = "X-Forwarded-";
  return field == http::field::forwarded || field == http::field::via ||
         beast::iequals(name, "X-Real-IP") ||
         (name.size() >= prefix.size() &&
          beast::iequals(name.substr(0, prefix.size()),
                         beast::string_view{prefix.data(), prefix.size()}));
}

// What is counted while the fields go by.
struct Seen {
  int hosts = 0;
  int transfer_encodings = 0;
  bool only_chunked = true;
  bool other_expectation = false;
};

void take_field(Head& head, Seen& seen, http::field field, beast::string_view name,
                beast::string_view value) {
  Request& request = head.request;
  switch (field) {
    case http::field::host:
      ++seen.hosts;
      request.host = text(value);
      return;
    case http::field::authorization:
      request.authorization = text(value);
      return;
    case http::field::content_type:
      request.content_type = text(value);
      return;
    case http::field::content_encoding:
      request.content_encoding = text(value);
      return;
    case http::field::origin:
      request.origin = text(value);
      return;
    case http::field::access_control_request_method:
      request.asked_method = text(value);
      return;
    case http::field::if_none_match:
      request.if_none_match += request.if_none_match.empty() ? "" : ",";
      request.if_none_match += text(value);
      return;
    case http::field::accept_encoding:
      request.accepts_gzip = request.accepts_gzip || accepts_gzip(view(value));
      return;
    case http::field::transfer_encoding:
      ++seen.transfer_encodings;
      seen.only_chunked = beast::iequals(value, "chunked");
      return;
    case http::field::expect:
      head.expects_continue = beast::iequals(value, "100-continue");
      seen.other_expectation = !head.expects_continue;
      return;
    default:
      request.forwarded = request.forwarded || tells_of_a_proxy(field, name);
  }
}

std::optional<Malformed> objection(const Head& head, const Seen& seen) {
  if (seen.hosts > 1) return Malformed{400, "The request has more than one Host."};
  if (seen.hosts == 0 && !head.request.http_1_0) {
    return Malformed{400, "The request has no Host."};
  }
  if (seen.transfer_encodings > 0 && head.request.http_1_0) {
    return Malformed{400, "HTTP/1.0 has no Transfer-Encoding."};
  }
  if (seen.transfer_encodings > 0 && !seen.only_chunked) {
    return Malformed{501, "The only Transfer-Encoding that is understood here is chunked."};
  }
  if (seen.other_expectation) {
    return Malformed{417, "The only Expect that is understood here is 100-continue."};
  }
  return std::nullopt;
}

}  // namespace

std::size_t find_head_end(std::string_view bytes, std::size_t& searched) {
  const auto found = bytes.find("\r\n\r\n", searched);
  searched = bytes.size() < 3 ? 0 : bytes.size() - 3;
  return found == std::string_view::npos ? 0 : found + 4;
}

bool may_begin_request(std::string_view bytes) {
  const std::size_t most = std::min<std::size_t>(bytes.size(), 24);
  for (std::size_t i = 0; i < most; ++i) {
    const char c = bytes[i];
    if (c == ' ') return i > 0;
    const bool token = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    if (!token) return false;
  }
  return most < 24;  // no method is that long
}

Head read_head(Parser& parser, std::string_view bytes) {
  Head head;
  parser.header_limit(std::numeric_limits<std::uint32_t>::max());  // the caller has measured it
  parser.body_limit(boost::none);
  error_code error;
  parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (error || !parser.is_header_done()) {
    head.malformed = {400, "The request is no valid HTTP/1."};
    if (error == http::error::bad_version) {
      head.malformed = {505, "Only HTTP/1.1 and HTTP/1.0 are spoken here."};
    }
    return head;
  }
  const auto& message = parser.get();
  Request& request = head.request;
  request.method = text(message.method_string());
  request.target = text(message.target());
  request.http_1_0 = message.version() == 10;
  request.keep_alive = parser.keep_alive();
  Seen seen;
  for (const auto& field : message) {
    take_field(head, seen, field.name(), field.name_string(), field.value());
  }
  if (const auto length = parser.content_length()) head.content_length = *length;
  request.has_body = parser.chunked() || head.content_length.value_or(0) > 0;
  head.malformed = objection(head, seen);
  return head;
}

}  // namespace haingest::api
