// SPDX-License-Identifier: MIT
// The configuration file: taken, or refused with a sentence that names its path.
#include "cli/config_file.hpp"

#include "tests/fuzz/input.hpp"

using namespace haingest;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    static_cast<void>(cli::parse_config(fuzz::text_of(data, size), "/haingest.toml"));
  } catch (const base::Failure& failure) {
    fuzz::require(failure.error().kind == base::ErrorKind::usage);
    fuzz::require(std::string_view{failure.what()}.find("/haingest.toml") !=
                  std::string_view::npos);
  }
  return 0;
}
