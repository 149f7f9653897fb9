// SPDX-License-Identifier: MIT
#include "core/migrate/target_look.hpp"

#include <utility>

#include "core/influx/endpoint.hpp"

namespace haingest::migrate {
namespace {

using influx::Flavour;

base::Error of_target(const influx::Target& target, Flavour flavour, base::Error error) {
  error.message = influx::shown_server(target, flavour) + ": " + error.message;
  return error;
}

}  // namespace

std::vector<std::string> limits_of(Flavour flavour, Texts texts) {
  if (flavour == Flavour::victoria_metrics) {
    constexpr std::string_view k_numbers =
        "VictoriaMetrics keeps numbers only, to the millisecond: ";
    switch (texts) {
      case Texts::map:
        return {std::string(k_numbers) +
                "texts that mean on or off become 1 or 0, others are left out"};
      case Texts::drop:
        return {std::string(k_numbers) + "texts are left out"};
      case Texts::label:
        return {std::string(k_numbers) + "texts become labels"};
    }
  }
  if (flavour == Flavour::influxdb3) {
    return {
        "InfluxDB 3 has no retention policies: each becomes a database \"DATABASE/POLICY\" but for "
        "the default one, and takes names of letters, digits, _ and - alone",
        "InfluxDB 3 Core refuses questions about more than 432 of its files, about 72 hours of a "
        "measurement: what is older is there, and can only be asked for piece by piece"};
  }
  return {};
}

base::Result<TargetLook> look_at_target(const influx::Target& target, const net::TlsOptions& tls,
                                        std::chrono::milliseconds timeout, Texts texts,
                                        const std::atomic<bool>* cancel) {
  net::HttpClient client(tls);
  const auto server = influx::who_answers(client, target, timeout, cancel);
  if (!server) {
    const bool away = server.error().kind == base::ErrorKind::unreachable;
    base::Error error = server.error();
    if (away) error.message = influx::why_away(client);
    return of_target(target, Flavour::unknown, std::move(error));
  }
  if (server->flavour == Flavour::unknown) {
    return of_target(target, Flavour::unknown,
                     {base::ErrorKind::failure, std::string(influx::k_no_known_server), {}});
  }
  TargetLook look{*server, limits_of(server->flavour, texts)};
  if (server->flavour != Flavour::influxdb1 && server->flavour != Flavour::influxdb2) return look;
  influx::QueryClient query({.source = target,
                             .flavour = server->flavour,
                             .tls = tls,
                             .silence = timeout,
                             .cancel = cancel});
  const auto asked = query.ask({}, "SHOW DATABASES", {});
  if (asked) return look;
  base::Error error = asked.error();
  if (error.kind == base::ErrorKind::credentials) {
    error.message =
        "the credentials are refused; check token, user and password (" + error.message + ")";
  }
  return of_target(target, server->flavour, std::move(error));
}

}  // namespace haingest::migrate
