// SPDX-License-Identifier: MIT
// What is done to a portion that a server has refused, so that the rest of it goes through. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/influx/batch.hpp"
#include "core/influx/dead_letters.hpp"
#include "core/influx/verdict.hpp"

namespace haingest::influx {

// The first half of the lines and the rest, in their order. At least two lines.
[[nodiscard]] std::pair<Portion, Portion> halves_of(const Portion& portion);
// The same by the lines' times: what is too old comes to lie together.
[[nodiscard]] std::pair<Portion, Portion> halves_by_time(const Portion& portion);

// The letter for a line; who it is for and when are the caller's.
[[nodiscard]] DeadLetter letter_for(std::string_view line, std::string reason);

struct Cured {
  Portion rest;                     // to be sent
  std::vector<DeadLetter> letters;  // with the lines as they were
};
// Without the field where it has the type that is refused. No letters: there is no such line.
[[nodiscard]] Cured without_conflict(const Portion& portion, const Conflict& conflict,
                                     const std::string& reason);
// The others are stored: `rest` is what is left of those that were refused for a field. No letters:
// one of the numbers is none of the portion's lines.
[[nodiscard]] Cured without_refused(const Portion& portion,
                                    const std::vector<RefusedLine>& refused);

}  // namespace haingest::influx
