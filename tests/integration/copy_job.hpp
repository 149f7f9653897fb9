// SPDX-License-Identifier: MIT
// A copy of one database of a real InfluxDB, for tests: run, and looked at afterwards.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "core/migrate/checkpoint.hpp"
#include "core/migrate/copy.hpp"
#include "core/migrate/proof.hpp"
#include "core/migrate/rejects.hpp"
#include "core/migrate/sink.hpp"
#include "tests/integration/influx_source.hpp"
#include "tests/integration/migrate_lines.hpp"
#include "tests/support/temp_dir.hpp"

namespace haingest::test {

// A copy of the database "house" with what it leaves in the folder.
struct Job {
  explicit Job(const InfluxSource& from) : source(from.options()) {
    options.source = from.options();
  }

  influx::QueryOptions source;  // for the plan
  migrate::CopyOptions options;
  influx::Target into;
  std::string database = "house";
  bool restart = false;
  std::chrono::milliseconds hold{100};
  std::chrono::milliseconds patience{5'000};
  TempDir folder;
  std::mutex mutex;
  std::vector<std::string> troubles;  // guarded by mutex while a copy runs

  [[nodiscard]] std::string checkpoint() const { return folder.file("checkpoint"); }
  [[nodiscard]] std::string rejects() const { return folder.file("rejects"); }

  void note(const std::string& sentence) {
    const std::lock_guard lock(mutex);
    troubles.push_back(sentence);
  }

  base::Result<migrate::CopyReport> run(migrate::Sink& sink) {
    influx::QueryClient client(source);
    found = migrate::look_at(client, {database}).value();
    parts = migrate::parts_of(found, options.filter, into).value();
    options.first_pause = std::chrono::milliseconds(1);
    options.trouble = [this](const std::string& sentence) { note(sentence); };
    migrate::Checkpoint kept(checkpoint(), "test", restart);
    return migrate::copy(options, parts, sink, kept);
  }

  base::Result<migrate::CopyReport> run(const std::string& file) {
    return run(*migrate::make_file_sink(file));
  }

  base::Result<migrate::CopyReport> run(const InfluxSource& target, const std::string& url = "") {
    influx::Target server = target.target;
    if (!url.empty()) server.url = url;
    return run(server);
  }

  base::Result<migrate::CopyReport> run(const influx::Target& target) {
    migrate::ServerSinkOptions server;
    server.target = target;
    server.hold_lines = hold;
    server.longest_pause = std::chrono::milliseconds(10);
    server.patience = patience;
    server.trouble = [this](const std::string& sentence) { note(sentence); };
    migrate::Rejects refused(rejects());
    const auto sink = migrate::open_server_sink(server, refused);
    INFO((sink ? std::string() : sink.error().message));
    REQUIRE(sink.has_value());
    return run(**sink);
  }

  migrate::Source found;
  std::vector<migrate::Part> parts;
};

inline migrate::CopyReport whole(const base::Result<migrate::CopyReport>& result) {
  INFO((result ? std::string() : result.error().message));
  REQUIRE(result.has_value());
  CHECK(result->complete);
  return *result;
}

inline std::uint64_t points_in(const migrate::CopyReport& report) {
  std::uint64_t points = 0;
  for (const migrate::PartReport& part : report.parts) points += part.done.points;
  return points;
}

inline void fill(const InfluxSource& source) {
  source.make("house");
  source.make("house", "long term");
  for (const std::string& line : hostile_lines()) source.write(line, "house");
  source.write("m,t=1 v=1,s=\"x\"" + at(k_monday) + "m v=2" + at(k_monday + k_day), "house",
               "long%20term");
}

// Both servers count the same, everywhere.
inline void proved(Job& job, const InfluxSource& target) {
  migrate::ProofOptions options;
  options.source = job.source;
  options.target = target.options();
  const auto proofs = migrate::prove(options, job.parts);
  INFO((proofs ? std::string() : proofs.error().message));
  REQUIRE(proofs.has_value());
  CHECK(proofs->size() == job.parts.size());
  for (const migrate::PartProof& proof : *proofs) {
    INFO(proof.part.measurement->name);
    CHECK(proof.values > 0);
    CHECK(proof.differences == std::vector<migrate::Difference>{});
  }
}

}  // namespace haingest::test
