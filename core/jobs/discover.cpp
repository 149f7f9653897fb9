// SPDX-License-Identifier: MIT
#include "core/jobs/discover.hpp"

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

model::Stored discover_stored(const std::string& database_path) {
  store::Reader reader(database_path);
  if (!reader.file_info().exists) {
    throw base::Failure(base::ErrorKind::failure,
                        "there is no database at " + database_path +
                            " yet; run a sync first, or name another one with --db",
                        "haingest sync");
  }
  return reader.read_all();
}

}  // namespace haingest::jobs
