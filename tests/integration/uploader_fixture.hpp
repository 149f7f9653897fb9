// SPDX-License-Identifier: MIT
// A spool, the dead letters and an uploader that brings the one to a server and what that refuses
// into the other.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/influx/uploader.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temp_dir.hpp"

namespace haingest::test {

// Monday, 2026-11-23 00:00:00 UTC, in nanoseconds.
inline constexpr std::int64_t k_monday = 1'795'392'000'000'000'000;
inline constexpr std::int64_t k_second = 1'000'000'000;

struct Pipeline {
  explicit Pipeline(const std::string& url) {
    options.target.name = "home";
    options.target.url = url;
    options.target.database = "ha";
    options.target.org = "haingest";
    options.target.bucket = "ha";
    // Not to be waited for: the tests are about what happens, not when.
    options.longest_pause = std::chrono::milliseconds(20);
    options.probe_pause = std::chrono::milliseconds(20);
    options.hold = std::chrono::milliseconds(100);
    options.request_timeout = std::chrono::seconds(10);
  }

  void put(const std::string& lines, bool alone = false) {
    influx::SpoolCommit commit;
    influx::NewBlock block;
    block.lines = lines;
    block.count = static_cast<std::uint32_t>(std::count(lines.begin(), lines.end(), '\n'));
    block.alone = alone;
    commit.blocks.push_back(std::move(block));
    const auto taken = spool.commit(commit);
    if (taken.has_error()) FAIL(taken.error().message);
  }

  void start() {
    uploader.reset();
    uploader = std::make_unique<influx::Uploader>(options, spool, dead_letters);
    uploader->start();
  }

  // Brings all that waits; false when it takes too long.
  [[nodiscard]] bool send_all(std::chrono::seconds limit = std::chrono::seconds(30)) {
    if (!uploader) start();
    return eventually([this] { return all_stored(); }, limit);
  }

  [[nodiscard]] bool all_stored() { return spool.depth("home").blocks == 0; }
  [[nodiscard]] influx::UploadStatus status() const { return uploader->status(); }
  [[nodiscard]] bool reaches(influx::UploadStatus::State state) const {
    return eventually([this, state] { return status().state == state; });
  }

  // "entity | reason | line"
  [[nodiscard]] std::vector<std::string> letters() {
    std::vector<std::string> texts;
    for (const influx::DeadLetter& letter : dead_letters.list()) {
      CHECK(letter.target == "home");
      texts.push_back(letter.entity_id + " | " + letter.reason + " | " + letter.line);
    }
    return texts;
  }

  TempDir folder;
  influx::Spool spool =
      influx::Spool::open(folder.file("db-spool"), spool_options(), base::system_now);
  influx::DeadLetters dead_letters{folder.file("db-dead")};
  influx::UploaderOptions options;
  std::unique_ptr<influx::Uploader> uploader;

 private:
  static influx::SpoolOptions spool_options() {
    influx::SpoolOptions options;
    options.durability = influx::Durability::process;
    options.targets = {"home"};
    return options;
  }
};

// "m,entity_id=sensor.e<number> v=<number> <Monday + number seconds>"
[[nodiscard]] inline std::string line_of(int number, const std::string& fields = "",
                                         std::int64_t start = k_monday) {
  return "m,entity_id=sensor.e" + std::to_string(number) + " " +
         (fields.empty() ? "v=" + std::to_string(number) : fields) + " " +
         std::to_string(start + number * k_second) + "\n";
}
[[nodiscard]] inline std::string lines_of(int from, int to) {
  std::string lines;
  for (int i = from; i < to; ++i) lines += line_of(i);
  return lines;
}

}  // namespace haingest::test
