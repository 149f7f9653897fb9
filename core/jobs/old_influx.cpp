// SPDX-License-Identifier: MIT
#include "core/jobs/old_influx.hpp"

#include "core/influx/endpoint.hpp"

namespace haingest::jobs {

OldInflux::OldInflux(const OldInfluxOptions& options) : options_(options) { find_server(); }

void OldInflux::find_server() {
  net::HttpClient client(options_.tls);
  const auto server =
      influx::who_answers(client, options_.target, options_.timeout, options_.cancel);
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

std::string OldInflux::name() const {
  return influx::shown_server(options_.target, server_.flavour);
}

influx::QueryOptions OldInflux::query_options() const {
  return {.source = options_.target,
          .flavour = server_.flavour,
          .tls = options_.tls,
          .silence = options_.timeout,
          .cancel = options_.cancel};
}

migrate::Source OldInflux::look() const {
  influx::QueryClient client(query_options());
  migrate::Source source = taken(migrate::look_at(client, options_.databases));
  if (!source.databases.empty()) return source;
  if (source.may_read) fail(base::ErrorKind::failure, "it is empty; nothing was changed");
  fail(base::ErrorKind::credentials,
       "it shows these credentials nothing: either they may not read, or it is empty; give a "
       "token or a user that may read the old data");
}

std::vector<migrate::ClosedShard> OldInflux::closed_shards(const migrate::Source& source,
                                                           const migrate::Span& within,
                                                           base::Timestamp now) const {
  influx::QueryClient client(query_options());
  return taken(migrate::closed_shards(client, source, within, now));
}

void OldInflux::refuse_credentials(const std::string& words) const {
  fail(base::ErrorKind::credentials,
       words +
           "; the source's are --influx-token-file, or --influx-username and "
           "--influx-password-file");
}

void OldInflux::fail(base::ErrorKind kind, const std::string& sentence) const {
  throw base::Failure(kind, name() + ": " + sentence);
}

}  // namespace haingest::jobs
