// SPDX-License-Identifier: MIT
// An answer of history_during_period: every row is told of or counted, in the order in which it
// stands there, dated to a moment that can be written; and read again from what was read of it.
#include "core/model/history.hpp"

#include <cinttypes>
#include <cstdio>
#include <string>
#include <vector>

#include "core/base/text.hpp"
#include "core/model/well_formed.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/state_text.hpp"

using namespace haingest;

namespace {

struct Row {
  std::string entity_id, json;
  bool operator==(const Row&) const = default;
};

struct Reading {
  bool readable = false;
  std::uint64_t unreadable = 0;
  std::vector<Row> rows;
  bool operator==(const Reading&) const = default;
};

std::string seconds_text(base::Timestamp moment) {
  const std::int64_t micros = moment.time_since_epoch().count();
  const auto size = static_cast<std::uint64_t>(micros < 0 ? -micros : micros);
  char text[48];
  std::snprintf(text, sizeof text, "%s%" PRIu64 ".%06" PRIu64, micros < 0 ? "-" : "",
                size / 1'000'000, size % 1'000'000);
  return text;
}

// The row as Home Assistant would write it, with both moments.
std::string json_of(const model::StateChange& row) {
  std::string json = R"({"s":)";
  if (row.removed) {
    json += "null";
  } else {
    base::append_json_string(json, row.state);
  }
  return json + R"(,"a":)" + fuzz::attributes_json(row) + R"(,"lu":)" +
         seconds_text(row.last_updated) + R"(,"lc":)" + seconds_text(row.last_changed) + "}";
}

Reading read(const model::JsonText& answer, model::StateReader& reader) {
  Reading reading;
  const auto unreadable =
      model::read_history(answer, reader, [&reading](const model::StateChange& row) {
        fuzz::require(row.source == model::StateChange::Source::history);
        fuzz::require(!row.added && !row.old_state && row.context_id.empty());
        fuzz::require_moments(row);
        reading.rows.push_back({std::string(row.entity_id), json_of(row)});
      });
  reading.readable = unreadable.has_value();
  if (reading.readable) reading.unreadable = *unreadable;
  return reading;
}

// The elements of the lists in an object of lists, counted by their commas.
std::uint64_t rows_in(std::string_view json) {
  std::uint64_t rows = 0;
  int depth = 0;
  bool quoted = false;
  bool any = false;  // something stands behind the last bracket or comma of a list
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == ']' || c == '}') {
      if (depth == 2 && any) ++rows;
      --depth;
    } else if (c == ',' && depth == 2) {
      ++rows;
    } else {
      const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
      any = any || (depth >= 2 && !blank);
      quoted = c == '"';
      if ((c == '[' || c == '{') && ++depth == 2) any = false;
    }
  }
  return rows;
}

std::string answer_of(const std::vector<Row>& rows) {
  std::string json = "{";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool same = i > 0 && rows[i].entity_id == rows[i - 1].entity_id;
    if (i > 0) json += same ? "," : "],";
    if (!same) {
      base::append_json_string(json, rows[i].entity_id);
      json += ":[";
    }
    json += rows[i].json;
  }
  return json + (rows.empty() ? "}" : "]}");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static model::StateReader reader;
  const model::JsonText answer(fuzz::text_of(data, size));
  const Reading first = read(answer, reader);
  model::StateReader fresh;
  fuzz::require(read(answer, fresh) == first);
  // What is no JSON may be read as far as it looks like some.
  if (!first.readable || !model::is_well_formed(answer)) return 0;
  fuzz::require(first.rows.size() + first.unreadable == rows_in(answer));
  // A reader that turned rows round would turn them back here.
  const Reading again = read(answer_of(first.rows), reader);
  fuzz::require(again.readable && again.unreadable == 0 && again.rows == first.rows);
  return 0;
}
