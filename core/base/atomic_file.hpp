// SPDX-License-Identifier: MIT
// A file that is there whole or not at all: written beside its name, synced, renamed into place.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace haingest::base {

// Throws Failure naming the file. A new file's mode is 0666 less the umask, one that is there keeps
// its own. Through a link it is the file behind it that is replaced; a device or a pipe is written
// into as it is.
void write_file_atomically(const std::string& path, std::string_view content);

// For what one process writes again and again and others read meanwhile: renamed into place, too,
// but not synced, because after a power cut nobody wants it. `prepare` may set the new file's owner
// and mode. Throws Failure naming the file.
void replace_file(const std::string& path, std::string_view content,
                  const std::function<void(int fd)>& prepare);

// The whole file; throws Failure naming it.
[[nodiscard]] std::string read_whole_file(const std::string& path);

}  // namespace haingest::base
