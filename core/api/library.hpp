// SPDX-License-Identifier: MIT
// What answers are made from: the store as it is now. Tests give a world built by hand. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/model/change.hpp"
#include "core/model/watch_status.hpp"
#include "core/model/world.hpp"
#include "core/store/reader.hpp"

namespace haingest::api {

class Library {
 public:
  virtual ~Library() = default;

  // Another number whenever anybody has committed, or the file was made or replaced. This and all
  // below throw Failure when the file cannot be read.
  [[nodiscard]] virtual std::uint64_t version() = 0;

  // As of version().
  [[nodiscard]] virtual std::shared_ptr<const model::World> world() = 0;
  [[nodiscard]] virtual std::vector<store::RemovedRecord> removed(model::Kind kind) = 0;
  [[nodiscard]] virtual store::ChangesPage changes_since(std::int64_t since,
                                                         std::int64_t limit) = 0;
  [[nodiscard]] virtual std::optional<model::Run> last_run() = 0;
  [[nodiscard]] virtual std::optional<model::Run> last_snapshot_run() = 0;
  [[nodiscard]] virtual store::Reader::FileInfo file_info() = 0;
  // What the `watch` of this database last said of itself; none when there never was one.
  [[nodiscard]] virtual std::optional<model::WatchStatus> watch_status() = 0;

  // This process has just written: a file that was missing must be seen at once.
  virtual void refresh() = 0;
};

// Over a Reader; the World is built when it is first asked for after a change. Throws Failure.
[[nodiscard]] std::unique_ptr<Library> open_library(std::string database_path);

}  // namespace haingest::api
