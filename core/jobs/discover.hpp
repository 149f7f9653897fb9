// SPDX-License-Identifier: MIT
// `discover`: the snapshot of a Home Assistant, or what the store holds instead.
#pragma once

#include <chrono>
#include <string>

#include "core/base/timestamp.hpp"
#include "core/ha/snapshot.hpp"
#include "core/model/snapshot.hpp"
#include "core/model/world.hpp"

namespace haingest::jobs {

// Throws Failure as ha::fetch_snapshot fails.
[[nodiscard]] model::Document discover(const ha::ConnectOptions& options, const base::Clock& clock);

// Writes the document's JSON into `path`, as base::write_file_atomically does.
void save(const model::Document& document, const std::string& path);

// What the database holds. Throws Failure where there is none; `hint` is the end of its sentence.
[[nodiscard]] model::Stored discover_stored(const std::string& database_path,
                                            std::chrono::milliseconds lock_timeout,
                                            const std::string& hint = {});

}  // namespace haingest::jobs
