// SPDX-License-Identifier: MIT
#include "core/base/text.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <numeric>

namespace haingest::base {
namespace {

// The length of the well-formed UTF-8 sequence at `text[at]`, 0 when there is none (RFC 3629).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool in_range = (lead != 0xE0 || byte(1) >= 0xA0) && (lead != 0xED || byte(1) <= 0x9F);
    return in_range && follows(1) && follows(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool in_range = (lead != 0xF0 || byte(1) >= 0x90) && (lead != 0xF4 || byte(1) <= 0x8F);
    return in_range && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void append_escaped(std::string& out, unsigned char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += hex[c >> 4U];
      out += hex[c & 15U];
  }
}

constexpr std::array<bool, 256> make_plain() {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7F; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}

constexpr std::array<bool, 256> k_plain = make_plain();

// Whether some of the eight bytes at `text` may need more than a copy: below 0x20 or above 0x7E, a
// quote, a backslash. (A borrow between bytes may say so of a plain one; never the reverse.)
bool may_need_care(const char* text) {
  constexpr std::uint64_t each = 0x0101010101010101;
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, text, sizeof bytes);
  const std::uint64_t low = bytes - each * 0x20;
  const std::uint64_t quote = (bytes ^ (each * '"')) - each;
  const std::uint64_t backslash = (bytes ^ (each * '\\')) - each;
  return ((low | quote | backslash | bytes) & (each * 0x80)) != 0;
}

// Where the characters that are copied as they stand end, from `at` on.
std::size_t end_of_plain(std::string_view text, std::size_t at) {
  while (at + 8 <= text.size() && !may_need_care(text.data() + at)) at += 8;
  while (at < text.size() && k_plain[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = end_of_plain(text, at);
    out.append(text, at, end - at);
    if (end == text.size()) break;
    const auto c = static_cast<unsigned char>(text[end]);
    at = end + 1;
    if (c < 0x20 || c == '"' || c == '\\') {
      append_escaped(out, c);
    } else if (const std::size_t length = utf8_length(text, end); length > 0) {
      out.append(text, end, length);
      at = end + length;
    } else {
      out += k_replacement;
    }
  }
  out += '"';
}

std::string repair_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    out.append(length > 0 ? text.substr(at, length) : k_replacement);
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

bool matches_glob(std::string_view text, const std::string& glob) {
  return ::fnmatch(glob.c_str(), std::string{text}.c_str(), FNM_CASEFOLD) == 0;
}

bool closes_brackets(std::string_view glob) {
  for (std::size_t at = 0; at < glob.size(); ++at) {
    if (glob[at] == '\\') {
      ++at;  // what follows stands for itself
      continue;
    }
    if (glob[at] != '[') continue;
    // A ] that stands first is one of the characters.
    const std::size_t first = glob.find_first_not_of("!^", at + 1);
    at = first == std::string_view::npos ? first : glob.find(']', first + 1);
    if (at == std::string_view::npos) return false;
  }
  return true;
}

bool contains_ignoring_case(std::string_view text, std::string_view needle) {
  const auto equal = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), needle.begin(), needle.end(), equal) != text.end() ||
         needle.empty();
}

std::string closest_to(std::string_view word, const std::vector<std::string>& candidates) {
  // Who stops in the middle of a name has mistyped nothing of it.
  const std::string* begun = nullptr;
  for (const std::string& candidate : candidates) {
    const bool begins = !word.empty() && candidate.starts_with(word);
    if (begins && (begun == nullptr || candidate.size() < begun->size())) begun = &candidate;
  }
  if (begun != nullptr) return *begun;
  // Levenshtein distance over one row at a time; a third of the word may be wrong.
  std::string best;
  std::size_t best_distance = word.size() / 3 + 2;
  for (const std::string& candidate : candidates) {
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const std::size_t substituted = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace haingest::base
