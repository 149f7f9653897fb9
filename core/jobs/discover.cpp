// SPDX-License-Identifier: MIT
#include "core/jobs/discover.hpp"

#include <utility>

#include "core/base/atomic_file.hpp"
#include "core/store/reader.hpp"

namespace haingest::jobs {

model::Document discover(const ha::ConnectOptions& options, const base::Clock& clock) {
  return ha::fetch_snapshot(options, clock).value();
}

void save(const model::Document& document, const std::string& path) {
  try {
    base::write_file_atomically(path, model::to_json(document));
  } catch (const base::Failure& failure) {
    throw base::Failure(base::ErrorKind::failure,
                        failure.error().message +
                            "; the snapshot was not saved, name a file in a folder that this user "
                            "may write");
  }
}

model::Stored discover_stored(const std::string& database_path,
                              std::chrono::milliseconds lock_timeout, const std::string& hint) {
  std::optional<model::Stored> stored = store::read_once(database_path, lock_timeout);
  if (!stored) {
    throw base::Failure(base::ErrorKind::failure,
                        "there is no database at " + database_path +
                            " yet; run a sync first, or name another one with --db" + hint,
                        "haingest sync");
  }
  return std::move(*stored);
}

}  // namespace haingest::jobs
