// SPDX-License-Identifier: MIT
// The log: lines on stderr, text or JSON, never on stdout. Safe from any thread. The caller sees to
// it that no token is in a line.
#pragma once

#include <string_view>

namespace haingest::base::log {

enum class Level { debug, info, warning, error, off };
enum class Format { text, json };

// Called once by the command line before any thread starts; until then warnings and errors show.
void configure(Level level, Format format);

// Whether such lines show: for who would make one only to have it thrown away.
[[nodiscard]] bool shows(Level level);

void debug(std::string_view line);
void info(std::string_view line);
void warning(std::string_view line);
void error(std::string_view line);

}  // namespace haingest::base::log
