// SPDX-License-Identifier: MIT
// What a target needs before it takes lines for a place.
#pragma once

#include <functional>
#include <string>

#include "core/influx/carrier.hpp"
#include "core/influx/target.hpp"
#include "core/migrate/copy_plan.hpp"

namespace haingest::migrate {

// On InfluxDB 1 the database and the retention policy, on 2 the bucket: made where they are
// missing, keeping points for ever, in shards as long as the source's. The others make what they
// need themselves. What is there stays as it is; `warn` gets a sentence where it does not keep
// points for ever. Throws Failure: `unreachable`, `credentials`, or `failure` when it may not be
// made.
void set_up(const influx::CarrierOptions& options, influx::Flavour flavour, const Place& place,
            const std::function<void(const std::string&)>& warn);

}  // namespace haingest::migrate
