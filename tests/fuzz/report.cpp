// SPDX-License-Identifier: MIT
// What a remote data API answers to `sync --to`: written out and read again it says the same.
#include "core/mirror/mirror.hpp"
#include "tests/fuzz/input.hpp"

using namespace haingest;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto report = mirror::parse_report(fuzz::text_of(data, size));
  if (!report) return 0;
  const std::string written = mirror::to_json(*report);
  const auto again = mirror::parse_report(written);
  fuzz::require(again.has_value());
  fuzz::require(mirror::to_json(*again) == written);
  return 0;
}
