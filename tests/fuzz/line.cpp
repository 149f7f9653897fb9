// SPDX-License-Identifier: MIT
// A state of an entity, as Home Assistant's JSON, in both layouts: what comes out are whole lines
// that come apart again, without an empty tag, a field twice or a number that is none.
#include "core/influx/line.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "core/influx/encoder.hpp"
#include "core/model/state_change.hpp"
#include "tests/fuzz/input.hpp"

using namespace haingest;

namespace {

void require_value(std::string_view value) {
  const bool text = value.starts_with('"');
  const bool boolean = value == "true" || value == "false";
  const bool number = value.find_first_not_of("0123456789+-.e") == std::string_view::npos &&
                      (value[0] == '-' || (value[0] >= '0' && value[0] <= '9')) &&
                      value.back() >= '0' && value.back() <= '9';
  fuzz::require(text || boolean || number);
}

// Takes a name off `rest`, up to the first of `ends` that is not escaped.
std::string_view take_name(std::string_view& rest, std::string_view ends) {
  std::size_t end = 0;
  while (end < rest.size() && ends.find(rest[end]) == std::string_view::npos) {
    const bool backslash = rest[end] == '\\';
    // The end, and a backslash that two servers understand in two ways.
    fuzz::require(!backslash || (end + 1 < rest.size() && rest[end + 1] != '\\'));
    end += backslash ? 2 : 1;
  }
  const std::string_view name = rest.substr(0, end);
  fuzz::require(!name.empty());
  fuzz::require(name.find_first_of(std::string_view("\0\n\r\t", 4)) == std::string_view::npos);
  rest.remove_prefix(end);
  return name;
}

void require_series(std::string_view rest) {
  const std::string_view measurement = take_name(rest, ", ");
  fuzz::require(!measurement.starts_with('#') && measurement.find("\\=") == std::string_view::npos);
  std::string_view before;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view key = take_name(rest, "=, ");
    fuzz::require(key > before && rest.starts_with('='));
    before = key;
    rest.remove_prefix(1);
    take_name(rest, "=, ");
    fuzz::require(rest.empty() || rest.starts_with(','));
  }
}

void require_lines(std::string_view lines) {
  influx::Line line;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    fuzz::require(end != std::string_view::npos && influx::split_line(lines.substr(0, end), line));
    require_series(line.series);
    std::vector<std::string_view> keys;
    for (const auto& [key, value] : line.fields) {
      keys.push_back(key);
      fuzz::require(key != "time" && !key.ends_with('\\'));
      require_value(value);
    }
    std::sort(keys.begin(), keys.end());
    fuzz::require(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
    const std::string whole(lines.substr(0, end + 1));
    fuzz::require(influx::without_field(whole, "\n") == whole);
    fuzz::require(!influx::tag_of(line.series, "entity_id").empty());
    lines.remove_prefix(end + 1);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static model::StateReader reader;
  const std::string_view json = fuzz::text_of(data, size);
  const model::StateChange* change = reader.read_event(json);
  if (change == nullptr) change = reader.read_state(json);
  if (change == nullptr) return 0;
  for (const auto layout : {influx::Layout::ha_ingestor, influx::Layout::home_assistant}) {
    influx::EncoderOptions options;
    options.layout = layout;
    options.tags = {{"house", "n o=r,t\\h"}, {"attr_x", "1"}, {"b", "2"}};
    influx::Encoder encoder(options);
    // What an entity's second point takes from its first must not change it.
    std::string first;
    std::string second;
    const influx::Encoded encoded = encoder.encode(*change, first);
    fuzz::require(encoder.encode(*change, second) == encoded && first == second);
    fuzz::require((encoded == influx::Encoded::lines) != first.empty());
    // No server stores the rest: a line has a measurement, and `entity_id` a value.
    if (!model::object_id_of(change->entity_id).empty()) require_lines(first);
  }
  return 0;
}
