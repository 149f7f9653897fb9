// SPDX-License-Identifier: MIT
// InfluxDB 3 Core as a source: what it does with InfluxQL, before a real InfluxDB 1.8 that has the
// points and answers the questions. As read in its source (3.10); not held to a running one.
//
// Its own: JSON without line feeds between the chunks and nothing at all for no rows; policies are
// databases "house/policy"; no SHOW of shards or series, no policy in SHOW TAG KEYS, no SLIMIT; no
// SELECT about more than three days of what there is; a token before everything.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace haingest::fakes {

// Where it has files, in nanoseconds, and how much of that it opens for a question: 432 files of
// ten minutes.
struct Influxdb3Files {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t most = 432LL * 600 * 1'000'000'000;
};

class Influxdb3Front {
 public:
  static constexpr const char* k_token = "apiv3_secret";

  // `authorization` is what the InfluxDB 1.8 wants, "Basic …".
  Influxdb3Front(std::uint16_t port, std::string authorization, const Influxdb3Files& files);
  ~Influxdb3Front();
  Influxdb3Front(const Influxdb3Front&) = delete;
  Influxdb3Front& operator=(const Influxdb3Front&) = delete;

  [[nodiscard]] std::string url() const;
  // How many questions were refused since they were about too many files.
  [[nodiscard]] std::size_t refused() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::fakes
