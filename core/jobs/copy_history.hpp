// SPDX-License-Identifier: MIT
// `migrate-from-influx --history-to`: the whole history of an old InfluxDB into another store or a
// file.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/influx/flavour.hpp"
#include "core/influx/target.hpp"
#include "core/jobs/old_influx.hpp"
#include "core/migrate/copy.hpp"
#include "core/migrate/proof.hpp"
#include "core/migrate/target_look.hpp"
#include "core/net/http_client.hpp"

namespace haingest::jobs {

struct CopyHistoryOptions {
  OldInfluxOptions source;
  std::optional<influx::Target> server;  // where it goes, or else
  std::string file;                      // a file's name, "-" is the standard output
  net::TlsOptions tls;                   // of the server
  std::chrono::milliseconds timeout{30'000};
  migrate::CopyFilter filter;
  migrate::Texts texts = migrate::Texts::map;  // where VictoriaMetrics answers
  std::string database_path;  // beside which the copy is alone; "" where it keeps nothing
  std::string checkpoint_path;
  std::string rejects_path;
  bool restart = false;  // what an earlier run has done counts for nothing
  bool dry_run = false;
  bool verify_only = false;  // counts what an earlier run has copied; of a server alone
  base::Clock clock = base::system_now;
  // On threads of its own, one call at a time: points, and of how many at least.
  std::function<void(const migrate::CopyProgress&, std::uint64_t)> progress =
      [](const migrate::CopyProgress&, std::uint64_t) {};
};

struct CopyHistoryReport {
  std::string source_name;                        // "InfluxDB 2 at http://…"
  influx::Server server;                          // there
  std::shared_ptr<const migrate::Source> source;  // what the parts point into
  migrate::CopyPlan plan;
  std::chrono::seconds estimated_time{0};
  std::size_t missed_shards = 0;              // of the source, see migrate::ClosedShard
  std::optional<migrate::CopyReport> copied;  // none in a dry run, and of verify_only
  // Into an InfluxDB 1 or 2, once the copy is complete; others' counts cannot agree.
  std::optional<std::vector<migrate::PartProof>> proof;
  bool proof_is_whole = true;  // false: it was cancelled

  [[nodiscard]] std::uint64_t differences() const;
};

// What a copy begins with, before anything is written; none of a file. Throws Failure where the
// target does not answer, refuses the credentials or needs a name that is not given.
[[nodiscard]] std::optional<migrate::TargetLook> look_at_target(const CopyHistoryOptions& options);

// Throws Failure. The source's cancel ends it in good order: the report is not complete then, and
// the same command goes on where it was.
[[nodiscard]] CopyHistoryReport copy_history(const CopyHistoryOptions& options,
                                             const std::optional<migrate::TargetLook>& target);

}  // namespace haingest::jobs
