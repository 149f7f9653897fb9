// SPDX-License-Identifier: MIT
#include "core/base/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <string>

#include "core/base/text.hpp"
#include "core/base/timestamp.hpp"

namespace haingest::base::log {
namespace {

std::atomic<Format> g_format{Format::text};

spdlog::logger& logger() {
  // Never destroyed: a write that a second signal has abandoned may log while the process exits.
  static auto* const instance = [] {
    auto* made = new spdlog::logger("haingest", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::warn);
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      return spdlog::level::off;
  }
  return spdlog::level::warn;
}

void write(Level level, std::string_view name, std::string_view line) {
  const auto at = to_spdlog(level);
  if (!logger().should_log(at)) return;
  std::string record;
  if (g_format == Format::json) {
    record = R"({"time":")" + to_iso_text(system_now()) + R"(","level":")";
    record += name;
    record += R"(","message":)";
    append_json_string(record, line);
    record += '}';
  } else {
    // A peer's text must not be able to forge a line of its own or to steer a terminal.
    for (const char c : line) record += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  logger().log(at, fmt::string_view(record.data(), record.size()));
}

}  // namespace

void configure(Level level, Format format) {
  g_format = format;
  logger().set_level(to_spdlog(level));
  logger().flush_on(spdlog::level::debug);
  logger().set_pattern(format == Format::json ? "%v" : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
}

bool shows(Level level) { return logger().should_log(to_spdlog(level)); }

void debug(std::string_view line) { write(Level::debug, "debug", line); }
void info(std::string_view line) { write(Level::info, "info", line); }
void warning(std::string_view line) { write(Level::warning, "warning", line); }
void error(std::string_view line) { write(Level::error, "error", line); }

}  // namespace haingest::base::log
