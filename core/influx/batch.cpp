// SPDX-License-Identifier: MIT
#include "core/influx/batch.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <new>
#include <utility>

#include "core/influx/line.hpp"
#include "core/net/url.hpp"

namespace haingest::influx {
namespace {

// One packet is sent, however little is in it.
constexpr std::size_t k_gzip_from_bytes = 1'400;

constexpr std::int64_t k_nanoseconds_a_day = 86'400'000'000'000;

// Weeks since Monday, 29 December 1969.
std::int64_t week_of(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  const std::string_view time = line.substr(line.rfind(' ') + 1);
  std::int64_t nanoseconds = 0;
  std::from_chars(time.data(), time.data() + time.size(), nanoseconds);
  const std::int64_t day =
      nanoseconds / k_nanoseconds_a_day - (nanoseconds % k_nanoseconds_a_day < 0 ? 1 : 0) + 3;
  return day / 7 - (day % 7 < 0 ? 1 : 0);
}

std::size_t fields_in(std::string_view line) {
  Line parts;
  return split_line(line, parts) ? parts.fields.size() : 0;
}

// With its '\n', the first that is neither in a text nor behind a backslash. A quote is a text's
// only where a field has its `=`.
std::size_t size_of_line(std::string_view lines) {
  const std::size_t plain = std::min(lines.find('\n'), lines.size());
  if (lines.substr(0, plain).find_first_of("\"\\") == std::string_view::npos) {
    return std::min(plain + 1, lines.size());
  }
  bool fields = false;
  bool quoted = false;
  int values = 0;  // that have begun, less the commas that ended one
  for (std::size_t at = 0; at < lines.size(); ++at) {
    const char c = lines[at];
    if (c == '\\') {
      ++at;
    } else if (c == '"') {
      if (fields && values > 0) quoted = !quoted;
    } else if (quoted) {
      continue;
    } else if (c == '\n') {
      return at + 1;
    } else if (c == ' ') {
      fields = true;
    } else if (fields && (c == '=' || c == ',')) {
      values += c == '=' ? 1 : -1;
    }
  }
  return lines.size();
}

class Sorter {
 public:
  explicit Sorter(Flavour flavour) : numbers_(flavour == Flavour::victoria_metrics) {}

  void take(std::string_view line) {
    if (!numbers_) {
      put(week_of(line), line);
      return;
    }
    const std::string numbers = numbers_only(line);
    batch_.dropped_texts += fields_in(line) - fields_in(numbers);
    if (numbers.empty()) {
      ++batch_.dropped_lines;
    } else {
      put(0, numbers);
    }
  }

  Batch finish() {
    for (auto& [week, portion] : open_) batch_.portions.push_back(std::move(portion));
    return std::move(batch_);
  }

 private:
  void put(std::int64_t week, std::string_view line) {
    Portion& portion = open_[week];
    const bool full = portion.count == k_max_request_lines ||
                      portion.lines.size() + line.size() > k_max_request_bytes;
    if (full && portion.count > 0) batch_.portions.push_back(std::exchange(portion, {}));
    portion.add(line);
  }

  bool numbers_;
  std::map<std::int64_t, Portion> open_;  // by week
  Batch batch_;
};

}  // namespace

std::string_view next_line(std::string_view& lines) {
  const std::size_t size = size_of_line(lines);
  const std::string_view line = lines.substr(0, size);
  lines.remove_prefix(size);
  return line;
}

Batch to_portions(const std::vector<Block>& blocks, Flavour flavour) {
  Sorter sorter(flavour);
  for (const Block& block : blocks) {
    std::string_view rest = block.lines;
    while (!rest.empty()) sorter.take(next_line(rest));
  }
  return sorter.finish();
}

bool gzip_pays(std::string_view url, std::size_t bytes) {
  if (bytes < k_gzip_from_bytes) return false;
  const auto parts = net::parse_url(url);
  if (!parts) return false;
  const std::string& host = parts->host;
  return host != "localhost" && host != "::1" && !host.starts_with("127.");
}

}  // namespace haingest::influx
