// SPDX-License-Identifier: MIT
// An InfluxDB that is read from: who answers there, and what it shows.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/influx/flavour.hpp"
#include "core/influx/query.hpp"
#include "core/influx/target.hpp"
#include "core/migrate/closed_shards.hpp"
#include "core/migrate/source.hpp"
#include "core/net/http_client.hpp"

namespace haingest::jobs {

struct OldInfluxOptions {
  influx::Target target;
  net::TlsOptions tls;
  std::chrono::milliseconds timeout{30'000};  // of each question's next byte
  std::vector<std::string> databases = {};    // none: whatever the credentials may read
  const std::atomic<bool>* cancel = nullptr;
};

// Everything throws Failure, the sentence begins with name(): `credentials` where they are refused
// or show nothing at all, `unreachable`, `failure` for what is no InfluxDB or an empty one.
class OldInflux {
 public:
  explicit OldInflux(const OldInfluxOptions& options);

  [[nodiscard]] std::string name() const;  // "InfluxDB 2 at http://…"
  [[nodiscard]] const influx::Server& server() const { return server_; }
  [[nodiscard]] influx::QueryOptions query_options() const;
  [[nodiscard]] migrate::Source look() const;
  [[nodiscard]] std::vector<migrate::ClosedShard> closed_shards(const migrate::Source& source,
                                                                const migrate::Span& within,
                                                                base::Timestamp now) const;

  [[noreturn]] void fail(base::ErrorKind kind, const std::string& sentence) const;
  template <class T>
  T taken(base::Result<T> result) const {
    if (!result) {
      const base::Error& error = result.error();
      if (error.kind == base::ErrorKind::credentials) refuse_credentials(error.message);
      fail(error.kind, error.message);
    }
    return std::move(*result);
  }

 private:
  [[noreturn]] void refuse_credentials(const std::string& words) const;
  void find_server();

  const OldInfluxOptions& options_;
  influx::Server server_;
};

}  // namespace haingest::jobs
