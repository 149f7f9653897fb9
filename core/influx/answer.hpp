// SPDX-License-Identifier: MIT
// What InfluxDB answers to InfluxQL, as it comes. One statement a request.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/error.hpp"

namespace haingest::influx {

// A value of a row. A text is bytes: they need not be UTF-8.
using Cell = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string>;

struct Series {
  std::string name;
  std::vector<std::pair<std::string, std::string>> tags;  // sorted; those that it lacks are ""
  std::vector<std::string> columns;
};

// Both may throw; that goes on to who reads.
struct AnswerHandlers {
  // A series begins; a long one begins again with every chunk.
  std::function<void(const Series&)> series = [](const Series&) {};
  // As many cells as it has columns. Valid until the next.
  std::function<void(const std::vector<Cell>&)> row = [](const std::vector<Cell>&) {};
};

enum class AnswerForm : std::uint8_t {
  message_pack,  // of 1.x and 2.x, since JSON does not tell 1 from 1.0
  // Of InfluxDB 3, whose MessagePack has arrays for maps (read in its source, 3.9 and 3.10) and
  // tells 1 from 1.0 as little.
  json,
};

// `next` gives the bytes as they come, "" behind the last. Errors: `failure` with what the server
// says is wrong (within an answer of status 200), or that this is no such answer; `unreachable` for
// one that ends too early, which only its end tells.
[[nodiscard]] base::Result<void> read_answer(const std::function<std::string_view()>& next,
                                             const AnswerHandlers& handlers,
                                             AnswerForm form = AnswerForm::message_pack);

}  // namespace haingest::influx
