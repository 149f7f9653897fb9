// SPDX-License-Identifier: MIT
// One Home Assistant, one connection, one whole snapshot. Blocking; for one-shot commands.
#pragma once

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/ha/endpoints.hpp"
#include "core/model/snapshot.hpp"

namespace haingest::ha {

// Asks for everything at once and waits for all answers. A command that HA answers with an error is
// a failed part of the Document, no failure of the call. Errors:
//   credentials  auth_invalid, or HTTP 403 on the upgrade (HA has banned this address): final, no
//                other endpoint is tried, because HA counts failed logins
//   unreachable  no endpoint could be reached, answered in time or stayed; the message names each
//   usage        a URL that is none, a CA file that cannot be read
[[nodiscard]] base::Result<model::Document> fetch_snapshot(const ConnectOptions& options,
                                                           const base::Clock& clock);

}  // namespace haingest::ha
