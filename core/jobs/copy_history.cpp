// SPDX-License-Identifier: MIT
#include "core/jobs/copy_history.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/log.hpp"
#include "core/influx/endpoint.hpp"
#include "core/migrate/checkpoint.hpp"
#include "core/migrate/copy_plan.hpp"
#include "core/migrate/rejects.hpp"
#include "core/migrate/sink.hpp"
#include "core/net/url.hpp"
#include "core/sqlite/writer_lock.hpp"

namespace haingest::jobs {
namespace {

std::string shown_target(const CopyHistoryOptions& options) {
  return options.server ? influx::shown_url(*options.server) : options.file;
}

// Which copy this is: a checkpoint of another one must not be gone on with.
std::string copy_of(const CopyHistoryOptions& options) {
  std::string text = influx::shown_url(options.source.target) + " -> " + shown_target(options);
  if (options.server) {
    text += " " + options.server->database + "/" + options.server->bucket + "/" +
            options.server->retention_policy;
  }
  const auto add = [&text](const char* name, const std::string& value) {
    text += std::string(" ") + name + "=" + value;
  };
  for (const std::string& database : options.source.databases) add("database", database);
  for (const std::string& glob : options.filter.measurements) add("measurement", glob);
  if (!options.filter.policy.empty()) add("policy", options.filter.policy);
  if (options.filter.since) add("since", std::to_string(*options.filter.since));
  if (options.filter.until) add("until", std::to_string(*options.filter.until));
  return text;
}

std::string nothing_of(const migrate::CopyFilter& filter) {
  const std::string in = filter.policy.empty() ? "" : "in the retention policy " + filter.policy;
  if (!filter.measurements.empty()) {
    return "no measurement " + in + (in.empty() ? "" : " ") +
           "is called as --measurement says; nothing was copied";
  }
  return in.empty() ? "it holds no points" : "it holds no points " + in + "; nothing was copied";
}

std::unique_ptr<migrate::Sink> sink_of(const CopyHistoryOptions& options,
                                       migrate::Rejects& rejects) {
  if (!options.server) return migrate::make_file_sink(options.file);
  migrate::ServerSinkOptions server;
  server.target = *options.server;
  server.tls = options.tls;
  server.request_timeout = options.timeout;
  server.clock = options.clock;
  server.texts = options.texts;
  server.trouble = [](const std::string& sentence) { base::log::warning(sentence); };
  auto sink = migrate::open_server_sink(std::move(server), rejects);
  if (!sink) throw base::Failure(sink.error());
  return std::move(*sink);
}

// As far as their addresses tell.
bool is_same_server(const std::string& one, const std::string& other) {
  const auto place_of = [](const std::string& text) {
    auto url = net::parse_url(text).value();
    if (url.host == "127.0.0.1" || url.host == "::1") url.host = "localhost";
    return url.host + " " + std::to_string(url.port) + url.path;
  };
  return place_of(one) == place_of(other);
}

// What is copied where it came from would be there already, if nothing went wrong.
void refuse_itself(const CopyHistoryOptions& options, const std::vector<migrate::Part>& parts) {
  if (!options.server || !is_same_server(options.server->url, options.source.target.url)) return;
  for (const migrate::Part& part : parts) {
    if (part.place.database != part.database->own_name || part.place.policy != part.policy->name) {
      continue;
    }
    throw base::Failure(base::ErrorKind::usage,
                        "--history-to is where " + part.database->name +
                            " comes from; name another server, or another database there with "
                            "--history-database or --history-bucket");
  }
}

void refuse_uncounted(influx::Flavour flavour) {
  if (migrate::can_prove(flavour)) return;
  throw base::Failure(
      base::ErrorKind::usage,
      "--verify-only compares counts with those of an InfluxDB 1 or 2, and not of " +
          std::string(influx::name_of(flavour)));
}

void plan(const CopyHistoryOptions& options, const OldInflux& influx,
          const std::vector<migrate::Part>& parts, const std::optional<migrate::TargetLook>& target,
          CopyHistoryReport& report) {
  influx::QueryClient client(influx.query_options());
  // Of a copy they are for its progress alone.
  const auto counting = options.dry_run || options.verify_only ? migrate::Counting::exact
                                                               : migrate::Counting::estimate;
  report.plan =
      influx.taken(migrate::plan_of(client, parts, options.filter, options.clock(), counting));
  if (target) std::ranges::copy(target->warnings, std::back_inserter(report.plan.warnings));
  std::ranges::copy(migrate::limits_of_source(influx.server().flavour),
                    std::back_inserter(report.plan.warnings));
  for (const migrate::ClosedShard& shard :
       influx.closed_shards(*report.source, options.filter.span(), options.clock())) {
    report.plan.warnings.push_back(migrate::warning_of(shard));
    if (shard.is_missed) ++report.missed_shards;
  }
  report.estimated_time = migrate::estimated_time(report.plan, options.server.has_value());
}

// How late a point may come that a service still collects: Home Assistant's own integration sends
// once a second.
constexpr std::int64_t k_late = 30'000'000'000;
// More than counting takes, while points go on coming.
constexpr std::int64_t k_counting = 86'400'000'000'000;

// Progress is the copy's; counting takes seconds for millions of points.
void prove(const CopyHistoryOptions& options, const OldInflux& influx,
           const std::vector<migrate::Part>& parts, influx::Flavour flavour,
           std::optional<migrate::Span> unsettled, CopyHistoryReport& report) {
  if (!options.verify_only && !migrate::can_prove(flavour)) return;
  migrate::ProofOptions proof;
  proof.unsettled = unsettled;
  proof.source = influx.query_options();
  proof.target = {.source = *options.server,
                  .flavour = flavour,
                  .tls = options.tls,
                  .silence = options.timeout,
                  .cancel = options.source.cancel};
  proof.filter = options.filter;
  proof.cancel = options.source.cancel;
  report.proof = migrate::prove(proof, parts).value();
  report.proof_is_whole = report.proof->size() == parts.size();
}

void copy_all(const CopyHistoryOptions& options, const OldInflux& influx,
              const std::vector<migrate::Part>& parts, migrate::Checkpoint& checkpoint,
              CopyHistoryReport& report) {
  migrate::CopyOptions copy;
  copy.source = influx.query_options();
  copy.filter = options.filter;
  copy.clock = options.clock;
  copy.cancel = options.source.cancel;
  copy.progress = [&](const migrate::CopyProgress& progress) {
    options.progress(progress, report.plan.points);
  };
  copy.trouble = [](const std::string& sentence) { base::log::warning(sentence); };
  migrate::Rejects rejects(options.rejects_path);
  if (checkpoint.is_new()) {
    if (const auto aside = rejects.set_aside()) {
      base::log::warning("an earlier copy has left points that its target refused; they are in " +
                         *aside + " now");
    }
  }
  if (!checkpoint.is_new()) {
    base::log::info("going on behind the " + std::to_string(checkpoint.points()) +
                    " points of the run before");
  }
  const auto sink = sink_of(options, rejects);
  auto copied = migrate::copy(copy, parts, *sink, checkpoint);
  if (!copied) {
    base::Error error = copied.error();
    if (!checkpoint.is_new()) error.message += "; the same command goes on where it was";
    throw base::Failure(error);
  }
  report.copied = std::move(*copied);
  if (!report.copied->started_anew) return;
  base::log::warning("the output of the run before is not there any more: it was all copied anew");
}

}  // namespace

std::uint64_t CopyHistoryReport::differences() const {
  std::uint64_t sum = 0;
  for (const migrate::PartProof& part : proof.value_or(std::vector<migrate::PartProof>{})) {
    sum += part.differences.size() + part.more_differences;
  }
  return sum;
}

std::optional<migrate::TargetLook> look_at_target(const CopyHistoryOptions& options) {
  if (!options.server) return std::nullopt;
  auto look = migrate::look_at_target(*options.server, options.tls, options.timeout, options.texts,
                                      options.source.cancel);
  if (!look) {
    base::Error error = look.error();
    if (error.kind == base::ErrorKind::credentials) {
      error.message +=
          "; the target's are --history-token-file, or --history-username and "
          "--history-password-file";
    }
    error.message = "the target, " + error.message;
    if (error.kind == base::ErrorKind::unreachable) error.message += "; nothing was changed";
    throw base::Failure(error);
  }
  // Whoever only counts asks no question that has one.
  const bool needs_org = look->server.flavour == influx::Flavour::influxdb2 && !options.verify_only;
  if (needs_org && options.server->org.empty()) {
    throw base::Failure(base::ErrorKind::usage,
                        influx::shown_server(*options.server, look->server.flavour) +
                            ": it needs an organisation; name it with --history-org");
  }
  return std::move(*look);
}

CopyHistoryReport copy_history(const CopyHistoryOptions& options,
                               const std::optional<migrate::TargetLook>& target) {
  const OldInflux influx(options.source);
  CopyHistoryReport report;
  report.source_name = influx.name();
  report.server = influx.server();
  report.source = std::make_shared<const migrate::Source>(influx.look());
  const auto parts = influx.taken(
      migrate::parts_of(*report.source, options.filter, options.server.value_or(influx::Target{})));
  if (parts.empty()) {
    for (const migrate::ClosedShard& shard :
         influx.closed_shards(*report.source, options.filter.span(), options.clock())) {
      base::log::warning(migrate::warning_of(shard));
    }
    influx.fail(base::ErrorKind::failure, nothing_of(options.filter));
  }
  refuse_itself(options, parts);
  if (options.verify_only) refuse_uncounted(target.value().server.flavour);
  plan(options, influx, parts, target, report);
  if (options.dry_run) return report;
  if (options.verify_only) {
    prove(options, influx, parts, target.value().server.flavour, {}, report);
    return report;
  }
  for (const std::string& warning : report.plan.warnings) base::log::warning(warning);
  std::optional<sqlite::CopyLock> lock;
  if (!options.database_path.empty()) lock.emplace(options.database_path);
  const std::int64_t began = migrate::nanoseconds_since_1970(options.clock()) - k_late;
  migrate::Checkpoint checkpoint(options.checkpoint_path, copy_of(options), options.restart);
  copy_all(options, influx, parts, checkpoint, report);
  if (!report.copied->complete) return report;
  // A server that goes away now costs the counting again, and not the copy.
  const migrate::Span unsettled{began,
                                migrate::nanoseconds_since_1970(options.clock()) + k_counting};
  if (target) prove(options, influx, parts, target->server.flavour, unsettled, report);
  if (report.proof_is_whole) checkpoint.remove();
  return report;
}

}  // namespace haingest::jobs
