// SPDX-License-Identifier: MIT
// The history of real InfluxDBs, copied to others and to files, whatever happens on the way.
#include "core/migrate/copy.hpp"

#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <sstream>

#include "core/influx/batch.hpp"
#include "core/migrate/proof.hpp"
#include "tests/fakes/faulty_proxy.hpp"
#include "tests/integration/copy_job.hpp"
#include "tests/integration/influx_source.hpp"
#include "tests/integration/migrate_lines.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/small_disk.hpp"
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

// Some thousands of points of two measurements in 20 weeks.
std::string many_lines() {
  std::string lines;
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t moment = k_monday + i * (140 * k_day / 10'000);
    lines += "power,id=" + std::to_string(i % 7) + " v=" + std::to_string(i) + ",s=\"two\nlines\"" +
             at(moment);
    lines += "state v=" + std::to_string(i) + "i" + at(moment);
  }
  return lines;
}

// An InfluxDB 1.6 that has them in its database "house".
InfluxSource many_points() {
  InfluxSource source("influxdb1");
  source.make("house");
  source.write(many_lines(), "house");
  return source;
}

Lines lines_in(const std::string& content) {
  Lines lines;
  for (std::string_view rest = content; !rest.empty();) {
    const std::string_view line = influx::next_line(rest);
    if (line != "# DML\n" && !line.starts_with("# CONTEXT-")) lines.emplace_back(line);
  }
  return sorted(std::move(lines));
}

std::string unzipped(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  REQUIRE(file != nullptr);
  std::string content;
  std::array<char, 65'536> piece{};
  int size = 0;
  while ((size = gzread(file, piece.data(), piece.size())) > 0) {
    content.append(piece.data(), static_cast<std::size_t>(size));
  }
  CHECK(size == 0);
  gzclose(file);
  return content;
}

// Types that change with the day, in shards of a day.
void fill_days(const InfluxSource& source) {
  source.make("house");
  source.make("house", "days", "24h");
  source.write("m v=1,w=1" + at(k_monday) + "m v=\"a,b\",w=2" + at(k_monday + k_day) + "m v=\"y\"" +
                   at(k_monday + k_day + 1),
               "house", "days");
}

void clash(const std::string& part, const std::string& reason) {
  if (!have_part("influxdb1") || !have_part(part)) return;
  const InfluxSource source("influxdb1");
  fill_days(source);
  const InfluxSource target(part);
  target.make("house");
  target.make("house", "days");  // shards of a week
  Job job(source);
  const CopyReport report = whole(job.run(target));
  CHECK(report.rejected == 2);
  CHECK(read(target, "house", "days").lines ==
        Lines{"m v=1,w=1" + at(k_monday), "m w=2" + at(k_monday + k_day)});
  const std::string begin = "# DML\n# CONTEXT-DATABASE: house\n# CONTEXT-RETENTION-POLICY: days\n";
  CHECK(read_file(job.rejects()) ==
        begin + "# field v left out, the rest of the point is stored: " + reason + "\n" +
            "m v=\"a,b\",w=2" + at(k_monday + k_day) + "# " + reason + "\n" + "m v=\"y\"" +
            at(k_monday + k_day + 1));
  migrate::ProofOptions options;
  options.source = job.source;
  options.target = target.options();
  const auto proofs = migrate::prove(options, job.parts);
  REQUIRE(proofs.has_value());
  REQUIRE(proofs->size() == 1);
  CHECK(proofs->at(0).differences ==
        std::vector<migrate::Difference>{{{k_monday + k_day, k_monday + 2 * k_day}, "v", 2, 0}});
}

// Runs it in a process of its own that is killed in its block or window number 8 to 12, again and
// again, until one comes to the end. Returns how many were killed.
int run_killed(Job& job, const std::function<base::Result<CopyReport>()>& run,
               const std::function<void()>& killed) {
  for (int kills = 0; kills < 100; ++kills) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      std::atomic<int> steps = 0;
      job.options.progress = [&](const migrate::CopyProgress&) {
        if (++steps > 7 + kills % 5) ::kill(::getpid(), SIGKILL);
      };
      const auto done = run();
      ::_exit(done && done->complete ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (WIFEXITED(status)) {
      CHECK(WEXITSTATUS(status) == 0);
      return kills;
    }
    killed();
  }
  return 100;
}

}  // namespace

TEST_CASE("copy: what clashes in the target's shards is set aside", "[parts]") {
  clash(
      "influxdb1",
      "partial write: field type conflict: input field \"v\" on measurement \"m\" is type string, "
      "already exists as type float dropped=2");
  clash("influxdb2",
        "failure writing points to database: partial write: field type conflict: input field "
        "\"v\" on measurement \"m\" is type string, already exists as type float dropped=2");
}

TEST_CASE("copy: a policy that is made has the source's shards, and nothing clashes", "[parts]") {
  for (const std::string part : {"influxdb1", "influxdb2"}) {
    if (!have_part("influxdb1") || !have_part(part)) continue;
    const InfluxSource source("influxdb1");
    fill_days(source);
    const InfluxSource target(part);
    Job job(source);
    CHECK(whole(job.run(target)).rejected == 0);
    CHECK(read(target, "house", "days").lines == read(source, "house", "days").lines);
    CHECK_FALSE(std::filesystem::exists(job.rejects()));
    proved(job, target);
  }
}

TEST_CASE("copy: what is older than the target keeps points is set aside", "[parts]") {
  if (!have_part("influxdb1")) return;
  const InfluxSource source("influxdb1");
  source.make("house");
  source.write("m v=1" + at(1'000) + "m v=2" + at(k_monday + 30'000 * k_day), "house");
  const InfluxSource target("influxdb1");
  target.statement("CREATE DATABASE house WITH DURATION 2d");
  Job job(source);
  CHECK(whole(job.run(target)).rejected == 1);
  REQUIRE(job.troubles.size() == 1);
  CHECK(job.troubles[0] == "InfluxDB 1 at " + target.target.url +
                               ": house.autogen keeps points for no longer than 48h0m0s; older "
                               "ones are refused");
  CHECK(read(target, "house", "autogen").lines == Lines{"m v=2" + at(k_monday + 30'000 * k_day)});
  CHECK(read_file(job.rejects()) ==
        "# DML\n# CONTEXT-DATABASE: house\n# CONTEXT-RETENTION-POLICY: autogen\n"
        "# older than the target keeps points\nm v=1 1000\n");
}

TEST_CASE("copy: what there is in twenty weeks is estimated by four of them", "[parts]") {
  for (const char* part : {"influxdb1", "influxdb2"}) {
    if (!have_part(part)) continue;
    const InfluxSource source(part);
    source.make("house");
    // The first week, which has a point more, is none of them.
    source.write(many_lines() + "state v=1i" + at(k_monday + 1), "house");
    source.write("rare v=1" + at(k_monday + 135 * k_day), "house");
    influx::QueryClient client(source.options());
    const Source found = migrate::look_at(client, {"house"}).value();
    const auto parts = migrate::parts_of(found, {}).value();
    const base::Timestamp now{};
    const migrate::CopyPlan exact = migrate::plan_of(client, parts, {}, now).value();
    CHECK(exact.points == 20'002);
    CHECK(exact.values == 30'002);
    const migrate::CopyPlan plan =
        migrate::plan_of(client, parts, {}, now, migrate::Counting::estimate).value();
    // 2.x does not say which shards it has, and counts.
    CHECK(plan.points >= (source.is_2() ? 20'002 : 19'500));
    CHECK(plan.points <= (source.is_2() ? 20'002 : 20'500));
    CHECK(plan.values >= (source.is_2() ? 30'002 : 29'250));
    CHECK(plan.values <= (source.is_2() ? 30'002 : 30'750));
    CHECK(plan.parts.at(0).extent->first == k_monday);
    const migrate::CopyFilter week{{}, k_monday + 7 * k_day, k_monday + 14 * k_day};
    const auto of_week = [&](migrate::Counting counting) {
      return migrate::plan_of(client, parts, week, now, counting).value().points;
    };
    CHECK(of_week(migrate::Counting::exact) == 1'000);
    CHECK(of_week(migrate::Counting::estimate) >= 980);
    CHECK(of_week(migrate::Counting::estimate) <= 1'020);
  }
}

TEST_CASE("copy: to a file, plain and compressed", "[parts]") {
  if (!have_part("influxdb1")) return;
  const InfluxSource source("influxdb1");
  fill(source);
  Job job(source);
  const std::string plain = job.folder.file("lines");
  const std::string compressed = job.folder.file("lines.gz");
  CHECK(points_in(whole(job.run(plain))) == hostile_lines().size() + 2);
  job.restart = true;
  whole(job.run(compressed));
  CHECK(unzipped(compressed) == read_file(plain));
  CHECK_FALSE(std::filesystem::exists(plain + ".part"));
  Lines all = hostile_lines();
  all.push_back("m,t=1 v=1,s=\"x\"" + at(k_monday));
  all.push_back("m v=2" + at(k_monday + k_day));
  for (std::string& line : all) {
    if (line.starts_with("m,t=1")) line = "m,t=1 s=\"x\",v=1" + at(k_monday);
  }
  CHECK(lines_in(read_file(plain)) == sorted(all));
  CHECK(
      read_file(plain).find("# CONTEXT-DATABASE: house\n# CONTEXT-RETENTION-POLICY: long term\n") !=
      std::string::npos);
}

TEST_CASE("copy: cancelled, it goes on where it was", "[parts]") {
  if (!have_part("influxdb1")) return;
  const InfluxSource source = many_points();
  Job job(source);
  std::atomic<bool> cancel = false;
  job.options.cancel = &cancel;
  job.options.progress = [&](const migrate::CopyProgress& progress) {
    if (progress.points > 5'000) cancel = true;
  };
  const std::string file = job.folder.file("lines.gz");
  const auto first = job.run(file);
  REQUIRE(first.has_value());
  CHECK_FALSE(first->complete);
  CHECK(points_in(*first) < 20'000);
  CHECK_FALSE(std::filesystem::exists(file));
  cancel = false;
  job.options.progress = [](const migrate::CopyProgress&) {};
  const CopyReport second = whole(job.run(file));
  CHECK(points_in(second) == 20'000);
  CHECK_FALSE(second.started_anew);
  CHECK(lines_in(unzipped(file)) == lines_in(read_file([&] {
          job.restart = true;
          whole(job.run(job.folder.file("at once")));
          return job.folder.file("at once");
        }())));
}

TEST_CASE("copy: without the file's beginning it starts anew, and says so", "[parts]") {
  if (!have_part("influxdb1")) return;
  const InfluxSource source = many_points();
  Job job(source);
  const std::string file = job.folder.file("lines");
  whole(job.run(file));
  std::filesystem::remove(file);
  const CopyReport again = whole(job.run(file));
  CHECK(again.started_anew);
  CHECK(points_in(again) == 20'000);
  CHECK(lines_in(read_file(file)).size() == 20'000);
}

TEST_CASE("copy: through faults of both servers", "[parts]") {
  if (!have_part("influxdb1") || !have_part("influxdb2")) return;
  const InfluxSource source = many_points();
  const InfluxSource target("influxdb2");
  FaultyProxy before(source.target.url);
  FaultyProxy behind(target.target.url);
  before.plan([](const ProxiedRequest& request) {
    ProxyPlan plan;
    if (request.number % 3 == 0) plan.fault = ProxyFault::truncate;
    return plan;
  });
  behind.plan([](const ProxiedRequest& request) {
    ProxyPlan plan;
    if (request.number % 5 == 0) plan.fault = ProxyFault::swallow;
    if (request.number % 7 == 0) plan.fault = ProxyFault::answer;
    return plan;
  });
  Job job(source);
  job.options.source = source.options(before.url());
  // Two readers share the numbers: a window may meet several faults in a row.
  job.options.most_tries = 100;
  CHECK(points_in(whole(job.run(target, behind.url()))) == 20'000);
  CHECK(job.troubles.size() > 5);
  CHECK(read(target, "house", "autogen").lines == read(source, "house", "autogen").lines);
  proved(job, target);
  // A file gets nothing twice, either.
  job.restart = true;
  whole(job.run(job.folder.file("lines")));
  CHECK(lines_in(read_file(job.folder.file("lines"))) == read(source, "house", "autogen").lines);
}

TEST_CASE("copy: a server that stays away ends it, and it can go on", "[parts]") {
  if (!have_part("influxdb1")) return;
  const InfluxSource source = many_points();
  const InfluxSource target("influxdb1");
  Job job(source);
  std::atomic<bool> killed = false;
  const auto kill_once = [&](const InfluxSource& victim) {
    killed = false;
    return [&](const migrate::CopyProgress& progress) {
      if (progress.values > 0 && !killed.exchange(true)) victim.server().kill();
    };
  };
  job.options.progress = kill_once(source);
  const auto gone = job.run(target);
  REQUIRE(gone.has_error());
  CHECK(gone.error().kind == base::ErrorKind::unreachable);
  CHECK(gone.error().message.starts_with("the source: "));
  source.server().restart();
  job.options.progress = kill_once(target);
  const auto away = job.run(target);
  REQUIRE(away.has_error());
  CHECK(away.error().kind == base::ErrorKind::unreachable);
  CHECK(away.error().message == "InfluxDB 1 at " + target.target.url + ": connection refused");
  target.server().restart();
  job.options.progress = [](const migrate::CopyProgress&) {};
  CHECK(points_in(whole(job.run(target))) == 20'000);
  CHECK(read(target, "house", "autogen").lines == read(source, "house", "autogen").lines);
}

TEST_CASE("copy: a target whose disk is full ends it, and it goes on when there is room",
          "[parts]") {
  for (const std::string part : {"influxdb1", "influxdb2"}) {
    if (!have_part("influxdb1") || !have_part(part)) continue;
    SmallDisk disk;
    if (!disk.mount("24m")) return;
    const InfluxSource source = many_points();
    const InfluxSource target(part, disk.path());
    write_file(disk.file("other"), std::string(disk.free_bytes() - 100'000, 'o'));
    Job job(source);
    job.patience = 300ms;
    const auto full = job.run(target);
    REQUIRE(full.has_error());
    CHECK(full.error().kind == base::ErrorKind::unreachable);
    CHECK_THAT(full.error().message, ContainsSubstring("its disk "));
    CHECK_THAT(full.error().message, ContainsSubstring("no space left on device"));
    disk.resize("200m");
    target.server().restart();
    CHECK(points_in(whole(job.run(target))) == 20'000);
    CHECK_FALSE(std::filesystem::exists(job.rejects()));
    CHECK(read(target, "house", "autogen").lines == read(source, "house", "autogen").lines);
    proved(job, target);
  }
}

TEST_CASE("copy: credentials that the target takes no more end it as such", "[parts]") {
  if (!have_part("influxdb1")) return;
  const InfluxSource source = many_points();
  const InfluxSource target("influxdb1");
  FaultyProxy proxy(target.target.url);
  int writes = 0;
  proxy.plan([&](const ProxiedRequest& request) -> ProxyPlan {
    if (!request.target.starts_with("/write") || ++writes < 4) return {};
    return {.fault = ProxyFault::answer, .status = 401, .body = R"({"error":"no more"})"};
  });
  Job job(source);
  const auto refused = job.run(target, proxy.url());
  REQUIRE(refused.has_error());
  CHECK(refused.error().kind == base::ErrorKind::credentials);
  CHECK(refused.error().message ==
        "InfluxDB 1 at " + proxy.url() +
            ": the credentials are refused; check token, user and password (no more)");
  proxy.plan([](const ProxiedRequest&) { return ProxyPlan{}; });
  CHECK(points_in(whole(job.run(target, proxy.url()))) == 20'000);
}

TEST_CASE("copy: credentials that the target refuses are said at once", "[parts]") {
  for (const std::string part : {"influxdb1", "influxdb2"}) {
    if (!have_part("influxdb1") || !have_part(part)) continue;
    const InfluxSource source("influxdb1");
    source.make("house");
    source.write("m v=1" + at(k_monday), "house");
    InfluxSource target(part);
    target.target.password = base::Secret("wrong");
    target.target.token = base::Secret(target.is_2() ? "wrong" : "");
    Job job(source);
    const auto refused = job.run(target);
    REQUIRE(refused.has_error());
    CHECK(refused.error().kind == base::ErrorKind::credentials);
  }
}

TEST_CASE("copy: VictoriaMetrics gets numbers, and what it forgets in a crash comes again",
          "[parts]") {
  if (!have_part("influxdb1") || !have_part("victoria-metrics")) return;
  const InfluxSource source = many_points();
  const VictoriaMetrics server;
  influx::Target target;
  target.url = server.url();
  Job job(source);
  job.hold = 5'000ms;
  std::atomic<bool> killed = false;
  const auto this_second = [] {
    return std::chrono::floor<std::chrono::seconds>(base::system_now());
  };
  job.options.progress = [&, start = this_second()](const migrate::CopyProgress& progress) {
    if (progress.points < 3'000 || killed.exchange(true)) return;
    // It tells its start in whole seconds: one that dies in the second of its start is not noticed.
    static_cast<void>(eventually([&] { return this_second() > start; }));
    server.kill();
    server.restart();
  };
  const auto lost = job.run(target);
  REQUIRE(lost.has_error());
  CHECK(lost.error().kind == base::ErrorKind::unreachable);
  CHECK(lost.error().message ==
        "the target was started anew, and what it had acknowledged shortly before may be lost; the "
        "same command copies it again");
  job.hold = 100ms;
  const CopyReport report = whole(job.run(target));
  CHECK(points_in(report) == 20'000);
  CHECK(report.dropped_texts == 10'000);
  net::HttpClient client({});
  net::HttpRequest request;
  request.url = server.url() + "/api/v1/export?match[]=power_v&match[]=state_v&match[]=power_s";
  std::map<std::string, std::set<std::int64_t>> moments;
  const auto count = [&] {
    const auto answer = client.send(request);
    if (!answer || answer->status != 200) return std::size_t{0};
    std::size_t samples = 0;
    moments.clear();
    std::istringstream series(answer->body);
    for (std::string text; std::getline(series, text);) {
      const auto one = nlohmann::json::parse(text);
      auto& known = moments[one.at("metric").dump()];
      for (const auto& moment : one.at("timestamps")) known.insert(moment.get<std::int64_t>());
    }
    for (const auto& [metric, known] : moments) samples += known.size();
    return samples;
  };
  CHECK(eventually([&] { return count() == 20'000; }));
  CHECK(moments.size() == 8);
}

TEST_CASE("copy: killed at any moment, one window at most comes twice", "[parts]") {
  if (!have_part("influxdb1")) return;
  const InfluxSource source = many_points();
  Job job(source);
  const std::string file = job.folder.file("lines");
  const int kills = run_killed(
      job, [&] { return job.run(file); },
      [&] {
        // Behind what is done stands a part of one window.
        const Checkpoint kept(job.checkpoint(), "test", false);
        const Lines loose = lines_in(read_file(file + ".part").substr(kept.positions().output));
        std::set<std::string> windows;
        for (const std::string& line : loose) {
          const std::int64_t moment = std::stoll(line.substr(line.rfind(' ')));
          windows.insert(line.substr(0, 5) + std::to_string((moment - k_monday) / (7 * k_day)));
        }
        CHECK(windows.size() <= 1);
      });
  CHECK(kills >= 5);
  CHECK(lines_in(read_file(file)) == read(source, "house", "autogen").lines);
}

TEST_CASE("copy: killed at any moment, a server has everything in the end", "[parts]") {
  if (!have_part("influxdb1") || !have_part("influxdb2")) return;
  const InfluxSource source = many_points();
  const InfluxSource target("influxdb2");
  Job job(source);
  const int kills = run_killed(
      job, [&] { return job.run(target); }, [] {});
  CHECK(kills >= 5);
  CHECK(read(target, "house", "autogen").lines == read(source, "house", "autogen").lines);
}
