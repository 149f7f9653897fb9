// SPDX-License-Identifier: MIT
// HTTP/1 heads from bytes to Request: Beast's parser, and what it lets pass that we don't. Heavy:
// for .cpp files of this room only.
#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/api/http.hpp"

namespace haingest::api {

using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

// The place behind the empty line that ends a head, 0 while there is none. `searched` is how far an
// earlier call has looked and is moved on.
[[nodiscard]] std::size_t find_head_end(std::string_view bytes, std::size_t& searched);

// Whether a request can begin with these bytes: a TLS hello or binary noise is told at once.
[[nodiscard]] bool may_begin_request(std::string_view bytes);

struct Malformed {
  int status = 400;
  std::string_view sentence;
};

struct Head {
  Request request;
  std::optional<std::uint64_t> content_length;
  bool expects_continue = false;
  std::optional<Malformed> malformed;
};

// Gives `bytes`, a whole head, to `parser` and reads what we need out of it.
[[nodiscard]] Head read_head(Parser& parser, std::string_view bytes);

}  // namespace haingest::api
