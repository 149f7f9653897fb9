// SPDX-License-Identifier: MIT
#include "core/jobs/progress.hpp"

#include "tests/support/catch.hpp"

namespace haingest::jobs {

using std::chrono::seconds;
using Lines = std::vector<std::string>;

TEST_CASE("A backfill and a drain say how far they are, not more often than is asked for") {
  const Progress::Moment start = std::chrono::steady_clock::now();
  Progress progress(seconds(10));
  model::WatchStatus status;
  status.backfill_open = 120;
  status.backfilled = 1'000;
  model::TargetStatus target;
  target.name = "influx";
  target.state = "sending";
  target.waiting = 90'000;
  target.stored = 500;
  status.targets.push_back(target);
  CHECK(progress.look(status, start).empty());
  CHECK(progress.look(status, start + seconds(9)).empty());
  status.backfill_open = 70;
  status.backfilled = 3'000;
  status.targets[0].waiting = 80'000;
  status.targets[0].stored = 20'500;
  CHECK(progress.look(status, start + seconds(10)) ==
        Lines{"backfill: 70 entities to go, 3000 points so far, 200 a second",
              "target influx: 80000 points wait, 2000 a second, 40 s to go"});
  CHECK(progress.look(status, start + seconds(19)).empty());
}

TEST_CASE("What takes no time, or stands still, says nothing of progress") {
  const Progress::Moment start = std::chrono::steady_clock::now();
  Progress progress(seconds(10));
  model::WatchStatus status;
  model::TargetStatus target;
  target.name = "influx";
  target.state = "sending";
  target.waiting = 19'999;
  status.targets.push_back(target);
  for (int i = 0; i < 4; ++i) CHECK(progress.look(status, start + seconds(10 * i)).empty());
  status.targets[0].waiting = 1'000'000;
  status.targets[0].state = "retrying";
  for (int i = 0; i < 4; ++i) CHECK(progress.look(status, start + seconds(10 * i)).empty());
}

}  // namespace haingest::jobs
