// SPDX-License-Identifier: MIT
// Before a copy: whether the target is there and lets these credentials in, and what it will not
// keep of whatever comes.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/influx/flavour.hpp"
#include "core/influx/query.hpp"
#include "core/influx/target.hpp"
#include "core/migrate/texts.hpp"

namespace haingest::migrate {

struct TargetLook {
  influx::Server server;
  std::vector<std::string> warnings = {};  // a sentence each
};

// Nothing is changed there. `unreachable`, `credentials`, or `failure` for what is none; an
// InfluxDB 3 and a VictoriaMetrics are not asked whether they know the credentials. The sentence
// begins with the target's name.
[[nodiscard]] base::Result<TargetLook> look_at_target(const influx::Target& target,
                                                      const net::TlsOptions& tls,
                                                      std::chrono::milliseconds timeout,
                                                      Texts texts,
                                                      const std::atomic<bool>* cancel = nullptr);

// What every copy into such a server lacks. Pure.
[[nodiscard]] std::vector<std::string> limits_of(influx::Flavour flavour, Texts texts);

}  // namespace haingest::migrate
