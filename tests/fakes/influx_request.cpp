// SPDX-License-Identifier: MIT
#include "tests/fakes/influx_request.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>

namespace haingest::fakes {
namespace {

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// A body that came in chunks, without their heads.
std::string joined(const std::string& chunks) {
  std::string body;
  std::size_t at = 0;
  for (;;) {
    const std::size_t end = chunks.find("\r\n", at);
    const std::size_t size = std::stoul(chunks.substr(at, end - at), nullptr, 16);
    if (size == 0) return body;
    body += chunks.substr(end + 2, size);
    at = end + 2 + size + 2;
  }
}

}  // namespace

void add_parameters(const std::string& text, std::map<std::string, std::string>& parameters) {
  std::istringstream pairs(text);
  std::string pair;
  while (std::getline(pairs, pair, '&')) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    parameters[decoded(pair.substr(0, equals))] =
        equals < pair.size() ? decoded(pair.substr(equals + 1)) : "";
  }
}

InfluxRequest request_of(const WireHead& head) {
  InfluxRequest request;
  request.method = head.method;
  const std::size_t question = head.target.find('?');
  request.path = head.target.substr(0, question);
  if (question != std::string::npos) {
    add_parameters(head.target.substr(question + 1), request.parameters);
  }
  for (const auto& [name, value] : head.headers) request.headers.emplace(name, value);
  return request;
}

std::string read_plain_body(Wire& wire, const WireHead& head) {
  std::string body = wire.read_body(head);
  return head.header("transfer-encoding") == "chunked" ? joined(body) : body;
}

}  // namespace haingest::fakes
