// SPDX-License-Identifier: MIT
// The house's clock and what tests do to its recorder.
#include <algorithm>
#include <chrono>

#include "tests/fakes/house_data.hpp"

namespace haingest::fakes {

base::Timestamp HouseData::next_stamp(base::Timestamp not_before) {
  clock = now() + std::chrono::seconds(1);
  if (!clock_is_set) clock = std::max(clock, not_before);
  return clock;
}

base::Timestamp HouseData::now() const {
  return clock_is_set ? clock : std::max(clock, recorder.newest());
}

base::Timestamp House::now() const { return data_->now(); }

void House::set_clock(base::Timestamp now) {
  data_->clock = now;
  data_->clock_is_set = true;
}

void House::exclude_from_recorder(std::string_view entity_id) {
  data_->recorder.exclude(entity_id);
}

void House::hold_recorder() { data_->recorder.hold(); }
void House::commit_recorder() { data_->recorder.commit(); }
void House::forget_history(base::Timestamp before) { data_->recorder.forget(before); }

}  // namespace haingest::fakes
