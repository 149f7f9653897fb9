// SPDX-License-Identifier: MIT
// What the spool's file is, before SQLite has touched it.
#pragma once

#include <string>

namespace haingest::influx {

// An older SQLite may take a damaged file for a spool that is new.
enum class Found { nothing, spool, damaged };

// Ends what the making of the file has left half done; to be called before examine().
void finish_creation(const std::string& path, const std::string& vfs);

// With `damaged` it says `why`. Throws Failure: `guard` for a newer layout, `failure` for another
// program's database.
[[nodiscard]] Found examine(const std::string& path, std::string& why);

}  // namespace haingest::influx
