// SPDX-License-Identifier: MIT
#include "core/jobs/migrate.hpp"

#include <utility>

#include "core/base/log.hpp"
#include "core/influx/endpoint.hpp"

namespace haingest::jobs {
namespace {

std::string nothing_in(const migrate::Source& source, const MigrateOptions& options) {
  std::string names;
  for (const migrate::Database& database : source.databases) {
    names += (names.empty() ? "" : ", ") + database.name;
  }
  return std::string("it holds no devices and entities") +
         (options.layout ? " of layout " + std::string(name_of(*options.layout)) : "") +
         " (looked in " + names + "); nothing was changed";
}

}  // namespace

MigrateReport migrate(const MigrateOptions& options) {
  const mirror::Requester asked{"migrate-from-influx", influx::shown_url(options.source.target),
                                options.clock()};
  const OldInflux influx(options.source);
  const migrate::Source source = influx.look();
  influx::QueryClient client(influx.query_options());
  if (!options.history_follows) {  // which says it
    for (const std::string& limit : migrate::limits_of_source(influx.server().flavour)) {
      base::log::warning(limit);
    }
    for (const migrate::ClosedShard& shard :
         influx.closed_shards(source, migrate::k_all_times, options.clock())) {
      base::log::warning(migrate::warning_of(shard));
    }
  }
  migrate::Past past = influx.taken(migrate::read_past(client, source, options.layout));
  if (!past.layout && !options.history_follows) {
    influx.fail(base::ErrorKind::failure, nothing_in(source, options));
  }
  MigrateReport report{influx.name(), influx.server(), past.layout, std::move(past.found), {}};
  if (!past.layout) return report;
  std::vector<model::Table> tables;
  tables.push_back(std::move(past.devices));
  tables.push_back(std::move(past.entities));
  store::Database database =
      options.dry_run
          ? store::Database::open_copy_in_memory(options.database_path, options.lock_timeout)
          : store::Database::open(options.database_path, options.lock_timeout);
  report.imported = mirror::import_past(database, tables, asked, options.dry_run, options.clock);
  return report;
}

}  // namespace haingest::jobs
