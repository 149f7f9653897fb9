// SPDX-License-Identifier: MIT
// The recorder's answer about a gap: what is written lies in the gap and in the piece that was
// asked for, and is written once, however often the answer comes and whatever dies in between.
#include "core/jobs/refill.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <string>

#include "core/influx/line.hpp"
#include "tests/fuzz/input.hpp"

using namespace haingest;

namespace {

// 2026-11-25T10:00:00Z and some seconds.
base::Timestamp at(std::int64_t second) {
  return base::Timestamp{std::chrono::seconds(1'795'600'800 + second)};
}

struct Gap : influx::Gap {
  Gap() {
    id = 7;
    to = at(100);
    open = {{"sensor.a", at(10), at(40)}, {"sensor.b", at(5), {}}, {"sensor.old", at(10), at(90)}};
  }
};

// The gap's end of an entity, that moment itself included.
std::map<std::string, base::Timestamp> ends() {
  const std::chrono::microseconds least{1};
  return {{"sensor.a", at(40) - least}, {"sensor.b", at(100)}, {"sensor.new", at(90) - least}};
}

std::string lines_of(const influx::SpoolCommit& commit) {
  std::string lines;
  for (const influx::NewBlock& block : commit.blocks) lines += block.lines;
  return lines;
}

// Takes one off the front.
void require_line(std::string_view& lines, base::Timestamp start, base::Timestamp end) {
  influx::Line line;
  const std::size_t length = lines.find('\n');
  fuzz::require(length != std::string_view::npos);
  fuzz::require(influx::split_line(lines.substr(0, length), line));
  lines.remove_prefix(length + 1);
  const std::string entity = influx::tag_of(line.series, "entity_id");
  fuzz::require(ends().contains(entity));
  std::int64_t nanoseconds = 0;
  std::from_chars(line.time.data(), line.time.data() + line.time.size(), nanoseconds);
  const base::Timestamp moment{std::chrono::microseconds(nanoseconds / 1000)};
  fuzz::require(moment > start && moment <= end && moment <= ends().at(entity));
  fuzz::require(moment > (entity == "sensor.b" ? at(5) : at(10)));
}

void require_within(const influx::SpoolCommit& commit, base::Timestamp start, base::Timestamp end) {
  const std::string all = lines_of(commit);
  for (std::string_view lines = all; !lines.empty();) require_line(lines, start, end);
  fuzz::require(commit.filled.size() >= commit.marks.size() && !commit.new_gap);
  for (const influx::SpoolCommit::Filled& filled : commit.filled) {
    fuzz::require(filled.gap == 7 && filled.up_to && *filled.up_to > start && *filled.up_to <= end);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const model::JsonText answer(fuzz::text_of(data, size));
  const jobs::Refill::Names names{{"sensor.old", "sensor.new"}};
  influx::Encoder encoder({});
  const Gap gap;
  jobs::Refill refill(gap, gap.open, names, encoder);
  const auto first = refill.take(answer, at(9), at(60));
  if (!first) return 0;
  require_within(*first, at(9), at(60));
  const auto again = refill.take(answer, at(9), at(60));
  fuzz::require(again.has_value() && again->empty());

  // Killed behind the commit: another process goes on with what the spool knows.
  Gap noted;
  for (const influx::SpoolCommit::Filled& filled : first->filled) {
    const auto entity =
        std::ranges::find(noted.open, filled.entities.at(0), &influx::GapEntity::entity_id);
    fuzz::require(entity != noted.open.end());
    entity->from = std::max(entity->from, *filled.up_to);
  }
  jobs::Refill resumed(noted, noted.open, names, encoder);
  const auto redone = resumed.take(answer, at(9), at(60));
  fuzz::require(redone.has_value() && redone->blocks.empty());

  // The next piece.
  const auto next = refill.take(answer, at(59), at(100));
  fuzz::require(next.has_value());
  require_within(*next, at(59), at(100));
  return 0;
}
