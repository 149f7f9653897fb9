// SPDX-License-Identifier: MIT
// What the tests of the spool share.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/influx/spool.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace haingest::test {

[[nodiscard]] inline base::Timestamp moment(const std::string& text) {
  return base::parse_timestamp(text).value();
}

// A clock that stands still until it is set.
struct ManualClock {
  base::Timestamp now = moment("2026-11-25T12:00:00Z");
  [[nodiscard]] base::Clock clock() {
    return [this] { return now; };
  }
};

[[nodiscard]] inline influx::NewBlock block_of(std::uint32_t count, const std::string& text = "m") {
  influx::NewBlock block;
  block.count = count;
  for (std::uint32_t i = 0; i < count; ++i) {
    block.lines += text + " value=" + std::to_string(i) + "\n";
  }
  return block;
}

[[nodiscard]] inline influx::SpoolCommit commit_of(influx::NewBlock block,
                                                   std::vector<influx::Mark> marks = {}) {
  influx::SpoolCommit commit;
  commit.blocks.push_back(std::move(block));
  commit.marks = std::move(marks);
  return commit;
}

// Commits and gives the id; fails the test where the spool does not take it.
inline std::int64_t take(influx::Spool& spool, const influx::SpoolCommit& commit) {
  const auto taken = spool.commit(commit);
  if (taken.has_error()) FAIL(taken.error().message);
  return *taken;
}

inline void acknowledge(influx::Spool& spool, const std::string& target,
                        const std::vector<std::int64_t>& ids) {
  const auto done = spool.acknowledge(target, ids);
  if (done.has_error()) FAIL(done.error().message);
}

// Everything that waits for a target.
[[nodiscard]] inline std::vector<influx::Block> waiting(influx::Spool& spool,
                                                        const std::string& target) {
  return spool.read(target, 0, 1'000'000'000, std::size_t{1} << 40U);
}

// Their ids: "1 2 3".
[[nodiscard]] inline std::string ids_waiting(influx::Spool& spool, const std::string& target) {
  std::string ids;
  for (const influx::Block& block : waiting(spool, target)) {
    ids += (ids.empty() ? "" : " ") + std::to_string(block.id);
  }
  return ids;
}

}  // namespace haingest::test
