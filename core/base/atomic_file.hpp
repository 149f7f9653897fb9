// SPDX-License-Identifier: MIT
// A file that is there whole or not at all: written beside its name, synced, renamed into place.
#pragma once

#include <string>
#include <string_view>

namespace haingest::base {

// Throws Failure naming the file. The mode is 0644 less the umask.
void write_file_atomically(const std::string& path, std::string_view content);

// The whole file; throws Failure naming it.
[[nodiscard]] std::string read_whole_file(const std::string& path);

}  // namespace haingest::base
