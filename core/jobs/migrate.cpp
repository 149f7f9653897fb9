// SPDX-License-Identifier: MIT
#include "core/jobs/migrate.hpp"

#include <utility>

#include "core/influx/endpoint.hpp"
#include "core/migrate/source.hpp"

namespace haingest::jobs {
namespace {

// Everything that is asked of one source.
class Reading {
 public:
  explicit Reading(const MigrateOptions& options) : options_(options) { find_server(); }

  [[nodiscard]] const influx::Server& server() const { return server_; }
  [[nodiscard]] std::string source() const {
    return influx::shown_server(options_.source, server_.flavour);
  }

  migrate::Past read() const {
    influx::QueryClient client({.source = options_.source,
                                .flavour = server_.flavour,
                                .tls = options_.tls,
                                .silence = options_.timeout,
                                .cancel = options_.cancel});
    const migrate::Source source = taken(migrate::look_at(client, options_.databases));
    if (source.databases.empty()) {
      if (source.may_read) fail(base::ErrorKind::failure, "it is empty; nothing was changed");
      fail(base::ErrorKind::credentials,
           "it shows these credentials nothing: either they may not read, or it is empty; give a "
           "token or a user that may read the old data");
    }
    migrate::Past past = taken(migrate::read_past(client, source, options_.layout));
    if (!past.layout) fail(base::ErrorKind::failure, nothing_in(source));
    return past;
  }

 private:
  void find_server() {
    net::HttpClient client(options_.tls);
    const auto server =
        influx::who_answers(client, options_.source, options_.timeout, options_.cancel);
    if (!server) {
      const bool away = server.error().kind == base::ErrorKind::unreachable;
      fail(server.error().kind, away ? influx::why_away(client) : server.error().message);
    }
    if (server->flavour == influx::Flavour::unknown) {
      fail(base::ErrorKind::failure, std::string(influx::k_no_known_server));
    }
    server_ = *server;
    if (server->flavour == influx::Flavour::victoria_metrics) {
      fail(base::ErrorKind::failure,
           "it keeps numbers only, and so no devices and entities; name the InfluxDB that the old "
           "service wrote to");
    }
  }

  [[noreturn]] void fail(base::ErrorKind kind, const std::string& sentence) const {
    throw base::Failure(kind, source() + ": " + sentence);
  }

  template <class T>
  T taken(base::Result<T> result) const {
    if (!result) fail(result.error().kind, result.error().message);
    return std::move(*result);
  }

  [[nodiscard]] std::string nothing_in(const migrate::Source& source) const {
    std::string names;
    for (const migrate::Database& database : source.databases) {
      names += (names.empty() ? "" : ", ") + database.name;
    }
    return std::string("it holds no devices and entities") +
           (options_.layout ? " of layout " + std::string(name_of(*options_.layout)) : "") +
           " (looked in " + names + "); nothing was changed";
  }

  const MigrateOptions& options_;
  influx::Server server_;
};

}  // namespace

MigrateReport migrate(const MigrateOptions& options) {
  const mirror::Requester asked{"migrate-from-influx", influx::shown_url(options.source),
                                options.clock()};
  const Reading reading(options);
  migrate::Past past = reading.read();
  MigrateReport report{reading.source(), reading.server(), past.layout, std::move(past.found), {}};
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
