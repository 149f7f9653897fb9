// SPDX-License-Identifier: MIT
#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/base/text.hpp"

namespace haingest::cli {
namespace {

struct Rune {
  std::uint32_t code = 0;
  std::size_t bytes = 1;
};

// `text` is valid UTF-8 and not empty.
Rune first_rune(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xf0 ? 4 : (lead >= 0xe0 ? 3 : 2);
  std::uint32_t code = lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes && i < text.size(); ++i) code = code << 6U | (byte(i) & 0x3fU);
  return {code, std::min(bytes, text.size())};
}

struct Range {
  std::uint32_t first, last;
};
// The blocks that names of devices use; Unicode's own tables say the same of them.
constexpr std::array k_without_width{Range{0x300, 0x36f},   Range{0x200b, 0x200f},
                                     Range{0x20d0, 0x20ff}, Range{0xfe00, 0xfe0f},
                                     Range{0xfeff, 0xfeff}, Range{0xe0100, 0xe01ef}};
constexpr std::array k_wide{
    Range{0x1100, 0x115f},   Range{0x2e80, 0x303e},   Range{0x3041, 0xa4cf},
    Range{0xac00, 0xd7a3},   Range{0xf900, 0xfaff},   Range{0xfe30, 0xfe6f},
    Range{0xff00, 0xff60},   Range{0xffe0, 0xffe6},   Range{0x1f300, 0x1f64f},
    Range{0x1f680, 0x1f6ff}, Range{0x1f900, 0x1f9ff}, Range{0x20000, 0x3fffd}};

template <class Ranges>
bool among(const Ranges& ranges, std::uint32_t code) {
  for (const Range& range : ranges) {
    if (code >= range.first && code <= range.last) return true;
  }
  return false;
}

std::size_t width_of(std::uint32_t code) {
  if (among(k_without_width, code)) return 0;
  return among(k_wide, code) ? 2 : 1;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::size_t columns_of_stdout() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace

Terminal look_at_terminal(const Environment& environment) {
  Terminal terminal;
  terminal.out = ::isatty(STDOUT_FILENO) == 1;
  terminal.err = ::isatty(STDERR_FILENO) == 1;
  terminal.rewrites = terminal.err && environment("TERM").value_or("dumb") != "dumb";
  terminal.colour = terminal.rewrites && !environment("NO_COLOR");
  terminal.width = terminal.out ? columns_of_stdout() : 0;
  return terminal;
}

std::size_t width_of(std::string_view text) {
  if (is_ascii(text)) return text.size();
  std::size_t width = 0;
  while (!text.empty()) {
    const Rune rune = first_rune(text);
    width += width_of(rune.code);
    text.remove_prefix(rune.bytes);
  }
  return width;
}

std::string fitted(std::string_view text, std::size_t width) {
  if (width == 0 || width_of(text) <= width) return std::string(text);
  std::string cut;
  std::size_t used = 1;  // the ellipsis
  while (!text.empty()) {
    const Rune rune = first_rune(text);
    used += width_of(rune.code);
    if (used > width) break;
    cut += text.substr(0, rune.bytes);
    text.remove_prefix(rune.bytes);
  }
  return cut + "…";
}

std::string on_one_line(std::string_view text) {
  std::string line = is_ascii(text) ? std::string(text) : base::repair_utf8(text);
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(line[i]);
    const bool c1 =
        byte == 0xc2 && i + 1 < line.size() && static_cast<std::uint8_t>(line[i + 1]) < 0xa0;
    if (byte < 0x20 || byte == 0x7f) line[i] = ' ';
    if (c1) line.replace(i, 2, " ");
  }
  return line;
}

}  // namespace haingest::cli
