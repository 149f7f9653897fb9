// SPDX-License-Identifier: MIT
// InfluxDB's answer in MessagePack, or in JSON where it begins as that: the same rows whatever
// pieces it comes in, each as wide as its series, and never whole where its last byte is missing.
#include "core/influx/answer.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <variant>
#include <vector>

#include "tests/fuzz/input.hpp"

using namespace haingest;

namespace {

// NaN is not the same as itself.
struct Bits {
  std::string operator()(std::monostate) const { return "-"; }
  std::string operator()(bool it) const { return it ? "t" : "f"; }
  std::string operator()(std::int64_t it) const { return "i" + std::to_string(it); }
  std::string operator()(std::uint64_t it) const { return "u" + std::to_string(it); }
  std::string operator()(double it) const {
    return "d" + std::to_string(std::bit_cast<std::uint64_t>(it));
  }
  std::string operator()(const std::string& it) const {
    return std::to_string(it.size()) + ":" + it;
  }
};

struct Reading {
  std::string rows, error;
  bool operator==(const Reading&) const = default;
};

bool is_json(std::string_view bytes) { return bytes.starts_with('{'); }

Reading read(std::string_view bytes, std::size_t piece) {
  const auto form = is_json(bytes) ? influx::AnswerForm::json : influx::AnswerForm::message_pack;
  Reading reading;
  std::size_t columns = 0;
  bool any = false;
  influx::AnswerHandlers handlers;
  handlers.series = [&](const influx::Series& series) {
    columns = series.columns.size();
    any = true;
    fuzz::require(std::ranges::is_sorted(series.tags));
    reading.rows += "\n" + series.name;
  };
  handlers.row = [&](const std::vector<influx::Cell>& row) {
    fuzz::require(any && row.size() == columns);
    for (const influx::Cell& cell : row) reading.rows += std::visit(Bits{}, cell);
  };
  const auto outcome = influx::read_answer(
      [&] {
        const std::string_view next = bytes.substr(0, piece);
        bytes.remove_prefix(next.size());
        return next;
      },
      handlers, form);
  if (!outcome) {
    const base::ErrorKind kind = outcome.error().kind;
    fuzz::require(kind == base::ErrorKind::failure || kind == base::ErrorKind::unreachable);
    fuzz::require(!outcome.error().message.empty());
    reading.error = outcome.error().message;
  }
  return reading;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  const Reading whole = read(bytes, size + 1);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{13}}) {
    fuzz::require(read(bytes, piece) == whole);
  }
  const bool may_end_earlier = is_json(bytes) && bytes.ends_with('\n');
  if (whole.error.empty() && !may_end_earlier) {
    fuzz::require(!read(bytes.substr(0, size - 1), size).error.empty());
  }
  return 0;
}
