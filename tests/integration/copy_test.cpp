// SPDX-License-Identifier: MIT
// The history of real InfluxDBs, copied to others and to files, whatever happens on the way.
#include "core/migrate/copy.hpp"

#include <zlib.h>

#include <atomic>
#include <cstdlib>

#include "tests/fakes/faulty_proxy.hpp"
#include "tests/integration/influx_source.hpp"
#include "tests/integration/migrate_lines.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
using namespace haingest::test;
using fakes::FaultyProxy;
using fakes::ProxiedRequest;
using fakes::ProxyFault;
using fakes::ProxyPlan;
using migrate::Checkpoint;
using migrate::CopyOptions;
using migrate::CopyReport;
using migrate::Part;
using migrate::Rejects;
using migrate::Sink;
using migrate::Source;
using std::chrono_literals::operator""ms;

namespace {

// A copy of the database "house" with what it leaves in the folder.
struct Job {
  explicit Job(const InfluxSource& from) : source(from.options()) {
    options.source = from.options();
  }

  influx::QueryOptions source;  // for the plan
  CopyOptions options;
  influx::Target into;
  std::string database = "house";
  bool restart = false;
  TempDir folder;
  std::vector<std::string> troubles;

  [[nodiscard]] std::string checkpoint() const { return folder.file("checkpoint"); }
  [[nodiscard]] std::string rejects() const { return folder.file("rejects"); }

  base::Result<CopyReport> run(Sink& sink) {
    influx::QueryClient client(source);
    found = migrate::look_at(client, {database}).value();
    parts = migrate::parts_of(found, options.filter, into).value();
    options.first_pause = 1ms;
    options.trouble = [this](const std::string& sentence) { troubles.push_back(sentence); };
    Checkpoint kept(checkpoint(), "test", restart);
    return migrate::copy(options, parts, sink, kept);
  }

  base::Result<CopyReport> run(const std::string& file) {
    return run(*migrate::make_file_sink(file));
  }

  base::Result<CopyReport> run(const InfluxSource& target, const std::string& url = "") {
    migrate::ServerSinkOptions server;
    server.target = target.target;
    if (!url.empty()) server.target.url = url;
    server.longest_pause = 10ms;
    server.patience = 5'000ms;
    Rejects refused(rejects());
    const auto sink = migrate::open_server_sink(server, refused);
    INFO((sink ? std::string() : sink.error().message));
    REQUIRE(sink.has_value());
    return run(**sink);
  }

  Source found;
  std::vector<Part> parts;
};

CopyReport whole(const base::Result<CopyReport>& result) {
  INFO((result ? std::string() : result.error().message));
  REQUIRE(result.has_value());
  CHECK(result->complete);
  return *result;
}

std::uint64_t points_in(const CopyReport& report) {
  std::uint64_t points = 0;
  for (const migrate::PartReport& part : report.parts) points += part.done.points;
  return points;
}

void fill(const InfluxSource& source) {
  source.make("house");
  source.make("house", "long term");
  for (const std::string& line : hostile_lines()) source.write(line, "house");
  source.write("m,t=1 v=1,s=\"x\"" + at(k_monday) + "m v=2" + at(k_monday + k_day), "house",
               "long%20term");
}

// Both policies are the same there.
void same(const InfluxSource& source, const std::string& database, const InfluxSource& target,
          const std::string& copy) {
  for (const std::string policy : {"autogen", "long term"}) {
    const Lines before = read(source, database, policy).lines;
    const Lines after = read(target, copy, policy).lines;
    CHECK(without(before, after) == Lines{});
    CHECK(without(after, before) == Lines{});
  }
}

void there_and_back(const std::string& first, const std::string& second) {
  if (!have_part(first) || !have_part(second)) return;
  const InfluxSource source(first);
  const InfluxSource other(second);
  fill(source);
  Job there(source);
  there.into.org = "haingest";
  const CopyReport report = whole(there.run(other));
  CHECK(points_in(report) == hostile_lines().size() + 2);
  CHECK(report.rejected == 0);
  CHECK(there.troubles == std::vector<std::string>{});
  same(source, "house", other, "house");
  Job back(other);
  back.into.database = "back";
  CHECK(points_in(whole(back.run(source))) == hostile_lines().size() + 2);
  same(source, "house", source, "back");
}

}  // namespace

TEST_CASE("copy: InfluxDB 1.6 to 2.7 and back", "[parts]") {
  there_and_back("influxdb1", "influxdb2");
}
