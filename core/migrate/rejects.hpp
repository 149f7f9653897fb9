// SPDX-License-Identifier: MIT
// Lines that a target has refused for good: a file that is line protocol itself, and can be sent
// again when what was wrong is mended. Above each line stands a comment with the reason, and where
// they change, the database and the policy:
//
//   # DML
//   # CONTEXT-DATABASE: house
//   # CONTEXT-RETENTION-POLICY: autogen
//   # field v left out, the rest of the point is stored: input field "v" … is type string, …
//   power,entity_id=meter v="on",w=5 1767571200000000000
//
// In the comments a control character is %XX.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/influx/dead_letters.hpp"
#include "core/migrate/copy_plan.hpp"
#include "core/migrate/output_file.hpp"

namespace haingest::migrate {

// "# CONTEXT-DATABASE: …\n# CONTEXT-RETENTION-POLICY: …\n", as InfluxDB's own exports have it;
// `influx -import` takes everything for statements that is before a line "# DML".
[[nodiscard]] std::string context_of(const Place& place, bool begins_file);

// Any thread.
class Rejects {
 public:
  // The file is made by the first line.
  explicit Rejects(std::string path) : path_(std::move(path)) {}

  // Whoever begins a copy keeps those of an earlier one: they go to the first free name of
  // "PATH.1", "PATH.2", which is returned; none where there were none. Throws Failure.
  [[nodiscard]] std::optional<std::string> set_aside() const;
  // Goes on behind `position`, what stands there is of a window that comes again; 0: anew.
  // Throws Failure.
  void resume(std::uint64_t position);
  // Throws Failure.
  void add(const Place& place, const std::vector<influx::DeadLetter>& letters);
  [[nodiscard]] std::uint64_t position() const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  const std::string path_;
  mutable std::mutex mutex_;
  OutputFile file_;  // guarded by mutex_
  Place place_;      // guarded by mutex_; of the lines before
};

}  // namespace haingest::migrate
