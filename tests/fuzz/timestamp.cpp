// SPDX-License-Identifier: MIT
// Moments in text: whatever is read is written in both forms and read back to the microsecond.
#include "core/base/timestamp.hpp"

#include "tests/fuzz/input.hpp"

using namespace haingest;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto moment = base::parse_timestamp(fuzz::text_of(data, size));
  if (!moment) return 0;
  fuzz::require(base::parse_timestamp(base::to_iso_text(*moment)) == moment);
  fuzz::require(base::parse_timestamp(base::to_sqlite_text(*moment)) == moment);
  return 0;
}
