// SPDX-License-Identifier: MIT
// Where points go.
#pragma once

#include <string>
#include <string_view>

#include "core/base/secret.hpp"

namespace haingest::influx {

// Which of the fields count depends on what answers there (flavour): v1 and v3 take `database` (v1
// also `retention_policy`), v2 `org` and `bucket`, VictoriaMetrics none.
struct Target {
  std::string name;  // in the status, the spool and the dead letters; stays when the URL changes
  std::string url;   // http(s)://host:port[/prefix]
  std::string database, retention_policy;
  std::string org, bucket;
  base::Secret token;
  std::string username;
  base::Secret password;
};

enum class Flavour { unknown, influxdb1, influxdb2, influxdb3, victoria_metrics };
[[nodiscard]] std::string_view name_of(Flavour flavour);  // "InfluxDB 1", "VictoriaMetrics"

}  // namespace haingest::influx
