// SPDX-License-Identifier: MIT
// What comes to those who play an InfluxDB. Private to the fakes.
#pragma once

#include <map>
#include <string>

#include "tests/fakes/http_wire.hpp"
#include "tests/fakes/influx_server.hpp"

namespace haingest::fakes {

// Without its body.
[[nodiscard]] InfluxRequest request_of(const WireHead& head);
// "a=1&b=%20", of a URL or a form.
void add_parameters(const std::string& text, std::map<std::string, std::string>& parameters);
// Of a request or an answer, without the heads of its chunks.
[[nodiscard]] std::string read_plain_body(Wire& wire, const WireHead& head);

}  // namespace haingest::fakes
