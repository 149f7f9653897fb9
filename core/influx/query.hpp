// SPDX-License-Identifier: MIT
// InfluxQL, asked of InfluxDB 1.x, 2.x or 3: one reader for all of them. Blocking; one object a
// thread.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/influx/answer.hpp"
#include "core/influx/target.hpp"
#include "core/net/http_client.hpp"

namespace haingest::influx {

struct QueryOptions {
  Target source;
  Flavour flavour = Flavour::influxdb1;
  net::TlsOptions tls;
  std::chrono::milliseconds silence{30'000};  // longer, and it is given up
  const std::atomic<bool>* cancel = nullptr;
};

// What a statement is asked of. Of 2.x the database is the bucket's name, or `name` and `policy` of
// a bucket "name/policy"; of 3, whose databases have such names, the policy does not matter.
struct Scope {
  std::string database;
  std::string retention_policy;  // "" is the default one
};

class QueryClient {
 public:
  explicit QueryClient(QueryOptions options);

  // One statement. Rows are handed over while they come, and count only when this returns without
  // an error: `credentials`, `unreachable` (also for an answer that was cut off), or `failure` with
  // the server's words.
  [[nodiscard]] base::Result<void> ask(const Scope& scope, const std::string& statement,
                                       const AnswerHandlers& handlers);
  // What another path of the server answers to GET, "/api/v2/buckets"; the same errors.
  [[nodiscard]] base::Result<std::string> get(const std::string& path);

  [[nodiscard]] Flavour flavour() const { return options_.flavour; }
  // For another thread, on a connection of its own.
  [[nodiscard]] QueryClient another() const { return QueryClient(options_); }

 private:
  enum class Chunks : bool { no, yes };
  // `came` is whether an answer had a byte.
  [[nodiscard]] base::Result<void> ask_once(const Scope& scope, const std::string& statement,
                                            const AnswerHandlers& handlers, Chunks chunks,
                                            bool& came);

  const QueryOptions options_;
  net::HttpClient client_;
};

// "a \"quoted\" name": a database, measurement or key as InfluxQL has it.
[[nodiscard]] std::string quoted_name(std::string_view name);

}  // namespace haingest::influx
