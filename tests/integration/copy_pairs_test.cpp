// SPDX-License-Identifier: MIT
// Which sources go into which targets, and what each target does not take.
#include <map>
#include <sstream>

#include "core/influx/batch.hpp"
#include "tests/fakes/influx_server.hpp"
#include "tests/fakes/influxdb3_front.hpp"
#include "tests/integration/copy_job.hpp"
#include "tests/support/eventually.hpp"

using namespace haingest;
using namespace haingest::test;
using migrate::CopyReport;

namespace {

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
  proved(there, other);
  same(source, "house", other, "house");
  Job back(other);
  back.into.database = "back";
  CHECK(points_in(whole(back.run(source))) == hostile_lines().size() + 2);
  same(source, "house", source, "back");
  proved(back, source);
}

const std::string k_context =
    "# DML\n# CONTEXT-DATABASE: house\n# CONTEXT-RETENTION-POLICY: autogen\n";

// Of series that the regular expression of a name matches, "name=value moment" of each, as soon as
// there are so many.
Lines samples_of(const std::string& url, const std::string& names, std::size_t count) {
  net::HttpClient client({});
  net::HttpRequest request;
  request.url =
      url + "/api/v1/export?match[]=" + influx::url_encoded("{__name__=~\"" + names + "\"}");
  Lines samples;
  const auto look = [&] {
    samples.clear();
    const auto answer = client.send(request);
    std::istringstream series(answer ? answer->body : "");
    for (std::string text; std::getline(series, text);) {
      const auto one = nlohmann::json::parse(text);
      for (std::size_t i = 0; i < one.at("values").size(); ++i) {
        samples.push_back(one.at("metric").at("__name__").get<std::string>() + "=" +
                          one.at("values")[i].dump() + " " + one.at("timestamps")[i].dump());
      }
    }
    return samples.size() >= count;
  };
  static_cast<void>(eventually(look));
  return sorted(samples);
}

}  // namespace

TEST_CASE("copy: InfluxDB 1.6 to 2.7 and back", "[parts]") {
  there_and_back("influxdb1", "influxdb2");
}

TEST_CASE("copy: InfluxDB 1.8 to 1.6 and back", "[parts]") {
  there_and_back("influxdb18", "influxdb1");
}

TEST_CASE("copy: InfluxDB 1.8 to 2.7 and back", "[parts]") {
  there_and_back("influxdb18", "influxdb2");
}

TEST_CASE("copy: InfluxDB 2.7 to VictoriaMetrics", "[parts]") {
  if (!have_part("influxdb2") || !have_part("victoria-metrics")) return;
  const InfluxSource source("influxdb2");
  source.make("house");
  source.write("m,t=1 v=1.5,s=\"on\",i=7i,b=true,u=9u" + at(k_monday) + "m,t=1 s=\"text\"" +
                   at(k_monday + 1'000'000),
               "house");
  const VictoriaMetrics server;
  influx::Target target;
  target.url = server.url();
  Job job(source);
  const CopyReport report = whole(job.run(target));
  CHECK(points_in(report) == 2);
  CHECK(report.dropped_texts == 1);
  CHECK(report.rejected == 0);
  const std::string moment = " 1767571200000";
  CHECK(samples_of(server.url(), "m_.", 5) == Lines{"m_b=1" + moment, "m_i=7" + moment,
                                                    "m_s=1" + moment, "m_u=9" + moment,
                                                    "m_v=1.5" + moment});
}

TEST_CASE("copy: unsigned integers are what InfluxDB 1 does not take", "[parts]") {
  if (!have_part("influxdb2") || !have_part("influxdb1")) return;
  const InfluxSource source("influxdb2");
  source.make("house");
  source.write("m u=18446744073709551615u,v=1" + at(k_monday) + "m v=2" + at(k_monday + 1),
               "house");
  const InfluxSource target("influxdb1");
  Job job(source);
  CHECK(whole(job.run(target)).rejected == 1);
  CHECK(read(target, "house", "autogen").lines == Lines{"m v=2" + at(k_monday + 1)});
  const std::string line = "m u=18446744073709551615u,v=1" + at(k_monday);
  CHECK(read_file(job.rejects()) == k_context + "# unable to parse '" +
                                        line.substr(0, line.size() - 1) + "': invalid number\n" +
                                        line);
}

TEST_CASE("copy: a text of more than a mebibyte is what InfluxDB 2 does not take", "[parts]") {
  if (!have_part("influxdb2") || !have_part("influxdb1")) return;
  const InfluxSource source("influxdb1");
  source.make("house");
  const std::string most(std::size_t{1} << 20U, 'x');
  source.write("m s=\"" + most + "\"" + at(k_monday) + "m s=\"" + most + "y\",v=1" +
                   at(k_monday + 1) + "m v=2" + at(k_monday + 2),
               "house");
  const InfluxSource target("influxdb2");
  Job job(source);
  job.into.org = "haingest";
  const CopyReport report = whole(job.run(target));
  CHECK(report.rejected == 1);
  // In brackets, so that a failure does not print a mebibyte.
  CHECK((read(target, "house", "autogen").lines ==
         Lines{"m s=\"" + most + "\"" + at(k_monday), "m v=2" + at(k_monday + 2)}));
  CHECK((read_file(job.rejects()) ==
         k_context +
             "# failure writing points to database: partial write: input field \"s\" on "
             "measurement \"m\" is too long, 1048577 > 1048576 dropped=1\n"
             "m s=\"" +
             most + "y\",v=1" + at(k_monday + 1)));
}

TEST_CASE("copy: InfluxDB 3 gets a database for each policy", "[parts]") {
  if (!have_part("influxdb1")) return;
  const InfluxSource source("influxdb1");
  source.make("house");
  source.make("house", "long term");
  source.write("m,t=a\\ b\\,c s=\"q\\\"\\\\\nz\",v=1.5,i=7i,b=true" + at(k_monday) + "m v=2" +
                   at(k_monday + k_day),
               "house");
  source.write("m,t=1 v=1" + at(k_monday), "house", "long%20term");
  fakes::InfluxServer server(fakes::InfluxKind::influxdb3);
  influx::Target target;
  target.url = server.url();
  Job job(source);
  const CopyReport report = whole(job.run(target));
  CHECK(points_in(report) == 3);
  CHECK(report.rejected == 0);
  std::map<std::string, Lines> written;
  for (const fakes::InfluxRequest& request : server.writes()) {
    CHECK(request.path == "/api/v3/write_lp");
    for (std::string_view rest = request.body; !rest.empty();) {
      written[request.parameters.at("db")].emplace_back(influx::next_line(rest));
    }
  }
  for (auto& [database, lines] : written) lines = sorted(lines);
  CHECK(written == std::map<std::string, Lines>{
                       {"house", read(source, "house", "autogen", migrate::Spelling::shared).lines},
                       {"house/long term", {"m,t=1 v=1" + at(k_monday)}}});
}

namespace {

// "house" and "house/long_term" of an InfluxDB 3 that opens so much for a question.
void from_influxdb3(std::int64_t most) {
  if (!have_part("influxdb18") || !have_part("influxdb2")) return;
  const InfluxSource source("influxdb18");
  source.make("house");
  source.make("house", "long_term");
  const std::int64_t first = k_monday - 60 * k_day;
  std::string lines = "m,room=a\\ b v=-3" + at(first) + "n s=\"\"" + at(k_monday);
  for (int i = 0; i < 100; ++i) {
    // Floats without a fraction are what an InfluxDB 3 sends as integers.
    const std::string number = std::to_string(i);
    lines += "m,room=a\\ b,x=ü v=" + number + ",w=1.5,big=1e20,i=" + number +
             "i,b=true,s=\"q\\\"\\\\ \t\nü" + number + "\"" + at(k_monday + i * k_day / 4);
  }
  source.write(lines, "house");
  source.write("m,t=1 v=1" + at(k_monday), "house", "long_term");
  const fakes::Influxdb3Front front(source.port(), source.authorization(),
                                    {first, k_monday + 25 * k_day, most});
  Job job(source);
  job.source.source.url = front.url();
  job.source.source.token = base::Secret(std::string(fakes::Influxdb3Front::k_token));
  job.source.flavour = influx::Flavour::influxdb3;
  job.options.source = job.source;
  job.into.org = "haingest";
  const InfluxSource target("influxdb2");
  const CopyReport report = whole(job.run(target));
  CHECK(points_in(report) == 103);
  CHECK(report.rejected == 0);
  CHECK(job.troubles == std::vector<std::string>{});
  CHECK(front.refused() > 0);
  CHECK(read(target, "house", "autogen").lines == read(source, "house", "autogen").lines);
  CHECK(read(target, "house", "long_term").lines == Lines{"m,t=1 v=1" + at(k_monday)});
  proved(job, target);

  influx::QueryClient client(job.source);
  const auto plan =
      migrate::plan_of(client, job.parts, {}, base::system_now(), migrate::Counting::exact);
  REQUIRE(plan.has_value());
  CHECK(plan->points == 103);
  CHECK(plan->values == 1 + 1 + 600 + 1);
  CHECK(plan->bytes > 0);
  CHECK(plan->parts[0].extent->first == first);
  CHECK(plan->parts[0].extent->last == k_monday + 99 * k_day / 4);
  CHECK(plan->parts[0].extent->series == 2U);
}

}  // namespace

TEST_CASE("copy: InfluxDB 3 to 2.7", "[parts]") { from_influxdb3(fakes::Influxdb3Files{}.most); }

TEST_CASE("copy: InfluxDB 3 to 2.7 where it answers less than a day at once", "[parts]") {
  from_influxdb3(k_day / 4);
}
