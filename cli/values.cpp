// SPDX-License-Identifier: MIT
#include "cli/values.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <span>
#include <utility>

namespace haingest::cli {
namespace {

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc{} || at != end) return std::nullopt;
  return number;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

struct LevelWord {
  std::string_view word;
  base::log::Level level;
};

std::optional<base::log::Level> level_among(std::span<const LevelWord> words,
                                            std::string_view text) {
  const auto found = std::ranges::find(words, lower_case(text), &LevelWord::word);
  if (found == words.end()) return std::nullopt;
  return found->level;
}

}  // namespace

std::optional<bool> parse_switch(std::string_view text) {
  const std::string lower = lower_case(text);
  for (const std::string_view yes : {"true", "yes", "on", "1"}) {
    if (lower == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0"}) {
    if (lower == no) return false;
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::int64_t most = std::int64_t{10} * 366 * 24 * 3600 * 1000;
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> units{
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}, {"", 1000}}};
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto amount = whole_number<std::int64_t>(text.substr(0, digits));
  for (const auto& [unit, milliseconds] : units) {
    if (text.substr(digits) != unit) continue;
    if (!amount || *amount == 0 || *amount > most / milliseconds) return std::nullopt;
    return std::chrono::milliseconds(*amount * milliseconds);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  constexpr std::uint64_t most = std::uint64_t{1} << 50U;
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 8> units{
      {{"", 1},
       {"B", 1},
       {"kB", 1000},
       {"MB", 1'000'000},
       {"GB", 1'000'000'000},
       {"KiB", std::uint64_t{1} << 10U},
       {"MiB", std::uint64_t{1} << 20U},
       {"GiB", std::uint64_t{1} << 30U}}};
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto amount = whole_number<std::uint64_t>(text.substr(0, digits));
  for (const auto& [unit, bytes] : units) {
    if (lower_case(text.substr(digits)) != lower_case(unit)) continue;
    if (!amount || *amount == 0 || *amount > most / bytes) return std::nullopt;
    return *amount * bytes;
  }
  return std::nullopt;
}

std::optional<base::log::Level> parse_log_level(std::string_view text) {
  using base::log::Level;
  constexpr std::array<LevelWord, 6> words{{{"debug", Level::debug},
                                            {"info", Level::info},
                                            {"warning", Level::warning},
                                            {"warn", Level::warning},
                                            {"error", Level::error},
                                            {"critical", Level::error}}};
  return level_among(words, text);
}

std::optional<base::log::Level> parse_foreign_log_level(std::string_view text) {
  using base::log::Level;
  // Those of syslog, of systemd and of Rust's, Go's and Java's loggers; the numbers are Python's.
  constexpr std::array<LevelWord, 17> words{{{"all", Level::debug},
                                             {"trace", Level::debug},
                                             {"verbose", Level::debug},
                                             {"10", Level::debug},
                                             {"20", Level::info},
                                             {"notice", Level::info},
                                             {"information", Level::info},
                                             {"30", Level::warning},
                                             {"err", Level::error},
                                             {"40", Level::error},
                                             {"50", Level::error},
                                             {"fatal", Level::error},
                                             {"crit", Level::error},
                                             {"alert", Level::error},
                                             {"emerg", Level::error},
                                             {"panic", Level::error},
                                             {"severe", Level::error}}};
  return level_among(words, text);
}

std::optional<mirror::RemovalLimit> parse_removal_limit(std::string_view text) {
  mirror::RemovalLimit limit;
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  limit.unit = percent ? mirror::RemovalLimit::Unit::percent : mirror::RemovalLimit::Unit::records;
  const auto amount = whole_number<std::uint32_t>(text);
  if (!amount || (percent && *amount > 100)) return std::nullopt;
  limit.amount = *amount;
  return limit;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = trimmed(text.substr(0, comma));
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

std::string masked(std::string text) {
  const auto scheme = text.find("://");
  const auto at = text.find('@');
  if (scheme == std::string::npos || at == std::string::npos) return text;
  if (text.find('/', scheme + 3) < at) return text;
  return text.replace(scheme + 3, at - scheme - 3, "********");
}

}  // namespace haingest::cli
