// SPDX-License-Identifier: MIT
// What is told of an uploader to whoever asks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/timestamp.hpp"
#include "core/influx/target.hpp"

namespace haingest::influx {

struct UploadStatus {
  std::string target;
  std::string url;  // without user information and parameters
  Flavour flavour = Flavour::unknown;
  std::string server_version;
  enum class State {
    idle,      // nothing waits
    sending,   // on its way
    retrying,  // the target does not answer, or is overloaded: kept, tried again
    held,      // an operator is needed (credentials, a missing database): kept, probed slowly
  };
  State state = State::idle;
  std::string last_error;  // one line; "" since the last success
  std::optional<base::Timestamp> failing_since;
  std::uint64_t failures = 0;  // tries in vain, since the start
  std::optional<base::Timestamp> last_stored_at;
  std::uint64_t stored_lines = 0;  // since the start, as all that follow
  std::uint64_t dead_lines = 0;
  std::uint64_t expired_lines = 0;   // older than the target's retention
  std::uint64_t dropped_texts = 0;   // VictoriaMetrics: fields it cannot store
  std::uint64_t repeated_lines = 0;  // sent again although they may have been stored already
};

}  // namespace haingest::influx
